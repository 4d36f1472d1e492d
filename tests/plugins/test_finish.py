"""The finish filters of colour, detail and whole materials, and what all share: tiles stay tiles, maps stay in step."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from cases import each_case
from making import SHIFT, finish, made, rolled, tile
from PIL import Image
from skimage import data

from impasto import Maps, Recipe, Step, run
from impasto.errors import ParameterError
from impasto.plugins.registry import registry
from impasto.surface.color import srgb_to_linear
from impasto.surface.heights import slopes_from_height, slopes_from_normal
from impasto.surface.palette import to_oklab
from impasto.surface.wrapping import seam_z
from impasto_finish.regrain import with_grain
from impasto_finish.shrinkage import noise_of

FILTERS = {tool.name: tool for tool in registry().tools.values() if type(tool).__module__.startswith("impasto_finish.")}
ONE, OTHER = tile(seed=1), tile(seed=2)


def others_of(name: str) -> dict[str, Maps]:
    """The inputs that a filter needs besides its subject."""
    return {item.name: OTHER for item in FILTERS[name].inputs if item.required}


def variants() -> list:
    """Each filter with each choice of each of its parameters, one at a time."""
    found = []
    for name, tool in FILTERS.items():
        found.append(pytest.param(name, {}, id=name))
        for parameter, schema in tool.parameters.model_json_schema()["properties"].items():
            if parameter != "tiling":
                chosen = [choice for choice in schema.get("enum", ()) if choice != schema["default"]]
                found += [pytest.param(name, {parameter: choice}, id=f"{name}-{choice}") for choice in chosen]
    return found


@pytest.mark.parametrize(("name", "parameters"), variants())
def test_rolling_a_tile_rolls_the_result(name, parameters):
    parameters = {**parameters, **({"tiling": "tiling"} if "tiling" in FILTERS[name].parameters.model_fields else {})}
    made = finish(name, ONE, inputs=others_of(name), **parameters)
    others = {input_: rolled(maps) for input_, maps in others_of(name).items()}
    moved = finish(name, rolled(ONE), inputs=others, **parameters)
    factor = made.size_px[0] // ONE.size_px[0]
    shift = (SHIFT[0] * factor, SHIFT[1] * factor)
    for map_ in made:
        expected = np.roll(made[map_].pixels, shift, (0, 1))
        assert np.abs(moved[map_].pixels - expected).max() < 2e-3, map_


@pytest.mark.parametrize("name", FILTERS)
def test_default_settings_visibly_change_the_colour_and_keep_the_maps(name):
    made = finish(name, ONE, inputs=others_of(name))
    assert set(made) == set(ONE)
    assert made.width_m == ONE.width_m
    assert made.name == ONE.name
    if made.size_px == ONE.size_px:
        assert np.abs(made["base_color"].pixels - ONE["base_color"].pixels).mean() > 0.005


@pytest.mark.parametrize("name", [name for name in FILTERS if others_of(name)])
def test_a_second_input_without_a_colour_is_refused(name):
    height = Maps.from_arrays({"height": OTHER["height"].pixels})
    with pytest.raises(ParameterError, match="has no base color, only height"):
        finish(name, ONE, inputs=dict.fromkeys(others_of(name), height))


@pytest.mark.parametrize("name", ["sharpen", "guided-detail"])
def test_only_seamless_pictures_are_filtered_around_their_borders(name):
    pixels = [ONE["base_color"].pixels.copy() for _ in range(2)]
    pixels[1][:, 48:] = OTHER["base_color"].pixels[:, 48:]
    made = {
        tiling: [finish(name, Maps.from_arrays({"base_color": x}), tiling=tiling)["base_color"].pixels for x in pixels]
        for tiling in ("single", "tiling")
    }
    apart = {tiling: np.abs(one - other)[:, :8].max() for tiling, (one, other) in made.items()}
    assert apart["single"] < 1e-5
    assert apart["tiling"] > 0.01


CAT, COFFEE = (
    Maps.from_arrays({"base_color": getattr(data, name)()[:288:2, :384:2] / 255}) for name in ("chelsea", "coffee")
)


def oklab(maps: Maps) -> np.ndarray:
    return to_oklab(maps["base_color"].pixels).reshape(-1, 3)


def distance(one: Maps, other: Maps) -> float:
    """Sliced Wasserstein distance of the colours of pictures of one size, along fixed directions."""
    axes = np.random.default_rng(0).standard_normal((3, 24))
    sorted_ = [np.sort(oklab(maps) @ (axes / np.linalg.norm(axes, axis=0)), axis=0) for maps in (one, other)]
    return float(np.abs(sorted_[0] - sorted_[1]).mean())


def test_each_colour_transfer_is_nearer_to_the_reference_than_the_last():
    methods = ("mean-and-deviation", "monge-kantorovich", "iterative")
    made = [finish("color-transfer", CAT, inputs={"reference": COFFEE}, method=method) for method in methods]
    apart = [distance(maps, COFFEE) for maps in (CAT, *made)]
    assert apart[1] < 0.5 * apart[0]
    assert apart[2] <= apart[1]
    assert apart[3] < 0.7 * apart[2]


def test_monge_kantorovich_matches_mean_and_covariance():
    soft = COFFEE.with_arrays({"base_color": 0.35 + 0.3 * COFFEE["base_color"].pixels})
    made = oklab(finish("color-transfer", CAT, inputs={"reference": soft}))
    wanted = oklab(soft)
    assert np.abs(made.mean(0) - wanted.mean(0)).max() < 0.004
    assert np.abs(np.cov(made.T) - np.cov(wanted.T)).max() < 0.05 * np.cov(wanted.T).max()


def test_lightness_can_be_kept():
    made = finish("color-transfer", CAT, inputs={"reference": COFFEE}, keep_lightness=True)
    assert np.abs(oklab(made)[:, 0] - oklab(CAT)[:, 0]).max() < 0.01
    assert np.abs(oklab(made)[:, 1:] - oklab(CAT)[:, 1:]).mean() > 0.01


def test_regraining_undoes_amplified_grain_and_keeps_the_change_of_colour():
    rng = np.random.default_rng(0)
    plain = tile(96)["base_color"].pixels.mean((0, 1)) + 0.01 * rng.standard_normal((96, 96, 3))
    plain[:, 48:] += 0.3
    original = torch.from_numpy(plain.transpose(2, 0, 1).astype(np.float32))
    changed = 0.5 + 3 * (original - original.mean()) * torch.tensor([1.0, 0.6, 0.3]).view(3, 1, 1)
    made = with_grain(original, changed, (True, False), lambda: None)
    left = (slice(None), slice(8, -8), slice(8, 40))
    grain = [float(x[left].std((1, 2)).mean()) for x in (original, changed, made)]
    assert grain[1] > 1.7 * grain[0]
    assert grain[2] < 1.3 * grain[0]
    means = [x[..., 8:40].mean((1, 2)) - x[..., 56:88].mean((1, 2)) for x in (changed, made)]
    assert torch.allclose(*means, rtol=0.1)


def test_adjustments_double_the_light_warm_it_and_turn_the_hue():
    dim = Maps.from_arrays({"base_color": 0.5 * CAT["base_color"].pixels})
    made = finish("adjust", dim, exposure=1, contrast=0, saturation=1)
    ratio = srgb_to_linear(made["base_color"].pixels) / np.maximum(srgb_to_linear(dim["base_color"].pixels), 0.01)
    assert np.abs(ratio[dim["base_color"].pixels > 0.2] - 2).max() < 0.02
    grey = Maps.from_arrays({"base_color": np.full((8, 8, 3), 0.5)})
    red, green, blue = finish("adjust", grey, temperature=9000)["base_color"].pixels[0, 0]
    assert red > green > blue + 0.05
    red, green, blue = finish("adjust", grey, temperature=4000)["base_color"].pixels[0, 0]
    assert blue > green > red + 0.05
    red, green, blue = finish("adjust", grey, tint=0.5)["base_color"].pixels[0, 0]
    assert min(red, blue) > green + 0.02
    for changes in ({"temperature": 9000}, {"temperature": 4000}, {"tint": 0.5}):
        made = finish("adjust", grey, contrast=0, **changes)["base_color"].pixels[0, 0]
        assert srgb_to_linear(made) @ (0.2126, 0.7152, 0.0722) == pytest.approx(srgb_to_linear(0.5), rel=0.03), changes
    grey = oklab(finish("adjust", CAT, saturation=0))
    assert np.abs(grey[:, 1:]).max() < 2e-3
    soft = Maps.from_arrays({"base_color": 0.4 + 0.1 * CAT["base_color"].pixels})
    turned = finish("adjust", soft, hue=120, contrast=0, saturation=1)
    back = finish("adjust", turned, hue=-120, contrast=0, saturation=1)
    assert np.abs(back["base_color"].pixels - soft["base_color"].pixels).max() < 2e-3
    assert np.abs(turned["base_color"].pixels - soft["base_color"].pixels).max() > 0.02


GREY = Maps.from_arrays({"base_color": np.repeat(data.brick()[::4, ::4, None] / 255, 3, 2)})


def test_a_tint_gives_the_ends_their_colours_and_lighter_stays_lighter():
    tinted = finish("tint", GREY, dark=(0.2, 0.05, 0.05), light=(0.9, 0.8, 0.7))["base_color"].pixels
    order = np.argsort(GREY["base_color"].pixels[..., 0].ravel())
    colors = tinted.reshape(-1, 3)[order]
    tenth = len(order) // 50
    assert np.allclose(colors[:tenth].mean(0), (0.2, 0.05, 0.05), atol=0.06)  # the darkest 2 % are a bit beyond it
    assert np.allclose(colors[-tenth:].mean(0), (0.9, 0.8, 0.7), atol=0.06)
    tinted = finish("tint", GREY)["base_color"].pixels
    assert np.corrcoef(tinted.mean(2).ravel(), GREY["base_color"].pixels.mean(2).ravel())[0, 1] > 0.99


BRICK = Maps.from_arrays({"base_color": np.repeat(data.brick()[::2, ::2, None] / 255, 3, 2)})


def lightness(maps: Maps) -> np.ndarray:
    return to_oklab(maps["base_color"].pixels)[..., 0]


def test_local_contrast_is_raised_most_in_the_dark_and_limited_on_a_plain_wall():
    shaded = BRICK["base_color"].pixels.copy()
    shaded[:, :128] *= 0.3
    subject = Maps.from_arrays({"base_color": shaded})
    made = finish("local-contrast", subject, strength=1, limit=4)
    halves = [np.s_[:, 16:112], np.s_[:, 144:240]]
    gains = [lightness(made)[half].std() / lightness(subject)[half].std() for half in halves]
    assert gains[0] > 1.3
    assert gains[0] > 1.2 * gains[1]
    rng = np.random.default_rng(0)
    noisy = Maps.from_arrays({"base_color": np.clip(0.5 + 0.01 * rng.standard_normal((64, 64, 1)).repeat(3, 2), 0, 1)})
    noisy["base_color"].pixels[:4] = 0.0
    noisy["base_color"].pixels[4:8] = 1.0
    made = finish("local-contrast", noisy, strength=1, limit=3)
    assert lightness(made)[20:56].std() < 3.3 * lightness(noisy)[20:56].std()


def test_sharpening_adds_detail_finer_than_its_radius_and_spares_faint_noise():
    y = np.arange(128)
    waves = [0.5 + 0.1 * np.sin(2 * np.pi * k * y / 128) for k in (4, 32)]
    gains = []
    for wave in waves:
        subject = Maps.from_arrays({"base_color": np.broadcast_to(wave[:, None, None], (128, 128, 3)).copy()})
        gains.append(lightness(finish("sharpen", subject, amount=1, threshold=0)).std() / lightness(subject).std())
    assert gains[0] < 1.05
    assert gains[1] > 1.5
    rng = np.random.default_rng(0)
    faint = Maps.from_arrays({"base_color": 0.5 + 0.001 * rng.standard_normal((64, 64, 1)).repeat(3, 2)})
    made = finish("sharpen", faint)
    assert np.abs(made["base_color"].pixels - faint["base_color"].pixels).max() < 1e-4


def test_detail_of_one_size_is_strengthened_and_edges_keep_their_step():
    x = np.arange(256)
    wave = 0.01 * np.sin(2 * np.pi * x / 4) + np.where((x // 64) % 2, 0.7, 0.3)
    subject = Maps.from_arrays({"base_color": np.broadcast_to(wave[None, :, None], (256, 256, 3)).copy()})
    made = finish("guided-detail", subject, fine=1, medium=0)
    before, after = lightness(subject)[0], lightness(made)[0]
    assert after[16:48].std() > 1.6 * before[16:48].std()
    for plain in (slice(16, 48), slice(80, 112)):
        assert after[plain].mean() == pytest.approx(before[plain].mean(), abs=0.002)
    halo = np.abs(after - before)[60:68].max() - np.abs(after - before)[16:48].max()
    assert halo < 0.02, "an edge of 0.4 gets no halo"
    smooth = lightness(finish("guided-detail", subject, fine=-1, medium=0))[0]
    assert smooth[16:48].std() < 0.3 * before[16:48].std()


def test_denoising_comes_nearer_to_the_clean_photograph():
    clean = data.chelsea()[:200, 100:300] / 255
    noisy = np.clip(clean + 0.05 * np.random.default_rng(0).standard_normal(clean.shape), 0, 1)
    made = finish("denoise", Maps.from_arrays({"base_color": noisy}))["base_color"].pixels
    psnr = [-10 * np.log10(np.square(pixels - clean).mean()) for pixels in (noisy, made)]
    assert psnr[1] > psnr[0] + 4


def test_the_noise_of_a_texture_is_told_from_the_texture():
    bricks = torch.from_numpy(BRICK["base_color"].pixels[..., 0])
    noise = torch.randn(bricks.shape, generator=torch.Generator().manual_seed(0))
    assert noise_of(bricks) < 0.02
    assert noise_of(bricks + 0.05 * noise) == pytest.approx(0.05, rel=0.15)
    assert noise_of(torch.full((40, 40), 0.5)) == pytest.approx(0, abs=1e-6)


@pytest.mark.parametrize("tool", ["sharpen", "guided-detail", "denoise"])
def test_with_all_maps_the_relief_changes_as_one(tool):
    """Normals still fit the height, at the range in metres that the height then has."""
    subject = tile(96, seed=4)
    made = finish(tool, subject, maps="all")
    assert not np.array_equal(made["height"].pixels, subject["height"].pixels)
    slopes = [slopes_from_height(maps["height"].pixels[..., 0] * maps.height_range_px) for maps in (subject, made)]
    assert np.abs(slopes[1] - slopes_from_normal(made["normal"].pixels)).mean() < 0.2 * slopes[0].std()
    alone = finish(tool, subject)
    for name in ("height", "normal", "roughness"):
        assert np.array_equal(alone[name].pixels, subject[name].pixels)


@pytest.mark.parametrize("channels", ["color", "lightness"])
def test_histograms_become_those_of_the_reference(channels):
    subject, reference = tile(64, seed=1), tile(80, seed=2)
    made = finish("histogram-match", subject, {"reference": reference}, channels=channels, data_maps=True)
    if channels == "color":
        found, wanted = made["base_color"].pixels[..., 0], reference["base_color"].pixels[..., 0]
    else:
        found, wanted = lightness(made), lightness(reference)
    levels = np.linspace(0.05, 0.95, 19)
    assert np.abs(np.quantile(found, levels) - np.quantile(wanted, levels)).max() < 0.02
    roughness = [np.quantile(maps["roughness"].pixels, levels) for maps in (made, reference)]
    assert np.abs(roughness[0] - roughness[1]).max() < 0.01


WALL, FLOOR = tile(96, seed=1), tile(96, seed=2)
SMOOTH = tile(96, seed=3, finest_px=2)
"""For slopes, which the chain rule and central differences give alike where they vary slowly."""


def grey(pixels: np.ndarray) -> Maps:
    return Maps.from_arrays({"base_color": np.repeat(pixels[..., None] / 255, 3, 2)})


def psnr(pixels: np.ndarray, truth: np.ndarray) -> float:
    return float(-10 * np.log10(np.square(pixels - truth)[16:-16, 16:-16].mean()))


@pytest.mark.parametrize(("name", "factor"), [("brick", 2), ("gravel", 2), ("grass", 2), ("brick", 4), ("gravel", 4)])
def test_super_resolution_of_a_shrunk_photograph_is_nearer_to_it_than_bicubic_interpolation(name, factor):
    truth = getattr(data, name)()
    side = len(truth) // factor
    small = truth.reshape(side, factor, side, factor).mean((1, 3))
    made = finish("super-resolution", grey(small), factor=str(factor))["base_color"].pixels[..., 0]
    bicubic = np.asarray(Image.fromarray(small.astype(np.float32)).resize(truth.shape, Image.Resampling.BICUBIC)) / 255
    assert psnr(made, truth / 255) > psnr(bicubic, truth / 255) + 0.04


def test_super_resolution_scales_all_maps_and_leaves_the_metres():
    made = finish("super-resolution", SMOOTH)
    assert made.size_px == (192, 192)
    assert set(made) == set(SMOOTH)
    assert (made.width_m, made.height_range_m) == (SMOOTH.width_m, SMOOTH.height_range_m)
    found = slopes_from_height(made["height"].pixels[..., 0] * made.height_range_px)
    kept = slopes_from_normal(made["normal"].pixels)
    assert np.corrcoef(found.ravel(), kept.ravel())[0, 1] > 0.95
    assert np.polyfit(kept.ravel(), found.ravel(), 1)[0] == pytest.approx(1, abs=0.1)
    assert max(seam_z(made["base_color"].pixels)) < 3


def test_curves_go_through_their_points_take_normals_along_and_leave_other_colours():
    ramp = Maps.from_arrays({"roughness": np.linspace(0, 1, 101)[None].repeat(4, 0)})
    points = {"black": 0.1, "shadows": 0.1, "midtones": 0.8, "highlights": 0.85, "white": 1.0}
    made = finish("tone-curve", ramp, map="roughness", **points)["roughness"].pixels[0, :, 0]
    assert made[::25] == pytest.approx(list(points.values()), abs=1e-5)
    assert np.diff(made).min() >= -1e-6
    made = finish("tone-curve", SMOOTH, map="height", shadows=0.1, highlights=0.9)
    expected = slopes_from_height(made["height"].pixels[..., 0] * made.height_range_px)
    assert np.abs(slopes_from_normal(made["normal"].pixels) - expected).mean() < 0.1 * expected.std()
    made = finish("tone-curve", WALL, channel="red", midtones=0.7)["base_color"].pixels
    assert np.array_equal(made[..., 1:], WALL["base_color"].pixels[..., 1:])
    assert (made[..., 0] > WALL["base_color"].pixels[..., 0]).mean() > 0.9


def test_matching_gives_the_levels_of_the_reference():
    arrays = {"base_color": 0.3 + 0.3 * FLOOR["base_color"].pixels, "roughness": 0.1 + 0.3 * FLOOR["roughness"].pixels}
    reference = FLOOR.with_arrays(arrays)
    matched = finish("match-material", WALL, {"reference": reference}, contrast=1)
    oklab = [to_oklab(maps["base_color"].pixels) for maps in (matched, reference)]
    assert np.abs(oklab[0].mean((0, 1)) - oklab[1].mean((0, 1))).max() < 0.01
    assert oklab[0][..., 0].std() == pytest.approx(oklab[1][..., 0].std(), rel=0.1)
    roughness = [maps["roughness"].pixels for maps in (matched, reference)]
    assert roughness[0].mean() == pytest.approx(roughness[1].mean(), abs=0.01)
    assert roughness[0].std() == pytest.approx(roughness[1].std(), rel=0.25)
    result = made("match-material", WALL, {"reference": grey(data.brick()[:64, :64])})
    assert np.array_equal(result.maps["roughness"].pixels, WALL["roughness"].pixels)
    assert "roughness" in result.notes[0]


def test_blended_materials_follow_amount_mask_and_real_width():
    red = FLOOR.with_arrays({"base_color": np.full((96, 96, 3), (1.0, 0, 0)), "height": np.full((96, 96), 0.5)})
    blue = WALL.with_arrays({"base_color": np.full((96, 96, 3), (0, 0, 1.0))})
    for on, sign in (("low", -1), ("high", 1)):
        made = finish("blend-materials", blue, {"over": red}, amount=0.3, softness=0.05, on=on)
        share = srgb_to_linear(made["base_color"].pixels[..., 0])
        assert share.mean() == pytest.approx(0.3, abs=0.02)
        assert np.corrcoef(share.ravel(), sign * WALL["height"].pixels.ravel())[0, 1] > 0.6
    mask = np.zeros((48, 48))
    mask[:, 24:] = 255
    made = finish("blend-materials", WALL, {"over": FLOOR, "mask": grey(mask)}, amount=0.5, by_height=0.3)
    for half, maps in ((np.s_[:, 4:40], WALL), (np.s_[:, 56:92], FLOOR)):
        assert np.abs(made["base_color"].pixels[half] - maps["base_color"].pixels[half]).max() < 0.01
    stripes = np.sin(2 * np.pi * np.arange(64) / 64)[None].repeat(64, 0)
    over = Maps.from_arrays({"base_color": np.repeat(0.5 + 0.4 * stripes[..., None], 3, 2)}, width_m=0.5)
    made = finish("blend-materials", WALL, {"over": over}, amount=1)["base_color"].pixels[..., 0]
    assert np.abs(np.fft.rfft(made.mean(0)))[1:].argmax() + 1 == 4


def test_blended_relief_is_in_metres_and_fits_its_normals():
    made = finish("blend-materials", SMOOTH, {"over": tile(96, seed=4, finest_px=2)}, softness=0.6)
    assert made["height"].pixels.min() == pytest.approx(0, abs=1e-5)
    found = slopes_from_height(made["height"].pixels[..., 0] * made.height_range_px)
    assert np.abs(found - slopes_from_normal(made["normal"].pixels)).mean() < 0.1 * found.std()


def test_wear_is_on_high_parts_and_dirt_and_moss_are_in_hollows():
    plain = WALL.with_arrays({"base_color": np.full((96, 96, 3), 0.5), "metallic": np.ones((96, 96))})
    none = {"wear": 0.0, "dirt": 0.0, "moss": 0.0}
    changes = {}
    for name in none:
        made = finish("weathering", plain, **(none | {name: 0.5}))
        changes[name] = np.abs(made["base_color"].pixels - 0.5).sum(2)
        if name != "wear":
            assert made["metallic"].pixels[changes[name] > 0.3].max() < 0.6
            assert made["roughness"].pixels.mean() > plain["roughness"].pixels.mean()
    height = WALL["height"].pixels[..., 0]
    correlation = {name: np.corrcoef(change.ravel(), height.ravel())[0, 1] for name, change in changes.items()}
    assert correlation["wear"] > 0.3
    assert max(correlation["dirt"], correlation["moss"]) < -0.3
    assert np.abs(finish("weathering", plain, **none)["base_color"].pixels - 0.5).max() < 1e-3


def test_moss_has_a_relief_of_its_own():
    made = finish("weathering", WALL, moss=0.6)
    assert made.height_range_m >= WALL.height_range_m
    found = slopes_from_height(made["height"].pixels[..., 0] * made.height_range_px)
    assert np.abs(found - slopes_from_normal(made["normal"].pixels)).mean() < 0.1 * found.std()
    assert np.abs(made["normal"].pixels - WALL["normal"].pixels).max() > 0.02


@each_case("refused_materials")
def test_subjects_without_a_needed_map_and_oversized_results_are_refused(tool, parameters, said):
    with pytest.raises(ParameterError, match=said):
        finish(tool, Maps.from_arrays({"base_color": np.zeros((8, 5000, 3))}), **parameters)


def test_a_photograph_can_be_weathered_after_an_estimator():
    steps = (
        Step("photo-maps"),
        Step("weathering", {"moss": 0.4}),
        Step("adjust", {"exposure": 0.2}),
    )
    made = run(Recipe(steps), {"source": grey(data.brick()[::4, ::4])}).maps
    green = to_oklab(made["base_color"].pixels)[..., 1] < -0.02
    assert 0.05 < green.mean() < 0.8
    assert {"height", "normal", "roughness"} <= set(made)
