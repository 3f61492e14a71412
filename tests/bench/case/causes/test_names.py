"""The names of functions in the evidence: the same in every checkout, environment and process."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

from bench.case.causes.names import name_of

HASH = "c222mrvwvf4sty6z3ezilcb66lwcggluxo7lotmhxkljvvbmhocb"


def code(path: str, name: str) -> object:
    """Return the code of a function of that name, compiled from a file of that path."""
    found: dict[str, object] = {}
    exec(compile(f"def {name}(): pass", path, "exec"), found)  # noqa: S102 (a test's own text)
    return getattr(found[name], "__code__", None)


def test_a_function_of_python_is_named_by_where_it_is_imported_from(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "path", [str(tmp_path), str(tmp_path / "lib" / "site-packages")])
    assert name_of(code(f"{tmp_path}/lib/site-packages/autograd/tracer.py", "trace")) == "autograd/tracer.py:trace"
    assert name_of(code(f"{tmp_path}/problems/rnn.py", "loss")) == "problems/rnn.py:loss"
    assert name_of(code("/elsewhere/mine.py", "loss")) == "mine.py:loss"
    assert name_of(code("<string>", "__init__")) == "<string>:__init__"


def test_a_function_in_c_is_named_by_its_module_or_class() -> None:
    assert name_of(len) == "builtins.len"
    assert name_of([].append) == "list.append"
    assert name_of(np.ones(1).sum) == "ndarray.sum"


def test_what_cprofile_writes_gets_the_same_form() -> None:
    assert name_of("<built-in method builtins.len>") == "builtins.len"
    assert name_of("<method 'append' of 'list' objects>") == "list.append"


@pytest.mark.parametrize(
    ("path", "function", "expected"),
    [
        (f"/tmp/torchinductor/kb/{HASH}.py", "call", "<generated>:call"),  # noqa: S108 (a name, and no file)
        ("<eval_with_key>.12", "forward", "<eval_with_key>.:forward"),
        ("<dynamo>", "__compiled_fn_3_0a1b2c3d_0a1b_0a1b_0a1b_0a1b2c3d4e5f", "<dynamo>:__compiled_fn"),
    ],
)
def test_generated_code_has_no_hash_and_no_number(path: str, function: str, expected: str) -> None:
    assert name_of(code(path, function)) == expected


def test_a_binding_has_no_version_of_its_compiler() -> None:
    def bound() -> None:
        pass

    bound.__module__ = "torch._C.pybind11_detail_function_record_v1_system_libstdcpp_gxx_abi_1xxx"
    bound.__qualname__ = "stash"
    assert name_of(bound) == "torch._C.stash"
    bound.__module__, bound.__qualname__ = f"{HASH}.kernel", "kernel"
    assert name_of(bound) == "<generated>.kernel.kernel"
