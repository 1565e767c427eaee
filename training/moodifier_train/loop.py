"""The one training loop. A task says what a batch is and what is lost on it; the loop does the rest.

A task has: `model` (the trained nn.Module), `batch(rng, progress) -> dict`, `losses(batch) -> {name: tensor}` (keys that end
in `_loss` are summed and minimised, the others only logged), `evaluate() -> {name: float}` and `save(folder)`; optionally
`param_groups(lr)`. Budget: seconds (`minutes`) or `steps`; progress runs 0..1 along it and drives the cosine schedule.
"""

import json
import math
import os
import signal
import time
from pathlib import Path

import numpy as np
import torch


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


def learning_rate(base, step, progress, warmup, floor=0.01):
    """Linear warm-up over `warmup` steps times a cosine from `base` down to `floor * base`."""
    return base * min(1.0, (step + 1) / warmup) * (floor + (1 - floor) * 0.5 * (1 + math.cos(math.pi * min(1.0, progress))))


def save_atomic(state, path):
    """Write beside, then rename: a kill leaves either the old or the new checkpoint, never half of one."""
    part = Path(f"{path}.part")
    torch.save(state, part)
    os.replace(part, path)


def train(task, config, out):
    """Train until the budget is spent; returns the final metrics. A second call with the same `out` goes on where it stopped.

    Writes out/checkpoint.pt (every `checkpoint_s`), out/metrics.jsonl, and at the end out/model (EMA weights) and out/metrics.json.
    Raises SystemExit(3) after saving when the process is told to stop (SIGTERM or SIGINT).
    """
    out = Path(out)
    out.mkdir(parents=True, exist_ok=True)
    groups = task.param_groups(config["lr"]) if hasattr(task, "param_groups") else [{"params": [p for p in task.model.parameters() if p.requires_grad]}]
    for group in groups:
        group["scale"] = group.get("lr", config["lr"]) / config["lr"]
    optimizer = torch.optim.AdamW(groups, config["lr"], betas=(0.9, config.get("beta2", 0.99)), weight_decay=config.get("weight_decay", 0.01))
    ema, step, before = Ema(task.model, config.get("ema", 0.998)), 0, 0.0
    checkpoint = out / "checkpoint.pt"
    if checkpoint.exists():
        state = torch.load(checkpoint, map_location="cpu", weights_only=True)
        task.model.load_state_dict(state["model"])
        optimizer.load_state_dict(state["optimizer"])
        torch._foreach_copy_(ema.values, state["ema"])
        step, before = state["step"], state["elapsed"]
        print(f"resumed at step {step}, {before:.0f} s", flush=True)
    start = saved = logged = evaluated = time.monotonic()
    stop, sums, counted = [], {}, 0
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, lambda *_: stop.append(True))

    def elapsed():
        return before + time.monotonic() - start

    def progress():
        return elapsed() / (60 * config["minutes"]) if config.get("minutes") else step / config["steps"]

    def keep():
        save_atomic({"model": task.model.state_dict(), "optimizer": optimizer.state_dict(), "ema": ema.values, "step": step, "elapsed": elapsed()}, checkpoint)

    def log(kind, values):
        line = {"kind": kind, "step": step, "elapsed_s": round(elapsed(), 1), **{k: round(float(v), 5) for k, v in values.items()}}
        with open(out / "metrics.jsonl", "a", encoding="utf-8") as lines:
            lines.write(json.dumps(line) + "\n")
        print(" ".join(f"{k} {v}" for k, v in line.items()), flush=True)

    def evaluate():
        ema.swap()
        task.model.eval()
        with torch.no_grad():
            values = task.evaluate()
        task.model.train()
        ema.swap()
        log("eval", values)
        return values

    task.model.train()
    while (done := progress()) < 1 and not stop:
        rng = np.random.default_rng([config["seed"], step])
        torch.manual_seed(config["seed"] * 1_000_003 + step)
        lr = learning_rate(config["lr"], step, done, config.get("warmup", 100))
        for group in optimizer.param_groups:
            group["lr"] = lr * group["scale"]
        with torch.autocast("cpu", torch.bfloat16, enabled=config.get("bf16", False)):
            losses = task.losses(task.batch(rng, done))
        total = sum(value for name, value in losses.items() if name.endswith("_loss"))
        optimizer.zero_grad(set_to_none=True)
        total.backward()
        norm = torch.nn.utils.clip_grad_norm_(ema.params, config.get("max_grad_norm", 1.0))
        if torch.isfinite(norm):
            optimizer.step()
            ema.update(step)
        step, counted = step + 1, counted + 1
        for name, value in {**losses, "total": total, "grad_norm": norm}.items():
            sums[name] = sums.get(name, 0.0) + float(value.detach())
        now = time.monotonic()
        if now - logged > config.get("log_s", 15) or step == 1:
            rate = counted * config["batch"] / max(1e-9, now - logged)
            log("train", {**{k: v / counted for k, v in sums.items()}, "lr": lr, "samples_per_s": rate, "progress": done})
            logged, sums, counted = now, {}, 0
        if now - saved > config.get("checkpoint_s", 120):
            keep()
            saved = now
        if now - evaluated > config.get("eval_s", 300):
            evaluate()
            evaluated = logged = time.monotonic()
            sums, counted = {}, 0
    keep()
    if stop:
        print(f"stopped at step {step}; run the same command again to go on", flush=True)
        raise SystemExit(3)
    final = evaluate()
    ema.swap()
    task.model.eval()
    task.save(out / "model")
    ema.swap()
    summary = {"steps": step, "elapsed_s": round(elapsed()), **{k: round(float(v), 5) for k, v in final.items()}}
    (out / "metrics.json").write_text(json.dumps({"metrics": summary, "config": config}, indent=2) + "\n")
    return final
