"""PyTorch: other implementations of its `momentum` and `adam`."""

from __future__ import annotations

from functools import partial

from backends import Builder
from backends.parts.torch.optimizers import optimized
from experiments.alternatives import Alternatives
from problems import ADAM, MOMENTUM

IMPLEMENTATIONS: dict[str, Builder] = {
    "`foreach` at torch's default": optimized,
    "`foreach=True`": partial(optimized, foreach=True),
    "`fused=True`": partial(optimized, fused=True),
}

ALTERNATIVES: Alternatives = {"torch-optim": {MOMENTUM: IMPLEMENTATIONS, ADAM: IMPLEMENTATIONS}}
"""The other ways by mode, then by the optimizer of the descent."""
