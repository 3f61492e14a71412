"""The machine and the process: what a row records about them, and how to pin threads and settle the allocator.

Nothing here imports NumPy or a framework: threads must be pinned before they are imported.
"""

from __future__ import annotations

import contextlib
import ctypes
import functools
import hashlib
import importlib.metadata
import os
import platform
import shlex
import signal
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parent.parent

THREAD_VARIABLES = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
    "NUMEXPR_NUM_THREADS",
    "NUMBA_NUM_THREADS",
    "TF_NUM_INTRAOP_THREADS",
    "TF_NUM_INTEROP_THREADS",
)

FRAMEWORKS = ("numpy", "torch", "jax", "autograd", "numba", "tensorflow")
"""Modules that read the affinity and the thread variables when they are imported."""

STEERING = (
    "XLA_",
    "JAX_",
    "LIBTPU_",
    "TORCH",
    "PYTORCH_",
    "TRITON_",
    "NUMBA_",
    "TF_DETERMINISTIC_",
    "TF_DISABLE_",
    "TF_ENABLE_",
    "TF_NUM_",
    "TF_XLA_",
    "OMP_",
    "GOMP_",
    "KMP_",
    "MKL_",
    "OPENBLAS_",
    "VECLIB_",
    "NUMEXPR_",
    "CUDA_",
    "CUBLAS_",
    "CUDNN_",
    "NVIDIA_TF32_OVERRIDE",
    "ATEN_",
    "DNNL_",
    "ONEDNN_",
    "MALLOC_",
    "LD_PRELOAD",
)
"""How the names of the variables begin that steer the frameworks, their compilers and their thread pools.

`TF_` alone would also record variables of Terraform, such as `TF_TOKEN_…`, which hold secrets.
"""

FOLDERS = ("_DIR", "_HOME", "_PATH")
"""How the names of variables end that hold a path."""

ALLOCATORS = ("default", "steady")
"""What `--allocator` may be. With `steady`, glibc keeps freed memory; see `steady_allocator`."""

SUPPORTED = ("linux", "darwin")
"""The systems that the project supports, Linux and macOS, as `sys.platform` names them."""

CPU_INFO = Path("/proc/cpuinfo")

MAX_SECONDS = 10.0
"""How long `git` or `nvidia-smi` may take to answer."""

MAX_DIGITS = 9
"""How many digits a number of threads may have."""

GIT_VARIABLES = (
    "GIT_DIR",
    "GIT_WORK_TREE",
    "GIT_COMMON_DIR",
    "GIT_INDEX_FILE",
    "GIT_OBJECT_DIRECTORY",
    "GIT_ALTERNATE_OBJECT_DIRECTORIES",
    "GIT_NAMESPACE",
    "GIT_PREFIX",
)
"""Variables that tell git which repository to use."""

# The parameters of glibc's mallopt, from malloc.h, that decide when memory returns to the system.
M_TRIM_THRESHOLD, M_TOP_PAD, M_MMAP_MAX = -1, -2, -4
STEADY = {M_MMAP_MAX: 0, M_TRIM_THRESHOLD: 2**31 - 1, M_TOP_PAD: 64 * 2**20}


def require_supported() -> None:
    """Raise `OSError` unless this system is Linux or macOS."""
    if sys.platform not in SUPPORTED:
        raise OSError(f"descent-bench runs on Linux and macOS; '{sys.platform}' is not supported")


def pin_threads(threads: int) -> None:
    """Restrict this process to `threads` CPUs, and every thread pool to that size.

    XLA reads the affinity, OpenMP, BLAS and TensorFlow read the variables, and all do so when they are imported. Raise
    `RuntimeError` if a framework is imported already, and `ValueError` if there are fewer CPUs.
    """
    imported = [name for name in FRAMEWORKS if name in sys.modules]
    if imported:
        raise RuntimeError(f"threads must be pinned before {', '.join(imported)} is imported")
    available = cpus()
    if threads > len(available):
        raise ValueError(f"--threads {threads}: this process may use only {len(available)} CPUs")
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, available[:threads])
    os.environ.update(dict.fromkeys(THREAD_VARIABLES, str(threads)))


