"""The line under a table that names the commit of its figures."""

from __future__ import annotations

from collections.abc import Iterable

from bench import machine

HASH_DIGITS = 40


def here() -> str:
    """Return this checkout's commit, and whether tracked files differ from it."""
    return described(*machine.commit())


def described(commit: str, dirty: bool) -> str:  # noqa: FBT001 (the pair that `machine.commit` returns)
    """Return a commit as the line has it; a hash of 40 digits is cut to 10."""
    short = commit[:10] if len(commit) == HASH_DIGITS else commit
    return f"`{short}`{' with uncommitted changes' if dirty else ''}"


def line(done: str, commits: Iterable[str] = ()) -> str:
    """Return the line: "Measured at commit `0123456789`." Without `commits` it names this checkout's."""
    return f"\n{done} at commit {', '.join(dict.fromkeys(commits)) or here()}."
