"""Times, amounts of memory and other resources as people write them: 10min, 4GiB, GPU=1."""

from __future__ import annotations

import math
import re

from ..errors import Message, ParameterError
from ..system.untrusted import excerpt

SECONDS = {"s": 1, "min": 60, "h": 3600}
BYTES = {"MiB": 2**20, "GiB": 2**30, "TiB": 2**40}
BYTE_NAMES = {"m": "MiB", "g": "GiB", "t": "TiB"}


def parse_time(text: str) -> float:
    """Seconds of 90s, 10min, 1.5h. Raise ParameterError for anything else."""
    found = re.fullmatch(r"(\d+(?:\.\d*)?)\s*(s|min|h)", text.strip())
    if not found or not float(found[1]):
        raise ParameterError("{} is no time", "write 90s, 10min or 1.5h", excerpt(text))
    return float(found[1]) * SECONDS[found[2]]


def parse_memory(text: str) -> int:
    """Bytes of 800MiB, 4GiB or 4G. Raise ParameterError for anything else."""
    found = re.fullmatch(r"(\d+(?:\.\d*)?)\s*([mgt])(i?b)?", text.strip().lower())
    if not found or not float(found[1]):
        raise ParameterError("{} is no amount of memory", "write 800MiB or 4GiB", excerpt(text))
    return int(float(found[1]) * BYTES[BYTE_NAMES[found[2]]])


def parse_resources(text: str) -> dict[str, float]:
    """Dask's resources from "GPU=1 MEMORY=4e9". Raise ParameterError if it is something else."""
    try:
        found = {name: float(amount) for name, amount in (part.split("=") for part in text.split())}
    except ValueError:
        found = {}
    if found and all(name and 0 < amount < math.inf for name, amount in found.items()):
        return found
    raise ParameterError("{} is not NAME=AMOUNT", "write --resources GPU=1", excerpt(text))


def readable_time(seconds: float) -> str:
    """A time in its largest fitting unit: 45 s, 10 min, 1.5 h."""
    unit = next((unit for unit in ("h", "min") if seconds >= SECONDS[unit]), "s")
    return Message(f"{{}} {unit}", _round(seconds / SECONDS[unit]))


def readable_bytes(count: float) -> str:
    """An amount of bytes in its largest fitting unit: 0.4 MiB, 4 GiB."""
    unit = next((unit for unit in ("TiB", "GiB") if count >= BYTES[unit]), "MiB")
    return Message(f"{{}} {unit}", _round(count / BYTES[unit]))


def _round(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0") if value < 10 else f"{value:.0f}"
