"""The protocol between a worker process (`python -m bench.worker`) and its client: one JSON object a line.

The worker first sends its protocol and the columns that are the same in every row of its process. Then it answers each
request, in order, until its input ends. `do` names the request:

| request | its fields | the answer |
| --- | --- | --- |
| `select` | `options`: a word or null by option | `cases`: a list of cases; or `error`: what is wrong, in one line |
| `describe` | `framework` | `backends`: what each is (`bench.inventory`); `missing`: why a framework is missing |
| `problems` | | `problems`: those in files of the user (`bench.inventory`); or `error`: why a file has none |
| `value` | `case` | `value`: the loss at the start, by the case's framework; or `status` and `reason` |
| `keep` | `case`, `framework` | `gradient_error` and `rate`, see `bench.case.referee.Kept`; or `status` and `reason` |
| `begin` | `case`, `budget`, `run`, `launch`, `reference` | `rounds` and `iterations`: what to time; or `row` |
| `time` | | `seconds` per call of a round, and `elapsed` with its paired rounds; or `row`, without a time |
| `finish` | | `row`: the row of the case that was begun |
| `prepare` | `case` | `status` and `version`; or `status` and `reason`, if it is not `ok` |
| `calibrate` | `seconds` | `iterations`: how many calls of the prepared case take at least so long |
| `round` | `iterations` | `seconds`: how long one round of so many calls took |
| `move` | | `moved`: true. The arrays of the prepared case now lie elsewhere in memory |
| `explain` | `case` | `status` and the evidence, see below; or `status` and `reason`, if it is not `ok` |

`keep` computes the right answers of the case and keeps them in the folder `--references`, where all workers find them.
`framework` is the one whose reverse mode in float64 is the reference, or empty if the gradient is derived by hand.
`begin` has the same in `reference`, for the row. If the case raised, `trace` stands beside `row`: its traceback, as
`short` and `whole` text.

The evidence, which `bench duel --explain` asks for when all timing is done: `calls`, how often one call of the case
calls each function; `shares`, of each function in profiles: the median, the lowest and the highest; `operations`, how
often each is in the program, by level, or else `unread`, why they are unknown; `compile_seconds`; `peak_bytes`, or
null; `versions` of what is installed. Workers from before this request speak the same protocol.

A case has the fields of `backends.Case`, without an optimizer that it has by default. A budget has those of
`bench.case.rounds.Budget`; without a budget, `begin` checks the answer and times nothing. `calibrate`, `round` and
`move` are about the case that the last `prepare` prepared. A worker that dies sends nothing: its client sees the end of
the output. A session, with `>` before a request, `<` before
an answer, and `…` for fields that are left out:

    < {"protocol": 2, "environment": {"commit": "415431b241", "machine": "ab0f1a8927", "threads": 1, …}}
    > {"do": "select", "options": {"backend": "numpy", "batch_size": "10", "device": "cpu", "steps": "5"}}
    < {"cases": [{"operator": "descent", "problem": "quadratic", "backend": "numpy", "batch_size": 10, …}]}
    > {"do": "prepare", "case": {"operator": "descent", "problem": "quadratic", "backend": "numpy", "batch_size": 10,
       "dtype": "float32", "device": "cpu", "steps": 5, "sizes": ""}}
    < {"status": "ok", "version": "2.4.6"}
    > {"do": "calibrate", "seconds": 0.001}
    < {"iterations": 117}
    > {"do": "round", "iterations": 117}
    < {"seconds": 0.00107}
    > {"do": "move"}
    < {"moved": true}
    > {"do": "explain", "case": {"operator": "descent", "problem": "quadratic", "backend": "numpy", "batch_size": 10,
       "dtype": "float32", "device": "cpu", "steps": 5, "sizes": ""}}
    < {"status": "ok", "calls": {"problems/quadratic.py:gradient": 5, …}, "shares":
       {"problems/quadratic.py:gradient": [0.61, 0.58, 0.66], …}, "peak_bytes": 420, "compile_seconds": 2.1e-06,
       "versions": {"numpy": "2.4.6", …}, "operations": {"NumPy functions": {"numpy.multiply": 10,
       "numpy.subtract": 10}}, "unread": ""}
    > {"do": "describe", "framework": "numpy"}
    < {"backends": [{"name": "numpy", "operators": ["descent", …], "problems": [], "known_devices": ["cpu"],
       "missing_devices": {}, "raised": []}, …], "missing": {}}
    > {"do": "problems"}
    < {"problems": []}
    > {"do": "value", "case": {"operator": "value", "problem": "quadratic", "backend": "numpy", "batch_size": 10,
       "dtype": "float64", "device": "cpu", "steps": 1, "sizes": ""}}
    < {"value": 43.2}
    > {"do": "keep", "case": {"operator": "descent", "problem": "quadratic", "backend": "numpy", "batch_size": 10,
       "dtype": "float32", "device": "cpu", "steps": 5, "sizes": ""}, "framework": ""}
    < {"gradient_error": 2.1e-11, "rate": null}
    > {"do": "begin", "case": {"operator": "descent", "problem": "quadratic", "backend": "numpy", "batch_size": 10,
       "dtype": "float32", "device": "cpu", "steps": 5, "sizes": ""},
       "budget": {"min_round_seconds": 0.001, "max_seconds": 0.01, "min_rounds": 6, "memory": false},
       "run": "nightly", "launch": 0, "reference": ""}
    < {"rounds": 8, "iterations": 117}
    > {"do": "time"}
    < {"seconds": 9.1e-06, "elapsed": 0.0014}
    > {"do": "finish"}
    < {"row": {"schema": 2, "run": "nightly", "launch": 0, "backend": "numpy", "status": "ok", …}}
    > {"do": "select", "options": {"backend": "nump"}}
    < {"error": "unknown backend 'nump' (did you mean 'numpy'?); possible: numpy, …"}
"""

from __future__ import annotations

import json
from typing import Any, TypeAlias

from report.table.keys import SGD

PROTOCOL = 2
"""Raised when a request or an answer changes its meaning: both sides of a duel must speak the same protocol."""

OLDEST_COMMIT = "283eb18"
"""The first commit whose worker answers all requests that a duel sends."""

Message: TypeAlias = dict[str, Any]
"""A request or an answer."""

CaseFields: TypeAlias = dict[str, Any]
"""The fields of a `backends.Case`, as a message has them."""


def encode(message: Message) -> bytes:
    """Return the message as one line.

    A case leaves out an optimizer that it has by default: workers of older checkouts do not know the field.
    """
    case = message.get("case", {})
    if case.get("optimizer") in {"", SGD}:
        message = message | {"case": {name: value for name, value in case.items() if name != "optimizer"}}
    return json.dumps(message).encode() + b"\n"


def decode(line: bytes | str) -> Message:
    """Return the message of one line."""
    return dict(json.loads(line))
