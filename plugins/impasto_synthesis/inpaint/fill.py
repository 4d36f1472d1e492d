"""Fills the holes of a picture or a map set from the rest of it, invisibly."""

from __future__ import annotations

from dataclasses import replace

from impasto.context import Context
from impasto.patterns.holes import Constraints
from impasto.patterns.session import Example, Holes, Session
from impasto.texture import Maps, Texture

from ..material import images_of, reporter


def fill_holes(subject: Maps, holes: Holes, quality: str, blend: float, context: Context) -> Maps:
    """The subject with its holes filled; pixels outside them are unchanged."""
    if not holes.mask.any():
        return subject
    context.progress(0.0, "Looking at what is known")
    images, given = images_of(subject.arrays(), context), holes.constraints
    constraints = given and Constraints(given.kind.to(context.device), given.island.to(context.device))
    holes = replace(holes, mask=holes.mask.to(context.device), constraints=constraints)
    report = reporter(images, context, (0.1, 0.85), "Filling holes")
    filling = Session(Example(images), context.rng, report).fill(holes, quality)
    textures = dict(subject.textures)
    for number, (name, texture) in enumerate(subject.items()):
        context.progress(0.85 + 0.15 * number / len(subject), "Joining colours")
        textures[name] = Texture(filling.pixels_of(name, blend).cpu().numpy(), texture.color_space)
    return replace(subject, textures=textures)