def pinned_threads() -> int:
    """Return how many CPU threads the frameworks may use: the pinned number, or else the number of CPUs."""
    return min(_omp_threads(os.environ.get("OMP_NUM_THREADS", "")) or len(cpus()), len(cpus()))


def _omp_threads(text: str) -> int | None:
    """Return the number that OMP_NUM_THREADS states, the first of a list; `None` if it states none.

    A list, such as `4,2`, has a number for each level of nested parallel regions.
    """
    number = text.partition(",")[0].strip()
    is_number = number.isascii() and number.isdecimal() and len(number) <= MAX_DIGITS
    return int(number) or None if is_number else None


def steady_allocator() -> bool:
    """Make glibc keep freed memory, instead of mapping and trimming memory for each array. Return whether it worked.

    Arrays then cost no page faults, so a case cannot be in one of two states, with them and without. A user's process
    does not do this, so every row records the choice.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None) if sys.platform == "linux" else None
    return mallopt is not None and all(mallopt(key, value) == 1 for key, value in STEADY.items())


def cpus() -> list[int]:
    """Return the CPUs that this process may run on."""
    if hasattr(os, "sched_getaffinity"):
        return sorted(os.sched_getaffinity(0))
    return list(range(os.cpu_count() or 1))


def cpus_text() -> str:
    """Return `cpus()` as ranges: `0-1`, `0,2-3`."""
    ranges: list[list[int]] = []
    for cpu in cpus():
        if ranges and cpu == ranges[-1][1] + 1:
            ranges[-1][1] = cpu
        else:
            ranges.append([cpu, cpu])
    return ",".join(f"{first}-{last}" if last > first else str(first) for first, last in ranges)


@functools.cache
def cpu_model() -> str:
    """Return the processor's name as the system gives it."""
    if sys.platform == "linux":
        with contextlib.suppress(OSError):
            for line in CPU_INFO.read_text(encoding="utf-8", errors="replace").splitlines():
                if line.lower().startswith("model name"):
                    return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


@functools.cache
def gpu() -> tuple[str, str]:
    """Return the name of the GPU that a process computes on, and the version of its driver; else two empty strings.

    CUDA numbers the fastest GPU first, nvidia-smi goes by slots. If several models could be meant, their names are
    joined: `NVIDIA A100 or NVIDIA T4`.
    """
    found = gpus()
    return " or ".join(dict.fromkeys(gpu.name for gpu in found)), found[0].driver if found else ""


@functools.cache
def gpus() -> list[Gpu]:
    """Return the GPUs that CUDA's first device may be. It is one, unless CUDA's order of several models is not known.

    `CUDA_VISIBLE_DEVICES` names devices by their number or by the beginning of their identifier. CUDA ignores the first
    name that fits no device, and all after it.
    """
    answer = query_gpu("uuid", "name", "driver_version") or ""
    lines = [[field.strip() for field in line.split(",")] for line in answer.splitlines()]
    present = [Gpu(*fields) for fields in lines if len(fields) == len(Gpu._fields)]
    first = os.environ.get("CUDA_VISIBLE_DEVICES", "0").partition(",")[0].strip()
    if first.startswith("MIG-"):  # a part of a GPU, which its identifier names in older drivers only
        return [gpu for gpu in present if gpu.uuid in first] or present
    if not first.isdecimal():
        return [gpu for gpu in present if first.startswith("GPU-") and gpu.uuid.startswith(first)]
    if int(first) >= len(present):
        return []
    by_slot = os.environ.get("CUDA_DEVICE_ORDER") == "PCI_BUS_ID" or len({gpu.name for gpu in present}) == 1
    return [present[int(first)]] if by_slot else present


