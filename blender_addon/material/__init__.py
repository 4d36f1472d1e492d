# SPDX-License-Identifier: GPL-3.0-or-later
"""Operators on a single material: assign, mark as asset."""
