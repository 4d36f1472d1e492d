# SPDX-License-Identifier: GPL-3.0-or-later
"""Stylize: an image, a material or a render, repainted in the style of other pictures."""
