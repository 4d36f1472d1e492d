# SPDX-License-Identifier: GPL-3.0-or-later
"""Published weights: operators and panel."""
