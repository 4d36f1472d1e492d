"""Kinds of material that are told apart, and what is usual of each."""

from __future__ import annotations

USUAL = {
    "bark": (16.7, 0.57),
    "bricks": (10.7, 0.58),
    "concrete": (7.8, 0.67),
    "fabric": (10.3, 0.72),
    "grass": (12.0, 0.65),
    "gravel": (10.4, 0.57),
    "ground": (13.5, 0.60),
    "marble": (1.5, 0.26),
    "metal": (2.9, 0.37),
    "paving": (9.8, 0.53),
    "plaster": (5.2, 0.68),
    "plastic": (3.0, 0.42),
    "rock": (15.2, 0.56),
    "roof": (13.3, 0.67),
    "rust": (7.2, 0.54),
    "sand": (11.2, 0.65),
    "snow": (4.8, 0.44),
    "stones": (8.5, 0.60),
    "tiles": (4.8, 0.30),
    "wood": (4.5, 0.54),
}
"""Kinds of material that are told apart, and the usual mean tilt in degrees and roughness of each: of the measured sets
that the network learned from, as `tasks.photo_maps.kinds.usual` computes them."""
KINDS = tuple(USUAL)
JOINTED = ("bark", "bricks", "fabric", "paving", "roof", "stones", "tiles", "wood")
"""Kinds that are made of pieces with joints or fibres, whose colours go with their relief."""
