# SPDX-License-Identifier: GPL-3.0-or-later
"""Detection of the graphics card without PyTorch, to choose the build of PyTorch to install.

Only drivers' files are read, and NVIDIA's own program is run from the folders of its drivers, never from PATH.
"""

from __future__ import annotations

import os
import platform
import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from ..core.errors import Message
from ..core.system import process

TABLE = tomllib.loads(Path(__file__).with_suffix(".toml").read_text(encoding="utf-8"))
DATE, TORCH, INDEX = TABLE["date"], TABLE["torch"], TABLE["index"]
AMD_CHIPS = frozenset(TABLE["amd_chips"])
"""Chips that PyTorch's build for ROCm supports."""


@dataclass(frozen=True)
class Build:
    """A build of PyTorch. tag: end of its version, such as "cu130"; empty for the build on PyPI."""

    label: str
    tag: str
    download_mb: int
    disk_mb: int
    index: str = ""

    @classmethod
    def of(cls, about: Mapping[str, Any]) -> Build:
        """A build in the table, with the package index of its tag."""
        return cls(**about, index=INDEX + about["tag"])

    @property
    def requirement(self) -> str:
        """Requirement for pip that only this build fulfils."""
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
    """A build for NVIDIA's cards. driver: oldest driver. lowest, highest: compute capabilities of supported cards."""

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


LIMIT_S = 15.0
"""Time limit for NVIDIA's program. A sleeping card takes some seconds to wake."""
QUERY = ("--query-gpu=name,driver_version,compute_cap", "--format=csv,noheader")
NVIDIA_SMI = (
    "usr/bin/nvidia-smi",
    "usr/local/nvidia/bin/nvidia-smi",
    "usr/lib/wsl/lib/nvidia-smi",
    "opt/nvidia/bin/nvidia-smi",
    "run/current-system/sw/bin/nvidia-smi",
)


@dataclass(frozen=True)
class Card:
    """A graphics card. driver: version of NVIDIA's driver, such as 580.65. compute: compute capability; or 0."""

    name: str
    driver: float = 0.0
    compute: float = 0.0
    chip: str = ""


@dataclass(frozen=True)
class Computer:
    """Hardware and system that decide which builds of PyTorch can run."""

    system: str
    machine: str
    cards: tuple[Card, ...] = ()

    @property
    def cpu(self) -> Build:
        return cpu_build(self.system, self.machine)

    @property
    def gpu(self) -> Build | None:
        """Build for the detected graphics card; None if PyTorch has none for it."""
        if self.system == "Darwin":
            return METAL if self.machine == "arm64" else None
        return next(filter(None, map(self._for_card, self.cards)), None)

    @property
    def description(self) -> str:
        """Sentence on the detected graphics card."""
        if self.system == "Darwin":
            return "Found Apple's GPU" if self.machine == "arm64" else "Found a Mac with an Intel processor"
        if not self.cards:
            return "Found no NVIDIA or AMD graphics card with its driver"
        served = [card for card in self.cards if self._for_card(card)]
        card = (served or self.cards)[0]
        found = Message("Found {} with driver {:g}" if card.driver else "Found {}", card.name, card.driver)
        if served:
            return found
        is_old = 0 < card.driver < CUDA[0].driver
        remedy = Message("update the driver to {} or newer", CUDA[0].driver) if is_old else "the CPU computes instead"
        return Message("{}; PyTorch has no build for it; {}", found, remedy)

    def poll_message(self) -> str:
        """Reason why no build of PyTorch runs on this computer; empty if one does."""
        if self.system == "Darwin" and self.machine != "arm64":
            return "PyTorch is no longer made for Macs with Intel processors"
        return ""

    def build(self, choice: str = "AUTO") -> Build:
        """Build for a choice: AUTO, GPU or CPU. GPU without a detected card is the build for the newest cards."""
        if choice == "CPU" or (choice == "AUTO" and self.gpu is None):
            return self.cpu
        return self.gpu or self._cuda(0)

    def _for_card(self, card: Card) -> Build | None:
        if card.chip:
            return ROCM if card.chip in AMD_CHIPS and self.system == "Linux" and self.machine == "x86_64" else None
        for index, cuda in enumerate(CUDA):
            is_served = not card.compute or cuda.lowest <= card.compute <= cuda.highest
            if card.driver >= cuda.driver and is_served:
                return self._cuda(index)
        return None

    def _cuda(self, index: int) -> Build:
        return CUDA[index].windows if self.system == "Windows" else CUDA[index].linux


@cache
def this_computer() -> Computer:
    """This computer, examined once per session. The main thread must not call this: it can take some seconds."""
    if platform.system() == "Windows":
        return examine("Windows", platform.machine(), Path(os.environ.get("SYSTEMROOT", r"C:\Windows")))
    return examine(platform.system(), platform.machine())


def examine(system: str, machine: str, root: Path = Path("/")) -> Computer:
    """A computer with its files in `root`, which on Windows is the folder of the system."""
    if system == "Windows":
        return Computer(system, machine, _ask_nvidia([root / "System32" / "nvidia-smi.exe"]))
    if system == "Linux":
        nvidia = _ask_nvidia([root / place for place in NVIDIA_SMI]) or _read_nvidia(root)
        return Computer(system, machine, (*nvidia, *_read_amd(root)))
    return Computer(system, machine)


def _ask_nvidia(places: Sequence[Path]) -> tuple[Card, ...]:
    """NVIDIA's cards in the list of the driver's program."""
    program = next((place for place in places if place.is_file()), None)
    if program is None:
        return ()
    try:
        done = process.run([str(program), *QUERY], {}, LIMIT_S, program.parent)
    except OSError:
        return ()
    rows = [line.rsplit(",", 2) for line in done.stdout.decode("utf-8", "replace").splitlines()]
    cards = [
        Card(name.strip(), _number(driver), _number(compute))
        for name, driver, compute in (row for row in rows if len(row) == 3)
    ]
    return tuple(card for card in cards if card.driver)


def _read_nvidia(root: Path) -> tuple[Card, ...]:
    """NVIDIA's cards in the driver's files, in case the program is missing."""
    folder = root / "proc/driver/nvidia"
    version = re.search(
        r"Kernel Module\D*(\d+\.\d+)", _text(folder / "version").replace("x86_64", "").replace("aarch64", "")
    )
    if version is None:
        return ()
    about = [_text(file) for file in sorted(folder.glob("gpus/*/information"))]
    names = [match[1].strip() for text in about if (match := re.search(r"Model:(.*)", text))]
    return tuple(Card(name, float(version[1])) for name in names)


def _read_amd(root: Path) -> tuple[Card, ...]:
    """AMD's cards that the kernel lists for computing."""
    if not (root / "dev/kfd").exists():
        return ()
    cards = []
    for file in sorted((root / "sys/class/kfd/kfd/topology/nodes").glob("*/properties")):
        match = re.search(r"^gfx_target_version (\d+)$", _text(file), re.MULTILINE)
        if match and int(match[1]):
            major, rest = divmod(int(match[1]), 10000)
            chip = f"gfx{major}{rest // 100:x}{rest % 100:x}"
            name = _text(file.with_name("name")).strip()
            cards.append(Card(f"AMD {name or chip}", chip=chip))
    return tuple(cards)


def _text(file: Path) -> str:
    try:
        return file.read_text("utf-8", "replace")
    except OSError:
        return ""


def _number(text: str) -> float:
    match = re.match(r"\s*(\d+(?:\.\d+)?)", text)
    return float(match[1]) if match else 0.0
