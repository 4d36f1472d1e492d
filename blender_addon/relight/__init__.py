# SPDX-License-Identifier: GPL-3.0-or-later
"""A material, or the result that is set, on a ball and a plane under a light that moves."""
