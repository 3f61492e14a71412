"""Comment a duel's verdicts on its pull request: one comment, which later duels update.

    python3 .github/scripts/comment.py OWNER/REPOSITORY RUN --author LOGIN --dry-run

`RUN` is the id of a run of `duel.yml`. The script needs Python and `gh`, logged in as LOGIN. It imports nothing of this
project and of no package: the job that runs it has a token that may write.

The run has executed a stranger's code, so its artifact may hold anything. It is read in memory, and refused unless it
is one short text that begins as descent-bench's do. In the text, whatever could mention people, make a link or be HTML
becomes plain text. Which pull request it is for is asked from GitHub, and never read from the artifact.
"""

from __future__ import annotations

import argparse
import io
import json
import re
import subprocess
import sys
import zipfile
import zlib
from typing import Any

WORKFLOW = ".github/workflows/duel.yml"
ARTIFACT, FILE = "verdicts", "verdicts.md"
"""The artifact of a duel's run, and the only file in it."""

MARK = "<!-- Made by descent-bench. -->"
"""How `verdicts.md` begins."""

MARKER = "<!-- The verdicts of the duel, by descent-bench. -->"
"""How the comment begins. By this it is found again."""

MAX_ARCHIVE = 100_000
"""The largest archive that is downloaded, in bytes."""

MAX_BYTES = 60_000
"""The longest `verdicts.md`, and so what is read of an archive."""

MAX_CHARACTERS = 65_000
"""The longest comment. GitHub takes 65,536 characters."""

KEPT = re.compile(r"((?<!\\)(?:&(?:amp|lt|gt|#8203);|</?(?:details|summary)>))")
"""The entities and the HTML that `verdicts.md` has by right."""

ACTIVE = re.compile(r"(\\*)([&<>`~$]|\](?=[(\[:]))")
"""What begins an entity, HTML, code, a formula or a link, with the backslashes before it."""

COMMAND = re.compile(r"^( *)/", re.MULTILINE)
"""How a line begins that is a command to a bot."""

LINKED = re.compile(r"(?<=@)(?=\w)|(?<=#)(?=\d)|(?<=:)(?=//)|(?<=www)(?=\.)|(?<=gh)(?=-\d)", re.IGNORECASE)
"""Where GitHub makes a link of bare text, as in report/write/escapes.py: a mention, an issue's number, an address."""

BREAK = "&#8203;"
"""A space of no width, so that there is no link."""


class RefusedError(Exception):
    """What gets no comment, or is not shown in it. The text says why, and has no words of the artifact."""


def main(arguments: list[str] | None = None) -> int:
    """Create or update the comment. Return 0, or 1 with a line on stderr if the run or its artifact is refused."""
    parser = argparse.ArgumentParser(description="Comment a duel's verdicts on its pull request.")
    parser.add_argument("repository", metavar="OWNER/REPOSITORY")
    parser.add_argument("run", metavar="RUN", type=int, help="the id of the duel's run")
    parser.add_argument("--author", default="github-actions[bot]", help="whose comment it is (default: %(default)s)")
    parser.add_argument("--dry-run", action="store_true", help="print the comment, and write nothing")
    options = parser.parse_args(arguments)
    try:
        comment(f"repos/{options.repository}", options.run, options.author, dry=options.dry_run)
    except RefusedError as error:
        print(f"comment: {error}", file=sys.stderr)
        return 1
    except subprocess.CalledProcessError as error:
        print(f"comment: {' '.join(error.cmd[:3])}: {error.stderr.decode(errors='replace').strip()}", file=sys.stderr)
        return 1
    return 0


def comment(repository: str, number: int, author: str, *, dry: bool) -> None:
    """Create or update the comment. If the artifact is refused, the comment says why, and `RefusedError` is raised."""
    run = api(f"{repository}/actions/runs/{number}")
    if (run["event"], run["path"].partition("@")[0]) != ("pull_request", WORKFLOW):
        raise RefusedError(f"run {number} is not one of {WORKFLOW} on a pull request")
    pull = pull_request(repository, run)
    if pull is None:
        print("no open pull request is at the run's commit: it has moved on, or is closed")
        return
    refused = None
    try:
        text = shown(verdicts(repository, number))
    except RefusedError as error:
        refused, text = error, f"**The verdicts of the duel are not shown. {error}.**"
    origin = f"<sub>Duel of {run['head_sha']} against its base: [run {number}]({run['html_url']}).</sub>"
    body = f"{MARKER}\n{text}\n\n{origin}\n"
    print(body if dry else post(repository, pull, author, body))
    if refused:
        raise refused


