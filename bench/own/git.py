"""What git knows of a repository: its commits, and files as they were in one."""

from __future__ import annotations

import io
import os
import subprocess
import tarfile
from pathlib import Path

from bench.machine import GIT_VARIABLES


def git(folder: Path, *arguments: str) -> str:
    """Return what git prints in this folder, stripped. Raise `ValueError` with its reason if it fails."""
    return _output(folder, *arguments).decode(errors="replace").strip()


def root_of(path: Path) -> Path:
    """Return the root of the repository that a file is in. Raise `ValueError` if it is in none."""
    return Path(git(path.parent, "rev-parse", "--show-toplevel"))


def extract(repository: Path, revision: str, folder: Path) -> None:
    """Write all files of a revision to the folder. Raise `ValueError` if there is no such revision."""
    archive = _output(repository, "archive", "--format=tar", revision)
    with tarfile.open(fileobj=io.BytesIO(archive)) as tar:
        tar.extractall(folder, filter="data")


def _output(folder: Path, *arguments: str) -> bytes:
    # A git hook sets variables that name its own repository. Git would then answer about that repository.
    environment = {name: value for name, value in os.environ.items() if name not in GIT_VARIABLES}
    try:
        done = subprocess.run(  # noqa: S603 (git itself)
            ["git", *arguments],  # noqa: S607 (from the PATH)
            cwd=folder,
            env=environment,
            capture_output=True,
            check=True,
        )
    except FileNotFoundError as error:
        raise ValueError("git is not here, and revisions need it") from error
    except subprocess.CalledProcessError as error:
        raise ValueError(f"git {' '.join(arguments)}: {error.stderr.decode(errors='replace').strip()}") from error
    return done.stdout
