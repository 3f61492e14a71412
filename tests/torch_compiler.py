"""torch's compiler without its last stage, for tests of what is compiled and not of the code that comes out."""

from __future__ import annotations

from typing import Any

import pytest


def without_kernels(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make `torch.compile` trace and differentiate a function, and run the result with torch's eager operations.

    It builds no C++, which takes seconds a function. Options are checked as before: the compiler that they are for is
    made, and not used.
    """
    torch = pytest.importorskip("torch")
    compiler = torch.compile

    def traced(function: Any, *, mode: str | None = None, options: dict[str, Any] | None = None, **others: Any) -> Any:
        compiler(function, mode=mode, options=options, **others)
        return compiler(function, backend="aot_eager", **others)

    monkeypatch.setattr(torch, "compile", traced)
