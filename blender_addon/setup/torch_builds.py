# SPDX-License-Identifier: GPL-3.0-or-later
"""Builds of PyTorch that Set Up Engine can install: their indexes, hardware and sizes."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

TABLE = tomllib.loads(Path(__file__).with_suffix(".toml").read_text(encoding="utf-8"))
DATE, TORCH, INDEX = TABLE["date"], TABLE["torch"], TABLE["index"]
AMD_CHIPS = frozenset(TABLE["amd_chips"])
"""Chips that PyTorch's build for ROCm supports."""


@dataclass(frozen=True)
class Build:
    """A build of PyTorch. tag: what its version ends with, such as "cu130"; empty for PyPI's own."""

    label: str
    tag: str
    download_mb: int
    disk_mb: int
    index: str = ""

    @classmethod
    def of(cls, about: Mapping[str, Any]) -> Build:
        """A build of the table, from PyTorch's index for its tag."""
        return cls(**about, index=INDEX + about["tag"])

    @property
    def requirement(self) -> str:
        """Requirement for pip that only this build meets."""
        return f"torch=={TORCH}+{self.tag}" if self.tag else f"torch=={TORCH}"

    @property
    def download(self) -> str:
        """Size of the download."""
        return _gigabytes(self.download_mb)

    @property
    def disk(self) -> str:
        """Size on the disk."""
        return _gigabytes(self.disk_mb)


CPU = "CPU"
ROCM = Build.of(TABLE["rocm"])
METAL = Build("Apple GPU", "", 160, 900)


@dataclass(frozen=True)
class Cuda:
    """A build for NVIDIA's cards: the oldest driver, and the compute capabilities that it serves."""

    linux: Build
    windows: Build
    driver: int
    lowest: float
    highest: float


CUDA = tuple(
    Cuda(Build.of(one["linux"]), Build.of(one["windows"]), one["driver"], one["lowest"], one["highest"])
    for one in TABLE["cuda"]
)
"""Builds for NVIDIA's cards, the newest first."""


def cpu_build(system: str, machine: str) -> Build:
    """Build for the CPU, which runs everywhere. system, machine: as `platform` names them."""
    if system == "Darwin":
        return Build(CPU, "", METAL.download_mb, METAL.disk_mb)
    size = {"Windows": (170, 900)}.get(system, (200, 1000) if machine in ("aarch64", "arm64") else (240, 1100))
    return Build(CPU, "cpu", *size, INDEX + "cpu")


def _gigabytes(megabytes: int) -> str:
    return f"{megabytes / 1000:.1f} GB" if megabytes >= 1000 else f"{megabytes} MB"
