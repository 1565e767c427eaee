"""An optimizer for the weight matrices of small denoisers: fewer steps than AdamW's for the same error."""

import torch


class Muon(torch.optim.Optimizer):
    """AdamW whose updates of weight matrices are orthogonalized momenta (Jordan et al. 2024), of the size of AdamW's (Liu et al. 2025, 0.2 RMS).

    Convolutions count as matrices [out, in * h * w]. Biases, norms and embeddings are AdamW's. A learning rate that suits AdamW suits this.
    """

    def __init__(self, groups, lr, betas, weight_decay, momentum=0.95):
        super().__init__(groups, {"lr": lr, "weight_decay": weight_decay})
        self.momentum = momentum
        small = [{**group, "params": [p for p in group["params"] if p.ndim < 2]} for group in self.param_groups]
        self.adamw = torch.optim.AdamW([group for group in small if group["params"]], lr, betas=betas, weight_decay=weight_decay)

    @torch.no_grad()
    def step(self):
        for group in self.param_groups:
            for p in group["params"]:
                if p.ndim < 2 or p.grad is None:
                    continue
                average = self.state[p].setdefault("momentum", torch.zeros_like(p))
                average.lerp_(p.grad, 1 - self.momentum)
                update = orthogonalize(p.grad.lerp(average, self.momentum).flatten(1))
                p.mul_(1 - group["lr"] * group["weight_decay"]).add_(update.view_as(p), alpha=-0.2 * max(update.shape) ** 0.5 * group["lr"])
        for group, own in zip((g for g in self.param_groups if any(p.ndim < 2 for p in g["params"])), self.adamw.param_groups):
            own["lr"] = group["lr"]
        self.adamw.step()

    def state_dict(self):
        return {"muon": super().state_dict(), "adamw": self.adamw.state_dict()}

    def load_state_dict(self, state):
        super().load_state_dict(state["muon"])
        self.adamw.load_state_dict(state["adamw"])


def orthogonalize(matrix, rounds=5):
    """The nearest matrix with orthonormal rows or columns, roughly, by a quintic Newton-Schulz iteration in bfloat16."""
    tall = matrix.shape[0] > matrix.shape[1]
    x = (matrix.T if tall else matrix).bfloat16()
    x = x / (x.norm() + 1e-7)
    for _ in range(rounds):
        gram = x @ x.T
        x = 3.4445 * x + (-4.775 * gram + 2.0315 * gram @ gram) @ x
    return (x.T if tall else x).to(matrix.dtype)
