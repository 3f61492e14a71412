"""The protocol of worker processes: its documented session is what a worker does, and another protocol is refused."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bench.process import protocol
from bench.process.client import Side, StartError, Worker

FIRST, *SESSION = (
    " ".join(text.split())
    for text in re.findall(r"^    ([<>] .*\n(?:      .*\n)*)", str(protocol.__doc__), re.MULTILINE)
)
ELLIPSIS = re.compile(r",? ?…")


@pytest.mark.parametrize(("optimizer", "is_sent"), [("sgd", False), ("", False), ("adam", True)])
def test_a_case_is_sent_to_older_workers_as_they_know_it(optimizer: str, *, is_sent: bool) -> None:
    sent = protocol.decode(protocol.encode({"do": "prepare", "case": {"steps": 5, "optimizer": optimizer}}))
    assert sent["case"] == {"steps": 5, **({"optimizer": "adam"} if is_sent else {})}


def message(line: str) -> Any:
    """Return the message of a documented line, without what it leaves out."""
    return json.loads(ELLIPSIS.sub("", line[2:]))


def exchanges() -> Iterator[tuple[Any, Any]]:
    """Yield each documented request with its answer."""
    for request, answer in zip(SESSION[::2], SESSION[1::2], strict=True):
        assert (request[0], answer[0]) == (">", "<")
        yield message(request), message(answer)


def fits(answer: Any, documented: Any) -> bool:
    """Whether the answer has every field and every item that is documented."""
    if isinstance(documented, dict):
        return all(name in answer and fits(answer[name], value) for name, value in documented.items())
    if isinstance(documented, list):
        return len(answer) >= len(documented) and all(map(fits, answer, documented))
    return type(answer) is type(documented)


def test_a_worker_answers_as_the_documented_session_says() -> None:
    with Worker(Side(), 1, "default") as worker:
        assert message(FIRST)["protocol"] == protocol.PROTOCOL
        assert fits(worker.environment, message(FIRST)["environment"])
        for request, documented in exchanges():
            answer = worker.ask(request.pop("do"), 60.0, **request)
            assert set(answer) == set(documented)
            assert fits(answer, documented), f"{request}: {answer} is not like {documented}"


def test_the_session_has_every_request_of_the_table() -> None:
    table = set(re.findall(r"^\| `(\w+)` \|", str(protocol.__doc__), re.MULTILINE))
    assert {request["do"] for request, _ in exchanges()} == table


def test_a_worker_of_another_protocol_is_refused_with_the_oldest_commit_that_can_duel(tmp_path: Path) -> None:
    (tmp_path / "bench").mkdir()
    (tmp_path / "bench" / "__init__.py").touch()
    (tmp_path / "bench" / "worker.py").write_text('print(\'{"protocol": 1, "environment": {}}\')', encoding="utf-8")
    with pytest.raises(StartError) as refused:
        Worker(Side(tmp_path), 1, "default")
    assert "speaks protocol 1, and this checkout speaks 2" in str(refused.value)
    assert f"is {protocol.OLDEST_COMMIT}" in str(refused.value)
