# SPDX-License-Identifier: GPL-3.0-or-later
"""Settings of the panel Film in each scene. Stylizer, styles and painting are those of the Style panel."""

from __future__ import annotations

import bpy

from ...tools.arguments import with_properties
from .request import SequenceRequest


@with_properties(SequenceRequest)
class SequenceSettings(bpy.types.PropertyGroup):
    """Settings of the panel Film, in each scene."""


POINTER = (bpy.types.Scene, "impasto_sequence", SequenceSettings)
