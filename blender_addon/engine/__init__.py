# SPDX-License-Identifier: GPL-3.0-or-later
"""The engine: the Python that has PyTorch and Impasto, and the catalogue of its tools."""
