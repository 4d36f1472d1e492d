# SPDX-License-Identifier: GPL-3.0-or-later
"""Parts shared by the features that run a tool: request, live preview, presets, panel."""
