"""The script that comments a duel's verdicts on its pull request, with a `gh` that plays GitHub."""

from __future__ import annotations

import html
import io
import json
import os
import re
import runpy
import subprocess
import sys
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given

from report.compare import sides
from report.compare.comparison import Rules, compare
from report.write.text import comparison as comparison_text
from tests import rows
from tests.checkout import ROOT
from tests.report.write.test_escapes import HOSTILE, PARSER, TEXTS, every_hostile_text

SCRIPT = ROOT / ".github" / "scripts" / "comment.py"
COMMENT = runpy.run_path(str(SCRIPT))
MARK, MARKER = COMMENT["MARK"], COMMENT["MARKER"]
BOT = "github-actions[bot]"
HEAD = "0123456789abcdef0123456789abcdef01234567"

FAKE = """#!{python}
import json, pathlib, sys
folder = pathlib.Path(__file__).parent
hub = json.loads((folder / "hub.json").read_text())
path, options = sys.argv[2], sys.argv[3:]
method = options[options.index("--method") + 1] if "--method" in options else "GET"
fields = dict(o.split("=", 1) for flag, o in zip(options, options[1:]) if flag == "--raw-field")
number = len([comment for page in hub["comments"] for comment in page]) + 1
answer = None
if sys.argv[1] != "api":
    pass
elif (method, path) == ("GET", "repos/us/bench/actions/runs/42"):
    answer = hub["run"]
elif (method, path) == ("GET", "repos/us/bench/pulls"):
    answer = [pull for pull in hub["pulls"] if fields == {{"state": pull["state"], "head": pull["head"]["label"]}}]
elif (method, path) == ("GET", "repos/us/bench/actions/runs/42/artifacts"):
    answer = {{"artifacts": [each for each in hub["artifacts"] if each["name"] == fields["name"]]}}
elif (method, path) == ("GET", "repos/us/bench/actions/artifacts/8/zip"):
    sys.stdout.buffer.write((folder / "archive.zip").read_bytes())
    sys.exit()
elif path == "repos/us/bench/issues/5/comments?per_page=100" and {{"--paginate", "--slurp"}} <= {{*options}}:
    answer = hub["comments"]
elif (method, path) == ("POST", "repos/us/bench/issues/5/comments"):
    answer = {{"id": number, "html_url": f"created {{number}}", "user": {{"login": "github-actions[bot]"}}, **fields}}
    hub["comments"].append([answer])
elif method == "PATCH" and path.startswith("repos/us/bench/issues/comments/"):
    (answer,) = [c for page in hub["comments"] for c in page if c["id"] == int(path.rpartition("/")[2])]
    answer.update(fields, html_url=f"updated {{answer['id']}}")
(folder / "hub.json").write_text(json.dumps(hub))
if answer is None:
    sys.exit(f"gh: Not Found: {{method}} {{path}} (HTTP 404)")
print(json.dumps(answer))
"""


@dataclass
class Hub:
    """GitHub, in a folder: what the fake `gh` answers from, and writes to."""

    folder: Path
    state: dict[str, Any]

    def comment(self, *options: str, run: int = 42) -> subprocess.CompletedProcess[str]:
        """Run the script on the run of us/bench, as the workflow does."""
        (self.folder / "hub.json").write_text(json.dumps(self.state), encoding="utf-8")
        environment = os.environ | {"PATH": f"{self.folder}{os.pathsep}{os.environ['PATH']}"}
        command = [sys.executable, str(SCRIPT), "us/bench", str(run), *options]
        end = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, cwd=self.folder)
        self.state = json.loads((self.folder / "hub.json").read_text(encoding="utf-8"))
        return end

    def bodies(self) -> list[str]:
        """Return the texts of all comments."""
        return [comment["body"] for page in self.state["comments"] for comment in page]

    def pack(self, content: bytes, *names: str) -> None:
        """Make the artifact an archive that holds this content under each of the names, `verdicts.md` by default."""
        archive = io.BytesIO()
        with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as files:
            for name in names or ("verdicts.md",):
                files.writestr(name, content)
        (self.folder / "archive.zip").write_bytes(archive.getvalue())


