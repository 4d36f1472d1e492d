"""Encoders and their layers; `wct`, which repaints by them at once; and kinds of style, which choose settings."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from cases import CASES
from random_weights import random_encoder, write_weights
from skimage import data
from tasks.style_encoder import decoders
from tasks.style_encoder.decoders import StyleDecodersTraining
from tasks.style_encoder.pictures import Picture
from tasks.style_kinds.drawing import WAYS
from tasks.style_kinds.pictures import drawn
from torch import Tensor

from impasto import Maps, Recipe, Step, run
from impasto.context import Context
from impasto.errors import ModelError, ParameterError
from impasto.library.models import read_model
from impasto.library.tensors import SUFFIX
from impasto.plugins.registry import registry
from impasto_style.kinds import choosing
from impasto_style.kinds.choosing import with_kind
from impasto_style.kinds.features import features_of
from impasto_style.kinds.recognition import Recognised, kind_model, kind_of, recognise_kind
from impasto_style.kinds.settings import LABELS, SETTINGS
from impasto_style.patches.parameters import PatchesStyleParameters
from impasto_style.shared.architectures import ARCHITECTURES, MODELS, bundled_tensors, load_encoder
from impasto_style.shared.controls import BUNDLED
from impasto_style.shared.encoder import Encoder
from impasto_style.shared.resampling import as_tensor
from impasto_style.shared.statistics import mean_and_covariance
from impasto_style.shared.task import Region, StyleTask
from impasto_style.wct import painting
from impasto_style.wct.coders import DECODERS, LINKS, load_coders
from impasto_style.wct.moments import coloring, raw_moments
from impasto_style.wct.painting import paint
from impasto_style.wct.parameters import DISTILLED, WctParameters

CHANNELS = CASES["channels"]
SMALL = "vgg19-small"


def noise(height, width, seed=0):
    return torch.rand(1, 3, height, width, generator=torch.Generator().manual_seed(seed))


@pytest.fixture(scope="module")
def small():
    return random_encoder(SMALL)


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_layers_have_the_stated_channels_and_strides(name):
    encoder = random_encoder(name)
    features = encoder(noise(48, 64), (*encoder.style_layers, encoder.content_layer))
    assert tuple(encoder.layers[layer].channels for layer in encoder.style_layers) == tuple(CHANNELS[name])
    for layer, found in features.items():
        info = encoder.layers[layer]
        assert found.shape == (1, info.channels, 48 // info.stride, 64 // info.stride), layer


def test_missing_layers_and_tiny_pictures_are_refused():
    small = random_encoder(SMALL)
    with pytest.raises(ParameterError, match=r"relu9_9.*relu1_1"):
        small(noise(32, 32), ["relu1_1", "relu9_9"])
    with pytest.raises(ParameterError, match="too small"):
        small(noise(8, 32))
    assert small(noise(16, 16))["relu5_1"].shape[2:] == (1, 1)


def test_the_bundled_encoder_is_used_until_weights_are_installed(tmp_path):
    context = Context(weights=registry().weights_library(tmp_path))
    x = noise(32, 32)
    bundled, automatic = (load_encoder(name, context)(x)["relu4_1"] for name in ("style-encoder", "auto"))
    assert torch.equal(bundled, automatic)
    write_weights(tmp_path, "squeezenet")
    assert "fire5" in load_encoder("auto", context).layers


def test_the_bundled_encoder_tells_textures_apart_whatever_their_colors():
    """Half of a texture is more like its other half than like another texture; by random filters it is not."""
    names = ("brick", "gravel", "grass")
    halves = [[half(name, which) for name in names] for which in (0, 1)]
    first, second = (
        torch.stack(halves[0]),
        0.2 + 0.5 * torch.stack(halves[1]) * torch.tensor([1.0, 0.8, 0.6])[:, None, None],
    )

    def margin(encoder: Encoder) -> float:
        codes = [described(encoder, x) for x in (first, second)]
        similar = codes[0] @ codes[1].T
        others = similar.masked_fill(torch.eye(3, dtype=torch.bool), -1)
        return float((similar.diag() - others.max(1).values).min())

    assert margin(load_encoder("style-encoder", Context())) > max(0.02, 2 * margin(random_encoder("style-encoder")))


def half(name: str, which: int) -> torch.Tensor:
    """A square of 128 px of one of scikit-image's textures, in grey: (3, 128, 128)."""
    pixels = torch.from_numpy(getattr(data, name)() / 255).float()
    corner = 64 + 192 * which
    return pixels[corner : corner + 128, corner : corner + 128].expand(3, 128, 128)


def described(encoder: Encoder, x: torch.Tensor) -> torch.Tensor:
    """Centred deviations of the channels of the coarsest style layer, of length 1: (B, C)."""
    deviations = encoder(x)[encoder.style_layers[-1]].flatten(2).std(2)
    return torch.nn.functional.normalize(deviations, dim=1)


