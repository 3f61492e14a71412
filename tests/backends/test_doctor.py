"""The doctor: which backends the machine has, why others are missing, and whether the derivatives are right."""

from __future__ import annotations

from tests.checkout import Checkout
from tests.planted import FAULTY, MISSING, PLAIN, UNASKABLE

OTHERS = ("torch", "jax", "casadi", "numba", "tensorflow")
"""Frameworks that are replaced by a file that cannot be imported: each takes seconds, and not all have them."""


def test_the_doctor_names_versions_devices_and_reasons_and_checks_the_derivative(checkout: Checkout) -> None:
    for name in OTHERS:
        checkout.write(f"{name}.py", MISSING.format(name=name))
    done = checkout.run("backends", PYTHONPATH=str(checkout.path), COLUMNS="120")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "torch is not installed; pip install -c constraints.txt '.[torch]'" in done.stdout
    lines = [line.split() for line in done.stdout.splitlines()]
    default = {line[0]: line[1] == "yes" for line in reversed(lines) if len(line) > 1}
    assert (default["numpy"], default["autograd"], default["autograd-losses"]) == (True, True, False)
    for name in ("numpy", "numpy-inplace", "autograd"):
        _, derivative, off, end, value, verdict = next(line for line in lines if line[:1] == [name] and len(line) == 6)
        assert -2.0 <= float(derivative) < 0.0
        assert float(off) <= 1e-9
        assert (float(end), float(value), verdict) == (1.0, 4.0, "right")


def test_an_extra_is_recommended_only_if_the_project_has_it(checkout: Checkout) -> None:
    checkout.write("backends/enzyme_modes.py", MISSING.format(name="enzyme"))
    for name in OTHERS:
        checkout.write(f"{name}.py", MISSING.format(name=name))  # they take seconds to import
    done = checkout.run("backends", PYTHONPATH=str(checkout.path), COLUMNS="120")
    (line,) = [line.strip() for line in done.stdout.splitlines() if "enzyme is not" in line]
    assert line.endswith("enzyme is not installed; pip install enzyme")


def test_a_backend_that_is_wrong_is_called_wrong(checkout: Checkout) -> None:
    operators = (
        '"gradient": lambda problem, case, x, data: lambda x, data: gradient(problem, x, data), "descent": build'
    )
    checkout.write("backends/faulty_modes.py", FAULTY.replace('"descent": build', operators))
    for name in OTHERS:
        checkout.write(f"{name}.py", MISSING.format(name=name))
    done = checkout.run("backends", PYTHONPATH=str(checkout.path), COLUMNS="120")
    assert done.returncode == 1
    lines = {line.split()[0]: line.split()[-1] for line in done.stdout.splitlines() if line.strip()}
    assert lines["faulty-scaled"] == lines["faulty-nan"] == "WRONG"
    assert lines["numpy"] == "right"
    assert "RuntimeError" in done.stdout


def test_what_a_backend_raises_is_a_row_and_the_others_are_checked(checkout: Checkout) -> None:
    """Files that cannot be imported, and backends that raise when they are asked for version and devices."""
    checkout.write("backends/unaskable_modes.py", UNASKABLE)
    checkout.write("backends/mine_modes.py", "x = 1\ndef f(:\n")
    checkout.write("jax.py", "raise RuntimeError('jaxlib does not fit')")
    checkout.write("torch.py", "raise SystemExit('no licence')")
    for name in ("casadi", "numba", "tensorflow"):
        checkout.write(f"{name}.py", MISSING.format(name=name))
    done = checkout.run("backends", PYTHONPATH=str(checkout.path), COLUMNS="200")
    assert done.returncode == 0, done.stdout + done.stderr
    rows = {line.split()[0]: " ".join(line.split()) for line in reversed(done.stdout.splitlines()) if line.strip()}
    assert rows["mine"] == "mine – – mine cannot be imported: backends/mine_modes.py:2: SyntaxError: invalid syntax"
    assert rows["jax"].endswith(": RuntimeError: jaxlib does not fit")
    assert rows["torch"].endswith(": SystemExit: no licence")
    told = "RuntimeError: the driver is too old"
    assert rows["unaskable-raises"] == f"unaskable-raises – cpu no version: {told} {told}"
    assert rows["unaskable-exits"] == "unaskable-exits – cpu no version: SystemExit: 3 SystemExit: 3"
    verdicts = [line.split() for line in done.stdout.splitlines()]
    assert [line[0] for line in verdicts if line[-1:] == ["right"]] == [
        "numpy",
        "numpy-inplace",
        "autograd",
        "unaskable-raises",
        "unaskable-exits",
    ]


def test_the_tables_for_documents_are_printed_alone(checkout: Checkout) -> None:
    """A framework that is missing has no rows, and standard error says why. A user's file needs no template."""
    for name in OTHERS:
        checkout.write(f"{name}.py", MISSING.format(name=name))
    modes = checkout.run("backends", "--markdown", PYTHONPATH=str(checkout.path))
    assert modes.returncode == 0
    assert modes.stdout.splitlines()[0] == "| framework | mode | what you write | when it wins |"
    assert [line.split(" | ")[1] for line in modes.stdout.splitlines()[2:4]] == ["`numpy`", "`numpy-inplace`"]
    assert "no row for the modes of torch: torch is not installed" in modes.stderr
    checkout.write("problems/plain.py", PLAIN)
    table = checkout.run("problems")
    assert table.returncode == 0
    assert "| `plain` | – | side=3 | – |" in table.stdout.splitlines()
