"""Files that tests plant in a checkout: backends that are wrong, raise, or lack their framework, and a bare problem."""

FAULTY = """
from dataclasses import dataclass

from backends.numpy_modes import NumpyMode


def with_gradient(gradient):
    def build(problem, case, x, data):
        def run(x, data):
            for _ in range(case.steps):
                x = x - problem.rate * gradient(problem, x, data)
            return x
        return run
    return {"descent": build}


def raises(error):
    def gradient(problem, x, data):
        raise error
    return gradient


BACKENDS = (
    NumpyMode("faulty-scaled", with_gradient(lambda problem, x, data: 1.01 * problem.gradient(x, data))),
    NumpyMode("faulty-nan", with_gradient(lambda problem, x, data: problem.gradient(x, data) * float("nan"))),
    NumpyMode("faulty-raises", with_gradient(raises(RuntimeError("the tape, is\\ntorn")))),
    NumpyMode("faulty-memory", with_gradient(raises(MemoryError("Unable to allocate 1 TiB")))),
)
"""

LYING = """
from backends.numpy_modes import NumpyMode, hand_derived


def value(problem, case, x, data):
    return lambda x, data: 1.01 * hand_derived(problem, case, x, data)(x, data)


BACKENDS = (NumpyMode("lying", {"gradient": hand_derived, "value": value}),)
"""

UNASKABLE = """
import sys
from dataclasses import dataclass

from backends.numpy_modes import NumpyMode, hand_derived


@dataclass(frozen=True)
class Unaskable(NumpyMode):
    raised: object = None
    known_devices = ("cpu", "cuda")

    def version(self):
        raise self.raised

    def missing_device(self, device):
        if device == "cuda":
            raise self.raised


BUILDERS = {"descent": hand_derived, "gradient": hand_derived}
BACKENDS = (
    Unaskable("unaskable-raises", BUILDERS, raised=RuntimeError("the driver\\nis too old")),
    Unaskable("unaskable-exits", BUILDERS, raised=SystemExit(3)),
)
"""

MISSING = "raise ModuleNotFoundError(\"No module named '{name}'\", name='{name}')"

PLAIN = """
from problems import Problem

PROBLEM = Problem("plain", None, None, None, rate=0.1, sizes={"side": 3})
"""
