"""JAX: other functions for a derivative, no donated buffers, direct calls of a compiled program, and other loops."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import jax
import jax.numpy as jnp

from backends import Builder, Case, Flat, Run, Stepwise, eager, examples, spread, step
from backends.parts.jax import builders as own
from experiments.alternatives import Alternatives
from problems import PAIR, Array, Data, Parameters, Problem, find, tree_leaves, tree_map

Derive = Callable[[Problem], Flat]

COPIED = jax.jit(partial(tree_map, jnp.copy))


def by_value_and_grad(problem: Problem) -> Flat:
    both = jax.value_and_grad(own.value(problem))
    return lambda x, *data: both(x, *data)[1]


def by_vjp(problem: Problem) -> Flat:
    def gradient(x: Parameters, *data: Array) -> Parameters:
        value, back = jax.vjp(lambda x: own.value(problem)(x, *data), x)
        return back(jnp.ones_like(value))[0]

    return gradient


def value_and_gradient_by_vjp(problem: Problem) -> Flat:
    def both(x: Parameters, *data: Array) -> tuple[Array, Parameters]:
        value, back = jax.vjp(lambda x: own.value(problem)(x, *data), x)
        return value, back(jnp.ones_like(value))[0]

    return both


def by_linearize(problem: Problem) -> Flat:
    """The directional derivative along v: linearize the loss at x, then apply it to v."""
    return lambda x, v, *data: jax.linearize(lambda x: own.value(problem)(x, *data), x)[1](v)


def hvp_of_product(problem: Problem) -> Flat:
    """The gradient of the directional derivative along v: reverse over reverse."""
    gradient = own.gradient(problem)

    def along(x: Parameters, v: Parameters, *data: Array) -> Array:
        return sum(jnp.vdot(g, d) for g, d in zip(tree_leaves(gradient(x, *data)), tree_leaves(v), strict=True))

    return jax.grad(along)


def hvp_linearized(problem: Problem) -> Flat:
    gradient = own.gradient(problem)
    return lambda x, v, *data: jax.linearize(lambda x: gradient(x, *data), x)[1](v)


def hvp_reverse_over_forward(problem: Problem) -> Flat:
    return jax.grad(own.jvp(problem))


def aot(derive: Derive) -> Builder:
    """Return the builder of an operator that calls the compiled program directly, without the jitted wrapper."""

    def build(problem: Problem, case: Case, x: Parameters, data: Data) -> Run:
        program = jax.jit(derive(problem)).lower(*examples(case.operator, x, data)).compile()
        return spread(program, case.operator)

    return build


def closed_over(problem: Problem, case: Case, x: Parameters, data: Data) -> Run:
    """Compile the data into the program as constants."""
    one_step = own.one_step(problem, x, data)
    run = jax.jit(lambda x: one_step(x, *data), donate_argnums=0)
    steps = Stepwise(run, case.steps, COPIED)
    return lambda x, _: steps(x, ())


def stepwise(derive: Derive) -> Builder:
    """Return the builder of a descent without jit that uses this gradient."""

    def build(problem: Problem, case: Case, x: Parameters, data: Data) -> Run:
        return Stepwise(step(derive(problem), problem.rate_at(x, data), x), case.steps)

    return build


def in_lax(problem: Problem, case: Case, x: Parameters, data: Data) -> Run:
    """Write the update in `lax` operations, which promote no dtypes."""
    gradient, rate = own.gradient(problem), tree_map(lambda array: jnp.full_like(array, problem.rate_at(x, data)), x)

    def one_step(x: Parameters, *data: Array) -> Parameters:
        return tree_map(lambda p, g, r: jax.lax.sub(p, jax.lax.mul(g, r)), x, gradient(x, *data), rate)

    return Stepwise(one_step, case.steps)


def not_donated(problem: Problem, case: Case, x: Parameters, data: Data) -> Run:
    """Let each step allocate its result, where the mode donates the memory of its argument."""
    return Stepwise(jax.jit(own.one_step(problem, x, data)), case.steps)


def aot_step(problem: Problem, case: Case, x: Parameters, data: Data) -> Run:
    program = jax.jit(own.one_step(problem, x, data), donate_argnums=0).lower(x, *data).compile()
    return Stepwise(program, case.steps, COPIED)


def several_a_call(problem: Problem, case: Case, x: Parameters, data: Data) -> Run:
    """Not the same mode: one program runs ten steps, so Python makes a tenth of the calls."""
    one_step = own.one_step(problem, x, data)

    def ten(x: Parameters, *data: Array) -> Parameters:
        for _ in range(10):
            x = one_step(x, *data)
        return x

    if case.steps % 10:
        return own.descent_jit(problem, case, x, data)
    descend = Stepwise(jax.jit(ten, donate_argnums=0), case.steps // 10, COPIED)

    def run(x: Parameters, data: Data) -> Parameters:  # not `descend` itself: the check would take ten steps for one
        return descend(x, data)

    return run


def looped(loop: Callable[[Flat, int, Parameters], Parameters], **options: object) -> Builder:
    """Return the builder of a descent that runs this loop on the device."""

    def build(problem: Problem, case: Case, x: Parameters, data: Data) -> Run:
        one_step = own.one_step(problem, x, data)
        run = jax.jit(lambda x, *data: loop(lambda x: one_step(x, *data), case.steps, x), **options)
        run.lower(x, *data).compile()
        return spread(run, case.operator)

    return build


def fori(one_step: Flat, steps: int, x: Parameters, unroll: int = 1) -> Parameters:
    return jax.lax.fori_loop(0, steps, lambda _, x: one_step(x), x, unroll=min(unroll, steps))


def scan(one_step: Flat, steps: int, x: Parameters, unroll: int = 1) -> Parameters:
    return jax.lax.scan(lambda x, _: (one_step(x), None), x, length=steps, unroll=min(unroll, steps))[0]


def while_loop(one_step: Flat, steps: int, x: Parameters) -> Parameters:
    return jax.lax.while_loop(lambda at: at[0] < steps, lambda at: (at[0] + 1, one_step(at[1])), (0, x))[1]


def of_integer_labels(problem: Problem) -> Flat:
    """The gradient of `softmax_mlp` with classes in place of the one-hot labels, found at each call."""

    def loss(x: Parameters, *data: Array) -> Array:
        import optax  # noqa: PLC0415 (an extra)

        W1, b1, W2, b2 = x
        X, Y = data
        scores = jnp.tanh(X @ W1 + b1) @ W2 + b2
        return jnp.mean(optax.softmax_cross_entropy_with_integer_labels(scores, jnp.argmax(Y, 1)))

    return jax.grad(loss)


def of_the_common_loss(problem: Problem) -> Flat:
    return own.gradient(find(problem.name))


GRADIENTS = {"`value_and_grad`": by_value_and_grad, "`vjp`": by_vjp}

ALTERNATIVES: Alternatives = {
    "jax-grad": {
        "descent": {name: stepwise(derive) for name, derive in GRADIENTS.items()} | {"the update in `lax`": in_lax},
        "gradient": {name: eager(derive) for name, derive in GRADIENTS.items()},
        PAIR: {"`vjp`": eager(value_and_gradient_by_vjp)},
        "hvp": {"`linearize`": eager(hvp_linearized), "reverse over forward": eager(hvp_reverse_over_forward)},
        "jvp": {"`linearize`": eager(by_linearize)},
    },
    "jax-jit": {
        "descent": {
            "the start not donated": not_donated,
            "the compiled program called directly": aot_step,
            "the data compiled in as constants": closed_over,
            "another mode: ten steps a call": several_a_call,
        },
        "gradient": {name: own.jitted(derive) for name, derive in GRADIENTS.items()}
        | {"the compiled program called directly": aot(own.gradient)},
        "value": {"the compiled program called directly": aot(own.value)},
        PAIR: {
            "`vjp`": own.jitted(value_and_gradient_by_vjp),
            "the compiled program called directly": aot(own.value_and_gradient),
        },
        "hvp": {
            "`linearize`": own.jitted(hvp_linearized),
            "reverse over forward": own.jitted(hvp_reverse_over_forward),
            "the compiled program called directly": aot(own.hvp),
        },
        "jvp": {"`linearize`": own.jitted(by_linearize)},
    },
    "jax-loop": {
        "descent": {
            "`scan`": looped(scan),
            "`while_loop`": looped(while_loop),
            "unrolled by 2": looped(partial(fori, unroll=2)),
            "unrolled by 10": looped(partial(fori, unroll=10)),
        }
    },
    "jax-losses": {
        "gradient": {
            "the common loss, as in `jax-jit`": own.jitted(of_the_common_loss),
            "`softmax_mlp` by optax's loss of integer labels": own.jitted(of_integer_labels),
        }
    },
    "jax-revrev": {"hvp": {"`grad` of the directional derivative": own.jitted(hvp_of_product)}},
}
