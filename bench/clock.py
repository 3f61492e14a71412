"""The clocks. Every time that the project measures is read here; `make lint` refuses another clock elsewhere."""

from __future__ import annotations

import time

now = time.perf_counter
"""Seconds from an arbitrary moment, as precise as the machine can tell. A difference of two readings is a duration."""

cpu = time.process_time
"""Seconds of CPU that all threads of this process have used so far, together."""
