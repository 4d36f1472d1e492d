"""The build of PyTorch for a computer: drivers' files and programs are laid out in a folder as on that computer."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest
from conftest import cases

pytestmark = pytest.mark.any_blender

POSIX_ONLY = pytest.mark.skipif(os.name == "nt", reason="the stand-ins are shell scripts")
RTX = "NVIDIA GeForce RTX 4070 Laptop GPU, 580.65.06, 8.9"


@pytest.fixture
def graphics(extension):
    return extension.setup.graphics


def tag_of(graphics, folder: Path, system: str = "Linux", machine: str = "x86_64", choice: str = "AUTO") -> str:
    """The build for the computer whose files lie in this folder."""
    return graphics.examine(system, machine, folder).build(choice).tag


def smi(folder: Path, says: str, place: str = "usr/bin/nvidia-smi") -> None:
    """NVIDIA's program, which says this."""
    program = folder / place
    program.parent.mkdir(parents=True)
    program.write_text(f"#!/bin/sh\n{says}\n")
    program.chmod(0o755)


def amd(folder: Path, *targets: int) -> None:
    """Write the kernel's files on the processor (0) and on AMD's cards."""
    (folder / "dev").mkdir()
    (folder / "dev/kfd").touch()
    for index, target in enumerate((0, *targets)):
        node = folder / f"sys/class/kfd/kfd/topology/nodes/{index}"
        node.mkdir(parents=True)
        (node / "properties").write_text(f"cpu_cores_count 8\ngfx_target_version {target}\nvendor_id 4098\n")
        (node / "name").write_text("navi\n")


def test_without_a_graphics_card_the_small_build_is_chosen(graphics, tmp_path):
    computer = graphics.examine("Linux", "x86_64", tmp_path)
    build = computer.build("AUTO")
    assert (build.tag, computer.gpu) == ("cpu", None)
    assert build.download_mb < 300
    assert build.index.endswith("/cpu")
    assert "no NVIDIA or AMD graphics card" in computer.description


@POSIX_ONLY
@pytest.mark.parametrize(("card", "tag"), cases("cards"))
def test_the_build_fits_the_driver_and_the_card(graphics, tmp_path, card, tag):
    smi(tmp_path, f"echo '{card}'")
    computer = graphics.examine("Linux", "x86_64", tmp_path)
    assert computer.build("AUTO").tag == tag
    assert card.split(",")[0] in computer.description
    assert ("update the driver to 580" in computer.description) == (tag == "cpu")


@POSIX_ONLY
def test_drivers_without_a_card_and_programs_on_the_path_are_ignored(graphics, tmp_path, monkeypatch):
    for number, says in enumerate(("echo No devices were found; exit 6", "exit 1", "echo", "echo garbage, in, rows")):
        smi(tmp_path / str(number), says)
        assert tag_of(graphics, tmp_path / str(number)) == "cpu", says
    smi(tmp_path / "stranger", f"touch {tmp_path}/ran; echo '{RTX}'", "nvidia-smi")
    monkeypatch.setenv("PATH", str(tmp_path / "stranger"))
    monkeypatch.chdir(tmp_path / "stranger")
    assert tag_of(graphics, tmp_path) == "cpu"
    assert not (tmp_path / "ran").exists()


@POSIX_ONLY
def test_a_program_that_hangs_is_not_waited_for(graphics, tmp_path, monkeypatch):
    monkeypatch.setattr(graphics, "LIMIT_S", 0.3)
    smi(tmp_path, "exec sleep 20")
    started = time.monotonic()
    assert tag_of(graphics, tmp_path) == "cpu"
    assert time.monotonic() - started < 5


KERNELS = [f"{kernel}  580.65.06  " for kernel in ("x86_64 Kernel Module", "Open Kernel Module for x86_64")]


@pytest.mark.parametrize("kernel", KERNELS)
def test_the_drivers_files_serve_where_its_program_is_absent(graphics, tmp_path, kernel):
    card = tmp_path / "proc/driver/nvidia/gpus/0000:01:00.0"
    card.mkdir(parents=True)
    (card / "information").write_text("Model: \t\t NVIDIA RTX A2000\nIRQ: 16\n")
    version = f"NVRM version: NVIDIA UNIX {kernel}Release Build\nGCC version: gcc 12\n"
    (card.parents[1] / "version").write_text(version)
    computer = graphics.examine("Linux", "x86_64", tmp_path)
    assert computer.build("AUTO").tag == "cu130"
    assert computer.description == "Found NVIDIA RTX A2000 with driver 580.65"


@pytest.mark.parametrize(("target", "tag"), [(110000, "rocm7.2"), (90010, "rocm7.2"), (100306, "cpu")])
def test_amds_cards_get_rocm_where_pytorch_serves_them(graphics, tmp_path, target, tag):
    amd(tmp_path, target)
    assert tag_of(graphics, tmp_path) == tag


@POSIX_ONLY
def test_windows_looks_in_the_system_folder_and_the_users_choice_wins(graphics, tmp_path):
    smi(tmp_path, f"echo '{RTX}'", "System32/nvidia-smi.exe")
    build = graphics.examine("Windows", "AMD64", tmp_path).build("AUTO")
    assert (build.tag, build.label) == ("cu130", "CUDA 13.0")
    (tmp_path / "System32/nvidia-smi.exe").unlink()
    assert tag_of(graphics, tmp_path, "Windows", "AMD64") == "cpu"

    smi(tmp_path / "linux", f"echo '{RTX}'")
    assert tag_of(graphics, tmp_path / "linux", choice="CPU") == "cpu"
    assert tag_of(graphics, tmp_path / "none", choice="GPU") == "cu130"


def test_a_mac_gets_the_plain_build_and_an_old_one_a_reason(graphics):
    computer = graphics.examine("Darwin", "arm64")
    assert (computer.build("AUTO").label, computer.build("AUTO").requirement[:7]) == ("Apple GPU", "torch==")
    assert computer.build("AUTO").index == ""
    assert not computer.poll_message()
    assert "Intel" in graphics.examine("Darwin", "x86_64").poll_message()
