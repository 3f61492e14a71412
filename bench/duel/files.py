"""The user's files on the two sides of a duel: the same, two files, or one file at two revisions."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path

from bench.own.files import Files, named
from bench.own.git import extract, root_of
from problems import ProblemFile
from problems.files import hashed


@dataclass(frozen=True)
class Brought:
    """The options with the names of problems in place of their files, and the files of each side.

    A problem has the same name on both sides, that of head's file without its hash.
    """

    selection: dict[str, str | None]
    base: Files
    head: Files


def brought(
    selection: Mapping[str, str | None],
    base_problem: str | None,
    head_problem: str | None,
    base_rev: str | None,
    resources: ExitStack,
) -> Brought:
    """Return the user's files of both sides.

    With a `base_rev`, base's files are those of that revision of the repository that they are in; its copy is deleted
    when the resources are closed. Raise `ValueError` if options contradict each other, or if a file is missing.
    """
    if (base_problem is None) != (head_problem is None):
        raise ValueError("--base-problem and --head-problem: give both, or --problem with --base-rev")
    if base_problem is not None and (selection.get("problem") or base_rev):
        raise ValueError("--base-problem and --head-problem: give neither --problem nor --base-rev with them")
    if base_problem is None:
        options, head = named(selection)
        base = head if base_rev is None else _base(base_rev, head, resources)
    else:
        options, head = _side("head", selection, head_problem)
        _, base = _side("base", selection, base_problem)
    names = [file.name.partition("@")[0] for file in head.problems]
    if len(set(names)) < len(names):
        raise ValueError("--problem: two files have the same name, and a duel knows problems by their file's name")
    plain = dict(zip((file.name for file in head.problems), names, strict=True))
    words = (options.get("problem") or "").split(",")
    chosen = ",".join(plain.get(word, word) for word in words) or None
    return Brought(options | {"problem": chosen}, _named(base, names), _named(head, names))


def describe(files: Files) -> str:
    """Return the files of one side in words, each with the hash of its content; empty if there are none."""
    contents = [(file.path, file.path.read_bytes()) for file in files.problems]
    return "".join(f", {path.name} {hashed(content)}" for path, content in contents)


def _side(name: str, selection: Mapping[str, str | None], word: str | None) -> tuple[dict[str, str | None], Files]:
    try:
        options, files = named(dict(selection) | {"problem": word})
    except ValueError as error:
        raise ValueError(f"{name}: {error}") from error
    if len(files.problems) != 1:
        raise ValueError(f"--{name}-problem '{word}': name one file, such as mine.py")
    return options, files


def _base(revision: str, files: Files, resources: ExitStack) -> Files:
    if not (files.problems or files.backends):
        raise ValueError(f"--base-rev '{revision}': is for a file of your own; name it with --problem")
    try:
        return at(revision, files, resources)
    except ValueError as error:
        raise ValueError(f"base: {error}") from error


def _named(files: Files, names: list[str]) -> Files:
    pairs = zip(files.problems, names, strict=True)
    return replace(files, problems=tuple(replace(file, name=name) for file, name in pairs))


def at(revision: str, files: Files, resources: ExitStack) -> Files:
    """Return the files as they are in a revision of their repositories.

    The copies are deleted when the resources are closed. Raise `ValueError` if the revision does not have a file.
    """
    copies: dict[Path, Path] = {}

    def old(path: Path) -> Path:
        root = root_of(path)
        if root not in copies:
            copies[root] = Path(resources.enter_context(tempfile.TemporaryDirectory(prefix="descent-bench-revision-")))
            extract(root, revision, copies[root])
        found = copies[root] / path.relative_to(root.resolve())
        if not found.is_file():
            raise ValueError(f"{path.name} is not in revision '{revision}' of {root}")
        return found

    def old_problem(file: ProblemFile) -> ProblemFile:
        return replace(file, path=old(file.path))

    return Files(tuple(map(old_problem, files.problems)), tuple(map(old, files.backends)))
