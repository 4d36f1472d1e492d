"""Answers of `impasto evaluate … --json`."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

from pydantic import Field, create_model

from impasto.cli.json_answers import Answer

from .maps import MapFigures


class Case(Answer):
    """A material that a model was judged by."""

    label: str = Field(description="the model's class; empty where it has none")
    data: list[str] = Field(description="the real pictures that it was compared with")
    held_out: bool = Field(description="whether the model did not learn from them")
    rows: dict[str, dict[str, float]] = Field(description="mean figures of the model, and of the controls beside it")
    deviation: dict[str, dict[str, float]] = Field(
        description="their standard deviation over seeds, crops, classifiers"
    )
    network_share: dict[str, float] = Field(description="share of the variance that the network adds, by map; all")
    goals: dict[str, list[float | None]] = Field(description="least and largest value that a figure should have")
    missed: list[str] = Field(description="figures of the model that miss their goals")
    notes: list[str] = Field(description="what could not be measured, and why")


class Evaluation(Answer):
    """Printed by `evaluate model`; evaluation.json has the same, without `files`."""

    impasto: str = Field(description="version")
    model: str = Field(description="name of the model")
    sha256: str = Field(description="hash of its file")
    tool: str = Field(description="the generator that runs it")
    size_px: int = Field(description="side of each result")
    cases: list[Case] = Field(description="one material, or one for each class")
    files: list[str] = Field(description="evaluation.json and contact_sheet.png, with --out")


class _SetOf(Answer):
    name: str = Field(description="the set; for means, which sets")
    width_px: int | None = Field(description="width at which the two are compared, the smaller one's; null for means")
    sets: int = Field(description="number of sets")
    of: str = Field(
        description="estimate, or a control that is made of the true base colour: flat, luminance, gradients"
    )


_ERRORS = {item.name: (float | None, Field(description=item.metadata["meaning"])) for item in fields(MapFigures)}


class SetFigures(create_model("_Errors", __base__=_SetOf, **_ERRORS)):  # type: ignore[call-overload, misc]
    """Errors of a set of maps, or their means over several; null where either side has no such map."""


class MapEvaluation(Answer):
    """Printed by `evaluate maps`."""

    impasto: str = Field(description="version")
    sets: list[SetFigures] = Field(description="each set")
    means: list[SetFigures] = Field(description="means over all sets, and over those with relief: flat_degrees above 5")
    without_estimate: list[str] = Field(description="true sets that are left out, because they have no estimate")
    without_truth: list[str] = Field(description="estimates that are left out, because there is no truth of that name")


class PictureEvaluation(Answer):
    """Printed by `evaluate picture`."""

    impasto: str = Field(description="version")
    result: str = Field(description="name of the picture")
    source: str = Field(description="name of the photograph")
    size_px: list[int] = Field(description="width and height of the picture as it is compared")
    window_px: int = Field(description="side of the windows whose statistics are compared")
    figures: dict[str, dict[str, float]] = Field(description="figures of the result and of its controls, by name")
    details: dict[str, dict[str, Any]] = Field(description="the same by level and map")
    goals: dict[str, list[float]] = Field(description="least and largest value that a figure of the result should have")
    missed: list[str] = Field(description="figures of the result that miss their goals")


class GalleryResult(Answer):
    """One tool's result for one photograph."""

    source: str = Field(description="name of the photograph, or of the folder of maps")
    method: str = Field(description="the tool, with parameters if they were given")
    seconds: float = Field(description="time that the tool took")
    cpu_seconds: float = Field(description="processor time of it")
    figures: dict[str, float] = Field(description="figures beside the photograph, by name; seam: good below 1")
    missed: list[str] = Field(description="figures that miss their goals")
    notes: list[str] = Field(description="why there are no figures")
    sheet: str = Field(description="the picture, in the gallery's folder; empty if it failed")
    error: str = Field(description="what was wrong; empty if it was made")
    remedy: str = Field(description="what to do about it")


class Gallery(Answer):
    """Printed by `evaluate gallery`; gallery.json has the same, with recipes. The exit code is 3 if one failed."""

    page: str = Field(description="index.html, which shows all of them")
    results: list[GalleryResult] = Field(description="what each tool made of each photograph")
