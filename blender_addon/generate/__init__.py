# SPDX-License-Identifier: GPL-3.0-or-later
"""Generate: a texture from the panel's settings, previews and variations of it."""
