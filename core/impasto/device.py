"""Choice of device, precision and number of threads."""

from __future__ import annotations

import ctypes
import os
import sys
from collections.abc import Callable
from functools import cache
from importlib.metadata import version

from .errors import DeviceError
from .system.untrusted import excerpt

M_TRIM_THRESHOLD, M_MMAP_THRESHOLD = -1, -3
"""Parameters of glibc's mallopt."""
KEPT_BYTES, LARGEST_KEPT_BYTES = 2**28, 2**25
MOST_THREADS = 8
"""Most threads of a training. Networks are small, and other programs need cores, too."""
NATIVE_BFLOAT16 = ("avx512_bf16", "amx_bf16", "bf16")
"""Instructions of x86 and ARM processors for bfloat16, as torch calls them."""


@cache
def available_devices() -> tuple[str, ...]:
    """Torch devices of this machine, best first; "cpu" is the last.

    If `torchrun` has started several processes together, each has a different GPU as its first.
    """
    if version("torch").endswith("+cpu"):
        return ("cpu",)  # without importing torch, which takes longer than many jobs
    import torch

    gpus = [f"cuda:{index}" for index in range(torch.cuda.device_count())]
    if torch.backends.mps.is_available():
        gpus.append("mps")
    own = int(os.environ.get("LOCAL_RANK", "0"))
    return (*gpus[own:], *gpus[:own], "cpu")


def choose_device(wanted: str) -> str:
    """A torch device for "auto" (the best), "cpu", "cuda", "cuda:1" or "mps". DeviceError lists the available ones."""
    available = available_devices()
    if wanted == "auto":
        chosen = available[0]
    else:
        chosen = next((device for device in available if device.split(":")[0] == wanted), wanted)
    if chosen not in available:
        raise DeviceError("there is no device {} here", "choose from auto, {}", excerpt(chosen), ", ".join(available))
    _check_fork(chosen)
    if chosen == "cpu":
        leave_a_core_free()
    return chosen


class _Fork:
    """Whether this process was forked from a process that had loaded torch. Torch's threads do not exist here."""

    happened = False


def _after_fork() -> None:
    """Make torch compute in one thread: OpenMP would wait for ever for threads of the parent process."""
    if torch := sys.modules.get("torch"):
        _Fork.happened = True
        torch.set_num_threads(1)


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)


def set_threads(count: int) -> None:
    """Let torch compute in `count` threads; in a forked process always in one."""
    import torch

    torch.set_num_threads(1 if _Fork.happened else count)


def _check_fork(device: str) -> None:
    """Raise DeviceError in a forked process for a GPU that its parent has used: drivers forbid that."""
    if device == "cpu":
        return
    import torch

    if (device == "mps" and _Fork.happened) or (device.startswith("cuda") and torch.cuda._is_in_bad_fork()):
        spawn = 'ProcessPoolExecutor(mp_context=multiprocessing.get_context("spawn"))'
        raise DeviceError("{} cannot be used in a forked process", 'use {}, or device="cpu"', device, spawn)


def _has_thread_limit() -> bool:
    """Whether the user set OMP_NUM_THREADS; OpenMP ignores an empty variable, too."""
    return bool(os.environ.get("OMP_NUM_THREADS", "").strip())


@cache
def leave_a_core_free() -> None:
    """Let torch use all cores but one, unless OMP_NUM_THREADS is set.

    Blender's window needs a core. If an OpenMP thread shares its core with another process, all others wait for it, and
    small operations take ten times as long.
    """
    if not _has_thread_limit():
        import torch

        set_threads(max(1, torch.get_num_threads() - 1))


def compute_products_in_one_thread() -> None:
    """Let NumPy compute matrix products in one thread, unless variables say otherwise. Call it before importing NumPy.

    Most products are small, and threads of OpenBLAS wait for each other as those of OpenMP do: next to a busy window, a
    product of (8, 8) and (8, 32000) takes fifty times as long in two threads.
    """
    if not _has_thread_limit():
        os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")


def keep_freed_memory() -> None:
    """Keep up to `KEPT_BYTES` of freed memory for the next tensors, in blocks of up to `LARGEST_KEPT_BYTES`.

    glibc returns blocks of some MiB as soon as they are freed, so the system must clear new pages for each operation: a
    quarter of the time of a live preview, and a tenth of that of a film. Other systems decide by themselves.
    """
    if mallopt := _from_glibc("mallopt"):
        mallopt(M_MMAP_THRESHOLD, LARGEST_KEPT_BYTES)
        mallopt(M_TRIM_THRESHOLD, KEPT_BYTES)


def release_memory() -> None:
    """Return freed memory to the system.

    glibc keeps freed blocks between blocks in use: a process that allocates tensors of a few MiB again and again then
    takes twice the memory that it needs. Other systems return it by themselves.
    """
    if trim := _from_glibc("malloc_trim"):
        trim(0)


def _from_glibc(name: str) -> Callable[..., int] | None:
    """A function of glibc; None on systems without it."""
    return getattr(ctypes.CDLL(None), name, None) if sys.platform == "linux" else None


def training_precision(device: str) -> str:
    """The `fast_precision`; on a CPU, also let torch use up to `MOST_THREADS` cores, unless OMP_NUM_THREADS is set."""
    precision = fast_precision(device)
    if device == "cpu" and not _has_thread_limit():
        cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
        set_threads(min(MOST_THREADS, cores))
    return precision


def fast_precision(device: str) -> str:
    """ "bfloat16" if the device multiplies it natively, two to four times as fast as "float32"; else "float32".

    IMPASTO_PRECISION overrides the choice.
    """
    import torch

    wanted = os.environ.get("IMPASTO_PRECISION", "")
    if wanted not in ("", "float32", "bfloat16"):
        raise DeviceError("IMPASTO_PRECISION is {}", "set it to float32 or bfloat16, or leave it out", excerpt(wanted))
    if device.startswith("cuda"):
        is_native = torch.cuda.is_bf16_supported(including_emulation=False)
    else:
        of_cpu = getattr(torch.cpu, "get_capabilities", dict[str, bool])  # which older versions of torch lack
        known = of_cpu() if device == "cpu" else {}
        is_native = any(known.get(name) for name in NATIVE_BFLOAT16)
    return wanted or ("bfloat16" if is_native else "float32")
