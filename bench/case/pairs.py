"""What a case is paired with: the reference, and a gradient also with the backend's own value."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

from backends import Case
from bench.case.prepare import Prepared, prepare_value
from bench.case.rounds import Call, Pair, awaited, paired
from problems import LBFGS, Parameters, hand_derived


def reference_pair(prepared: Prepared, seconds: float) -> Pair | None:
    """Return the paired rounds of the reference, for rounds of `seconds`: the same operator, problem and batch size.

    `None` if NumPy cannot compute the operator, since nobody derived it by hand.

    For a descent, a paired round is some descents of the case's steps, or a shorter one. For the other operators, and
    for `lbfgs`, it is some calls, made as the backend's calls are.
    """
    case, problem = prepared.case, prepared.problem
    if not (problem.has_loss("numpy") if case.operator == "value" else problem.is_derived):
        return None
    if case.optimizer and case.optimizer != LBFGS:
        lengthened = partial(_reference, prepared)
        return paired(lengthened(1), seconds, lengthened, at_most=case.steps)
    return paired(_reference(prepared, 1), seconds)


def moved_pair(pair: Pair, prepared: Prepared) -> Pair:
    """Return the paired rounds of the reference on the arrays of a case that was moved. Its seconds so far are kept."""
    once = _reference(prepared, 1)
    length = pair.steps // pair.calls
    return replace(pair, once=once, call=once if length == 1 else _reference(prepared, length))


def _reference(prepared: Prepared, steps: int) -> Call:
    case, host = prepared.case, prepared.host
    length = case.steps if case.optimizer == LBFGS else steps
    run = hand_derived(case.operator, prepared.problem, length, host[0], host[-1], case.optimizer)
    return awaited(partial(run, *host), _no_wait, case)


def _no_wait(result: Parameters, case: Case) -> None:
    """Do nothing: NumPy returns when its result is computed."""


def value_pair(prepared: Prepared, seconds: float) -> Pair | None:
    """Return the paired rounds of a gradient's value, computed by the same backend.

    `None` for another operator, or if the backend has no value of its own. Raise `WrongResultError` if the value is
    wrong, and whatever the backend raises.
    """
    if prepared.case.operator != "gradient":
        return None
    call = prepare_value(prepared)
    return None if call is None else paired(call, seconds)
