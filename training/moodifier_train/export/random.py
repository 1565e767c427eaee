"""Seeded normal numbers, the Python twin of packages/tensor: Philox4x32-10 (Salmon et al. 2011) and Box-Muller."""

import numpy as np

MULTIPLIERS, WEYL, ROUNDS, MASK = (0xD2511F53, 0xCD9E8D57), (0x9E3779B9, 0xBB67AE85), 10, 0xFFFFFFFF


def philox(counters, key):
    """counters: uint64 [n, 4] holding 32-bit words; key: two 32-bit words -> uint64 [n, 4] of random 32-bit words."""
    c0, c1, c2, c3 = (counters[:, i].astype(np.uint64) for i in range(4))
    k0, k1 = key
    for _ in range(ROUNDS):
        a, b = c0 * np.uint64(MULTIPLIERS[0]), c2 * np.uint64(MULTIPLIERS[1])
        c0, c1, c2, c3 = (b >> np.uint64(32)) ^ c1 ^ np.uint64(k0), b & np.uint64(MASK), (a >> np.uint64(32)) ^ c3 ^ np.uint64(k1), a & np.uint64(MASK)
        k0, k1 = (k0 + WEYL[0]) & MASK, (k1 + WEYL[1]) & MASK
    return np.stack([c0, c1, c2, c3], axis=1)


def gaussian_noise(seed, stream, dims):
    """float32 array of shape `dims`. key = (seed low, seed high), counter = (block, 0, stream, 0), computed in float64."""
    count = int(np.prod(dims))
    counters = np.zeros((-(-count // 4), 4), np.uint64)
    counters[:, 0], counters[:, 2] = np.arange(len(counters)), stream
    u = (philox(counters, (seed & MASK, (seed >> 32) & MASK)).astype(np.float64) + 0.5) / 2.0**32
    radius, angle = np.sqrt(-2 * np.log(u[:, 0::2])), 2 * np.pi * u[:, 1::2]
    pairs = np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=2)
    return pairs.reshape(-1)[:count].astype(np.float32).reshape(dims)
