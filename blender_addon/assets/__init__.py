# SPDX-License-Identifier: GPL-3.0-or-later
"""Assets: materials marked as such, catalogues, the bundled library and its shelf, and libraries written by a batch."""
