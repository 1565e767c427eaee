"""Goldens without a model: random numbers, noise schedule, aligner, DDCM algebra."""

import numpy as np
import torch

from .align import align_tokens
from .golden_files import floats, write_json
from .manifest import SCHEDULE
from .random import gaussian_noise, philox
from .reference_edit import predict_x0, renoise
from .schedule import alphas_cumprod, lcm_timesteps

SEEDS = [(0, 0), (7, 0), (7, 1), (7, 13), (2**32 + 5, 2), (2**64 - 1, 0), (1234567890123456789, 4294967295)]


def write_philox(out):
    cases = [{"seed": str(s), "stream": t, "dims": [1, 4, 2, 4], "values": floats(gaussian_noise(s, t, (1, 4, 2, 4)))} for s, t in SEEDS]
    cases.append({"seed": "42", "stream": 3, "dims": [3, 3], "values": floats(gaussian_noise(42, 3, (3, 3)))})
    # The first three are the known answers published with the Random123 library.
    vectors = [([0, 0], [0] * 4), ([0xFFFFFFFF] * 2, [0xFFFFFFFF] * 4), ([0xA4093822, 0x299F31D0], [0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344]), ([7, 0], [1, 0, 2, 0])]
    words = [{"key": key, "counter": counter, "output": philox(np.array([counter], np.uint64), key)[0].tolist()} for key, counter in vectors]
    write_json(out / "philox.json", {"tolerance": 1e-6, "cases": cases, "words": words})


def write_schedule(out):
    alphas = alphas_cumprod(SCHEDULE)
    samples = [{"timestep": t, "value": float(alphas[t])} for t in (0, 1, 19, 99, 139, 259, 499, 500, 759, 879, 998, 999)]
    steps = {str(k): lcm_timesteps(k, SCHEDULE) for k in (1, 4, 7, 8, 12, 15, 50)}
    write_json(out / "noise-schedule.json", {"schedule": SCHEDULE, "tolerance": 1e-12, "alphasCumprod": samples, "lcmTimesteps": steps})


def write_aligner(out):
    start, end, rng = 1024, 1025, np.random.default_rng(0)
    wrap = lambda ids: [start, *ids, end]
    long = rng.integers(0, 1000, 200).tolist()
    changed = long[:40] + [1001, 1002, 1003] + long[40:90] + long[95:150] + [1004] + long[151:]
    pairs = [
        ("equal", [5, 6, 7], [5, 6, 7], 16),
        ("insert", [5, 6, 7], [5, 9, 6, 7], 16),
        ("insert at the ends", [5, 6], [8, 5, 6, 9], 16),
        ("delete", [5, 6, 7, 8], [5, 8], 16),
        ("swap", [5, 6, 7], [5, 9, 7], 16),
        ("multi-token swap, longer", [5, 6, 7], [5, 20, 21, 22, 7], 16),
        ("multi-token swap, shorter", [5, 20, 21, 22, 7], [5, 6, 7], 16),
        ("repeated tokens", [5, 6, 5, 6, 5], [5, 5, 6, 6, 5], 16),
        ("reordered", [1, 2, 3, 4], [3, 4, 1, 2], 16),
        ("empty source", [], [5, 6], 16),
        ("empty target", [5, 6], [], 16),
        ("nothing in common", [1, 2, 3], [4, 5, 6, 7], 16),
        ("248 tokens", long, changed[:246], 248),
        ("248 tokens, random", rng.integers(0, 12, 246).tolist(), rng.integers(0, 12, 240).tolist(), 248),
    ]
    cases = []
    for name, source, target, length in pairs:
        mapper, alpha = align_tokens(wrap(source), wrap(target), length)
        cases.append({"name": name, "source": wrap(source), "target": wrap(target), "length": length, "mapper": mapper.tolist(), "alpha": [int(a) for a in alpha]})
    write_json(out / "aligner.json", {"cases": cases})


def write_ddcm(out):
    dims, alphas = (1, 4, 3, 4), alphas_cumprod(SCHEDULE)
    make = lambda seed, stream=0: torch.from_numpy(gaussian_noise(seed, stream, dims))
    identity = []
    for seed, steps in ((1, 4), (2, 8), (3, 12)):
        x0, times, predicted = make(100 + seed) * 0.8, lcm_timesteps(steps, SCHEDULE), 200 + seed
        source = branch = make(seed)
        for i, t in enumerate(times):
            prediction = make(predicted, i)
            clean = predict_x0(x0, branch, source, prediction, prediction, alphas[t])
            if i + 1 < steps:
                z, a = make(seed, 1 + i), alphas[times[i + 1]]
                source, branch = renoise(x0, z, a), renoise(clean, z, a)
        assert torch.allclose(clean, x0, atol=1e-5)
        identity.append({"seed": str(seed), "steps": steps, "dims": list(dims), "x0": floats(x0), "predictionSeed": str(predicted), "finalX0": floats(clean)})
    step = []
    for t, following in ((999, 879), (499, 379), (139, 19)):
        x0, xs, xb, es, eb, z = (make(t, k) for k in range(6))
        clean = predict_x0(x0, xb, xs, eb, es, alphas[t])
        step.append({
            "timestep": t, "nextTimestep": following, "dims": list(dims), "x0": floats(x0), "xSource": floats(xs), "xBranch": floats(xb), "eSource": floats(es), "eBranch": floats(eb), "noise": floats(z),
            "predictedX0": floats(clean), "nextBranch": floats(renoise(clean, z, alphas[following])), "nextSource": floats(renoise(x0, z, alphas[following])),
        })
    write_json(out / "ddcm.json", {"tolerance": 1e-4, "identity": identity, "step": step})