class Gpu(NamedTuple):
    """What nvidia-smi says of a GPU."""

    uuid: str
    name: str
    driver: str


def query_gpu(*fields: str, gpu: str | None = None) -> str | None:
    """Return the fields of every GPU, or of the one with this identifier, a line each; `None` without an answer."""
    chosen = () if gpu is None else (f"--id={gpu}",)
    return _output("nvidia-smi", *chosen, f"--query-gpu={','.join(fields)}", "--format=csv,noheader,nounits")


def variables() -> str:
    """Return the environment variables that steer the frameworks, as `NAME=value`, sorted, separated by spaces.

    Folders are left out: caches are emptied before each case, and a path would name this machine's user.
    """
    steering = sorted(name for name in os.environ if name.startswith(STEERING) and not name.endswith(FOLDERS))
    return " ".join(f"{name}={shlex.quote(os.environ[name])}" for name in steering)


@functools.cache
def machine_hash() -> str:
    """Return a short hash of the CPU model, the number of cores, the memory in GiB and the GPU, which do not change."""
    gib = round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30)
    fields = f"{cpu_model()}/{os.cpu_count()}/{gib}/{gpu()[0]}"
    return hashlib.sha256(fields.encode()).hexdigest()[:10]


@functools.cache
def commit(root: Path = ROOT) -> tuple[str, bool]:
    """Return the checkout's short commit, and whether tracked files differ from it; `("none", False)` without git.

    Files in `results` do not count: they are data. A new file in `problems` or `backends` does: it is raced, though git
    does not track it. If git does not say whether files differ, they count as different.
    """
    head = _git(root, "rev-parse", "--short=10", "HEAD")
    if not head:
        return "none", False
    changed = _git(root, "status", "--porcelain", "--untracked-files=no", "--", ".", ":!results")
    added = _git(root, "status", "--porcelain", "--untracked-files=all", "--", "problems", "backends")
    return head, (changed, added) != ("", "")


def run_name() -> str:
    """Return the name of a run or a duel that starts now: `<UTC>-<commit>`."""
    head, _ = commit()
    return f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}-{head}"


def _git(root: Path, *arguments: str) -> str | None:
    """Return what git says about the checkout at `root`, or `None` if it gives no answer.

    A git hook sets variables that name its own repository. Git would then answer about that repository.
    """
    environment = {name: value for name, value in os.environ.items() if name not in GIT_VARIABLES}
    return _output("git", "-C", str(root), *arguments, environment=environment)


def _output(*command: str, environment: dict[str, str] | None = None) -> str | None:
    """Return what a command prints; `None` if it is not there, fails, or takes more than `MAX_SECONDS`."""
    try:
        process = subprocess.Popen(  # noqa: S603 (fixed commands)
            command,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,  # killed as a group: a command may start others
        )
    except OSError:
        return None
    try:
        answer, _ = process.communicate(timeout=MAX_SECONDS)
    except subprocess.TimeoutExpired:
        _kill(process)
        return None
    except BaseException:  # Ctrl-C
        _kill(process)
        raise
    return answer.decode(errors="replace").strip() if process.returncode == 0 else None


def _kill(process: subprocess.Popen[bytes]) -> None:
    """Kill the process and what it started, and do not wait for long: a broken driver may keep a process from dying."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(timeout=1.0)
    if process.stdout is not None:
        process.stdout.close()


def environment() -> dict[str, str | int | bool]:
    """Return the columns that are the same in every row of this process."""
    head, dirty = commit()
    gpu_name, driver = gpu()
    return {
        "commit": head,
        "dirty": dirty,
        "machine": machine_hash(),
        "threads": pinned_threads(),
        "cpus": cpus_text(),
        "python": platform.python_version(),
        "numpy_version": importlib.metadata.version("numpy"),
        "cpu": cpu_model(),
        "gpu": gpu_name,
        "cuda_driver": driver,
        "variables": variables(),
    }
