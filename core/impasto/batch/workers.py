"""Shares of this machine for the workers of a batch: one for each processor core, or for each graphics card."""

from __future__ import annotations

import os
from dataclasses import dataclass

from ..running.recording import versions_of
from ..system.process import run

MEMORY_BYTES = 3 * 2**29
"""Memory that a worker is expected to need unless a limit is given: PyTorch, and a material of 2048 x 2048 pixels."""
ASK_LIMIT_S = 10


@dataclass(frozen=True)
class Share:
    """Number of workers, processor threads of each, and the graphics cards that they take in turn."""

    workers: int
    threads: int
    gpus: tuple[str, ...] = ()


def share(
    jobs: int, device: str = "auto", *, workers: int = 0, threads: int = 0, memory_bytes: int | None = None
) -> Share:
    """Workers for a number of jobs, at most as many as there is memory for; `workers` and `threads` if not 0.

    On a processor each has one thread: results do not depend on the number of cores, and nothing waits for the others.
    """
    import psutil

    cores = _cores()
    gpus = graphics_cards() if device in ("auto", "cuda") else ()
    fitting = max(1, psutil.virtual_memory().available // (memory_bytes or MEMORY_BYTES))
    usual = len(gpus) if gpus else max(1, cores // (threads or 1))
    workers = min(jobs, workers or min(usual, fitting))
    return Share(workers, threads or (max(1, cores // workers) if gpus else 1), gpus)


def _cores() -> int:
    """Processor cores that this process may use."""
    affinity = getattr(os, "sched_getaffinity", None)
    return len(affinity(0)) if affinity else os.cpu_count() or 1


def graphics_cards() -> tuple[str, ...]:
    """CUDA's names of NVIDIA's graphics cards: those in CUDA_VISIBLE_DEVICES, or else all that the driver lists.

    Not by PyTorch, which takes seconds to load and would keep its memory during the batch.
    """
    if "+cpu" in versions_of([])["torch"]:
        return ()
    if (chosen := os.environ.get("CUDA_VISIBLE_DEVICES")) is not None:
        return tuple(name.strip() for name in chosen.split(",") if name.strip())
    try:
        answer = run(["nvidia-smi", "--query-gpu=index", "--format=csv,noheader"], {}, ASK_LIMIT_S)
    except OSError:
        return ()
    return () if answer.returncode else tuple(answer.stdout.decode().split())
