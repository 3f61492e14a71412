"""A GPU's clocks: they rise with the load before the first round, and the audit says if something holds them down."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from bench import machine
from bench.case.prepare import Prepared
from bench.clock import now
from report.table.warnings import AuditWarning

RAMP_SECONDS = 0.5
"""How long a GPU computes before the first round: an idle one has low clocks, and raises them within this time."""

THROTTLED = {
    0x04: "its power limit",
    0x08: "its hardware",
    0x20: "its temperature",
    0x40: "its temperature",
    0x80: "its power supply",
}
"""What holds the clocks down, by bit of NVML's clock event reasons. Being idle, or clocks that are set, is no fault."""

REASONS = ("clocks_event_reasons.active", "clocks_throttle_reasons.active")
"""nvidia-smi's names of these bits, the one of drivers from 535 on first."""


def ramp(prepared: Prepared) -> None:
    """Call a case on a GPU until its clocks have risen; do nothing on a CPU."""
    if prepared.case.device == "cpu":
        return
    start = now()
    while now() - start < RAMP_SECONDS:
        prepared.call()


def throttled(prepared: Prepared) -> list[AuditWarning]:
    """Return a warning if the clocks of a case's GPU are held down while it computes; none if nvidia-smi is silent."""
    if prepared.case.device == "cpu":
        return []
    with ThreadPoolExecutor(1) as pool:
        asked = pool.submit(clocks)
        while not asked.done():
            prepared.call()
    return warning(*asked.result())


def clocks() -> tuple[int, str]:
    """Return the bits of what limits the clocks now, and the clock beside its maximum; 0 if nvidia-smi is silent."""
    for gpu in machine.gpus()[:1]:
        for name in REASONS:
            answer = machine.query_gpu(name, "clocks.sm", "clocks.max.sm", gpu=gpu.uuid)
            fields = [field.strip() for field in (answer or "").split(",")]
            if len(fields) == 3 and fields[0].startswith("0x"):  # noqa: PLR2004 (the fields of the query)
                return int(fields[0], base=16), f"{fields[1]} of {fields[2]} MHz"
    return 0, ""


def warning(bits: int, clock: str) -> list[AuditWarning]:
    """Return the warning of these bits, if any of them is a fault."""
    reasons = dict.fromkeys(text for bit, text in THROTTLED.items() if bits & bit)
    if not reasons:
        return []
    held = " and ".join(reasons)
    return [AuditWarning("GPU throttled", f"held at {clock} by {held}: cool it or lock lower clocks (nvidia-smi -lgc)")]
