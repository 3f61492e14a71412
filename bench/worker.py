"""`python -m bench.worker`: a process that measures what its client asks for. People need not start it.

It measures with the code of the checkout that it is started in. `bench.process.protocol` has the requests and answers.
A duel starts this module in other checkouts, so its name stays.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import sys
import traceback
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from bench import machine
from bench.options import PRECISIONS
from bench.process.protocol import PROTOCOL, Message, decode, encode


def main() -> None:
    """Answer requests until the input ends."""
    parser = argparse.ArgumentParser(prog="python -m bench.worker", description=__doc__.partition("\n")[0])
    parser.add_argument("--threads", type=int)
    parser.add_argument("--allocator", choices=machine.ALLOCATORS, default=machine.ALLOCATORS[0])
    parser.add_argument("--precision", choices=PRECISIONS, default=PRECISIONS[0])
    parser.add_argument("--references", type=Path)
    parser.add_argument("--problem-file", action="append", default=[])
    parser.add_argument("--backend-file", action="append", default=[], type=Path)
    options = parser.parse_args()
    channel = _own_channel()
    if options.threads is not None:
        machine.pin_threads(options.threads)
    steady = options.allocator == "steady" and machine.steady_allocator()
    _send(channel, {"protocol": PROTOCOL, "environment": machine.environment()})
    # NumPy and the frameworks are imported here, after the threads are pinned and the allocator is set.
    from backends import precision  # noqa: PLC0415
    from bench.own import files  # noqa: PLC0415
    from bench.process.requests import Requests  # noqa: PLC0415

    precision.use(options.precision)
    files.from_arguments(options.problem_file, options.backend_file).add()
    if options.references is not None:
        from bench.case.check import kept  # noqa: PLC0415 (likewise)

        kept.keep_in(options.references)
    requests = Requests("steady" if steady else "default")
    with _ending_at_once():
        for line in sys.stdin:
            _send(channel, requests.answer(decode(line)))


@contextlib.contextmanager
def _ending_at_once() -> Iterator[None]:
    """End the process with the block, even by an error: a thread that a backend left would keep it for ever."""
    code = 1
    try:
        yield
        code = 0
    except BaseException:
        with contextlib.suppress(OSError, ValueError):  # a backend may have closed standard error
            traceback.print_exc()
        raise
    finally:
        os._exit(code)


def _own_channel() -> BinaryIO:
    """Return standard output, for the answers alone. Whatever frameworks print from now on goes to standard error."""
    channel = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    return channel


def _send(channel: BinaryIO, answer: Message) -> None:
    channel.write(encode(answer))
    channel.flush()


if __name__ == "__main__":
    main()