def pull_request(repository: str, run: dict[str, Any]) -> int | None:
    """Return the number of the open pull request whose newest commit the run is of; `None` if there is none.

    A run does not name its pull request if that comes from a fork. Raises `RefusedError` if there are several.
    """
    owner = ((run["head_repository"] or {}).get("owner") or {}).get("login", "")  # a fork may have been deleted
    query = {"state": "open", "head": f"{owner}:{run['head_branch']}"}
    numbers = [
        int(pull["number"])
        for pull in api(f"{repository}/pulls", query)
        if pull["head"]["sha"] == run["head_sha"] and pull["head"]["ref"] == run["head_branch"]
    ]
    if len(numbers) > 1:
        raise RefusedError(f"pull requests {numbers} have the run's commit: it may be of any of them")
    return next(iter(numbers), None)


def verdicts(repository: str, number: int) -> str:
    """Return the text of the run's artifact, without its mark, or that there is none. Raises `RefusedError`."""
    artifacts = api(f"{repository}/actions/runs/{number}/artifacts", {"name": ARTIFACT})["artifacts"]
    if not artifacts:
        return "**The duel ended without verdicts.**"
    newest = max(artifacts, key=lambda artifact: int(artifact["id"]))  # a run that was repeated has several
    if newest["size_in_bytes"] > MAX_ARCHIVE:
        raise RefusedError(f"The artifact {ARTIFACT} has {newest['size_in_bytes']:,} bytes: more than {MAX_ARCHIVE:,}")
    return unpacked(gh(f"{repository}/actions/artifacts/{int(newest['id'])}/zip"))


def unpacked(archive: bytes) -> str:
    """Return the text of the archive's only file, without its mark. Raises `RefusedError` for any other content."""
    try:
        with zipfile.ZipFile(io.BytesIO(archive)) as files:
            if files.namelist() != [FILE]:
                raise RefusedError(f"The artifact {ARTIFACT} has other files than {FILE}")
            with files.open(FILE) as file:
                content = file.read(MAX_BYTES + 1)
        if len(content) > MAX_BYTES:
            raise RefusedError(f"{FILE} is longer than {MAX_BYTES:,} bytes")
        text = content.decode()
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, ValueError) as error:
        raise RefusedError(f"The artifact {ARTIFACT} is no archive of a text") from error
    if not text.startswith(MARK):
        raise RefusedError(f"{FILE} does not begin as those of descent-bench")
    return text.removeprefix(MARK).strip()


def shown(text: str) -> str:
    """Return Markdown that looks the same, but mentions nobody, links nowhere and has no HTML but folded parts.

    Raises `RefusedError` if that is longer than a comment may be.
    """
    lines = ["".join(char if char.isprintable() else "?" for char in line) for line in text.splitlines()]
    parts = KEPT.split("\n".join(lines))
    safe = "".join(part if index % 2 else neutral(part) for index, part in enumerate(parts))
    safe = COMMAND.sub(r"\1&#47;", safe)
    if len(safe) > MAX_CHARACTERS:
        raise RefusedError(f"{FILE} would be a comment of more than {MAX_CHARACTERS:,} characters")
    return safe


def neutral(part: str) -> str:
    """Return Markdown that has nothing of `ACTIVE` and `LINKED`. Entities stand in: they never are markup."""
    return BREAK.join(ACTIVE.sub(_entity, piece) for piece in LINKED.split(part))


def _entity(found: re.Match[str]) -> str:
    """Return the character as an entity. The backslash that escaped it goes with it."""
    backslashes, char = found.groups()
    return f"{backslashes[: len(backslashes) // 2 * 2]}&#{ord(char)};"


def post(repository: str, pull: int, author: str, body: str) -> str:
    """Update this author's comment that begins with the marker, or create it. Return its address."""
    pages = json.loads(gh(f"{repository}/issues/{pull}/comments?per_page=100", "--paginate", "--slurp"))
    comments = [comment for page in pages for comment in page]
    own = [int(c["id"]) for c in comments if c["user"]["login"] == author and c["body"].startswith(MARKER)]
    if own:
        return str(api(f"{repository}/issues/comments/{own[0]}", {"body": body}, "PATCH")["html_url"])
    return str(api(f"{repository}/issues/{pull}/comments", {"body": body}, "POST")["html_url"])


def api(path: str, fields: dict[str, str] | None = None, method: str = "GET") -> Any:
    """Return GitHub's answer. The fields are the query of a GET, and the body of another request."""
    pairs = [word for name, value in (fields or {}).items() for word in ("--raw-field", f"{name}={value}")]
    return json.loads(gh(path, "--method", method, *pairs))


def gh(path: str, *options: str) -> bytes:
    """Return what `gh api` prints. Raises `CalledProcessError` if it fails."""
    return subprocess.run(["gh", "api", path, *options], capture_output=True, check=True).stdout


if __name__ == "__main__":
    sys.exit(main())
