# SPDX-License-Identifier: GPL-3.0-or-later
"""Operators on a single material, such as assigning it, and parts of panels about it."""
