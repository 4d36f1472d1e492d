"""The one place that chooses device, precision and threads."""

from __future__ import annotations

import os
from functools import cache

from .errors import DeviceError


@cache
def available_devices() -> tuple[str, ...]:
    """The torch devices of this machine, best first; always ends with "cpu"."""
    import torch

    gpus = [f"cuda:{index}" for index in range(torch.cuda.device_count())]
    if torch.backends.mps.is_available():
        gpus.append("mps")
    return (*gpus, "cpu")


def choose_device(wanted: str = "auto") -> str:
    """A torch device for "auto", "cpu", "cuda", "cuda:1" or "mps". DeviceError lists what there is."""
    from .plugins import registry

    available = available_devices()
    if wanted == "auto":
        chosen = registry().hook.impasto_device(available=available) or available[0]
    else:
        chosen = next((device for device in available if device.split(":")[0] == wanted), wanted)
    if chosen not in available:
        raise DeviceError(f"there is no device {chosen!r} here", f"choose from auto, {', '.join(available)}")
    if chosen == "cpu":
        leave_a_core_free()
    return chosen


@cache
def leave_a_core_free() -> None:
    """Let torch use all cores but one, unless OMP_NUM_THREADS says otherwise.

    The window needs one, and OpenMP threads that share a core with another process wait for each other:
    small operations then take ten times as long.
    """
    import torch

    if "OMP_NUM_THREADS" not in os.environ:
        torch.set_num_threads(max(1, torch.get_num_threads() - 1))