@pytest.fixture
def hub(tmp_path: Path) -> Hub:
    """A pull request, number 5, from a fork: its duel has ended with verdicts, and two people have commented."""
    gh = tmp_path / "gh"
    gh.write_text(FAKE.format(python=sys.executable), encoding="utf-8")
    gh.chmod(0o755)
    pull = {"number": 5, "state": "open", "head": {"label": "them:topic", "ref": "topic", "sha": HEAD}}
    run = {
        "event": "pull_request",
        "path": ".github/workflows/duel.yml",
        "head_sha": HEAD,
        "head_branch": "topic",
        "head_repository": {"owner": {"login": "them"}},
        "html_url": "https://github.com/us/bench/actions/runs/42",
    }
    comments = [
        [{"id": 1, "user": {"login": "them"}, "body": f"{MARKER}\nmine"}],
        [{"id": 2, "user": {"login": BOT}, "body": "of another workflow"}],
    ]
    artifacts = [{"id": 7, "name": "duel", "size_in_bytes": 9}, {"id": 8, "name": "verdicts", "size_in_bytes": 9}]
    hub = Hub(tmp_path, {"run": run, "pulls": [pull], "artifacts": artifacts, "comments": comments})
    hub.pack(f"{MARK}\n\n**1 case regressed**\n".encode())
    return hub


def test_the_comment_is_created_once_and_then_updated(hub: Hub) -> None:
    first = hub.comment()
    assert (first.returncode, first.stdout) == (0, "created 3\n"), first.stderr
    assert hub.bodies()[2].startswith(f"{MARKER}\n**1 case regressed**\n\n<sub>Duel of {HEAD}")
    hub.pack(f"{MARK}\n\n**Nothing got slower**\n".encode())
    assert hub.comment().stdout == "updated 3\n"
    *others, own = hub.bodies()
    assert "Nothing got slower" in own
    assert others == [f"{MARKER}\nmine", "of another workflow"]


def test_a_dry_run_prints_the_comment_and_writes_nothing(hub: Hub) -> None:
    assert hub.comment("--dry-run").stdout.startswith(f"{MARKER}\n**1 case regressed**")
    assert len(hub.bodies()) == 2


def test_on_a_laptop_the_comment_is_ones_own(hub: Hub) -> None:
    assert hub.comment("--author", "them").stdout == "updated 1\n"


@pytest.mark.parametrize(
    ("content", "names", "reason"),
    [
        (f"{MARK}\n{'a' * 60_000}".encode(), [], "verdicts.md is longer than 60,000 bytes"),
        (f"{MARK}\n{'<' * 20_000}".encode(), [], "verdicts.md would be a comment of more than 65,000 characters"),
        (b"secret", [], "verdicts.md does not begin as those of descent-bench"),
        (f"{MARK}\nsecret \xff".encode("latin-1"), [], "is no archive of a text"),
        (MARK.encode(), ["../verdicts.md"], "has other files than verdicts.md"),
        (MARK.encode(), ["verdicts.md", "secret.md"], "has other files than verdicts.md"),
    ],
)
def test_another_artifact_is_refused_and_the_comment_says_why(
    hub: Hub, content: bytes, names: list[str], reason: str
) -> None:
    hub.pack(content, *names)
    end = hub.comment()
    assert end.returncode == 1
    assert reason in end.stderr
    assert reason in hub.bodies()[2]
    assert "secret" not in hub.bodies()[2]


def test_a_large_archive_is_not_downloaded_and_a_broken_one_is_refused(hub: Hub) -> None:
    (hub.folder / "archive.zip").write_bytes(b"PK\3\4 broken")
    assert "is no archive of a text" in hub.comment().stderr
    (hub.folder / "archive.zip").unlink()
    hub.state["artifacts"][1]["size_in_bytes"] = 100_001
    assert "has 100,001 bytes" in hub.comment().stderr
    assert len(hub.bodies()) == 3


def test_a_duel_without_verdicts_is_said_to_have_none(hub: Hub) -> None:
    del hub.state["artifacts"][1]
    assert hub.comment().returncode == 0
    assert "The duel ended without verdicts." in hub.bodies()[2]


@pytest.mark.parametrize(
    ("of", "change"),
    [
        ("run", {"head_sha": HEAD[::-1]}),
        ("run", {"head_branch": "other"}),
        ("run", {"head_repository": {"owner": {"login": "others"}}}),
        ("run", {"head_repository": None}),
        ("pull", {"state": "closed"}),
    ],
)
def test_a_pull_request_that_has_moved_on_or_is_anothers_gets_no_comment(
    hub: Hub, of: str, change: dict[str, Any]
) -> None:
    """The artifact cannot say which pull request it is of: the commit and its branch must be those of an open one."""
    (hub.state["run"] if of == "run" else hub.state["pulls"][0]).update(change)
    end = hub.comment()
    assert (end.returncode, end.stdout.partition(":")[0]) == (0, "no open pull request is at the run's commit")
    assert len(hub.bodies()) == 2


