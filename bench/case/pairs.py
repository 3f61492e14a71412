"""What a case is paired with: the operator by hand in NumPy, and beside a gradient the backend's own value."""

from __future__ import annotations

from functools import partial

from bench.case.prepare import Prepared, prepare_value
from bench.case.rounds import Call, Pair, awaited, paired
from problems import Parameters, hand_derived


def reference_pair(prepared: Prepared, seconds: float) -> Pair:
    """Return the paired reference of a round of `seconds`: the same operator by hand, on the same problem and batch.

    For a descent that is a short descent, for the others some calls, made as the backend's are.
    """
    case, given = prepared.case, prepared.host

    def by_numpy(steps: int) -> Call:
        run = hand_derived(case.operator, prepared.problem, steps, given[0], given[-1])
        return awaited(partial(run, *given), _no_wait)

    return paired(by_numpy(1), seconds, by_numpy if case.operator == "descent" else None)


def _no_wait(result: Parameters) -> None:
    """NumPy returns when it is done."""


def value_pair(prepared: Prepared, seconds: float) -> Pair | None:
    """Return the pair of a gradient with its backend's own value; `None` for another operator, or without a value.

    Raises `WrongResultError` where the value is wrong, and whatever the backend raises.
    """
    if prepared.case.operator != "gradient":
        return None
    call = prepare_value(prepared)
    return None if call is None else paired(call, seconds)
