"""JAX: its other functions, buffers donated, programs called as compiled, loops of another kind."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import jax
import jax.numpy as jnp

from backends import Builder, Case, Flat, Run, Stepwise, eager, examples, spread, step
from backends import jax_modes as own
from experiments.idioms import Alternatives
from problems import Array, Data, Parameters, Problem, tree_leaves, tree_map

Derive = Callable[[Problem], Flat]

COPIED = jax.jit(partial(tree_map, jnp.copy))


def by_value_and_grad(problem: Problem) -> Flat:
    both = jax.value_and_grad(own.value(problem))
    return lambda x, *data: both(x, *data)[1]


def by_vjp(problem: Problem) -> Flat:
    def slope(x: Parameters, *data: Array) -> Parameters:
        value, back = jax.vjp(lambda x: own.value(problem)(x, *data), x)
        return back(jnp.ones_like(value))[0]

    return slope


def by_linearize(problem: Problem) -> Flat:
    """The slope along v, of the loss that is linearised at x first."""
    return lambda x, v, *data: jax.linearize(lambda x: own.value(problem)(x, *data), x)[1](v)


def hvp_of_product(problem: Problem) -> Flat:
    """The gradient of the slope along v: reverse over reverse."""
    slope = own.gradient(problem)

    def along(x: Parameters, v: Parameters, *data: Array) -> Array:
        return sum(jnp.vdot(s, d) for s, d in zip(tree_leaves(slope(x, *data)), tree_leaves(v), strict=True))

    return jax.grad(along)


def hvp_linearized(problem: Problem) -> Flat:
    slope = own.gradient(problem)
    return lambda x, v, *data: jax.linearize(lambda x: slope(x, *data), x)[1](v)


def hvp_reverse_over_forward(problem: Problem) -> Flat:
    return jax.grad(own.jvp(problem))


def aot(derive: Derive) -> Builder:
    """Return the builder of an operator that calls the compiled program itself."""

    def build(problem: Problem, case: Case, x: Parameters, data: Data) -> Run:
        program = jax.jit(derive(problem)).lower(*examples(case.operator, x, data)).compile()
        return spread(program, case.operator)

    return build


def closed_over(problem: Problem, case: Case, x: Parameters, data: Data) -> Run:
    """The data are constants of the program."""
    one_step = own.one_step(problem, x, data)
    run = jax.jit(lambda x: one_step(x, *data), donate_argnums=0)
    steps = Stepwise(run, case.steps, COPIED)
    return lambda x, _: steps(x, ())


def stepwise(derive: Derive) -> Builder:
    """Return the builder of a descent that is not jitted, with another gradient."""

    def build(problem: Problem, case: Case, x: Parameters, data: Data) -> Run:
        return Stepwise(step(derive(problem), problem.rate_at(x, data), x), case.steps)

    return build


def in_lax(problem: Problem, case: Case, x: Parameters, data: Data) -> Run:
    """The update in `lax` operations, which promote nothing."""
    slope, rate = own.gradient(problem), tree_map(lambda array: jnp.full_like(array, problem.rate_at(x, data)), x)

    def one_step(x: Parameters, *data: Array) -> Parameters:
        return tree_map(lambda p, s, r: jax.lax.sub(p, jax.lax.mul(s, r)), x, slope(x, *data), rate)

    return Stepwise(one_step, case.steps)


def not_donated(problem: Problem, case: Case, x: Parameters, data: Data) -> Run:
    """Each step has memory of its own."""
    return Stepwise(jax.jit(own.one_step(problem, x, data)), case.steps)


def aot_step(problem: Problem, case: Case, x: Parameters, data: Data) -> Run:
    program = jax.jit(own.one_step(problem, x, data), donate_argnums=0).lower(x, *data).compile()
    return Stepwise(program, case.steps, COPIED)


def several_a_call(problem: Problem, case: Case, x: Parameters, data: Data) -> Run:
    """Not the same idiom: ten steps in one program, so that Python calls a tenth as often."""
    one_step = own.one_step(problem, x, data)

    def ten(x: Parameters, *data: Array) -> Parameters:
        for _ in range(10):
            x = one_step(x, *data)
        return x

    if case.steps % 10:
        return own.descent_jit(problem, case, x, data)
    descend = Stepwise(jax.jit(ten, donate_argnums=0), case.steps // 10, COPIED)

    def run(x: Parameters, data: Data) -> Parameters:
        return descend(x, data)  # not itself, whose first call would be taken for the first step

    return run


def looped(loop: Callable[[Flat, int, Parameters], Parameters], **options: object) -> Builder:
    """Return the builder of a descent in another loop on the device."""

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


SLOPES = {"`value_and_grad`": by_value_and_grad, "`vjp`": by_vjp}

ALTERNATIVES: Alternatives = {
    "jax-grad": {
        "descent": {name: stepwise(derive) for name, derive in SLOPES.items()} | {"the update in `lax`": in_lax},
        "gradient": {name: eager(derive) for name, derive in SLOPES.items()},
        "hvp": {"`linearize`": eager(hvp_linearized), "reverse over forward": eager(hvp_reverse_over_forward)},
        "jvp": {"`linearize`": eager(by_linearize)},
    },
    "jax-jit": {
        "descent": {
            "the start not donated": not_donated,
            "the compiled program called": aot_step,
            "the data closed over": closed_over,
            "another idiom: ten steps a call": several_a_call,
        },
        "gradient": {name: own.jitted(derive) for name, derive in SLOPES.items()}
        | {"the compiled program called": aot(own.gradient)},
        "value": {"the compiled program called": aot(own.value)},
        "hvp": {
            "`linearize`": own.jitted(hvp_linearized),
            "reverse over forward": own.jitted(hvp_reverse_over_forward),
            "the compiled program called": aot(own.hvp),
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
    "jax-revrev": {"hvp": {"`grad` of the slope along v": own.jitted(hvp_of_product)}},
}
