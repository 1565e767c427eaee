"""Parity of a full-size random-weight family with eager diffusers and transformers: what no default test has the memory or the time for.

    python -m moodifier_train.importing.parity [--size full|small] [--side 32] [--steps 12] [--parts unet,vae,text,schedule] [--out report.json]

Every figure is the largest absolute difference over the largest absolute value of the reference. Eager values come first, then the
export, then the module is freed, so that a machine with 12 GiB can do it.
"""

import argparse
import gc
import json
import resource
import tempfile
import time
from pathlib import Path

import numpy as np
import torch
from diffusers import AutoencoderKL, DDIMScheduler, LCMScheduler, UNet2DConditionModel
from transformers import CLIPConfig, CLIPModel

from ..export.attention import Controls
from ..export.encoders import TextEncoder
from ..export.graphs import denoiser_graph, noise, text_graph, vae_graphs
from ..export.large_graph import write_large_graph
from ..export.onnx_graph import open_session, round_weights
from ..export.reference_attention import ReferenceProcessor, UnifiedController
from ..export.reference_edit import EditInputs, edit
from ..export.schedule import alphas_cumprod, lcm_timesteps
from ..export.served_edit import served_edit
from ..export.tiny import spread
from ..models.vae import PatchAutoencoder
from .layout import BETAS, text_config, unet_config, vae_config, vision_config
from .sources import read_schedule

PARTS = ("schedule", "text", "vae", "unet")
END = 49407


def difference(got, wanted):
    wanted = wanted.numpy() if torch.is_tensor(wanted) else wanted
    return float(np.abs(got - wanted).max() / max(1.0, np.abs(wanted).max()))


def peak_gib():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20


def check_schedule():
    """Timesteps and noise levels against diffusers' schedulers; the guidance embedding is not part of either."""
    lcm, ddim = LCMScheduler(**BETAS, original_inference_steps=50), DDIMScheduler(**BETAS)
    schedule, worst = read_schedule(dict(lcm.config)), 0.0
    for steps in (1, 4, 8, 12, 15, 50):
        lcm.set_timesteps(steps)
        if lcm.timesteps.tolist() != lcm_timesteps(steps, schedule):
            raise AssertionError(f"LCM timesteps of {steps} steps: expected {lcm.timesteps.tolist()}, got {lcm_timesteps(steps, schedule)}")
    for scheduler in (lcm, ddim):
        worst = max(worst, difference(alphas_cumprod(schedule), scheduler.alphas_cumprod.double()))
    return {"alphas": worst, "ddim": ddim_step_difference(ddim, schedule)}


def ddim_step_difference(ddim, schedule):
    """One DDIM step from the manifest's schedule against DDIMScheduler.step."""
    ddim.set_timesteps(50)
    t, alphas = int(ddim.timesteps[20]), alphas_cumprod(schedule)
    before = t - schedule["trainTimesteps"] // 50
    x, e = noise(1, 4, 8, 8, seed=1), noise(1, 4, 8, 8, seed=2)
    clean = (x - (1 - alphas[t]) ** 0.5 * e) / alphas[t] ** 0.5
    mine = alphas[before] ** 0.5 * clean + (1 - alphas[before]) ** 0.5 * e
    return difference(mine.numpy(), ddim.step(e, t, x).prev_sample)


def check_text(size, folder):
    out = {}
    for tokens in (77, 248):
        torch.manual_seed(2)
        clip = CLIPModel(CLIPConfig(text_config=text_config(size, tokens), vision_config=vision_config("small"), projection_dim=text_config(size, tokens)["hidden_size"]))
        clip = round_weights(clip.eval().requires_grad_(False))
        graph = text_graph(clip, END, tokens)
        ids = torch.randint(0, 49000, (2, tokens), generator=torch.Generator().manual_seed(4))
        ids[:, -5:] = END
        wanted = [clip.text_model(ids).last_hidden_state, TextEncoder(clip.text_model, clip.text_projection, END)(ids)[1]]
        write_large_graph(graph, folder / f"text{tokens}.onnx", check=False)
        got = open_session(folder / f"text{tokens}.onnx").run(["hidden_states", "text_embeds"], {"input_ids": ids.numpy()})
        out[f"hidden {tokens}"], out[f"embeds {tokens}"] = (difference(a, b) for a, b in zip(got, wanted))
    return out


