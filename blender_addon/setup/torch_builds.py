# SPDX-License-Identifier: GPL-3.0-or-later
"""Builds of PyTorch that Set Up Engine can install: their indexes, hardware and sizes.

PyTorch's own wheel indexes, as they were on DATE. Sizes are those of everything that the engine needs, in megabytes:
measured for Linux without a GPU and with CUDA 13.0 and for the Windows and macOS wheels of PyPI, else estimated from
the wheels of the releases before.
"""

from __future__ import annotations

from dataclasses import dataclass

DATE = "2026-11-21"
TORCH = "2.13.0"
INDEX = "https://download.pytorch.org/whl/"

AMD_CHIPS = frozenset(
    (
        "gfx908",
        "gfx90a",
        "gfx942",
        "gfx950",
        "gfx1030",
        "gfx1100",
        "gfx1101",
        "gfx1102",
        "gfx1150",
        "gfx1151",
        "gfx1200",
        "gfx1201",
    )
)
"""Chips that PyTorch's build for ROCm supports; few of those integrated in processors are among them."""


@dataclass(frozen=True)
class Build:
    """A build of PyTorch. tag: what its version ends with, such as "cu130"; empty for PyPI's own."""

    label: str
    tag: str
    download_mb: int
    disk_mb: int
    index: str = ""

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
ROCM = Build("ROCm 7.2", "rocm7.2", 5200, 17000, INDEX + "rocm7.2")
METAL = Build("Apple GPU", "", 160, 900)


@dataclass(frozen=True)
class Cuda:
    """A build for NVIDIA's cards: the oldest driver, and the compute capabilities that it serves."""

    linux: Build
    windows: Build
    driver: int
    lowest: float
    highest: float


CUDA = (
    Cuda(
        Build("CUDA 13.0", "cu130", 2800, 5500, INDEX + "cu130"),
        Build("CUDA 13.0", "cu130", 1900, 4300, INDEX + "cu130"),
        driver=580,
        lowest=7.5,
        highest=99,
    ),
    Cuda(
        Build("CUDA 12.6", "cu126", 3600, 6800, INDEX + "cu126"),
        Build("CUDA 12.6", "cu126", 2600, 5300, INDEX + "cu126"),
        driver=525,
        lowest=5.0,
        highest=9.0,
    ),
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
