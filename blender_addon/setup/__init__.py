# SPDX-License-Identifier: GPL-3.0-or-later
"""Setting up the engine: the graphics card, the build of PyTorch, pip, and the buttons."""
