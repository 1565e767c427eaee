"""The denoiser in ONNX Runtime (float32, int8), eager diffusers (float32, bfloat16) and OpenVINO, same random weights, interleaved rounds.

    python -m moodifier_train.importing.bench [--size mini|sd15|small] [--side 32] [--rows 1,2,4,8] [--rounds 5] [--threads 2]

The last line printed is one JSON object. OpenVINO is measured when its package is there. `edit` compares the pruned ONNX edit with the
unpruned eager loop that materialises every map.
"""

import argparse
import json
import statistics
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import onnxruntime
import torch
from diffusers import UNet2DConditionModel

from ..export.attention import Controls
from ..export.graphs import denoiser_graph, noise
from ..export.large_graph import write_large_graph
from ..export.onnx_graph import round_weights
from ..export.reference_edit import edit
from ..export.served_edit import served_edit
from .layout import BETAS, unet_config
from .parity import edit_case
from .precision import write_int8
from .sources import read_schedule

LENGTH = 77
MINI = {
    "sample_size": 32, "in_channels": 4, "out_channels": 4, "block_out_channels": (64, 96, 128), "layers_per_block": 1, "norm_num_groups": 16, "cross_attention_dim": 256, "attention_head_dim": 4,
    "down_block_types": ("DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D"), "up_block_types": ("CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"),
}  # fmt: skip


def open_ort(path, threads):
    """As the services open it: no arena, no spinning."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads, options.log_severity_level, options.enable_cpu_mem_arena = threads, 3, False
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])


def feeds_of(layers, rows, side, width):
    controls = Controls.identity(layers, rows, LENGTH, side, side)
    values = {"sample": noise(rows, 4, side, side), "timestep": torch.full((rows,), 499), "text": noise(rows, LENGTH, width, seed=1)}
    return {name: value.numpy() for name, value in (values | dict(zip(Controls.names(), controls.values()))).items()}


def openvino_runner(path, threads):
    """A function of feeds, or None with the reason printed: not installed, or the graph is not understood."""
    try:
        import openvino

        core = openvino.Core()
        model = core.compile_model(core.read_model(path), "CPU", {"INFERENCE_NUM_THREADS": threads})
        return lambda feeds: model(feeds)
    except Exception as error:
        print(f"openvino: not measured ({type(error).__name__}: {str(error).splitlines()[0][:160]})", file=sys.stderr)
        return None


def engines(unet, folder, side, threads):
    """{engine: function of feeds}, and the float32 session with its layer count."""
    width = unet.config.cross_attention_dim
    eager = UNet2DConditionModel.from_config(unet.config).eval()
    eager.load_state_dict(unet.state_dict())
    graph = denoiser_graph(unet, min(side, 16), LENGTH, fused=True)
    entry, _ = write_large_graph(graph, folder / "denoiser.onnx", half=True, check=False)
    layers = graph.module.layers
    runs = {}
    session = open_ort(folder / "denoiser.onnx", threads)
    runs["onnxruntime fp32"] = lambda feeds: session.run(["noise"], feeds)
    variant = write_int8(folder, entry, [feeds_of(layers, 2, min(side, 32), width)])
    quantized = open_ort(folder / variant["file"], threads)
    runs["onnxruntime int8"] = lambda feeds: quantized.run(["noise"], feeds)
    tensors = lambda feeds, kind: [torch.from_numpy(feeds[name]).to(kind) if name != "timestep" else torch.from_numpy(feeds[name]) for name in ("sample", "timestep", "text")]
    runs["eager fp32"] = lambda feeds: eager(*tensors(feeds, torch.float32)).sample
    unfused = denoiser_graph(UNet2DConditionModel.from_config(unet.config).eval(), min(side, 16), LENGTH)
    unfused.module.load_state_dict(graph.module.state_dict())
    write_large_graph(unfused, folder / "plain.onnx", half=False, check=False)
    vino = openvino_runner(folder / "plain.onnx", threads)
    if vino:
        runs["openvino fp32"] = vino
    halved = UNet2DConditionModel.from_config(unet.config).eval().to(torch.bfloat16)
    runs["eager bf16"] = lambda feeds: halved(*tensors(feeds, torch.bfloat16)).sample
    return runs, session, layers, eager


def measure(runs, feeds, rounds):
    """Median milliseconds of every engine; rounds interleave, the first is not counted."""
    times = {name: [] for name in runs}
    for number in range(rounds + 1):
        for name, run in runs.items():
            start = time.perf_counter()
            run(feeds)
            if number:
                times[name].append((time.perf_counter() - start) * 1e3)
    return {name: round(statistics.median(values), 1) for name, values in times.items()}


@torch.no_grad()
def main(argv=None):
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--size", choices=("mini", "small", "sd15"), default="mini")
    parser.add_argument("--side", type=int, default=32, help="latent cells along a side")
    parser.add_argument("--rows", default="1,2,4,8")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--steps", type=int, default=8, help="steps of the compared edit; 0 leaves it out")
    parser.add_argument("--threads", type=int, default=2)
    args = parser.parse_args(argv)
    torch.set_num_threads(args.threads)
    torch.manual_seed(0)
    config = MINI if args.size == "mini" else unet_config("full" if args.size == "sd15" else "small")
    unet = round_weights(UNet2DConditionModel(**config).eval().requires_grad_(False))
    result = {"size": args.size, "side": args.side, "threads": args.threads, "baseline": "eager fp32", "medianMs": {}, "timesFasterThanBaseline": {}}
    with tempfile.TemporaryDirectory() as folder:
        runs, session, layers, eager = engines(unet, Path(folder), args.side, args.threads)
        for rows in map(int, args.rows.split(",")):
            medians = measure(runs, feeds_of(layers, rows, args.side, config["cross_attention_dim"]), args.rounds)
            result["medianMs"][rows] = medians
            result["timesFasterThanBaseline"][rows] = {name: round(medians["eager fp32"] / value, 2) for name, value in medians.items()}
            print(f"{rows} rows: {medians}", flush=True)
        if args.steps:
            result["edit"] = compare_edits(session, layers, eager, config["cross_attention_dim"], args.side, args.steps)
    print(json.dumps(result), flush=True)


def compare_edits(session, layers, eager, width, side, steps):
    inputs, schedule = edit_case(width, side, steps, LENGTH), read_schedule(BETAS)
    served_edit(session, layers, inputs, schedule)
    start = time.perf_counter()
    served_edit(session, layers, inputs, schedule)
    middle = time.perf_counter()
    edit(eager, inputs, schedule)
    ended = time.perf_counter()
    return {"steps": steps, "pruned onnxruntime s": round(middle - start, 2), "unpruned eager s": round(ended - middle, 2), "times faster": round((ended - middle) / (middle - start), 2)}


if __name__ == "__main__":
    main()
