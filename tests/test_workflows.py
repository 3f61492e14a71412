"""GitHub's workflows: what they may do, which code of others they run, and that the commands in them exist.

The files are read line by line, by the rules that all workflows here follow: two spaces a level, one key a line.
"""

from __future__ import annotations

import re
import runpy
from collections.abc import Iterator
from pathlib import Path

import pytest

from bench import __main__ as bench
from report import __main__ as report
from tests.checkout import ROOT

WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
WRITER = ("nightly.yml", "push")
"""The only job that may write to the repository."""

MAY = {
    WRITER: {"contents: write"},
    ("nightly.yml", "publish"): {"pages: write", "id-token: write"},
    ("comment.yml", "comment"): {"actions: read", "contents: read", "pull-requests: write"},
}
"""What a job may do, where that is more than to read the repository."""

TEXTS = {path.name: path.read_text(encoding="utf-8") for path in WORKFLOWS}
DOCUMENT = "".join((ROOT / "docs" / name).read_text(encoding="utf-8") for name in ("ci.md", "site.md"))


def block(text: str, key: str, indent: int = 0) -> str:
    """Return the lines below the key at this indent, without comments; an empty string if the key is not there."""
    lines = [line for line in text.splitlines() if not line.lstrip().startswith("#")]
    margin = indent * " "
    if f"{margin}{key}:" not in lines:
        return ""
    below = lines[lines.index(f"{margin}{key}:") + 1 :]
    end = next((i for i, line in enumerate(below) if line and not line.startswith(f"{margin} ")), len(below))
    return "\n".join(below[:end])


def jobs() -> Iterator[tuple[str, str, str]]:
    """Yield each job: its file, its name and its text."""
    for name, text in TEXTS.items():
        below = block(text, "jobs")
        for job in re.findall(r"^  (\w+):$", below, re.MULTILINE):
            yield name, job, block(below, job, indent=2)


def steps(job: str) -> list[str]:
    """Return the text of each step of a job."""
    return re.split(r"^      - ", block(job, "steps", indent=4), flags=re.MULTILINE)[1:]


JOBS = [pytest.param(name, job, text, id=f"{name}-{job}") for name, job, text in jobs()]
STEPS = [(name, job, step) for name, job, text in jobs() for step in steps(text)]
CHECKOUTS = [pytest.param(*step, id="-".join(step[:2])) for step in STEPS if "/checkout@" in step[2]]
RUNS = sorted({line.strip() for *_, step in STEPS for line in step.partition("run:")[2].splitlines() if line.strip()})


def test_the_jobs_and_their_steps_are_read() -> None:
    assert {(name, job) for name, job, _ in jobs()} >= {("test.yml", "test"), ("duel.yml", "duel"), WRITER}
    assert len(STEPS) == sum(len(re.findall(r"^      - ", text, re.MULTILINE)) for text in TEXTS.values())
    assert {"make lint", "make test", "make bench"} <= set(RUNS)


def test_every_action_is_pinned_to_a_commit_and_names_its_version() -> None:
    actions = [line.strip() for text in TEXTS.values() for line in text.splitlines() if "uses:" in line]
    assert actions
    for action in actions:
        assert re.fullmatch(r"(- )?uses: [\w-]+/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", action), action


def test_an_action_is_the_same_everywhere() -> None:
    actions = set(re.findall(r"uses: (.*)", "\n".join(TEXTS.values())))
    assert len(actions) == len({action.partition("@")[0] for action in actions})


@pytest.mark.parametrize("name", TEXTS)
def test_a_workflow_may_only_read(name: str) -> None:
    assert block(TEXTS[name], "permissions").strip() == "contents: read"


@pytest.mark.parametrize(("name", "job", "text"), JOBS)
def test_only_three_jobs_may_write(name: str, job: str, text: str) -> None:
    lines = block(text, "permissions", indent=4).splitlines()
    assert {line.partition("#")[0].strip() for line in lines} == MAY.get((name, job), set())
    assert text.count("permissions:") == ((name, job) in MAY)


def test_no_text_of_an_event_is_part_of_a_command() -> None:
    assert [line for line in RUNS if "${{" in line and not re.match(r"[A-Z_]+: ", line)] == []


def test_the_publication_runs_one_action() -> None:
    (text,) = (text for name, job, text in jobs() if (name, job) == ("nightly.yml", "publish"))
    (step,) = steps(text)
    assert "uses: actions/deploy-pages@" in step
    assert "run:" not in step


