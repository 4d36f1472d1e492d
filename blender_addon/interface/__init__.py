# SPDX-License-Identifier: GPL-3.0-or-later
"""Texts, buttons and pictures that all panels share."""
