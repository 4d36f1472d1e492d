# SPDX-License-Identifier: GPL-3.0-or-later
"""History: all results of a file and, if wanted, recipes across files, to be used, compared and restored."""
