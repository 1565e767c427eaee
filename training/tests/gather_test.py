import socket

import torch
import torch.distributed as dist
import torch.multiprocessing as mp

from moodifier_train.losses.contrastive import info_nce
from moodifier_train.losses.gather import gather_features


def features(rank):
    generator = torch.Generator().manual_seed(rank)
    return torch.randn(3, 4, generator=generator), torch.randn(3, 4, generator=generator)


def work(rank, port, answers):
    dist.init_process_group("gloo", init_method=f"tcp://127.0.0.1:{port}", rank=rank, world_size=2)
    images, texts = features(rank)
    weight = torch.eye(4).requires_grad_()
    loss = info_nce(gather_features(images @ weight), gather_features(texts @ weight), torch.tensor(5.0), gather_features(torch.arange(3) + 3 * rank))
    loss.backward()
    dist.all_reduce(weight.grad)
    if rank == 0:
        answers.put((loss.item(), (weight.grad / 2).tolist()))
    dist.destroy_process_group()


def test_two_ranks_give_the_loss_and_gradient_of_one_big_batch():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    context = mp.get_context("spawn")
    answers = context.SimpleQueue()
    mp.spawn(work, (port, answers), nprocs=2)
    loss, gradient = answers.get()
    (images, texts), weight = (torch.cat(pair) for pair in zip(features(0), features(1))), torch.eye(4).requires_grad_()
    alone = info_nce(images @ weight, texts @ weight, torch.tensor(5.0))
    alone.backward()
    assert abs(loss - alone.item()) < 1e-5
    assert torch.allclose(torch.tensor(gradient), weight.grad, atol=1e-5)


def test_without_a_process_group_features_stay_as_they_are():
    images, _ = features(0)
    assert gather_features(images) is images
