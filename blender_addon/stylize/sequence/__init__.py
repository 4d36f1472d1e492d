# SPDX-License-Identifier: GPL-3.0-or-later
"""Sequences: the frames of a shot, rendered with their motion and repainted along it."""
