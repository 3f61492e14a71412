"""What a backend is: one framework in one mode, asked in five calls, each clocked apart.

Modes of one framework are instances of one small class; what they share are functions, not inherited methods. A mode
is little more than its name and a table of builders, one an operator: an operator that is not in the table is
unsupported, and nothing is silently computed in another mode's way.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from functools import wraps
from typing import Any, Protocol, TypeAlias, runtime_checkable

from problems import ALONG, Array, Data, Parameters, Problem, tree_leaves, tree_map

DTYPES = ("float32", "float64")
DEVICES = ("cpu", "cuda")


@dataclass(frozen=True)
class Case:
    """What one row measures: operator × problem × backend × batch size × dtype × device, over `steps` steps.

    `sizes` names the problem's other sizes, all of them, as `problems.sizes_text` writes them.
    """

    operator: str
    problem: str
    backend: str
    batch_size: int
    dtype: str
    device: str
    steps: int
    sizes: str = ""


Run: TypeAlias = Callable[..., Parameters]
"""`run(x, data)` starts one call of the operator, and `run(x, v, data)` one of an operator along a direction `v`.

`wait` says when its result is there. Inputs are not modified.
"""

Flat: TypeAlias = Callable[..., Parameters]
"""A function of x, of v where there is one, and of each of the data: a tuple of them would cost time at each call."""

Builder: TypeAlias = Callable[[Problem, Case, Parameters, Data], Run]
"""Makes the `Run` of one operator, compiled for the case and for arrays like those given: one, or a tuple of them."""


Loss: TypeAlias = Callable[[Parameters, Data], Array]
"""A loss in a framework's own functions."""


@runtime_checkable
class Idiomatic(Protocol):
    """A backend that may have losses of its own for some problems: where it has any, it is a way to those alone."""

    @property
    def losses(self) -> Mapping[str, Loss]:
        """The losses in the framework's own functions, by the problem's name."""


class Backend(Protocol):
    """One way to compute gradients.

    A prepared case is run before the next is put: a backend may switch process-wide modes by the case.
    """

    @property
    def name(self) -> str:
        """`<framework>`, or `<framework>-<mode>`, such as `jax-loop`."""

    @property
    def builders(self) -> Mapping[str, Builder]:
        """The operators that it has, each with what builds its run."""

    @property
    def known_devices(self) -> tuple[str, ...]:
        """The devices that the framework can use at all, of `DEVICES`."""

    def version(self) -> str:
        """Return the framework's version."""

    def missing_device(self, device: str) -> str | None:
        """Return why a known device is not here, with the remedy; `None` where it is."""

    def unsupported(self, case: Case, problem: Problem) -> str | None:
        """Return why this backend cannot run the case, in words for the report; `None` where it can."""

    def warm_up(self, case: Case) -> None:
        """Start a case afresh: pay what a process pays once (compiler start-up, device context), forget other cases."""

    def put(self, arrays: tuple[Array, ...], case: Case) -> tuple[Array, ...]:
        """Return the host's NumPy arrays as arrays on the case's device; returns when they are there."""

    def compile(self, case: Case, problem: Problem, x: Parameters, data: Data) -> Run:
        """Trace and compile the case's operator for arrays like `x` and `data`; an eager mode returns at once."""

    def wait(self, result: Parameters) -> None:
        """Block until `result` is computed. Every timed region ends with it."""

    def fetch(self, result: Parameters) -> Any:
        """Return `result` as a NumPy array, or a tuple of them."""


def place(backend: Backend, case: Case, *arguments: Parameters) -> tuple[Any, ...]:
    """Put the arguments of a run, each of them an array or a tuple of arrays, on the case's device at once."""
    placed = iter(backend.put(tuple(array for argument in arguments for array in tree_leaves(argument)), case))
    return tuple(tree_map(lambda _: next(placed), argument) for argument in arguments)


def spread(function: Flat, operator: str) -> Run:
    """Return the run that calls `function` with each of the data as an argument; its `__wrapped__` is the function."""
    wrapped = wraps(function, assigned=(), updated=())
    if operator in ALONG:
        return wrapped(lambda x, v, data: function(x, v, *data))
    return wrapped(lambda x, data: function(x, *data))


def eager(derive: Callable[[Problem], Flat]) -> Builder:
    """Return the builder of an operator that a framework computes operation by operation."""

    def build(problem: Problem, case: Case, x: Parameters, data: Data) -> Run:
        return spread(derive(problem), case.operator)

    return build


def examples(operator: str, x: Parameters, data: Data) -> tuple[Parameters, ...]:
    """Return arguments like those that a flat function is called with; a direction is like `x`."""
    return (x, x, *data) if operator in ALONG else (x, *data)


def step(slope: Flat, rate: float, x: Parameters) -> Flat:
    """Return one step `step(x, *data)` of the descent, for parameters like `x`."""
    if isinstance(x, tuple):
        return lambda x, *data: tuple(p - rate * s for p, s in zip(x, slope(x, *data), strict=True))
    return lambda x, *data: x - rate * slope(x, *data)


@dataclass(frozen=True)
class Stepwise:
    """The descent that calls `step(x, *data)` `steps` times from Python; a shorter one needs no compiling.

    A step that takes the memory of its argument is given a copy to begin with, by `copied`.
    """

    step: Flat
    steps: int
    copied: Callable[[Parameters], Parameters] | None = None

    def __call__(self, x: Parameters, data: Data) -> Parameters:
        step = self.step
        if self.copied is not None:
            x = self.copied(x)
        if data:
            for _ in range(self.steps):
                x = step(x, *data)
        else:  # as one writes it by hand: unpacking nothing costs 2 % of a jitted step
            for _ in range(self.steps):
                x = step(x)
        return x


def devices(backend: Backend) -> tuple[str, ...]:
    """Return the devices that the backend can use on this machine."""
    return tuple(device for device in backend.known_devices if backend.missing_device(device) is None)


def offers(backend: Backend, operators: Iterable[str], problems: Iterable[str]) -> bool:
    """Whether the backend is a way to one of the operators, and to one of the problems."""
    own = backend.losses.keys() if isinstance(backend, Idiomatic) else ()
    return bool(backend.builders.keys() & set(operators)) and (not own or bool(own & set(problems)))


def missing_loss(name: str, losses: Mapping[str, Loss], case: Case) -> str | None:
    """Return the reason why a mode with these losses of its own cannot run the case's problem; `None` where it can."""
    if not losses or case.problem in losses:
        return None
    return f"{name} has no way of its own to {case.problem}; it has one to {', '.join(sorted(losses))}"


def in_own_words(problem: Problem, losses: Mapping[str, Loss]) -> Problem:
    """Return the problem with the loss of its own that a mode has for it, if any."""
    if problem.name not in losses:
        return problem
    own = losses[problem.name]
    return replace(problem, loss=lambda _, x, data: own(x, data))


def missing_operator(name: str, builders: dict[str, Builder], case: Case) -> str | None:
    """Return the reason why a mode with these builders cannot run the case's operator; `None` where it can."""
    if case.operator in builders:
        return None
    return f"{name} has no {case.operator}; it has {', '.join(sorted(builders))}"
