"""Turn the options of the command line into the cases to measure.

The race, `bench run` and `bench duel` share these options. A wrong word raises an error with a message of one line.
"""

from __future__ import annotations

import difflib
import itertools
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from backends import DEVICES, DTYPES, OPERATORS, Case, framework_of, frameworks, usual_frameworks
from bench import inventory
from bench.inventory import Inventory, Objective
from bench.options import DEFAULTS, whole
from problems import OPTIMIZERS, sizes_text
from report.table.keys import framework


class SelectionError(ValueError):
    """An option has a wrong value. The text names the wrong word and the possible ones."""


@dataclass(frozen=True)
class Selection:
    """The cases to measure, in the order of the options, and the backends and problems that they need."""

    cases: tuple[Case, ...]
    inventory: Inventory
    objectives: dict[str, Objective]


SETS = ("default", "all")
"""The words of `--backend` that stand for several backends."""

TakeInventory: TypeAlias = Callable[[tuple[str, ...]], Inventory]
"""Returns the inventory of the named frameworks.

It may ask other processes, so that a crash during an import does not end this process.
"""


def select(
    options: Mapping[str, str | None],
    take: TakeInventory = inventory.take,
    objectives: Callable[[], dict[str, Objective]] = inventory.objectives,
) -> Selection:
    """Return the cases that the options select. Raise `SelectionError` if a word is wrong.

    `options` maps the names of `bench.options.HELP` to what was typed, or to `None` if the option was not given.
    `take` returns the inventory of the frameworks that are needed; by default it imports them in this process.
    `objectives` returns the problems there are.
    """
    try:
        return _select(options, take, objectives())
    except ValueError as error:
        raise SelectionError(str(error)) from error


def _select(options: Mapping[str, str | None], take: TakeInventory, problems: Mapping[str, Objective]) -> Selection:
    words = {name: options.get(name) or default for name, default in DEFAULTS.items()}
    operators = _choose("operator", words["operator"], OPERATORS)
    optimizers = _choose("optimizer", words["optimizer"], OPTIMIZERS)
    if options.get("optimizer") and "descent" not in operators:
        raise ValueError(f"optimizer '{words['optimizer']}': only a descent has one; add descent to --operator")
    names = _choose("problem", words["problem"], problems)
    dtypes = _choose("dtype", words["dtype"], DTYPES)
    size_words, chosen = with_preset(options.get("size"), {name: problems[name] for name in names}, problems)
    sizes = choose_sizes(size_words, chosen)
    batch_sizes = _batch_sizes(options.get("batch_size"), chosen)
    typed = options.get("steps")
    length = None if typed is None else whole("steps", typed)
    wanted = (operators, names, dtypes, optimizers)
    found, backends = _backends(words["backend"], wanted, take)
    devices = _devices(options.get("device"), found, backends)
    kinds = [(each, by) for each in operators for by in (optimizers if each == "descent" else ("",))]
    grid = itertools.product(kinds, names, backends, dtypes, devices)
    cases = tuple(
        Case(operator, name, backend, size, dtype, device, _steps(operator, chosen[name], length), sizes[name], by)
        for (operator, by), name, backend, dtype, device in grid
        for size in batch_sizes[name]
    )
    return Selection(cases, found, chosen)


def _batch_sizes(words: str | None, chosen: Mapping[str, Objective]) -> dict[str, tuple[int, ...]]:
    """Return the batch sizes of each chosen problem: the typed ones, or by default the problem's own."""
    if words is None:
        return {name: problem.batch_sizes for name, problem in chosen.items()}
    typed = dict.fromkeys(whole("batch size", word) for word in _split("batch size", words))
    return dict.fromkeys(chosen, tuple(typed))


def _steps(operator: str, problem: Objective, length: int | None) -> int:
    return (length or problem.steps) if operator == "descent" else 1


def with_preset(
    words: str | None, chosen: Mapping[str, Objective], problems: Mapping[str, Objective]
) -> tuple[str | None, dict[str, Objective]]:
    """Return the words of `--size` without the preset, and the chosen problems with the sizes of the preset.

    A word without `.` and `=` is a preset. Raise `ValueError` if a chosen problem lacks it, or if there are two.
    """
    typed = _split("size", words) if words is not None else []
    names = list(dict.fromkeys(word for word in typed if not {".", "="} & set(word)))
    if not names:
        return words, dict(chosen)
    if len(names) > 1:
        raise ValueError(f"size '{words}': names two presets, {names[0]} and {names[1]}")
    _require_preset(names[0], chosen, problems)
    rest = ",".join(word for word in typed if word != names[0])
    return rest or None, {name: problem.with_preset(names[0]) for name, problem in chosen.items()}


def _require_preset(name: str, chosen: Mapping[str, Objective], problems: Mapping[str, Objective]) -> None:
    if not (having := [full for full, problem in problems.items() if name in problem.presets]):
        known = dict.fromkeys(preset for problem in problems.values() for preset in problem.presets)
        raise _unknown("preset of sizes", name, known, "or problem.name=value")
    if lacking := [full for full in chosen if full not in having]:
        raise ValueError(f"size '{name}': no such preset in {', '.join(lacking)}; it is in {', '.join(having)}")


