"""The one training loop. A task says what a batch is and what is lost on it; the loop does the rest.

A task has: `model` (the trained nn.Module), `batch(rng, progress) -> dict`, `losses(batch) -> {name: tensor}` (keys that end
in `_loss` are summed and minimised, the others only logged), `evaluate() -> {name: float}` and `save(folder)`; optionally
`param_groups(lr)`. Budget: `minutes`, `steps` or `epochs`; progress runs 0..1 along it and drives the cosine schedule.

Started by torchrun, every rank computes its share of a step on its own device and gradients are averaged over ranks; rank 0 alone
evaluates and writes. `bf16` or `fp16` (with loss scaling) turns on autocast.
"""

import json
import math
import os
import signal
import time
from pathlib import Path

import numpy as np
import torch

from . import ranks
from .optimisation import Ema, learning_rate, make_optimizer, precision


def save_atomic(state, path):
    """Write beside, then rename: a kill leaves either the old or the new checkpoint, never half of one."""
    part = Path(f"{path}.part")
    torch.save(state, part)
    os.replace(part, path)


class Losses(torch.nn.Module):
    """A task's losses as the forward pass of its model, so that DistributedDataParallel can average the gradients."""

    def __init__(self, task):
        super().__init__()
        self.model, self.task = task.model, task

    def forward(self, batch):
        return self.task.losses(batch)


def to_device(value, device):
    """A batch with every tensor in its dicts, lists and tuples on `device`."""
    if isinstance(value, dict):
        return {name: to_device(item, device) for name, item in value.items()}
    if isinstance(value, (list, tuple)):
        return type(value)(to_device(item, device) for item in value)
    return value.to(device, non_blocking=True) if isinstance(value, torch.Tensor) else value


def step_budget(task, config):
    """Steps of `steps`, or of `epochs` over the training pictures with the batches of all ranks."""
    return config.get("steps") or math.ceil(config["epochs"] * len(task.world.train) / (config["batch"] * ranks.count()))


def train(task, config, out, device=torch.device("cpu")):
    """Train until the budget is spent; returns the final metrics (rank 0). A second call with the same `out` goes on where it stopped.

    Writes out/checkpoint.pt (every `checkpoint_s`), out/metrics.jsonl, and at the end out/model (EMA weights) and out/metrics.json;
    several ranks read the checkpoint from the same `out`. Raises SystemExit(3) after saving when a rank is told to stop (SIGTERM or SIGINT).
    """
    out, first = Path(out), ranks.rank() == 0
    out.mkdir(parents=True, exist_ok=True)
    task.model.to(device)
    groups = task.param_groups(config["lr"]) if hasattr(task, "param_groups") else [{"params": [p for p in task.model.parameters() if p.requires_grad]}]
    for group in groups:
        group["scale"] = group.get("lr", config["lr"]) / config["lr"]
    optimizer = make_optimizer(groups, config)
    autocast, scaler = precision(config, device)
    ema, step, before = Ema(task.model, config.get("ema", 0.998)), 0, 0.0
    checkpoint = out / "checkpoint.pt"
    if checkpoint.exists():
        state = torch.load(checkpoint, map_location="cpu", weights_only=True)
        task.model.load_state_dict(state["model"])
        optimizer.load_state_dict(state["optimizer"])
        torch._foreach_copy_(ema.values, state["ema"])
        if "scaler" in state:
            scaler.load_state_dict(state["scaler"])
        step, before = state["step"], state["elapsed"]
        print(f"resumed at step {step}, {before:.0f} s", flush=True)
    compute = Losses(task) if ranks.count() == 1 else torch.nn.parallel.DistributedDataParallel(Losses(task), forward_sync_buffers=False)
    budget = None if config.get("minutes") else step_budget(task, config)
    start = saved = logged = evaluated = time.monotonic()
    stop, sums, counted = [], {}, 0
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, lambda *_: stop.append(True))

    def elapsed():
        return before + time.monotonic() - start

    def progress():
        return step / budget if budget else elapsed() / (60 * config["minutes"])

    def keep():
        state = {"model": task.model.state_dict(), "optimizer": optimizer.state_dict(), "ema": ema.values, "step": step, "elapsed": elapsed()}
        save_atomic(state | ({"scaler": scaler.state_dict()} if scaler.is_enabled() else {}), checkpoint)

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
    while True:
        done, stopped = ranks.agree(device, progress(), bool(stop))
        if done >= 1 or stopped:
            break
        rng = np.random.default_rng([config["seed"], step])
        torch.manual_seed(config["seed"] * 1_000_003 + step)
        lr = learning_rate(config["lr"], step, done, config.get("warmup", 100))
        for group in optimizer.param_groups:
            group["lr"] = lr * group["scale"]
        with autocast:
            losses = compute(to_device(task.batch(rng, done), device))
        total = sum(value for name, value in losses.items() if name.endswith("_loss"))
        optimizer.zero_grad(set_to_none=True)
        scaler.scale(total).backward()
        scaler.unscale_(optimizer)
        norm = torch.nn.utils.clip_grad_norm_(ema.params, config.get("max_grad_norm", 1.0))
        if torch.isfinite(norm):
            scaler.step(optimizer)
            ema.update(step)
        scaler.update()
        step, counted = step + 1, counted + 1
        if not first:
            continue
        for name, value in {**losses, "total": total, "grad_norm": norm}.items():
            sums.setdefault(name, []).append(float(value.detach()))
        now = time.monotonic()
        if now - logged > config.get("log_s", 15) or step == 1:
            rate = counted * config["batch"] * ranks.count() / max(1e-9, now - logged)
            log("train", {**{name: sum(values) / len(values) for name, values in sums.items()}, "lr": lr, "samples_per_s": rate, "progress": done})
            logged, sums, counted = now, {}, 0
        if now - saved > config.get("checkpoint_s", 120):
            keep()
            saved = now
        if now - evaluated > config.get("eval_s", 300):
            evaluate()
            evaluated = logged = time.monotonic()
            sums, counted = {}, 0
    if first:
        keep()
    if stopped:
        print(f"stopped at step {step}; run the same command again to go on", flush=True)
        raise SystemExit(3)
    if not first:
        return None
    final = evaluate()
    ema.swap()
    task.model.eval()
    task.save(out / "model")
    ema.swap()
    summary = {"steps": step, "elapsed_s": round(elapsed()), **{k: round(float(v), 5) for k, v in final.items()}}
    (out / "metrics.json").write_text(json.dumps({"metrics": summary, "config": config}, indent=2) + "\n")
    return final
