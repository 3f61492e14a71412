"""`python -m bench.worker`: a process that measures what it is asked, for launches and duels; not for people.

It reads requests and writes answers, one JSON object a line, and measures with the checkout that it is started in. The
answers have a channel of their own, since frameworks print to standard output as they like.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Callable, Mapping
from typing import Any, TextIO

from bench import machine

PROTOCOL = 2
"""Raised when a request or an answer changes its meaning: both sides of a duel must speak the same."""

Answer = dict[str, Any]


def main() -> None:
    """Answer requests until the input ends."""
    parser = argparse.ArgumentParser(prog="python -m bench.worker", description=__doc__.partition("\n")[0])
    parser.add_argument("--threads", type=int)
    parser.add_argument("--allocator", choices=("default", "steady"), default="default")
    options = parser.parse_args()
    channel = _own_channel()
    if options.threads is not None:
        machine.pin_threads(options.threads)
    steady = options.allocator == "steady" and machine.steady_allocator()
    _send(channel, {"protocol": PROTOCOL, "environment": machine.environment()})
    # Only now, with threads pinned and the allocator set, are NumPy and the frameworks imported.
    from bench.process.requests import Servant  # noqa: PLC0415

    servant = Servant("steady" if steady else "default")
    handlers: Mapping[str, Callable[..., Answer]] = {
        "select": servant.select,
        "measure": servant.measure,
        "prepare": servant.prepare,
        "calibrate": servant.calibrate,
        "move": servant.move,
        "round": servant.round,
    }
    for line in sys.stdin:
        request = json.loads(line)
        _send(channel, handlers[request.pop("do")](**request))


def _own_channel() -> TextIO:
    """Return standard output for the answers, and send what anyone prints from here on to standard error."""
    channel = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    return channel


def _send(channel: TextIO, answer: Answer) -> None:
    channel.write(json.dumps(answer) + "\n")
    channel.flush()


if __name__ == "__main__":
    main()
