"""The fields of the card next to a file, and of an installed file's card."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from impasto.io.cards import DataAbout, FromOutside, MapName, Metres, Name, NetworkCard, Range, Setting, Text

MOST_CHANNELS, MOST_STEP_PX = 4096, 4096
MOST_INPUTS = 200


class InputCard(FromOutside):
    """An input: a vector (pixel 0), or a map with pixels of that width; see `impasto.graph.GraphInput`."""

    name: Name
    channels: Annotated[int, Field(ge=1, le=MOST_CHANNELS)]
    pixel: Annotated[int, Field(ge=0, le=MOST_STEP_PX)] = 0
    kind: Literal["normal", "setting", "position"] = "normal"
    default: Annotated[list[Setting], Field(max_length=MOST_CHANNELS, default_factory=list)]
    every: Annotated[int, Field(ge=1, le=64)] = 1
    sides: Annotated[list[Annotated[int, Field(ge=1, le=MOST_STEP_PX)]], Field(max_length=2, default_factory=list)]

    @model_validator(mode="after")
    def _fits(self) -> InputCard:
        if self.kind == "setting" and (self.pixel or len(self.default) != self.channels):
            raise ValueError("a setting is a vector with a default for each channel")
        return self


class StatedCard(FromOutside):
    """The card next to a file. Everything that the file itself states may be left out."""

    name: Text = ""
    label: Text = ""
    material: Text = ""
    data: Annotated[list[DataAbout], Field(max_length=1000, default_factory=list)]
    maps: Annotated[list[MapName], Field(max_length=8, default_factory=list)]
    range: Annotated[list[Setting], Field(min_length=2, max_length=2)] | None = None
    inputs: Annotated[list[InputCard], Field(max_length=MOST_INPUTS, default_factory=list)]
    cell_px: Annotated[int, Field(ge=1, le=MOST_STEP_PX)] | None = None
    texel_m: Metres | None = None
    height_range_m: Range | None = None

    @model_validator(mode="after")
    def _is_in_order(self) -> StatedCard:
        if self.range is not None and self.range[0] >= self.range[1]:
            raise ValueError("range is not in order")
        return self


class ImportedCard(NetworkCard):
    """An installed file. A picture's sides are n times `step_px` plus `offset_px`; step 0 means one fixed size.

    outputs: name of the output for each map. channels_last: order of axes. range: of the outputs' values.
    """

    architecture: Literal["onnx", "keras"]
    inputs: Annotated[list[InputCard], Field(min_length=1, max_length=MOST_INPUTS)]
    outputs: Annotated[list[Name], Field(min_length=1, max_length=8)]
    channels_last: bool
    range: Annotated[list[Setting], Field(min_length=2, max_length=2)]
    step_px: Annotated[list[Annotated[int, Field(ge=0, le=MOST_STEP_PX)]], Field(min_length=2, max_length=2)]
    offset_px: Annotated[list[Annotated[int, Field(ge=-(2**14), le=2**14)]], Field(min_length=2, max_length=2)]
    texel_m: Metres | None = None
    height_range_m: Range | None = None

    def cells(self, size: tuple[int, int]) -> tuple[int, int]:
        """Rows and columns of cells for a picture of at least this size (height, width)."""
        rows, columns = (
            max(2, -(-(side - offset) // step)) if step else 1
            for side, step, offset in zip(size, self.step_px, self.offset_px, strict=True)
        )
        return rows, columns

    def shapes(self, cells: tuple[int, int]) -> dict[str, tuple[int, ...]]:
        """Shape of each input for this many cells."""
        found: dict[str, tuple[int, ...]] = {}
        for one in self.inputs:
            if not one.pixel and not one.sides:
                found[one.name] = (1, one.channels)
                continue
            grown = [count * step // max(one.pixel, 1) for count, step in zip(cells, self.step_px, strict=True)]
            sides = one.sides or grown
            found[one.name] = (1, *sides, one.channels) if self.channels_last else (1, one.channels, *sides)
        return found
