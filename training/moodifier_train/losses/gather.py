"""Features of all ranks, for contrastive losses over the whole batch."""

import torch
import torch.distributed as dist


class _Gather(torch.autograd.Function):
    @staticmethod
    def forward(ctx, features):
        ctx.rank, ctx.count = dist.get_rank(), len(features)
        parts = [torch.empty_like(features) for _ in range(dist.get_world_size())]
        dist.all_gather(parts, features.contiguous())
        return torch.cat(parts)

    @staticmethod
    def backward(ctx, gradient):
        gradient = gradient.contiguous()
        dist.all_reduce(gradient)
        return gradient[ctx.rank * ctx.count : (ctx.rank + 1) * ctx.count]


def gather_features(features):
    """[n, ...] of this rank -> [ranks * n, ...] in rank order; every rank passes the same n.

    Gradients of all ranks' losses flow back to the rank that made a feature. Without torch.distributed the features come back as they are.
    The gradient is the sum over ranks: data-parallel averaging of parameter gradients then gives that of the mean loss.
    """
    if not (dist.is_available() and dist.is_initialized()) or dist.get_world_size() == 1:
        return features
    return _Gather.apply(features) if torch.is_floating_point(features) else _Gather.apply(features.float()).long()
