"""The bundled models: small, licensed, judged, and what they make tiles."""

import re
import tomllib
from pathlib import Path

import numpy as np
import pytest
import torch

import impasto_gan
from impasto import Maps, Recipe, Result, Step, run
from impasto.library.exemplars import EXEMPLAR_SUFFIX, read_exemplar
from impasto.library.models import read_model
from impasto.numerics.pyramid import band_deviations
from impasto.surface.heights import normal_length_error
from impasto.surface.seams import seam_z
from impasto_judge.generation import Generation, network_share

FOLDER = Path(impasto_gan.__file__).parent / "models"
MODELS = {path.stem: read_model(path) for path in sorted(FOLDER.glob("*.safetensors"))}
NAMES = list(MODELS)


def test_the_table_that_trains_them_names_each():
    table = tomllib.loads((FOLDER / "training.toml").read_text(encoding="utf-8"))
    assert set(NAMES) == set(table)
    kinds = [about["material"] for about in table.values() if about["material"]]
    assert len(kinds) >= 12
    assert len(set(kinds)) >= 12


def test_they_are_small_and_of_free_pictures_of_which_half_was_held_out():
    assert sum(path.stat().st_size for path in FOLDER.glob("*")) <= 28e6
    for name, model in MODELS.items():
        exemplar = model.path.with_suffix(EXEMPLAR_SUFFIX)
        assert model.size_bytes + (exemplar.stat().st_size if exemplar.exists() else 0) <= 2e6, name
        assert model.thumbnail, name
        assert {source["licence"] for source in model.card["data"]} == {"CC0-1.0"}, name
        assert all(source["part"] in ("left", "top") for source in model.card["data"]), name


def made_of(name: str, seed: int = 0, **given: object) -> Result:
    return run(Recipe((Step("torus", {"model": name, "width_px": 256, "height_px": 256, **given}),), seed))


def contrasts(maps: Maps) -> np.ndarray:
    """Deviations of the base colour's frequency bands, finest first."""
    color = torch.from_numpy(maps["base_color"].pixels[:256, :256].copy()).permute(2, 0, 1)[None]
    return band_deviations(color, 5).mean(1).numpy()


@pytest.mark.essential
def test_networks_alone_make_the_colours_and_the_contrast_of_what_they_learned():
    """Compared with the picture beside the model; tiles have none, nor has the model of many materials."""
    problems = []
    for name in sorted({*NAMES} - {"tiles", "materials"}):
        real = read_exemplar(MODELS[name].path, MODELS[name].card["exemplar"])
        made = made_of(name, texture_transfer=False).maps
        for map_ in ("base_color", "roughness"):
            apart = np.abs(made[map_].pixels.mean((0, 1)) - real[map_].pixels.mean((0, 1))).max()
            contrast = made[map_].pixels.std() / real[map_].pixels.std()
            if apart > 0.05 or not 0.7 < contrast < 1.4:
                problems.append(f"{name}: {map_} is {apart:.3f} away, with {contrast:.2f} of the contrast")
        bands = contrasts(made) / contrasts(real)
        if bands.min() < 0.7 or bands.max() > 1.4:
            problems.append(f"{name}: its frequency bands have {bands.round(2)} of the contrast")
    assert not problems, "\n".join(problems)


def test_classes_of_the_model_of_many_have_their_colours():
    bricks, lawn, snow, asphalt = (
        made_of("materials", material=name).maps["base_color"].pixels.mean((0, 1))
        for name in ("red bricks", "lawn", "snow", "asphalt")
    )
    assert bricks[0] > bricks[1] + 0.15
    assert lawn[1] > max(lawn[0], lawn[2]) + 0.05
    assert snow.mean() > asphalt.mean() + 0.2


@pytest.mark.slow
def test_results_are_made_of_pieces_of_what_it_learned_but_for_tiles_and_models_of_many():
    for name in NAMES:
        size = {"width_px": 128, "height_px": 128}
        made, alone = made_of(name, **size), made_of(name, **size, texture_transfer=False)
        assert not alone.notes, name
        is_alone = name in ("tiles", "materials")
        assert (made.maps.sha256() == alone.maps.sha256()) == is_alone, name
        assert [note.startswith("made of pieces of ") for note in made.notes[:1]] == [True] * (not is_alone), name


@pytest.mark.slow
@pytest.mark.any_numpy
def test_every_map_tiles():
    """By the middle of three seeds: a joint of bricks or boards that happens to lie on the edge is a line, no seam."""
    problems = []
    for name in NAMES:
        made = [made_of(name, seed, width_px=320).maps for seed in (4, 5, 6)]
        assert {"base_color", "roughness", "normal", "height", "ambient_occlusion"} <= set(made[0]), name
        assert normal_length_error(made[0]["normal"].pixels) < 0.01, name
        for map_ in made[0]:
            middle = np.median([seam_z(maps[map_].pixels) for maps in made], 0)
            if middle.min() <= -4 or middle.max() >= 3:
                problems.append(f"{name}: {map_} has seams of {middle} σ")
    assert not problems, "\n".join(problems)


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
