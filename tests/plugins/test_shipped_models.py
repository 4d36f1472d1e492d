"""The bundled models: small, licensed, judged, and what they make tiles."""

import re
import tomllib
from pathlib import Path

import numpy as np
import pytest

import impasto_gan
from impasto import Recipe, Step, run
from impasto.evaluation.generation import Generation, network_share
from impasto.evaluation.goals import CLASS_GOALS, GOALS, within
from impasto.evaluation.metrics import normal_length_error
from impasto.library.exemplars import EXEMPLAR_SUFFIX
from impasto.library.models import read_model
from impasto.surface.seams import seam_z

FOLDER = Path(impasto_gan.__file__).parent / "models"
NAMES = sorted(path.stem for path in FOLDER.glob("*.safetensors"))


def test_the_table_that_trains_them_names_each():
    table = tomllib.loads((FOLDER / "training.toml").read_text(encoding="utf-8"))
    assert set(NAMES) == set(table)
    kinds = [about["material"] for about in table.values() if about["material"]]
    assert len(kinds) >= 12
    assert len(set(kinds)) >= 12


def test_all_together_are_small():
    assert sum(path.stat().st_size for path in FOLDER.glob("*")) <= 28e6


@pytest.mark.parametrize("name", NAMES)
def test_it_is_small_and_says_what_it_learned_and_how_well(name):
    model = read_model(FOLDER / f"{name}.safetensors")
    exemplar = model.path.with_suffix(EXEMPLAR_SUFFIX)
    assert model.size_bytes + (exemplar.stat().st_size if exemplar.exists() else 0) <= 2e6
    assert model.thumbnail
    assert {source["licence"] for source in model.card["data"]} == {"CC0-1.0"}
    assert all(source["part"] in ("left", "top") for source in model.card["data"])  # judged by the other half
    assert model.card["material"] or len(model.card["classes"]) >= 12
    goals = CLASS_GOALS if model.card["classes"] else GOALS
    for figure in ("statistics_of_crop", "contrast_high"):  # which no training minimises
        assert within(model.card["figures"][figure], goals[figure]), figure
    if not model.card["classes"]:
        assert model.card["sliders"]
        assert within(model.card["figures"]["novelty"], goals["novelty"])


@pytest.mark.parametrize("name", NAMES)
def test_results_are_made_of_pieces_of_what_it_learned_but_for_tiles_and_models_of_many(name):
    given = {"model": name, "width_px": 128, "height_px": 128}
    made, alone = (run(Recipe((Step("torus", {**given, **how}),), 0)) for how in ({}, {"texture_transfer": False}))
    assert not alone.notes
    if name in ("tiles", "materials"):
        assert not made.notes
        assert made.maps.sha256() == alone.maps.sha256()
    else:
        assert made.notes[0].startswith("made of pieces of ")
        assert made.maps.sha256() != alone.maps.sha256()


@pytest.mark.any_numpy
@pytest.mark.parametrize("name", NAMES)
def test_every_map_tiles(name):
    """By the middle of three seeds: a joint of bricks or boards that happens to lie on the edge is a line, no seam."""
    size = {"model": name, "width_px": 320, "height_px": 256}
    made = [run(Recipe((Step("torus", size),), seed)).maps for seed in (4, 5, 6)]
    assert {"base_color", "roughness", "normal", "height", "ambient_occlusion"} <= set(made[0])
    assert normal_length_error(made[0]["normal"].pixels) < 0.01
    for map_ in made[0]:
        for axis in (0, 1):
            middle = sorted(seam_z(maps[map_].pixels)[axis] for maps in made)[1]
            assert -4 < middle < 3


@pytest.mark.parametrize("name", ["slate", "tiles"])
def test_without_its_network_only_what_it_stores_is_left(name):
    """Of slate a flat colour, of tiles their joints; so the network's share of the variance can be told."""
    model = read_model(FOLDER / f"{name}.safetensors")
    generation = Generation(model, "", 256, {}, "cpu")
    (without,) = generation.without_network([0])
    made = generation.make(0)
    share = network_share([made], [without], ["base_color", "height"])
    if name == "slate":
        assert np.ptp(without["base_color"].pixels, (0, 1)).max() < 1e-5
        assert share["all"] == pytest.approx(1, abs=1e-3)
    else:
        assert without["base_color"].pixels.std((0, 1)).max() > 0.02
        assert -0.05 < share["all"] < 0.5


def test_the_page_about_them_is_of_these_very_files():
    """`python benchmarks/bundled_models.py` writes it."""
    text = (Path(__file__).parents[2] / "docs" / "reference" / "models.md").read_text("utf-8")
    rows = re.findall(r"^\|[^|]*\(`([\w-]+)`\) \|.*\|`(\w{8})`\|$", text, re.MULTILINE)
    rows += re.findall(r"^\|[^|]*\(`([\w-]+)`\), file `(\w{8})` \|", text, re.MULTILINE)
    shipped = [(name, read_model(FOLDER / f"{name}.safetensors").sha256()[:8]) for name in NAMES]
    assert sorted(rows) == sorted(shipped)
    assert set(re.findall(r"^\|`([\w-]+)` \|\w+ \|\d+ \|", text, re.MULTILINE)) == set(NAMES) - {"materials"}
