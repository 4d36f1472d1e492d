# SPDX-License-Identifier: GPL-3.0-or-later
"""Properties of the preferences: the engine's Python, folders, device, build of PyTorch."""

from __future__ import annotations

import bpy
from bpy.props import BoolProperty, EnumProperty, StringProperty

from ..paths import FILE_PATH, FOLDER_PATH
from ..windows import redraw


def _show_engine(_preferences: PreferenceProperties, _context: bpy.types.Context) -> None:
    """Redraw the panels, which show whether there is an engine; Blender redraws only the preferences."""
    redraw()


class PreferenceProperties:
    """The properties of `ImpastoPreferences`, which draws them."""

    engine_python: StringProperty(
        update=_show_engine,
        name="Python",
        description="A Python, 3.11 or newer, with torch and impasto; empty: the one that Set Up Engine made",
        **FILE_PATH,
    )
    engine_address: StringProperty(
        update=_show_engine,
        name="Remote Engine",
        description="A machine with impasto that ssh reaches without a password, which then makes everything but "
        "trainings: ssh://user@host, or ssh://host/path/to/python; empty: this computer",
    )
    models_folder: StringProperty(
        name="Models", description="Folder of the model files; empty: Impasto's folder of this user", **FOLDER_PATH
    )
    weights_folder: StringProperty(
        name="Weights",
        description="Folder of the weights of published networks; empty: Impasto's folder of this user",
        **FOLDER_PATH,
    )
    styles_folder: StringProperty(
        name="Styles",
        description="Folder of pictures to choose styles from; the Style panel shows their thumbnails",
        **FOLDER_PATH,
    )
    last_folder: StringProperty(options={"HIDDEN"})  # of pictures, where their file browsers begin
    keep_training: BoolProperty(
        name="Keep Training",
        description="A training goes on when Blender closes, and its model is then in the list; otherwise it leaves a "
        "checkpoint, from which the same training goes on. Counts for trainings that begin from now on",
    )
    keeps_history: BoolProperty(
        name="History of All Files",
        description="Keep the recipe and a thumbnail of each result, from now on, in a folder of this computer, so "
        "that the History panel has them in every file; at most 500, and 64 MB",
    )
    history_folder: StringProperty(
        name="History Folder",
        description="Folder of the recipes of all files; empty: Impasto's folder of this user",
        **FOLDER_PATH,
    )
    device: EnumProperty(
        name="Device",
        description="What computes",
        items=(
            ("auto", "Automatic", "The fastest that there is"),
            ("cpu", "CPU", "The processor: works everywhere"),
            ("cuda", "CUDA or ROCm", "An NVIDIA or AMD graphics card"),
            ("mps", "Apple GPU", "Metal on Apple silicon"),
        ),
    )
    torch_build: EnumProperty(
        name="PyTorch",
        description="Which build of PyTorch Set Up Engine installs",
        items=(
            ("AUTO", "Automatic", "The build for the graphics card that is found, else the one for the CPU"),
            ("GPU", "GPU", "The build for the graphics card that is found, else CUDA for NVIDIA cards"),
            ("CPU", "CPU", "The small build, which computes on the processor"),
        ),
    )
    wheels_folder: StringProperty(
        update=_show_engine,
        name="Wheels",
        description="Folder of wheels, filled by `pip download`, from which Set Up Engine installs without network",
        **FOLDER_PATH,
    )
    pip_arguments: StringProperty(
        name="Extra Arguments", description="More arguments for pip, such as --proxy, --index-url or --no-deps"
    )
