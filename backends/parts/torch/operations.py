"""Count the operations of a program in torch: ATen's, or those of Inductor's kernels if the program is compiled."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from typing import Any

from torch.utils._python_dispatch import TorchDispatchMode

EAGER = "ATen operations"
GRAPH = "ATen operations in the compiled graph"
KERNELS = "Inductor's kernels"

KERNEL = re.compile(
    r"^\s+(?:buf\w+ = )?(cpp_fused\w*|triton_\w+|extern_kernels\.\w+|torch\.ops\.\w+\.\w+)[\w.]*\(", re.MULTILINE
)
"""A call of a kernel in the Python that Inductor writes."""


def eager(call: Callable[[], Any]) -> dict[str, dict[str, int]]:
    """Return how often the call computes each operation of ATen, going backward included."""
    counts: Counter[str] = Counter()

    class Counting(TorchDispatchMode):  # type: ignore[misc] # (of a framework without types)
        def __torch_dispatch__(self, function: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
            counts[str(function)] += 1
            return function(*args, **(kwargs or {}))

    with Counting():
        call()
    return {EAGER: dict(counts)}


def compiled(call: Callable[[], Any]) -> dict[str, dict[str, int]]:
    """Return the operations of the graphs that the call compiles, and the calls of kernels that Inductor writes.

    Compiles again what the call has compiled. A name of a kernel has the operations that are fused in it.
    """
    from torch._inductor import config  # noqa: PLC0415 (it imports the compiler: seconds)
    from torch._inductor.custom_graph_pass import CustomGraphPass  # noqa: PLC0415 (likewise)
    from torch._inductor.utils import fresh_inductor_cache, run_and_get_code  # noqa: PLC0415 (likewise)

    operations: Counter[str] = Counter()

    class Counting(CustomGraphPass):  # type: ignore[misc] # (of a framework without types)
        def __call__(self, graph: Any) -> None:
            operations.update(str(node.target) for node in graph.nodes if node.op == "call_function")

        def uuid(self) -> str:
            return "descent-bench counts"

    with fresh_inductor_cache(), config.patch(post_grad_custom_post_pass=Counting()):
        _, sources = run_and_get_code(call)
    kernels = Counter(_unnumbered(name) for source in sources for name in KERNEL.findall(source))
    return {GRAPH: dict(operations), KERNELS: dict(kernels)}


def _unnumbered(kernel: str) -> str:
    """Return the name of a kernel without its number in the program."""
    return re.sub(r"_\d+$", "", kernel)
