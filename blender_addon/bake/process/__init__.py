# SPDX-License-Identifier: GPL-3.0-or-later
"""Baking in a background Blender: its script, its messages, and what it costs in time and memory."""