def check_vae(size, side, folder):
    torch.manual_seed(3)
    vae = PatchAutoencoder(round_weights(AutoencoderKL(**vae_config(size)).eval().requires_grad_(False)))
    pixels, latent = noise(1, 3, side * 8, side * 8).tanh(), noise(1, 4, side, side)
    wanted = [vae.encode(pixels), vae.decode(latent)]
    out = {}
    for graph, value, expected in zip(vae_graphs(vae, 8, 128), (pixels, latent), wanted):
        write_large_graph(graph, folder / f"{graph.role}.onnx", check=False)
        (got,) = open_session(folder / f"{graph.role}.onnx").run(graph.outputs, {graph.inputs[0]: value.numpy()})
        out[graph.role] = difference(got, expected)
    return out


def unet_controls(layers, length, side):
    """The control cases of a batch [source, target]: name -> (controls, reference controller or None for the plain UNet)."""
    identity = lambda: Controls.identity(layers, 2, length, side, side)
    cases = {"plain": identity()}
    for name in ("refine", "refine in a region", "self replace", "mutual"):
        controls = identity()
        if name.startswith("refine"):
            controls.cross_source, controls.cross_gate = torch.tensor([0, 0]), torch.tensor([0.0, 1.0])
            controls.cross_map[1, 5, 5], controls.cross_keep[1, 5] = 0, 1
        if name.endswith("region"):
            controls.region[1, :, : side // 2] = 1
        if name == "self replace":
            controls.self_q, controls.self_k = torch.zeros_like(controls.self_q), torch.zeros_like(controls.self_k)
        if name == "mutual":
            controls.self_k, controls.self_v = torch.zeros_like(controls.self_k), torch.zeros_like(controls.self_v)
        cases[name] = controls
    return cases


class TwoRows(UnifiedController):
    """The same cases with every map materialised."""

    def __init__(self, name, length, side):
        mapper, alpha = np.arange(length), np.ones(length)
        mapper[5], alpha[5] = -1, 0
        region = torch.zeros(1, 1, side, side)
        if name.endswith("region"):
            region[:, :, : side // 2] = 1
        super().__init__(mapper, alpha, region)
        self.name = name

    def self_attention(self, q, k, v):
        rows = {"self replace": [(0, 0, 0), (0, 0, 1)], "mutual": [(0, 0, 0), (1, 0, 0)]}.get(self.name, [(0, 0, 0), (1, 1, 1)])
        from ..export.reference_attention import attention_maps

        return [attention_maps(q[a], k[b]) @ v[c] for a, b, c in rows]

    def cross_attention(self, q, k, v):
        from ..export.reference_attention import attention_maps

        source, target = (attention_maps(a, b) for a, b in zip(q, k))
        if self.name.startswith("refine"):
            mapped, inside = self.refined(source, target), self.inside(target.shape[1])
            target = inside * target + (1 - inside) * mapped
        return [source @ v[0], target @ v[1]]


def edit_case(width, side, steps, length=77):
    """A whole edit on random states: one changed run of tokens, a box that may change."""
    source, target = [49406, *range(1000, 1030), END], [49406, *range(1000, 1010), 7, 8, *range(1012, 1030), END]
    mask = torch.zeros(1, 1, side, side)
    mask[:, :, side // 4 : -side // 4, side // 4 : -side // 4] = 1
    states = [noise(1, length, width, seed=seed) for seed in (11, 12, 13)]
    return EditInputs(noise(1, 4, side, side, seed=9) * 0.8, *states, source, target, mask, 7, steps, 2.0, 0.7, 0.3)


@torch.no_grad()
def check_unet(size, side, steps, folder, report):
    torch.manual_seed(0)
    config = unet_config(size)
    unet = spread(UNet2DConditionModel(**config), 1.5, "attn")
    unet.conv_out.weight.mul_(0.2)
    round_weights(unet.eval().requires_grad_(False))
    width, length, plain = config["cross_attention_dim"], 77, dict(unet.attn_processors)
    sample, times, text = noise(2, 4, side, side, seed=5), torch.tensor([999, 259]), noise(2, length, width, seed=6)
    wanted = {"plain": unet(sample, times, text).sample}
    zero = unet(sample[:1], times[:1], text[:1], timestep_cond=torch.zeros(1, config["time_cond_proj_dim"])).sample
    report["guidance embedding zero against none"] = difference(zero.numpy(), wanted["plain"][:1])
    for name in ("refine", "refine in a region", "self replace", "mutual"):
        unet.set_attn_processor(ReferenceProcessor(TwoRows(name, length, side)))
        wanted[name] = unet(sample, times, text).sample
    report["effect of control"] = {name: difference(value.numpy(), wanted["plain"]) for name, value in wanted.items() if name != "plain"}
    schedule, inputs, clock = read_schedule(BETAS | {"original_inference_steps": 50}), edit_case(width, side, steps), time.monotonic()
    final, _ = edit(unet, inputs, schedule)
    report["eager edit, 6 rows, seconds"] = time.monotonic() - clock
    unet.set_attn_processor(plain)
    clock, graph = time.monotonic(), denoiser_graph(unet, min(side, 16), length, fused=True)
    layers = graph.module.layers
    write_large_graph(graph, folder / "denoiser.onnx", check=False)
    report["export seconds"], report["export peak GiB"] = time.monotonic() - clock, peak_gib()
    del unet, graph
    gc.collect()
    clock, session = time.monotonic(), open_session(folder / "denoiser.onnx")
    report["load seconds"] = time.monotonic() - clock
    out = {}
    for name, controls in unet_controls(layers, length, side).items():
        feeds = {"sample": sample, "timestep": times, "text": text} | dict(zip(Controls.names(), controls.values()))
        (got,) = session.run(["noise"], {key: value.numpy() for key, value in feeds.items()})
        out[name] = difference(got, wanted[name])
    clock = time.monotonic()
    got, _ = served_edit(session, layers, inputs, schedule)
    report["served edit, pruned rows, seconds"] = time.monotonic() - clock
    out[f"{steps}-step edit"] = difference(got, final)
    return out


def main(argv=None):
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--size", choices=("full", "small"), default="full")
    parser.add_argument("--side", type=int, default=32, help="latent cells along a side; 64 is 512 px")
    parser.add_argument("--steps", type=int, default=12)
    parser.add_argument("--parts", default=",".join(PARTS))
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    parser.add_argument("--out", type=Path)
    args = parser.parse_args(argv)
    torch.set_num_threads(args.threads)
    report = {"size": args.size, "side": args.side, "steps": args.steps, "differences": {}}
    with tempfile.TemporaryDirectory() as scratch:
        work = {
            "schedule": check_schedule, "text": lambda: check_text(args.size, Path(scratch)), "vae": lambda: check_vae(args.size, args.side, Path(scratch)),
            "unet": lambda: check_unet(args.size, args.side, args.steps, Path(scratch), report),
        }  # fmt: skip
        for part in args.parts.split(","):
            clock = time.monotonic()
            with torch.no_grad():
                report["differences"][part] = work[part]()
            report[f"{part} seconds"] = time.monotonic() - clock
            print(json.dumps({part: report["differences"][part], "seconds": round(report[f"{part} seconds"], 1), "peak GiB": round(peak_gib(), 2)}), flush=True)
    report["peak GiB"] = peak_gib()
    if args.out:
        args.out.write_text(json.dumps(report, indent=2) + "\n")
    print(json.dumps(report), flush=True)
    return report


if __name__ == "__main__":
    main()
