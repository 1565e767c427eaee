"""Train one task of a Moodifier family: `python training/train.py TASK --data DIR`. See training/README.md."""

import argparse
import importlib
import json
import os
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from moodifier_train.data.moodworld import DataError

HERE = Path(__file__).resolve().parent
LOOP_OPTIONS = ("minutes", "steps", "epochs", "checkpoint_s", "log_s", "eval_s", "eval_count", "max_grad_norm", "bf16", "fp16", "device", "beta2", "optimizer")
TASKS = {"vae": "VaeTask", "clip": "ClipTask", "unet": "UnetTask", "planner": "PlannerTask", "segmenter": "SegmenterTask", "judge": "JudgeTask"}


@dataclass
class Paths:
    """Where a task reads and writes. `runs` holds one folder per task; a task finds what it builds on in its neighbours."""

    data: Path
    runs: Path
    cache: Path | None

    def model(self, task, override=None):
        """Folder of a finished task's model; `override` (a config value) wins."""
        folder = Path(override) if override else self.runs / task / "model"
        if not folder.exists():
            raise SystemExit(f"{folder}: expected the trained {task} here; train it first or pass --set {task}=FOLDER")
        return folder


def read_config(task, path, overrides, smoke):
    config = json.loads(Path(path or HERE / "configs" / f"{task}.json").read_text())
    small = config.pop("smoke", {})
    if smoke:
        config |= {k: config[k] | v if isinstance(v, dict) else v for k, v in small.items()}
    for item in overrides:
        name, _, value = item.partition("=")
        if name not in config and name not in LOOP_OPTIONS:
            raise SystemExit(f"--set {name}: unknown option; {task} has {', '.join(sorted({*config, *LOOP_OPTIONS}))}")
        try:
            config[name] = json.loads(value)
        except json.JSONDecodeError:
            config[name] = value
    return config


def keep_memory():
    """Start again with a glibc that keeps freed memory and asks for huge pages; other C libraries ignore the variable.

    A step frees and takes gigabytes: given back to the kernel in between, page faults take a fifth of the time (43 crops/s of the denoiser
    against 60). jemalloc that gives nothing back is as fast, but grew to 15 GB as captions' lengths vary, where this stays at 4 GB.
    """
    if "glibc.malloc" not in os.environ.get("GLIBC_TUNABLES", ""):
        options = {"mmap_threshold": 1 << 33, "trim_threshold": 1 << 34, "top_pad": 1 << 28, "arena_max": 1, "hugetlb": 1}
        os.environ["GLIBC_TUNABLES"] = ":".join(f"glibc.malloc.{name}={value}" for name, value in options.items())
        os.execv(sys.executable, [sys.executable, *sys.argv])


def record_family(paths, name, task, config):
    """Merge this task's outcome into RUNS/family.json, which the exporter reads: sizes, scaling and provenance."""
    path = paths.runs / "family.json"
    family = json.loads(path.read_text()) if path.exists() else {"provenance": {"configs": {}, "metrics": {}}}
    origin = family["provenance"]
    commit = subprocess.run(["git", "rev-parse", "HEAD"], cwd=HERE, capture_output=True, text=True).stdout.strip()
    # Parts may come of different data and code: a family is not made in one go.
    origin.setdefault("sources", {})[name] = {"commit": commit or "unknown", "dataDigest": task.world.digest()}
    origin["configs"][name] = {key: Path(value).name if isinstance(value, str) and "/" in value else value for key, value in config.items()}
    origin["metrics"][name] = json.loads((paths.runs / name / "metrics.json").read_text())["metrics"]
    family |= getattr(task, "family", {})
    path.write_text(json.dumps(family, indent=2) + "\n")


def find_task(name, config):
    """The task's class. Raises SystemExit when it cannot run on the device or in as many processes as asked."""
    kind = getattr(importlib.import_module(f"moodifier_train.tasks.{name}"), TASKS[name])
    if not getattr(kind, "parallel", False) and (config.get("device", "cpu") != "cpu" or "RANK" in os.environ):
        raise SystemExit(f"{name}: runs on the CPU in one process; device and torchrun are for clip")
    return kind


def make_task(name, config, paths):
    try:
        return find_task(name, config)(config, paths)
    except DataError as error:
        raise SystemExit(str(error)) from None


def main(argv=None):
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("task", choices=[*TASKS, "all"])
    parser.add_argument("--data", type=Path, default=HERE.parent / "data" / "faces", help="moodworld-raw folder")
    parser.add_argument("--runs", type=Path, default=HERE / "runs" / "mini", help="folder with one sub-folder per task")
    parser.add_argument("--cache", type=Path, help="folder for derived arrays (default: DATA/cache)")
    parser.add_argument("--config", type=Path, help="JSON file (default: configs/TASK.json)")
    parser.add_argument("--set", action="append", default=[], metavar="NAME=JSON", help="override one option of the configuration")
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    parser.add_argument("--threads", type=int, default=max(1, cores // int(os.environ.get("LOCAL_WORLD_SIZE", 1))))
    parser.add_argument("--smoke", action="store_true", help="a few steps of the task (and of what it builds on) on made data")
    parser.add_argument("--sheet", action="store_true", help="unet: edit val pictures with the newest checkpoint, write RUNS/unet/sheet.png")
    args = parser.parse_args(argv)
    if args.sheet and args.task != "unet":
        raise SystemExit(f"--sheet: only for unet, got {args.task}")
    config = None if args.smoke or args.task == "all" else read_config(args.task, args.config, args.set, False)
    import diffusers
    import torch
    import transformers

    from moodifier_train.loop import train
    from moodifier_train.ranks import in_turn, join_ranks, rank

    transformers.logging.set_verbosity_error()
    transformers.logging.disable_progress_bar()
    diffusers.logging.set_verbosity_error()
    torch.set_num_threads(1 if args.smoke else args.threads)
    if args.smoke:
        from moodifier_train.data.synthetic import make_synthetic

        with tempfile.TemporaryDirectory() as folder:
            paths = Paths(make_synthetic(Path(folder) / "data"), Path(folder) / "runs", None)
            for name in [n for n in TASKS if args.task in (n, "all") or (n in ("vae", "clip") and args.task in ("unet", "planner"))]:
                config = read_config(name, None, args.set if name == args.task else [], True)
                torch.manual_seed(config["seed"])
                task = make_task(name, config, paths)
                train(task, config, paths.runs / name)
                record_family(paths, name, task, config)
                if hasattr(task, "sheet"):
                    task.sheet(paths.runs / name / "sheet.png", rows=1)
        return
    if args.task == "all":
        raise SystemExit("all: only with --smoke; the tasks have their own budgets")
    paths, out = Paths(args.data, args.runs, args.cache), args.runs / args.task
    find_task(args.task, config)
    with join_ranks(config.get("device", "cpu")) as device:
        torch.manual_seed(config["seed"])
        task = in_turn(lambda: make_task(args.task, config, paths))
        if args.sheet:
            task.load_newest(out)
            task.sheet(out / "sheet.png")
            return
        if rank() == 0:
            print(f"{args.task}: {sum(p.numel() for p in task.model.parameters()) / 1e6:.2f} M parameters, {len(task.world.train)} training pictures", flush=True)
        train(task, config, out, device)
        if rank() == 0:
            record_family(paths, args.task, task, config)


if __name__ == "__main__":
    keep_memory()
    main()
