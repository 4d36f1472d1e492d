# SPDX-License-Identifier: GPL-3.0-or-later
"""A material's maps as the files that an engine expects."""
