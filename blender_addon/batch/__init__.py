# SPDX-License-Identifier: GPL-3.0-or-later
"""One recipe for many materials: those of objects, of the file, or of an asset catalogue."""
