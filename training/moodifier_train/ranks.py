"""Which of several cooperating training processes this is, as torchrun starts them. Without torchrun: rank 0 of 1."""

import datetime
import os
from contextlib import contextmanager

import torch
import torch.distributed as dist

PATIENCE = datetime.timedelta(hours=2)  # the others wait while rank 0 evaluates


def is_joined():
    return dist.is_available() and dist.is_initialized()


def rank():
    return dist.get_rank() if is_joined() else 0


def count():
    return dist.get_world_size() if is_joined() else 1


@contextmanager
def join_ranks(name="cpu"):
    """Join the processes that torchrun started and yield the torch.device of this one: `cpu`, or `cuda` with a GPU a rank.

    Raises SystemExit for a device that is not there.
    """
    if name not in ("cpu", "cuda") or (name == "cuda" and not torch.cuda.is_available()):
        raise SystemExit(f"device: expected cpu{' or cuda' if torch.cuda.is_available() else ' (torch sees no GPU)'}, got {name}")
    device = torch.device(name, int(os.environ.get("LOCAL_RANK", 0))) if name == "cuda" else torch.device(name)
    if name == "cuda":
        torch.cuda.set_device(device)
    if "RANK" not in os.environ:
        yield device
        return
    dist.init_process_group("nccl" if name == "cuda" else "gloo", timeout=PATIENCE)
    try:
        yield device
    finally:
        dist.destroy_process_group()


def in_turn(build):
    """`build()` on rank 0 first and then on the others, so that they find the files that it caches."""
    built = build() if rank() == 0 else None
    if is_joined():
        dist.barrier()
    return built if rank() == 0 else build()


def own_share(total):
    """Slice of `total` draws that this rank takes of a batch that all ranks draw alike."""
    size = total // count()
    return slice(rank() * size, (rank() + 1) * size)


def agree(device, *values):
    """The largest of each number over all ranks: clocks and signals differ, the step at which they stop must not."""
    if count() == 1:
        return values
    shared = torch.tensor(values, dtype=torch.float64, device=device)
    dist.all_reduce(shared, dist.ReduceOp.MAX)
    return tuple(shared.tolist())