def choose_sizes(words: str | None, chosen: Mapping[str, Objective]) -> dict[str, str]:
    """Return all sizes of each chosen problem, in the format of `Case.sizes`. Sizes not typed are the problem's own.

    `words` are `problem.name=value`, comma-separated. Raise `ValueError` if a word fits no chosen problem.
    """
    typed = [_size(word, chosen) for word in _split("size", words)] if words is not None else []
    chosen_sizes = {name: {size: value for problem, size, value in typed if problem == name} for name in chosen}
    if sum(map(len, chosen_sizes.values())) < len(typed):
        raise ValueError(f"size '{words}': names the same size twice")
    return {name: sizes_text({**problem.sizes, **chosen_sizes[name]}) for name, problem in chosen.items()}


def _size(word: str, chosen: Mapping[str, Objective]) -> tuple[str, str, int]:
    """Return the problem, the name and the value of one typed size."""
    path, equals, value = word.partition("=")
    typed, dot, name = path.rpartition(".")
    problem = next((full for full in chosen if full.partition("@")[0] == typed), typed)  # a file's name has its hash
    if not (equals and dot):
        raise ValueError(f"size '{word}': write problem.name=value, such as logistic.dimension=32")
    if problem not in chosen:
        raise ValueError(f"size '{word}': {problem} is not raced (raced: {', '.join(chosen)}); see --problem")
    if not chosen[problem].sizes:
        raise ValueError(f"size '{word}': {problem} has no sizes other than the batch size")
    if name not in chosen[problem].sizes:
        raise _unknown(f"size of {problem}", name, chosen[problem].sizes)
    return problem, name, whole(f"size {path}", value)


def _backends(words: str, wanted: tuple[list[str], ...], take: TakeInventory) -> tuple[Inventory, list[str]]:
    """Return the inventory of the frameworks that are needed, and the names to race.

    `wanted` are the operators, the problems, the dtypes and the optimizers. `all` selects the backends that offer one
    of each, since some modes have only a few of them; `default`, those of them that say that they are in the default. A
    missing framework stands in the list in place of its backends; one that is optional and not installed does not.
    Neither does a mode for a device that this machine lacks, such as a CUDA graph: the framework's other modes say why.
    """
    chosen = _split("backend", words)
    needed = {_framework(word) for word in chosen if word not in SETS}
    needed |= {*usual_frameworks()} if set(SETS) & set(chosen) else set()
    found = take(tuple(name for name in frameworks() if name in needed))
    here = [backend for backend in found.backends.values() if backend.is_here or backend.file]
    fit = [backend for backend in here if backend.offers(*wanted)]
    names: list[str] = []
    for word in chosen:
        if word in SETS:
            names += [*(backend.name for backend in fit if word == "all" or backend.in_default), *found.missing]
        else:
            names += _named(word, found, take)
    return found, list(dict.fromkeys(names))


def _named(word: str, found: Inventory, take: TakeInventory) -> list[str]:
    """Return the backends that the word names: the name of one, or the file of several."""
    if _framework(word) in found.missing:
        raise ValueError(f"backend '{word}': {found.missing[_framework(word)]}")
    if not word.endswith(".py") and word not in found.backends:
        raise _unknown("backend", word, take(usual_frameworks()).backends, *SETS)
    return [name for name, backend in found.backends.items() if word in {name, backend.file}]


def _framework(word: str) -> str:
    """Return the framework of a backend, or of a file of backends."""
    return framework_of(word) if word.endswith(".py") else framework(word)


def _devices(words: str | None, found: Inventory, backends: Iterable[str]) -> list[str]:
    chosen = _choose("device", words or DEFAULTS["device"], DEVICES)
    if words is None or words.strip() == "all":
        return chosen
    here = {device for name in backends if name in found.backends for device in found.backends[name].devices}
    for device in chosen:
        if device not in here:
            raise ValueError(
                f"device '{device}': no selected backend can use it here (found: {', '.join(sorted(here)) or 'none'}); "
                "see python -m backends"
            )
    return chosen


def _choose(what: str, words: str, possible: Iterable[str]) -> list[str]:
    possible = list(possible)
    if words.strip() == "all":
        return possible
    chosen = _split(what, words)
    for word in chosen:
        if word not in possible:
            raise _unknown(what, word, possible, "or all")
    return list(dict.fromkeys(chosen))


def _split(what: str, words: str) -> list[str]:
    chosen = [word.strip() for word in words.split(",") if word.strip()]
    if not chosen:
        raise ValueError(f"{what} '{words}': name at least one")
    return chosen


def _unknown(what: str, word: str, possible: Iterable[str], *others: str) -> ValueError:
    possible = list(possible)
    close: Sequence[str] = difflib.get_close_matches(word, possible, n=1)
    hint = f" (did you mean '{close[0]}'?)" if close else ""
    return ValueError(f"unknown {what} '{word}'{hint}; possible: {', '.join([*possible, *others])}")
