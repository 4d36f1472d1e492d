"""Base of procedural materials: a generator whose maps are drawn from parameters in the artist's words."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

from impasto.context import Context
from impasto.texture import Maps
from impasto.tools import Field, Generator, Parameters, SizeParameters, display_hints

if TYPE_CHECKING:
    from .canvas import Canvas
    from .surface import Surface


class Weathering(Parameters):
    """Layers that go on any material."""

    wear: float = Field(0.0, ge=0, le=1, description="How far edges are rubbed off")
    dirt: float = Field(0.0, ge=0, le=1, description="Dirt in cavities and in stains")
    moss: float = Field(0.0, ge=0, le=1, description="Moss, from the joints to all over")
    wetness: float = Field(0.0, ge=0, le=1, description="Water: a dark film, then puddles in what is low")


def width_field(default_m: float) -> Any:
    """`width_m: float = width_field(2.0)`: the real-world width of the tile."""
    text = "Real-world width of the tile in metres; more shows more of the material"
    return Field(default_m, ge=0.001, le=100, description=text, json_schema_extra=display_hints(high=5, decimals=3))


class MaterialParameters(SizeParameters, Weathering):
    """Base of the parameters of procedural materials, which add `width_m` and their own."""

    width_m: float = width_field(1.0)


class Material(Generator):
    """A procedural material: subclasses declare parameters and draw a `Surface` on a canvas."""

    rank = 40
    uses_subject = False
    parameters: ClassVar[type[Parameters]] = MaterialParameters
    group: ClassVar[str] = ""

    @abstractmethod
    def surface(self, canvas: Canvas, parameters: Any) -> Surface:
        """The surface without weathering."""

    def apply(
        self, subject: Maps, parameters: MaterialParameters, inputs: Mapping[str, Maps], context: Context
    ) -> Maps:
        """All maps but opacity and emission, seamless, with their scale."""
        from .canvas import Canvas
        from .surface import maps_of
        from .weathering import weathered

        context.progress(0.0, f"Drawing {self.label.lower()}")
        seed = int(context.rng.integers(2**31))
        canvas = Canvas(parameters.size_px(subject), parameters.width_m, seed, context.device)
        surface = weathered(self.surface(canvas, parameters), canvas, parameters)
        context.progress(0.7, "Deriving normals")
        return maps_of(surface, canvas)
