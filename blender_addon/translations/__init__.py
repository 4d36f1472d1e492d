# SPDX-License-Identifier: GPL-3.0-or-later
"""Translations of visible texts: the files, and looking texts up in them."""
