"""Base of procedural materials: a generator whose maps are drawn from parameters in the artist's words."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from impasto.context import Context
from impasto.texture import Maps
from impasto.tools import Generator, Inputs, Parameters

from .parameters import MaterialParameters

if TYPE_CHECKING:
    from .canvas import Canvas
    from .drawing import Drawing

THUMBNAILS = Path(__file__).with_name("thumbnails")


class Material(Generator):
    """A procedural material. The module with its name in `materials` draws it."""

    rank = 40
    uses_subject, makes_all_maps = False, True
    stands = False
    parameters: ClassVar[type[Parameters]] = MaterialParameters

    def thumbnail(self) -> bytes:
        """The material on a ball, as `python build.py thumbnails` rendered it."""
        path = THUMBNAILS / f"{self.name}.jpg"
        return path.read_bytes() if path.is_file() else b""

    def drawing(self, canvas: Canvas, parameters: Any) -> Drawing:
        """The material's drawing, without weathering."""
        module = import_module(f".materials.{self.name.replace('-', '_')}", __package__)
        drawing: Drawing = module.draw(canvas, parameters)
        return drawing

    def apply(self, subject: Maps, parameters: MaterialParameters, inputs: Inputs, context: Context) -> Maps:
        """Seamless maps with their scale, all but opacity; emission and transmission only if the material has them."""
        from .canvas import Canvas
        from .maps import maps_of
        from .weathering import weather

        context.progress(0.0, "Drawing {}", self.label)
        seed = int(context.rng.integers(2**31))
        canvas = Canvas(parameters.size_px(subject), parameters.width_m, seed, context.device)
        drawing = weather(self.drawing(canvas, parameters), canvas, parameters, self.stands)
        context.progress(0.7, "Deriving normals")
        return maps_of(drawing, canvas)