def test_the_comment_runs_one_script_of_the_default_branch() -> None:
    """It checks out nothing of the pull request, installs nothing, and takes one artifact by its name."""
    (text,) = (text for name, job, text in jobs() if name == "comment.yml")
    checkout, script = steps(text)
    assert "actions/checkout@" in checkout
    assert not re.search(r"\b(ref|repository):", checkout)
    assert script.startswith('run: python3 .github/scripts/comment.py "$GITHUB_REPOSITORY" "$RUN"\n')
    comment = runpy.run_path(str(ROOT / ".github" / "scripts" / "comment.py"))
    uploaded = "\n".join(steps(next(text for name, _, text in jobs() if name == "duel.yml")))
    assert f"name: {comment['ARTIFACT']}\n          path: duel/{comment['FILE']}\n" in uploaded
    assert (ROOT / comment["WORKFLOW"]).exists()
    assert "workflows: [duel]" in TEXTS["comment.yml"]
    assert TEXTS["duel.yml"].splitlines()[2] == "name: duel"


def test_the_push_installs_nothing_and_runs_git_alone() -> None:
    (text,) = (text for name, job, text in jobs() if (name, job) == WRITER)
    assert "setup-python" not in text
    (script,) = (step.partition("run: |\n")[2] for step in steps(text) if "run:" in step)
    words = {line.split()[0] for line in script.splitlines()}
    assert words == {"git", "if", "else", "fi", "mkdir", "cp"}


@pytest.mark.parametrize(("name", "job", "step"), CHECKOUTS)
def test_only_the_push_keeps_credentials(name: str, job: str, step: str) -> None:
    kept = "true" if (name, job) == WRITER else "false"
    assert re.findall(r"^ +persist-credentials: (\w+)", step, re.MULTILINE) == [kept]


@pytest.mark.parametrize(("name", "job", "text"), JOBS)
def test_every_job_has_a_time_limit(name: str, job: str, text: str) -> None:
    assert re.search(r"^    timeout-minutes: \d+$", text, re.MULTILINE)


@pytest.mark.parametrize("name", TEXTS)
def test_a_superseded_run_of_a_pull_request_is_cancelled_and_a_nightly_run_is_not(name: str) -> None:
    concurrency = block(TEXTS[name], "concurrency")
    on_pull_requests = "pull_request:" in block(TEXTS[name], "on")
    assert ("github.event.pull_request.number" in concurrency) == on_pull_requests
    assert f"cancel-in-progress: {str(on_pull_requests).lower()}" in concurrency


def test_the_base_of_a_duel_is_the_first_parent_of_the_merge_commit() -> None:
    job = next(text for name, job, text in jobs() if job == "duel")
    assert "fetch-depth: 2" in job
    assert "git worktree add --detach ../base HEAD^1" in job
    assert "base.sha" not in job


@pytest.mark.parametrize("line", [line for line in RUNS if "make " in line])
def test_a_target_of_make_exists(line: str) -> None:
    targets = re.findall(r"^(\w+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
    assert set(re.findall(r"make (\w+)", line)) <= set(targets)


MAINS = {"bench": bench.main, "report": report.main}


def commands(text: str) -> set[tuple[str, str, tuple[str, ...]]]:
    """Return the project's commands in a shell text: module, command, and the options that it is called with."""
    found = re.findall(r"python -m (bench|report) (\w+)([^\n;|#`]*)", text)
    return {(module, name, tuple(re.findall(r"--[\w-]+", rest))) for module, name, rest in found}


@pytest.mark.parametrize(("module", "name", "options"), sorted(commands("\n".join([*RUNS, DOCUMENT]))))
def test_a_command_of_the_project_exists_with_its_options(
    capsys: pytest.CaptureFixture[str], module: str, name: str, options: tuple[str, ...]
) -> None:
    with pytest.raises(SystemExit) as end:
        MAINS[module]([name, "--help"])
    assert end.value.code == 0
    assert set(options) <= set(re.findall(r"--[\w-]+", capsys.readouterr().out))


@pytest.mark.parametrize("path", sorted(set(re.findall(r"[\w/.-]+\.txt", "\n".join(TEXTS.values())))))
def test_a_file_of_constraints_exists(path: str) -> None:
    assert (ROOT / Path(path).name).exists()


def test_the_options_of_the_tests_exist() -> None:
    options = {option for line in RUNS for option in re.findall(r"ARGS=(--[\w-]+)", line)}
    assert options
    text = (ROOT / "tests" / "conftest.py").read_text(encoding="utf-8")
    assert all(f'"{option}"' in text for option in options)
