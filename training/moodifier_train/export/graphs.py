"""The graphs of a family, role by role, with the names and symbolic dims of the manifest contract."""

import torch

from .attention import Controls
from .decoder import PlannerDecoder, PlannerVision
from .denoiser import ControlledUNet
from .encoders import ImageEncoder, TextEncoder, VaeDecoder, VaeEncoder
from .onnx_graph import Graph


def noise(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def text_graph(clip, end_token, length):
    text = clip.text_model
    module = TextEncoder(text, clip.text_projection, end_token)

    def case(rows, size, seed):
        ids = torch.randint(0, end_token, (rows, size), generator=torch.Generator().manual_seed(seed))
        ids[:, -max(1, size // 3) :] = end_token
        return (ids,)

    axes = {0: "batch", 1: "length"}
    return Graph("text_encoder", module, ["input_ids"], ["hidden_states", "text_embeds"], {"input_ids": axes, "hidden_states": axes, "text_embeds": {0: "batch"}}, case(2, 77, 0), [case(1, 16, 1), case(3, length, 2)])


def image_graph(clip):
    module, size = ImageEncoder(clip.vision_model, clip.visual_projection), clip.config.vision_config.image_size
    batch = {0: "batch"}
    return Graph("image_encoder", module, ["pixel_values"], ["image_embeds", "patches"], {"pixel_values": batch, "image_embeds": batch, "patches": batch}, (noise(2, 3, size, size),), [(noise(1, 3, size, size, seed=1),)])


def vae_graphs(vae, factor, size):
    """Encoder and decoder; sizes other than `size` must be multiples of `factor`."""
    high, wide = size // factor, size // factor + 1
    pixels, latent = {0: "batch", 2: "height", 3: "width"}, {0: "batch", 2: "latent_height", 3: "latent_width"}
    dims = {"pixel_values": pixels, "latent": latent}
    encode = Graph("vae_encoder", VaeEncoder(vae), ["pixel_values"], ["latent"], dims, (noise(1, 3, size, size).tanh(),), [(noise(2, 3, size, size + factor).tanh(),)])
    decode = Graph("vae_decoder", VaeDecoder(vae), ["latent"], ["pixel_values"], dims, (noise(1, 4, high, high),), [(noise(2, 4, high, wide),)])
    return [encode, decode]


def denoiser_graph(unet, height, length, fused=False):
    """Traced at an odd latent size, so that the UNet's up blocks ask the skip connections for their size: any h, w works."""
    module, width = ControlledUNet(unet, fused), unet.config.cross_attention_dim
    batch, rows, token, plane = {0: "batch"}, {1: "batch"}, "length", {0: "batch", 2: "latent_height", 3: "latent_width"}
    dims = {
        "sample": plane, "timestep": batch, "text": {0: "batch", 1: token}, "self_q": rows, "self_k": rows, "self_v": rows,
        "cross_source": batch, "cross_map": {0: "batch", 1: token, 2: token}, "cross_keep": {0: "batch", 1: token},
        "cross_gate": batch, "region": plane, "feature_source": batch, "noise": plane, "maps": {0: "batch", 1: "map_pixels", 2: token},
    }

    def case(b, h, w, size, seed):
        generator = torch.Generator().manual_seed(seed)
        controls = Controls.identity(module.layers, b, size, h, w)
        if seed:
            pick = lambda *shape: torch.randint(0, b, shape, generator=generator)
            controls.self_q, controls.self_k, controls.self_v = (pick(module.layers, b) for _ in range(3))
            controls.cross_source, controls.feature_source = pick(b), pick(b)
            controls.cross_map, controls.cross_keep = torch.rand(b, size, size, generator=generator) / size, torch.rand(b, size, generator=generator)
            controls.cross_gate, controls.region = torch.rand(b, generator=generator), torch.rand(b, 1, h, w, generator=generator)
        times = torch.randint(0, 1000, (b,), generator=generator)
        return (noise(b, 4, h, w, seed=seed), times, noise(b, size, width, seed=seed + 1), *controls.values())

    checks = [case(4, height, height, 32, 1), case(1, height, height, 77, 0), case(2, height - 2, height + 1, length, 3)]
    return Graph("denoiser", module, ["sample", "timestep", "text", *Controls.names()], ["noise", "maps"], dims, case(3, height - 1, height + 1, 48, 5), checks)


def planner_graphs(planner, prompt=12):
    vision, decoder = PlannerVision(planner), PlannerDecoder(planner)
    size, config = planner.vision.config.image_size, planner.decoder.config
    pixels = noise(1, 3, size, size)
    head_dim = config.hidden_size // config.num_attention_heads
    with torch.no_grad():
        tokens = planner.image_tokens(pixels)

    def case(images, count, past, seed):
        generator = torch.Generator().manual_seed(seed)
        ids = torch.randint(0, config.vocab_size, (1, count), generator=generator)
        cache = [torch.randn(config.num_hidden_layers, config.num_attention_heads, past, head_dim, generator=generator) for _ in range(2)]
        return (tokens[:, :images], ids, *cache)

    past, present = {2: "past"}, {2: "present"}
    dims = {"image_tokens": {1: "images"}, "input_ids": {1: "tokens"}, "past_keys": past, "past_values": past, "logits": {0: "tokens"}, "present_keys": present, "present_values": present}
    every = tokens.shape[1]
    decode = Graph("planner_decoder", decoder, ["image_tokens", "input_ids", "past_keys", "past_values"], ["logits", "present_keys", "present_values"], dims,
                   case(every - 1, 5, 3, 1), [case(every, prompt, 0, 2), case(0, 1, every + prompt, 3), case(0, 7, 20, 4)])
    return [Graph("planner_vision", vision, ["pixel_values"], ["image_tokens", "domain_distance"] if planner.domain else ["image_tokens"], {}, (pixels,), [(noise(1, 3, size, size, seed=1),)]), decode]


def segmenter_graph(segmenter, size):
    def case(seed, label):
        box = torch.zeros(1, 2, size, size)
        box[:, 0, size // 4 : size // 2, size // 4 :] = seed % 2
        return (noise(1, 3, size, size, seed=seed).tanh(), box, torch.tensor([label]))

    return Graph("segmenter", segmenter, ["pixel_values", "prompt", "label"], ["logits"], {}, case(0, 0), [case(1, 1), case(2, 2)])
