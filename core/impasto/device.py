"""The one place that chooses device and precision."""

from __future__ import annotations

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
    return chosen
