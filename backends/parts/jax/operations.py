"""Count the operations of a program in JAX: those of its StableHLO, and what XLA made of them."""

from __future__ import annotations

import re
from collections import Counter
from typing import Any

LOWERED = "StableHLO"
OPTIMISED = "XLA, optimised"

STABLEHLO = re.compile(r"(?<![#!\w.])(?:stablehlo|chlo)\.[a-z_]+(?!\w* = )")
"""An operation in the text of a lowered program. An attribute has a sign before it, or is assigned to."""

HLO = re.compile(r"^\s*(?:ROOT )?%?[\w.-]+ = (?:\(.*?\)|\S+) ([a-z][\w-]*)\(", re.MULTILINE)
"""An instruction in the text of a compiled program: `%add.1 = f32[16]{0} add(%a, %b)`."""

NOT_COMPUTED = ("parameter", "constant", "tuple", "get-tuple-element", "bitcast")
"""Instructions that compute nothing."""


def counted(lowered: Any, program: Any) -> dict[str, dict[str, int]]:
    """Return the operations of a lowered program, and those of the compiled one, which may be `None`."""
    found = {LOWERED: dict(Counter(STABLEHLO.findall(lowered.as_text())))}
    if program is not None:
        instructions = Counter(HLO.findall(program.as_text()))
        found[OPTIMISED] = {name: count for name, count in instructions.items() if name not in NOT_COMPUTED}
    return found