@pytest.mark.parametrize(
    "change", [{"event": "push"}, {"event": "workflow_dispatch"}, {"path": ".github/workflows/other.yml"}]
)
def test_another_run_gets_no_comment(hub: Hub, change: dict[str, str]) -> None:
    hub.state["run"].update(change)
    end = hub.comment()
    assert (end.returncode, len(hub.bodies())) == (1, 2)
    assert "is not one of .github/workflows/duel.yml on a pull request" in end.stderr


def test_of_two_pull_requests_with_one_commit_none_is_guessed(hub: Hub) -> None:
    hub.state["pulls"].append(hub.state["pulls"][0] | {"number": 6})
    end = hub.comment()
    assert (end.returncode, len(hub.bodies())) == (1, 2)
    assert "pull requests [5, 6] have the run's commit" in end.stderr


def test_what_gh_says_is_passed_on(hub: Hub) -> None:
    end = hub.comment(run=43)
    assert end.returncode == 1
    assert end.stderr.startswith("comment: gh api repos/us/bench/actions/runs/43: gh: Not Found")


@pytest.mark.parametrize(
    ("written", "commented"),
    [
        ("@you #1 GH-2", "@&#8203;you #&#8203;1 GH&#8203;-2"),
        ("https://evil.example", "https:&#8203;//evil.example"),
        ("[a](b) [1.01, 1.03]", "[a&#93;(b) [1.01, 1.03]"),
        ("<b>&commat;", "&#60;b&#62;&#38;commat;"),
        ("/merge\n /a/b\na/b", "&#47;merge\n &#47;a/b\na/b"),
        (r"\` \\`", r"&#96; \\&#96;"),
        (r"@\&#8203;you", "@&#38;#&#8203;8203;you"),
        ("<details><summary>&lt;1&gt;</summary>", "<details><summary>&lt;1&gt;</summary>"),
        ("<details open>", "&#60;details open&#62;"),
        ("| a\\|b | \u202egnirts |", "| a\\|b | ?gnirts |"),
    ],
)
def test_what_means_something_to_github_becomes_text(written: str, commented: str) -> None:
    assert COMMENT["shown"](written) == commented


@every_hostile_text
@given(TEXTS)
def test_a_comment_mentions_nobody_links_nowhere_and_has_no_html(text: str) -> None:
    """Markdown that a stranger wrote, and the same as a cell of descent-bench's table."""
    for markdown in (text, f"| a |\n| - |\n| {text} |", f"<details><summary>{text}</summary>\n\n{text}"):
        safe = COMMENT["shown"](markdown)
        assert not re.search(r"^/", safe, re.MULTILINE)
        assert not re.search(r"<(?!/?(?:details|summary)>)", safe)
        tokens = [*PARSER.parse(safe), *(child for token in PARSER.parse(safe) for child in token.children or [])]
        assert not {"fence", "link_open", "image", "code_inline"} & {token.type for token in tokens}
        for token in tokens:
            text_of = html.unescape(token.content) if token.type == "html_block" else token.content
            linked = re.search(r"@\w|#\d|://|www\.|gh-\d", text_of, re.IGNORECASE)
            assert token.type in ("inline", "code_block") or not linked


def test_what_descent_bench_writes_looks_the_same(tmp_path: Path) -> None:
    """As a backend, a problem and a reason, every hostile text is escaped already."""
    files = []
    for side, seconds in (("base", 1e-3), ("head", 2e-3)):
        each: list[rows.Row] = []
        for word in {text.replace("\0", "").strip() for text in [*HOSTILE, "jax-loop", "×1.03 [1.01, 1.05]"]} - {""}:
            each += rows.launches([seconds] * 5, run=side, backend=word, problem=word)
            each.append(rows.row(None, run=side, backend="numpy", reason=word, problem=word))
        files.append([rows.write(tmp_path / f"{side}.csv", each)])
    written = comparison_text.markdown(compare(sides.of_files(*files), Rules())).removeprefix(MARK)
    assert len(written) > 10_000
    assert PARSER.render(COMMENT["shown"](written)) == PARSER.render(written.strip())
