"""Kinds of style: what is measured, what is recognised, and which settings follow."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from skimage import data

from impasto import Maps, Recipe, Step, run
from impasto.errors import ParameterError
from impasto_style.kinds import choosing
from impasto_style.kinds.choosing import with_kind
from impasto_style.kinds.features import features_of
from impasto_style.kinds.recognition import Recognised, kind_model, kind_of, recognise_kind
from impasto_style.kinds.settings import LABELS, SETTINGS
from impasto_style.patches.parameters import PatchesStyleParameters

sys.path.insert(0, str(Path(__file__).parents[2]))
from tasks.style_kinds.drawing import WAYS
from tasks.style_kinds.pictures import drawn

SEED = 1
"""Another than that of the pictures that were learned."""
PHOTO = Maps.from_arrays({"base_color": data.coffee()[::12, ::12] / 255}, name="coffee.png")
STYLE = Maps.from_arrays({"base_color": data.chelsea()[:, :300][::4, ::4] / 255}, name="cat.png")


@pytest.fixture(scope="module")
def measured() -> list[tuple[str, dict[str, float]]]:
    """Features of a new picture of each kind."""
    ways = [(kind, index % 3) for index, kind in enumerate(WAYS)]
    return [(kind, features_of(picture)) for kind, way in ways for picture in drawn(kind, way, 1, SEED)]


def test_most_new_pictures_are_recognised_and_few_mistaken(measured):
    """Of eight pictures; chance is one."""
    found = [(kind, kind_of(features, kind_model()).kind) for kind, features in measured]
    right = sum(name == (None if kind == "none" else kind) for kind, name in found)
    wrong = sum(name not in (None, kind) for kind, name in found)
    assert right >= 5
    assert wrong <= 1


def test_what_lies_at_the_mean_of_all_is_uncertain():
    model = kind_model()
    mean = dict(zip(model.features, map(float, model.mean), strict=True))
    assert kind_of(mean, model).kind is None
    leaning = replace(model, offsets=np.float32([kind == "ink" for kind in model.kinds]))  # ink: e / (e + 7) = 0.28
    assert kind_of(mean, leaning).kind is None
    assert kind_of(mean, replace(leaning, least=0.25)).kind == "ink"


def test_lines_dots_and_ground_are_measured():
    rows, columns = np.mgrid[:96, :96]
    dark = np.repeat(1.0 - 0.9 * (rows % 8 < 2)[..., None], 3, 2)
    spots = np.repeat(1.0 - 0.9 * ((rows % 8 < 3) & (columns % 8 < 3))[..., None], 3, 2)
    lines, dots, light = features_of(dark), features_of(spots), features_of(1 - dark)
    assert lines["coherence_4"] > 0.95 > dots["coherence_4"] + 0.3
    assert dots["small_dots"] > 3 * lines["small_dots"]
    assert lines["lines_1"] > 0 > light["lines_1"]
    assert lines["ground"] == pytest.approx(0.75, abs=0.01)
    assert lines["ground_lightness"] == pytest.approx(1, abs=0.03)


def test_tiny_and_plain_pictures_are_uncertain():
    assert recognise_kind(np.random.default_rng(0).random((16, 200, 3)).astype(np.float32)).kind is None
    assert recognise_kind(np.full((64, 64, 3), 0.5, np.float32)).kind is None


def chosen(monkeypatch, looks_like: str | None, subject: Maps = PHOTO, styles: int = 1, **given):
    """Parameters with the settings of a style that is recognised as this kind, and the notes."""
    kinds = iter([looks_like] * (styles - 1) + [looks_like if styles == 1 else None])
    monkeypatch.setattr(choosing, "recognise_kind", lambda _: Recognised(next(kinds), {}))
    notes: list[str] = []
    context = choosing.Context(on_note=notes.append)
    return with_kind(PatchesStyleParameters(**given), subject, [STYLE] * styles, context), notes


@pytest.mark.parametrize("kind", list(LABELS))
def test_a_recognised_kind_sets_what_was_not_given(monkeypatch, kind):
    wall = PHOTO.with_arrays({"roughness": np.full((*PHOTO.size_px, 1), 0.5)})
    parameters, notes = chosen(monkeypatch, kind, wall)
    assert parameters == PatchesStyleParameters(kind=kind, **SETTINGS[kind])
    assert LABELS[kind] in notes[0]
    given = {name: PatchesStyleParameters.model_fields[name].default for name in SETTINGS[kind]}
    parameters, _ = chosen(monkeypatch, kind, wall, **given)
    assert parameters == PatchesStyleParameters(kind=kind)


def test_a_mere_picture_gets_no_relief_and_what_is_uncertain_or_given_keeps_its_settings(monkeypatch):
    assert SETTINGS["oil"]["relief"] > 0
    assert chosen(monkeypatch, "oil")[0].relief == 0
    assert chosen(monkeypatch, "oil", relief=0.2)[0].relief == 0.2
    for styles in (1, 2):
        uncertain = chosen(monkeypatch, None if styles == 1 else "ink", styles=styles)
        assert uncertain == (PatchesStyleParameters(kind="none"), [])
    parameters, notes = chosen(monkeypatch, "oil", kind="ink", detail=0.5)
    assert (parameters.kind, parameters.detail, notes) == ("ink", 0.5, [])
    with pytest.raises(ParameterError, match="kind got 'fresco'"):
        run(Recipe((Step("patches-style", {"kind": "fresco"}, {"style": "style"}),)), {"source": PHOTO, "style": STYLE})


def test_what_was_chosen_is_recorded_and_makes_the_same_again(monkeypatch):
    monkeypatch.setattr(choosing, "recognise_kind", lambda _: Recognised("ink", {"ink": 1.0}))
    inputs = {"source": PHOTO, "style": STYLE}
    recipe = Recipe((Step("patches-style", {"quality": "quick"}, {"style": "style"}),), 3)
    made = run(recipe, inputs)
    recorded = made.recipe.steps[0].parameters
    assert recorded["kind"] == "ink"
    assert {name: recorded[name] for name in SETTINGS["ink"]} == SETTINGS["ink"]
    monkeypatch.setattr(choosing, "recognise_kind", lambda _: Recognised("oil", {"oil": 1.0}))
    again = run(made.recipe, inputs)
    assert np.array_equal(again.maps["base_color"].pixels, made.maps["base_color"].pixels)
    borders = "its opposite borders do not fit together, so it was repainted as a single picture"
    assert again.notes == (borders,)  # and nothing of kinds
    plain = run(
        replace(recipe, steps=(replace(recipe.steps[0], parameters={"quality": "quick", "kind": "none"}),)), inputs
    )
    assert not np.array_equal(plain.maps["base_color"].pixels, made.maps["base_color"].pixels)
