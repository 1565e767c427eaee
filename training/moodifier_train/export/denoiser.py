"""The controlled denoiser: any SD-shaped UNet2DConditionModel with attention control as inputs (graph role `denoiser`)."""

import torch
from torch import nn

from .attention import Controls, CrossProcessor, SelfProcessor, attention_modules, check_plain, gate_levels


class ControlledUNet(nn.Module):
    """forward(sample, timestep, text, *controls) -> noise [B, 4, h, w], maps [B, p, L].

    With identity controls `noise` is the plain UNet's. `maps` are the rows' own (uncontrolled) cross-attention weights,
    averaged over heads and over the cross layers of the lowest resolution, p = pixels there. Control maps are linear, so a
    caller can apply them to `maps` itself. `fused`: self-attention as one operator of ONNX Runtime (the same values, far less memory
    at high resolutions, readable by ONNX Runtime only).
    """

    def __init__(self, unet, fused=False):
        super().__init__()
        self.unet, self.fused = unet, fused
        self.controls, self.gates, self.maps = None, [], []
        modules = attention_modules(unet)
        crosses = [level for name, _, level in modules if name.endswith("attn2")]
        if not crosses or len(modules) != 2 * len(crosses):
            raise ValueError(f"expected one self- and one cross-attention per transformer layer, found {len(modules)} attentions, {len(crosses)} cross")
        self.layers, self.lowest, self.levels = len(crosses), max(crosses), len(unet.down_blocks)
        self.head_counts = [module.heads for name, module, _ in modules if name.endswith("attn1")]
        for i, (name, module, level) in enumerate(modules):
            check_plain(name, module)
            module.set_processor(SelfProcessor(self, i // 2) if name.endswith("attn1") else CrossProcessor(self, level))
        self.feature_name = feature_block(unet)
        unet.get_submodule(self.feature_name).conv2.register_forward_hook(lambda _module, _inputs, output: output.index_select(0, self.controls.feature_source))

    def forward(self, sample, timestep, text, *controls):
        self.controls, self.maps = Controls(*controls), []
        self.gates = gate_levels(self.controls, self.levels)
        noise = self.unet(sample, timestep, text, return_dict=False)[0]
        return noise, torch.stack(self.maps).mean(0)


def feature_block(unet):
    """Name of the ResNet block whose hidden state (after conv2, before the residual sum) Plug-and-Play injects.

    That is `up_blocks.1.resnets.1` in Stable Diffusion: the second ResNet of the first up block that has cross-attention.
    Shorter UNets take the same rule.
    """
    for i, block in enumerate(unet.up_blocks):
        if getattr(block, "has_cross_attention", False):
            return f"up_blocks.{i}.resnets.{min(1, len(block.resnets) - 1)}"
    raise ValueError("expected an up block with cross-attention")
