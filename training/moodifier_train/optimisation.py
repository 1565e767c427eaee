"""What surrounds the optimizer: averaged weights, the learning rate, reduced precision."""

import math

import torch

from .muon import Muon


class Ema:
    """Exponential moving average of a module's trainable parameters; `swap()` exchanges the two sets of values."""

    def __init__(self, model, decay):
        self.decay, self.params = decay, [p for p in model.parameters() if p.requires_grad]
        self.values = [p.detach().clone() for p in self.params]

    def update(self, step):
        torch._foreach_lerp_(self.values, [p.detach() for p in self.params], 1 - min(self.decay, (1 + step) / (10 + step)))

    @torch.no_grad()
    def swap(self):
        for value, param in zip(self.values, self.params):
            kept = param.detach().clone()
            param.copy_(value)
            value.copy_(kept)


def make_optimizer(groups, config):
    """The optimizer that `optimizer` names: adamw (default) or muon. Raises SystemExit for another name."""
    kinds = {"adamw": torch.optim.AdamW, "muon": Muon}
    name = config.get("optimizer", "adamw")
    if name not in kinds:
        raise SystemExit(f"optimizer: expected {' or '.join(kinds)}, got {name}")
    return kinds[name](groups, config["lr"], betas=(0.9, config.get("beta2", 0.99)), weight_decay=config.get("weight_decay", 0.01))


def learning_rate(base, step, progress, warmup, floor=0.01):
    """Linear warm-up over `warmup` steps times a cosine from `base` down to `floor * base`."""
    return base * min(1.0, (step + 1) / warmup) * (floor + (1 - floor) * 0.5 * (1 + math.cos(math.pi * min(1.0, progress))))


def precision(config, device):
    """(autocast, loss scaler) of `bf16` and `fp16`; the scaler does nothing unless `fp16`. Raises SystemExit for both at once."""
    half, brain = bool(config.get("fp16")), bool(config.get("bf16"))
    if half and brain:
        raise SystemExit("precision: expected bf16 or fp16, got both")
    autocast = torch.autocast(device.type, torch.float16 if half else torch.bfloat16, enabled=half or brain)
    return autocast, torch.amp.GradScaler(device.type, enabled=half)
