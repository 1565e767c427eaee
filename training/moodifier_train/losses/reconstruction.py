"""Picture reconstruction: absolute and squared error plus the error of neighbouring differences, which keeps edges sharp."""


def reconstruction_losses(output, pixels, squared=2.0, edges=0.5):
    """Named scalar losses between two [B, 3, H, W] tensors in -1..1."""
    d = output - pixels
    gradient = (d[..., 1:] - d[..., :-1]).abs().mean() + (d[..., 1:, :] - d[..., :-1, :]).abs().mean()
    return {"absolute_loss": d.abs().mean(), "squared_loss": squared * d.square().mean(), "edge_loss": edges * gradient}
