# SPDX-License-Identifier: GPL-3.0-or-later
"""Match: a material from words, or one like a picture, whose parameters the Impasto panel then shows."""
