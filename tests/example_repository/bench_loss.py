"""The loss of `model`, as descent-bench measures it."""

from problems import Problem

from model.loss import ridge


def loss(xp, w, data):
    X, y = data
    return ridge(xp, w, X, y)


def draw(rng, batch_size):
    return rng.standard_normal(8), (rng.standard_normal((batch_size, 8)), rng.standard_normal(batch_size))


PROBLEM = Problem("ridge", loss, draw=draw)
