"""The backends: one file for each framework, named `<framework>_modes.py`. There is no list to edit."""

from __future__ import annotations

from backends import precision
from backends.base import (
    Backend,
    Operations,
    devices,
    measured_operators,
    missing_loss,
    missing_operator,
    missing_optimizer,
    missing_problem_loss,
    offers,
    own_loss,
    place,
    why_missing,
    with_own_loss,
)
from backends.builders import (
    Optimized,
    Stepwise,
    StepwiseInPlace,
    Update,
    WithState,
    eager,
    examples,
    lengthened,
    optimized_in_place,
    spread,
    step,
)
from backends.case import DEVICES, DTYPES, Builder, Case, Flat, Loss, Run
from backends.loading import BackendError, Found, add_file, find_file, framework_of, frameworks, load, usual_frameworks
from backends.probes import Probes
from problems import OPERATORS

__all__ = [
    "DEVICES",
    "DTYPES",
    "OPERATORS",
    "Backend",
    "BackendError",
    "Builder",
    "Case",
    "Flat",
    "Found",
    "Loss",
    "Operations",
    "Optimized",
    "Probes",
    "Run",
    "Stepwise",
    "StepwiseInPlace",
    "Update",
    "WithState",
    "add_file",
    "devices",
    "eager",
    "examples",
    "find_file",
    "framework_of",
    "frameworks",
    "lengthened",
    "load",
    "measured_operators",
    "missing_loss",
    "missing_operator",
    "missing_optimizer",
    "missing_problem_loss",
    "offers",
    "optimized_in_place",
    "own_loss",
    "place",
    "precision",
    "spread",
    "step",
    "usual_frameworks",
    "why_missing",
    "with_own_loss",
]
