# SPDX-License-Identifier: GPL-3.0-or-later
"""Installing and removing models and weights."""