def test_patches_have_features_once_weights_are_installed(tmp_path):
    patches = np.random.default_rng(0).random((3, 32, 32, 3), np.float32)
    context = Context(weights=registry().weights_library(tmp_path))
    assert registry().encode(patches, context) is None
    write_weights(tmp_path, "squeezenet")
    found = registry().encode(patches, context)
    assert found.shape == (3, 2 * CHANNELS["squeezenet"][2])
    assert np.allclose(found[1:2], registry().encode(patches[1:2], context), atol=1e-4)
    assert len(np.unique(found.round(4), axis=0)) == 3


DECODERS_FILE = MODELS / f"{DECODERS}{SUFFIX}"
MOST_BYTES = 2**20


@pytest.fixture
def training(monkeypatch):
    """A training with small crops of a slanted wave in two colours."""
    monkeypatch.setattr(decoders, "CROP_PX", 48)
    monkeypatch.setattr(decoders, "BATCH", 2)
    rows, columns = torch.meshgrid(torch.arange(120), torch.arange(150), indexing="ij")
    wave = 127 + 100 * torch.sin((rows + 2 * columns) / 9)
    pixels = torch.stack([wave, 255 - wave, 0.5 * wave]).to(torch.uint8)
    encoder = {name: torch.from_numpy(array).float() for name, array in bundled_tensors().items()}
    return StyleDecodersTraining([Picture(pixels, "")], encoder, 100, 0)


@pytest.mark.slow
def test_every_level_learns(training):
    rows = [{name: float(loss) for name, loss in training.step().items()} for _ in range(50)]  # crops differ widely
    assert rows[0].keys() == {f"level {level}" for level in range(1, len(LINKS[BUNDLED]) + 1)}
    for name in rows[0]:
        first, last = (sum(row[name] for row in some) for some in (rows[:5], rows[-5:]))
        assert last < first, name


def test_the_package_contains_the_trained_tensors(training):
    bundled = read_model(DECODERS_FILE).load()
    assert {name: tensor.shape for name, tensor in training.bundled().items()} == {
        name: array.shape for name, array in bundled.items()
    }
    assert DECODERS_FILE.stat().st_size < MOST_BYTES


pytestmark = pytest.mark.usefixtures("small_weights")


def picture(name: str, height: int, width: int) -> Tensor:
    """The corner of one of scikit-image's pictures at a third of its size, (1, 3, height, width)."""
    return as_tensor(np.float32(getattr(data, name)()[: 3 * height : 3, : 3 * width : 3] / 255), "cpu")


CAT, SPACE = picture("chelsea", 96, 128), picture("hubble_deep_field", 96, 128)
STYLED = (Region(None, (0.0, 1.0)),)


def task(subject: Tensor = CAT, *styles: Tensor, regions: tuple[Region, ...] = STYLED, **more) -> StyleTask:
    return StyleTask(subject, (subject, *(styles or (SPACE,))), regions, more.pop("start", subject), **more)


def painted(what: StyleTask, seed: int = 0, tile_px: int = 768, how: dict | None = None, **given) -> Tensor:
    """The task, painted; `how` is for the context, the rest are parameters."""
    context = Context(**{"rng": np.random.default_rng(seed), "weights": registry().weights_library(), **(how or {})})
    return paint(what, WctParameters(**given), context, tile_px)


def correlated(seed: int, count: int = 4000) -> Tensor:
    """Features (1, 6, count, 1) with some mean and covariance."""
    random = torch.Generator().manual_seed(seed)
    A = torch.eye(6) + 0.3 * torch.randn(6, 6, generator=random)
    return (A @ torch.randn(6, count, generator=random) + torch.randn(6, 1, generator=random))[None, ..., None]


def gaussian_of(F: Tensor) -> tuple[Tensor, Tensor]:
    """Mean and covariance of features."""
    return mean_and_covariance(raw_moments(F))


def test_coloured_features_have_the_styles_mean_and_covariance_and_even_ones_its_mean():
    content, style = correlated(0), correlated(1)
    A, b = coloring(raw_moments(content), raw_moments(style))
    mean, covariance = gaussian_of(torch.einsum("ij,bjhw->bihw", A, content) + b[:, None, None])
    wanted_mean, wanted_covariance = gaussian_of(style)
    assert torch.allclose(mean, wanted_mean, atol=1e-4)
    # the ridge is a thousandth of the mean variance, and the smallest variance here about a hundredth
    assert (covariance - wanted_covariance).norm() < 0.01 * wanted_covariance.norm()
    style = correlated(1)
    A, b = coloring(raw_moments(torch.ones(1, 6, 9, 9)), raw_moments(style))
    assert torch.allclose(A @ torch.ones(6) + b, gaussian_of(style)[0].float(), atol=1e-3)


