# SPDX-License-Identifier: GPL-3.0-or-later
"""Train: a model of the user's own pictures."""
