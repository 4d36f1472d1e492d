"""Masks of steps: where the result of a step replaces the layers below, how, and in which maps.

Plain data in a recipe; `running.masks` computes the pixels. Standard library only: Blender builds masks too.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Annotated, Any, Literal, get_args

from .errors import ParameterError, choices
from .system.typed_json import Within, check_fields
from .system.untrusted import excerpt

IMAGE, NOISE, HEIGHT, CAVITIES, EDGES = "image", "noise", "height", "cavities", "edges"
EVERYWHERE = "everywhere"
OWN: Mapping[str, tuple[str, ...]] = {
    EVERYWHERE: (),
    IMAGE: ("input",),
    NOISE: ("amount", "size"),
    HEIGHT: ("low", "high", "breakup"),
    CAVITIES: ("amount", "size", "breakup"),
    EDGES: ("amount", "size", "breakup"),
}
"""Kinds of masks, and the fields that each has in addition to `SHARED`."""
SHARED = ("contrast", "by_height", "invert", "opacity", "blend", "maps")
"""Fields that masks of all kinds have."""
MIX = "mix"
Blend = Literal[
    "mix", "darken", "multiply", "lighten", "screen", "add", "subtract", "overlay", "soft-light", "color", "luminosity"
]
BLENDS = get_args(Blend)
"""Blend modes of colours."""
NEWER = ("blend", "maps")
"""Fields that JSON leaves out at their defaults, so that recipes of earlier versions keep their bytes."""
Kind = Literal["everywhere", "image", "noise", "height", "cavities", "edges"]
Share = Annotated[float, Within(0, 1)]
LEAST_SIZE = 0.002
Size = Annotated[float, Within(LEAST_SIZE, 1)]


@dataclass(frozen=True)
class Mask:
    """Share of a step's result in each pixel; the rest shows what is below. A ParameterError names a wrong field.

    kind: one of `OWN`: everywhere, or by an image, random patches, a range of the height below, its hollows, or its
    edges. input: name of the image among the inputs of `run`. amount: share of the surface. size: size of patches,
    hollows and edges, relative to the shorter side. low, high: range of heights. breakup: how much random patches fray
    the border. contrast: 0 for soft borders, 1 for hard ones. by_height: how much the border follows the heights of the
    step and of what is below. opacity: factor of the whole mask. blend: one of `BLENDS`, for base colour and emission.
    maps: maps that change; empty for all.
    """

    kind: Kind
    input: Annotated[str, Within(0, 4096)] = ""
    amount: Share = 0.4
    size: Size = 0.05
    low: Share = 0.0
    high: Share = 0.5
    breakup: Share = 0.0
    contrast: Share = 0.0
    by_height: Share = 0.0
    invert: bool = False
    opacity: Share = 1.0
    blend: Blend = "mix"
    maps: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        check_fields(self, "mask", ParameterError, "see `Mask` in the reference of the library")
        for name, usual in _USUAL.items():
            if name not in self.names and getattr(self, name) != usual:
                raise ParameterError("a mask by {} has no {}", choices(name, self.names, "`Mask`"), self.kind, name)
        if self.kind == IMAGE and not self.input:
            raise ParameterError("a mask's input got {}", "give the name of an input of the run", excerpt(self.input))
        if self.low > self.high:
            message = "a mask's low ({:g}) is above its high ({:g})"
            raise ParameterError(message, "swap them, and set invert if wanted", self.low, self.high)

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the fields of a mask of this kind."""
        return OWN[self.kind] + SHARED

    def to_dict(self) -> dict[str, Any]:
        """The mask as JSON: all fields of its kind, except newer ones with their defaults."""
        values = {name: getattr(self, name) for name in self.names}
        left_out = [name for name in NEWER if values[name] == _USUAL[name]]
        values["maps"] = list(self.maps)
        return {"kind": self.kind} | {name: value for name, value in values.items() if name not in left_out}

    @classmethod
    def from_dict(cls, data: Any) -> Mask:
        """A mask from JSON. Raise ParameterError for a wrong field."""
        if not isinstance(data, dict) or "kind" not in data:
            raise ParameterError("a mask got {}", "give an object with a kind: {}", excerpt(data), ", ".join(OWN))
        for name in data:
            if name != "kind" and name not in _USUAL:
                raise ParameterError("a mask has no field {}", choices(str(name), _USUAL, "`Mask`"), excerpt(name))
        maps = data.get("maps", ())
        return cls(**{**data, "maps": tuple(maps) if isinstance(maps, list) else maps})


_USUAL = {field.name: field.default for field in fields(Mask) if field.name != "kind"}
