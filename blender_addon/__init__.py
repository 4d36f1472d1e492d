# SPDX-License-Identifier: GPL-3.0-or-later
"""Impasto in Blender. Registering starts nothing: the engine runs when there is something to do."""

from .registration import register, unregister

__all__ = ["register", "unregister"]
