"""Masks of steps: where the result of a step takes the place of what is below it, how, and in which maps.

Plain data in a recipe; `running.masks` computes them. Standard library only: Blender builds them too.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from .errors import ParameterError, choices
from .system.untrusted import excerpt, is_unicode

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
"""Kinds of masks, and the fields of each besides those that all have."""
SHARED = ("contrast", "by_height", "invert", "opacity", "blend", "maps")
"""Fields that masks of all kinds have."""
MIX = "mix"
BLENDS = (
    *(MIX, "darken", "multiply", "lighten", "screen", "add", "subtract", "overlay", "soft-light"),
    *("color", "luminosity"),
)
"""Blend modes of colours."""
NEWER = ("blend", "maps")
"""Fields that JSON leaves out at their defaults, as recipes of before do."""
LEAST_SIZE = 0.002
MAX_NAME = 4096


@dataclass(frozen=True)
class Mask:
    """Share of a step: 1 is its result, 0 what is below it. ParameterError with the first field that is wrong.

    kind: one of `OWN`: everywhere, or by an image, random patches, a range of the height below, its hollows, or its
    edges. input: name of the image among the inputs of `run`. amount: share of the surface. size: of patches, hollows
    and edges, relative to the shorter side. low, high: the range of heights. breakup: how much random patches fray the
    border. contrast: 0 soft borders, 1 hard ones. by_height: how much the border follows the heights of both. opacity:
    of the whole. blend: one of `BLENDS`, for base colour and emission. maps: those that are changed; empty for all.
    """

    kind: str
    input: str = ""
    amount: float = 0.4
    size: float = 0.05
    low: float = 0.0
    high: float = 0.5
    breakup: float = 0.0
    contrast: float = 0.0
    by_height: float = 0.0
    invert: bool = False
    opacity: float = 1.0
    blend: str = MIX
    maps: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not isinstance(self.kind, str) or self.kind not in OWN:
            raise ParameterError(f"a mask is not made by {excerpt(self.kind)}", choices(str(self.kind), OWN, "OWN"))
        for name, usual in _USUAL.items():
            value = getattr(self, name)
            if isinstance(usual, float):
                _check_number(name, value)
            if name not in self.names and value != usual:
                raise ParameterError(f"a mask by {self.kind} has no {name}", choices(name, self.names, "`Mask`"))
        if not isinstance(self.invert, bool):
            raise ParameterError(f"invert of a mask got {excerpt(self.invert)}", "give true or false")
        if self.blend not in BLENDS:
            raise ParameterError(
                f"a mask's blend got {excerpt(self.blend)}", choices(str(self.blend), BLENDS, "BLENDS")
            )
        if not isinstance(self.maps, tuple) or not all(isinstance(name, str) for name in self.maps):
            raise ParameterError(f"maps of a mask got {excerpt(self.maps)}", "give a list of names of maps")
        _check_input(self.kind, self.input)
        if self.low > self.high:
            raise ParameterError(
                f"a mask's low ({self.low:g}) is above its high ({self.high:g})", "swap them, and set invert if wanted"
            )

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the fields that a mask of this kind has."""
        return OWN[self.kind] + SHARED

    def to_dict(self) -> dict[str, Any]:
        """The mask as JSON holds it: all fields of its kind, but for newer ones with their defaults."""
        values = {name: getattr(self, name) for name in self.names}
        left_out = [name for name in NEWER if values[name] == _USUAL[name]]
        values["maps"] = list(self.maps)
        return {"kind": self.kind} | {name: value for name, value in values.items() if name not in left_out}

    @classmethod
    def from_dict(cls, data: Any) -> Mask:
        """A mask from its JSON. ParameterError with the first field that is wrong."""
        if not isinstance(data, dict) or "kind" not in data:
            raise ParameterError(f"a mask got {excerpt(data)}", f"give an object with a kind: {', '.join(OWN)}")
        for name in data:
            if name != "kind" and name not in _USUAL:
                raise ParameterError(f"a mask has no field {excerpt(name)}", choices(str(name), _USUAL, "`Mask`"))
        maps = data.get("maps", ())
        return cls(**{**data, "maps": tuple(maps) if isinstance(maps, list) else maps})


_USUAL = {field.name: field.default for field in fields(Mask) if field.name != "kind"}


def _check_number(name: str, value: Any) -> None:
    least = LEAST_SIZE if name == "size" else 0.0
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if not is_number or not least <= value <= 1:
        raise ParameterError(f"{name} of a mask got {excerpt(value)}", f"give a number from {least:g} to 1")


def _check_input(kind: str, name: Any) -> None:
    is_text = isinstance(name, str) and len(name) <= MAX_NAME and is_unicode(name)
    if not is_text or (kind == IMAGE and not name):
        raise ParameterError(f"a mask's input got {excerpt(name)}", "give the name of an input of the run")