@pytest.mark.slow
@pytest.mark.parametrize("backbone", LINKS)
@pytest.mark.parametrize("size", [(96, 128), (91, 117)], ids=str)
@pytest.mark.parametrize("seamless", [False, True])
def test_tiles_make_the_same_picture(backbone, size, seamless, monkeypatch):
    """In the precision of pictures that are larger than a tile."""
    monkeypatch.setattr(painting, "TILE_PX", 48)
    what = task(CAT[..., : size[0], : size[1]], seamless=seamless)
    whole, tiled = (painted(what, tile_px=tile_px, backbone=backbone) for tile_px in (768, 48))
    assert (tiled - whole).abs().max() <= 8 / 255
    assert (tiled - whole).abs().mean() <= 1 / 255


def test_the_bundled_network_is_used_until_weights_are_installed(tmp_path):
    notes: list[str] = []
    how = {"weights": registry().weights_library(tmp_path), "on_note": notes.append}
    assert torch.equal(painted(task(), how=how), painted(task(), backbone=BUNDLED))
    assert notes == ["the weights vgg19-small are not installed: strokes are rougher than with them"]
    notes.clear()
    installed = {"on_note": notes.append}
    assert torch.equal(painted(task(), how=installed), painted(task(), backbone=DISTILLED))
    assert notes == []
    with pytest.raises(ModelError, match="vgg19-small"):
        painted(task(), how={"weights": registry().weights_library(tmp_path)}, backbone=DISTILLED)


def test_trained_decoders_give_back_what_was_encoded():
    for level, coder in load_coders(BUNDLED, Context()).items():
        lost = (coder.decode(coder.encode(CAT)) - CAT).abs().mean()
        assert lost < (0.04 if level < 3 else 0.12), level


DRAWN_SEED = 1
"""Another than that of the pictures that were learned."""
PHOTO = Maps.from_arrays({"base_color": data.coffee()[::12, ::12] / 255}, name="coffee.png")
STYLE = Maps.from_arrays({"base_color": data.chelsea()[:, :300][::4, ::4] / 255}, name="cat.png")


@pytest.fixture(scope="module")
def measured() -> list[tuple[str, dict[str, float]]]:
    """Features of a new picture of each kind."""
    ways = [(kind, index % 3) for index, kind in enumerate(WAYS)]
    return [(kind, features_of(picture)) for kind, way in ways for picture in drawn(kind, way, 1, DRAWN_SEED)]


def test_most_new_pictures_are_recognised_and_few_mistaken(measured):
    """Of eight pictures; chance is one."""
    found = [(kind, kind_of(features, kind_model()).kind) for kind, features in measured]
    right = sum(name == (None if kind == "none" else kind) for kind, name in found)
    wrong = sum(name not in (None, kind) for kind, name in found)
    assert right >= 5
    assert wrong <= 1


def test_lines_dots_and_ground_are_measured():
    rows, columns = np.mgrid[:96, :96]
    marks = (rows % 8 < 2, (rows % 8 < 3) & (columns % 8 < 3))
    lines, dots = (features_of(np.repeat(1 - 0.9 * dark[..., None], 3, 2)) for dark in marks)
    assert lines["coherence_4"] > 0.95 > dots["coherence_4"] + 0.3
    assert dots["small_dots"] > 3 * lines["small_dots"]
    assert lines["ground"] == pytest.approx(0.75, abs=0.01)


def test_average_tiny_and_plain_pictures_have_no_certain_kind():
    model = kind_model()
    mean = dict(zip(model.features, map(float, model.mean), strict=True))
    assert kind_of(mean, model).kind is None
    leaning = replace(model, offsets=np.float32([kind == "ink" for kind in model.kinds]))  # ink: e / (e + 7) = 0.28
    assert kind_of(mean, leaning).kind is None
    assert kind_of(mean, replace(leaning, least=0.25)).kind == "ink"
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
def test_a_recognised_kind_sets_only_missing_parameters(monkeypatch, kind):
    wall = PHOTO.with_arrays({"roughness": np.full((*PHOTO.size_px, 1), 0.5)})
    parameters, notes = chosen(monkeypatch, kind, wall)
    assert parameters == PatchesStyleParameters(kind=kind, **SETTINGS[kind])
    assert LABELS[kind] in notes[0]
    given = {name: PatchesStyleParameters.model_fields[name].default for name in SETTINGS[kind]}
    parameters, _ = chosen(monkeypatch, kind, wall, **given)
    assert parameters == PatchesStyleParameters(kind=kind)


def test_pictures_get_no_relief_and_uncertain_kinds_keep_settings(monkeypatch):
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


def test_chosen_parameters_are_recorded_and_repeat_the_result(monkeypatch):
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
