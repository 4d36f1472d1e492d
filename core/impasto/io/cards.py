"""Schemas of JSON in files: metadata in pictures, indexes of contact sheets, model cards, checkpoints.

Every field is typed and bounded, so that other code never meets a wrong type.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Self, TypeVar

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError, model_validator

from ..errors import FileError, ImpastoError, Message, ModelError
from ..system.untrusted import excerpt, parse_json, read_json
from ..texture import LARGEST_M, MAP_CHANNELS, SMALLEST_M, channels_of

MODEL_NAME = r"^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$"
MOST_ITEMS = 10_000
LARGEST_PX = 2**20
MOST_STEPS = 10**7
MOST_DEVIATION = 10.0
"""Limit of the data's standard deviation along any axis, since maps are in [0, 1]."""

Metres = Annotated[float, Field(ge=SMALLEST_M, le=LARGEST_M)]
Range = Annotated[float, Field(ge=0, le=LARGEST_M)]
"""Range of heights, in metres; 0 for a flat surface."""
Texel = Annotated[float, Field(ge=1e-9, le=1000)]
"""Size of a texel, in metres."""
Mean = Annotated[float, Field(ge=0, le=1)]
Entry = Annotated[float, Field(ge=-1e6, le=1e6)]
Side = Annotated[int, Field(ge=1, le=LARGEST_PX)]
Corner = Annotated[list[Annotated[int, Field(ge=0, le=LARGEST_PX)]], Field(min_length=2, max_length=2)]
Setting = Annotated[float, Field(ge=-1000, le=1000)]
Text = Annotated[str, Field(max_length=1000)]
Name = Annotated[str, Field(min_length=1, max_length=200)]
Sha256 = Annotated[str, Field(pattern="^([0-9a-f]{64})?$")]
MapName = Annotated[str, Field(pattern=f"^({'|'.join(MAP_CHANNELS)})$")]
Checked = TypeVar("Checked", bound="FromOutside")


class FromOutside(BaseModel):
    """Base class of data from files: strict types, finite numbers, unknown fields ignored."""

    model_config = ConfigDict(frozen=True, strict=True, allow_inf_nan=False, extra="ignore")


class Embedded(FromOutside):
    """Metadata that Impasto writes into a picture. The recipe is validated by its own constructor.

    film: SHA-256 of the inputs and settings that a frame of a shot was made from.
    """

    recipe: dict[str, Any] | None = None
    width_m: Metres | None = None
    height_range_m: Range | None = None
    film: str | None = None


def read_embedded(text: str | bytes, path: Path) -> dict[str, Any]:
    """The fields of `Embedded` that a picture's JSON has. FileError names the wrong one."""
    what = Message("what Impasto wrote into {}", excerpt(path))
    found = check(Embedded, parse_json(text, what), what, FileError, "use another of its files, or save it anew")
    return found.model_dump(exclude_none=True)


def check(model: type[Checked], data: Any, what: str, kind: type[ImpastoError], remedy: str) -> Checked:
    """The data as a model. An error of `kind` names the first wrong field and its value."""
    try:
        return model.model_validate(data)
    except ValidationError as error:
        raise kind(reason(error, what), remedy) from error


def reason(error: ValidationError, what: str) -> str:
    """Description of the first mistake, such as "the card has -1 for width_m: input should be greater than 0"."""
    first = error.errors(include_url=False)[0]
    name = ".".join(str(part) for part in first["loc"])
    own = first["ctx"]["error"].args[0] if first["type"] == "value_error" else ""
    message = own or first["msg"][0].lower() + first["msg"][1:]
    if first["type"] == "missing":
        return Message("{} lacks {}", what, name)
    if own and not name:  # the message names the fields
        return Message("{} is wrong: {}", what, message)
    text = "{} has {} for {}: {}" if name else "{} is {}: {}"
    return Message(text, what, excerpt(first["input"]), *([name] if name else []), message)


class SheetIndex(FromOutside):
    """Places of the pictures on a folder's contact sheets, in pixels: side of all boxes, and (left, top) of each."""

    tile: Side
    boxes: Annotated[dict[str, Annotated[list[Corner], Field(max_length=MOST_ITEMS)]], Field(max_length=MOST_ITEMS)]


def read_index(file: Path) -> SheetIndex:
    """The index in a folder of contact sheets. FileError shows an example."""
    what = Message("{} does not say where the pictures are on the contact sheets: it", excerpt(file))
    remedy = 'it looks like {"tile": 128, "boxes": {"Bricks.png": [[16, 16], …]}}, x before y'
    return check(SheetIndex, read_json(file, f"{excerpt(file)}"), what, FileError, remedy)


class DataAbout(FromOutside):
    """A file or a map set that a model was trained on, with its licence and SHA-256."""

    name: Text
    licence: Text
    sha256: Text
    label: Text = ""
    part: Annotated[str, Field(pattern="^(all|left|right|top|bottom)$")] = "all"
    size_px: Annotated[list[Side], Field(min_length=2, max_length=2)] | None = None


class SliderAbout(FromOutside):
    """One of a model's sliders, which hosts draw."""

    name: Text
    label: Text = ""
    low: Setting = -3.0
    high: Setting = 3.0
    default: Setting = 0.0

    @model_validator(mode="after")
    def _is_in_order(self) -> SliderAbout:
        if not self.low <= self.default <= self.high or self.low == self.high:
            raise ValueError("low, default and high are not in order")
        return self


