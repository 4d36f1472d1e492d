# SPDX-License-Identifier: GPL-3.0-or-later
"""Operators on a single image: make seamless, estimate maps, make again."""
