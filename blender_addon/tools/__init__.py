# SPDX-License-Identifier: GPL-3.0-or-later
"""What the features that run a tool share: request, preparation, presets, panel."""