class ModelCard(FromOutside):
    """Fields of a model's card that all architectures share. Others are validated when the model is loaded.

    exemplar: hash of the file, in the model's folder, with the picture that it learned; "" if there is none.
    offered: those of the classes that hosts show to users; empty for all.
    """

    name: Annotated[str, Field(pattern=MODEL_NAME)]
    architecture: Name
    tool: Name
    data: Annotated[list[DataAbout], Field(max_length=MOST_ITEMS)]
    label: Text = ""
    material: Text = ""
    classes: Annotated[list[Name], Field(max_length=MOST_ITEMS, default_factory=list)]
    offered: Annotated[list[Name], Field(max_length=MOST_ITEMS, default_factory=list)]
    maps: Annotated[list[MapName], Field(max_length=len(MAP_CHANNELS), default_factory=list)]
    sliders: Annotated[list[SliderAbout], Field(max_length=MOST_ITEMS, default_factory=list)]
    exemplar: Sha256 = ""

    @model_validator(mode="after")
    def _is_distinct(self) -> ModelCard:
        for name in ("classes", "maps"):
            if len(set(getattr(self, name))) < len(getattr(self, name)):
                raise ValueError(Message("{} names something twice", name))
        return self


class NetworkCard(FromOutside):
    """Base class of what a tool reads from its models' cards: sizes of the network, and the maps in its channels."""

    name: str
    maps: Annotated[list[MapName], Field(min_length=1)]

    @property
    def channels(self) -> int:
        """Number of channels in all maps together."""
        return channels_of(self.maps)

    @classmethod
    def of(cls, card: Mapping[str, Any]) -> Self:
        """The fields of this class from a model's card. ModelError names the wrong one."""
        what = Message("the card of the model {}", card["name"])
        return check(cls, card, what, ModelError, "train it again, or choose another")


class SurfaceCard(FromOutside):
    """Standardisation of the maps of a class, and the real-world scale of its surface."""

    mean: list[Mean]
    matrix: list[list[Entry]]
    texel_m: Texel | None = None
    height_range_m: Range | None = None

    @model_validator(mode="after")
    def _can_be_undone(self) -> SurfaceCard:
        if {len(self.matrix), *map(len, self.matrix)} != {len(self.mean)}:
            raise ValueError(Message("matrix is not of the {} channels of mean", len(self.mean)))
        try:
            inverse = np.linalg.inv(np.array(self.matrix, np.float32))
        except np.linalg.LinAlgError:
            inverse = np.array(np.inf)
        if not np.abs(inverse).max() < MOST_DEVIATION:
            raise ValueError("matrix cannot be undone")
        return self


class TrainedWith(FromOutside):
    """Parameters of a training that the judge needs."""

    hold_out: bool = False
    longest_px: Side = 1024


class TrainingState(FromOutside):
    """A checkpoint's data other than tensors. Losses may be NaN: a diverged training is reported when it resumes."""

    model_config = ConfigDict(frozen=True, strict=True, allow_inf_nan=True, extra="forbid")

    about: dict[str, Any]
    done: Annotated[int, Field(ge=0, le=MOST_STEPS)]
    rate_factor: Annotated[float, Field(gt=0, le=1, allow_inf_nan=False)]
    precision: Annotated[str, Field(pattern="^(float32|bfloat16)$")]
    seconds: Annotated[float, Field(ge=0, allow_inf_nan=False)]
    note: str
    recent: list[dict[str, float]]
    probe: dict[str, float]
    watch: dict[str, Any]
    losses: dict[str, Any]
    probes: dict[str, Any]


def read_training(text: str, what: str) -> dict[str, Any]:
    """The fields of a `TrainingState`. ModelError names the wrong one."""
    remedy = "it is of another version, or damaged: delete the file"
    return check(
        TrainingState, parse_json(text, what, kind=ModelError, finite=False), what, ModelError, remedy
    ).model_dump()


UNIMPORTANT: Mapping[str, TypeAdapter[Any]] = {
    "figures": TypeAdapter(dict[str, float], config=FromOutside.model_config),
    "curve": TypeAdapter(dict[str, list[float]], config=FromOutside.model_config),
    "parameters": TypeAdapter(TrainedWith),
    "precision": TypeAdapter(str),
    "note": TypeAdapter(str),
    "impasto": TypeAdapter(str),
}
"""Fields of a model's card that do not affect its results. A wrong one is reported and dropped."""


def read_card(text: str | bytes, path: Path) -> tuple[dict[str, Any], tuple[str, ...]]:
    """A model's card, and notes on mistakes in its `UNIMPORTANT` fields. Raise ModelError for any other mistake."""
    what, remedy = Message("the card of {}", excerpt(path)), "download it again, or train it anew"
    card = parse_json(text, what, kind=ModelError)
    check(ModelCard, card, what, ModelError, remedy)
    notes = []
    for name, adapter in UNIMPORTANT.items():
        try:
            if name in card:
                adapter.validate_python(card[name])
        except ValidationError as error:
            notes.append(Message("{}; it was left out", reason(error, Message("{}, {}:", what, name))))
            del card[name]
    return {"figures": {}, **card}, tuple(notes)
