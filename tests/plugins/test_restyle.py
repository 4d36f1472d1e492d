"""The frame around every stylizer, by methods that do what can be foretold: sizes, regions, masks, colours, relief."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from restyling import (
    CAT,
    COFFEE,
    SPACE,
    Recorder,
    averaged,
    blurred,
    color,
    flat,
    left_half,
    mean_distance,
    oklab,
    painted,
    right_half,
    stretched,
    task_of,
)

from impasto import Maps, Texture
from impasto.errors import ParameterError
from impasto.surface.color import srgb_to_linear
from impasto.surface.heights import normal_from_slopes
from impasto.surface.relief import normal_from_height
from impasto_style.shared.resampling import resize_picture, resized_linear
from impasto_style.shared.task import Region


def test_a_style_is_as_long_as_the_picture_unless_strokes_say_otherwise():
    px, both = {"strokes_px": 40}, {"strokes_px": 80, "strokes": 0.5}
    for given, longest in (({}, 75), ({"strokes": 0.5}, 38), ({"strokes": 2.0}, 150), (px, 40), (both, 40)):
        task = task_of(**given)
        assert task.picture.shape == (1, 3, 50, 75)
        assert task.sources[0] is task.picture
        assert max(task.sources[1].shape[2:]) == longest
    style = task_of(strokes=4.0).sources[1]  # cropped to its middle
    assert style.shape[2:] == (151, 151)  # 2 * 75, in whole pixels of the style
    middle = torch.from_numpy(color(CAT)[12:88, 37:113]).permute(2, 0, 1)[None]
    assert (style - resize_picture(middle, style.shape[2:])).abs().mean() < 0.01


def test_results_have_the_requested_size_in_all_maps():
    rng = np.random.default_rng(0)
    normal = normal_from_slopes(rng.normal(0, 0.3, (50, 75, 2)))
    subject = COFFEE.with_arrays({"normal": normal, "roughness": rng.random((50, 75))})
    for longest in (30, 75, 150):
        made = painted(blurred, subject, longest_px=longest)
        assert set(made) == set(subject)
        assert made.size_px == (longest * 2 // 3, longest)
        assert np.allclose(np.linalg.norm(made["normal"].pixels * 2 - 1, axis=2), 1, atol=1e-3)


def test_picture_masks_and_styles_are_scaled_by_one_factor():
    task = task_of(mask=left_half(), start=COFFEE, strokes=0.8).at_longest_px(36)
    assert task.picture.shape == task.start.shape == (1, 3, 24, 36)
    assert task.sources[1].shape[3] == round(0.8 * 36)
    masks = [region.mask for region in task.regions]
    assert torch.allclose(sum(masks), torch.ones(1, 1, 24, 36), atol=1e-5)


def test_a_seamless_picture_is_resized_around_its_borders():
    wave = torch.sin(torch.arange(96) * 2 * torch.pi * 3 / 96) / 2 + 0.5
    picture = wave.expand(1, 3, 96, 96)
    for side in (64, 48, 61, 130):
        x = (torch.arange(side) + 0.5) * 96 / side - 0.5
        expected = torch.sin(x * 2 * torch.pi * 3 / 96) / 2 + 0.5
        for resize in (resize_picture, resized_linear):
            error = (resize(picture, (96, side), seamless=True)[0, 0, 0] - expected).abs()
            assert error.max() < 0.03
            assert error[[0, -1]].max() < 1.2 * error.max() + 1e-6
    shifted = resize_picture(picture.roll(32, 3), (48, 48), seamless=True)
    assert torch.allclose(shifted, resize_picture(picture, (48, 48), seamless=True).roll(16, 3), atol=1e-5)


def test_blended_colours_lie_between():
    style, half, picture = (
        painted(stretched, color="style"),
        painted(stretched, color="blended", color_mix=0.5),
        painted(stretched, color="picture"),
    )
    to_style, to_picture = mean_distance(half, style), mean_distance(half, picture)
    assert to_style == pytest.approx(to_picture, rel=0.2)
    assert to_style + to_picture == pytest.approx(mean_distance(style, picture), rel=0.1)
    none = painted(stretched, color="blended", color_mix=0.0)
    assert np.abs(color(none) - color(style)).max() < 0.01


def test_each_region_gets_the_colours_of_its_own_part_of_the_picture():
    two = np.concatenate([np.tile([0.8, 0.3, 0.2], (50, 37, 1)), np.tile([0.2, 0.3, 0.8], (50, 38, 1))], axis=1)
    subject = Maps.from_arrays({"base_color": two + 0.05 * np.random.default_rng(0).normal(size=(50, 75, 1))})
    made = painted(averaged, subject, [CAT, SPACE], mask=[left_half(), right_half()], color="picture")
    assert np.allclose(color(made)[:, :36].mean((0, 1)), (0.8, 0.3, 0.2), atol=0.06)
    assert np.allclose(color(made)[:, 39:].mean((0, 1)), (0.2, 0.3, 0.8), atol=0.06)


def test_lightness_alone_is_painted_and_hue_stays():
    task = task_of(color="lightness")
    for seen in (task.picture, task.start, *task.sources):
        assert (seen.amax(1) - seen.amin(1)).max() < 1e-3
    assert task.sources[1].mean() == pytest.approx(task.picture.mean().item(), abs=0.03)
    made, before = oklab(painted(stretched, color="lightness")), oklab(COFFEE)
    chroma, chroma_before = np.hypot(made[:, 1], made[:, 2]), np.hypot(before[:, 1], before[:, 2])
    colorful = (chroma > 0.03) & (chroma_before > 0.03)
    turned = np.arctan2(made[:, 2], made[:, 1]) - np.arctan2(before[:, 2], before[:, 1])
    assert np.abs(np.sin(turned[colorful])).max() < 0.02
    assert (chroma <= chroma_before + 2e-3).all()
    assert np.mean(chroma > chroma_before - 2e-3) > 0.5  # the others cannot be shown at the new lightness
    assert np.corrcoef(made[:, 0], oklab(painted(stretched))[:, 0])[0, 1] > 0.99


def test_linear_colours_are_seen_encoded():
    linear = Maps({"base_color": Texture(srgb_to_linear(color(CAT)), "linear")})
    seen, encoded = (task_of(style=style, strokes=2.0).sources[1] for style in (linear, CAT))
    assert (seen - encoded).abs().max() < 1e-3
    made = painted(Recorder(), linear)
    assert made["base_color"].color_space == "srgb"
    assert np.allclose(color(made), color(CAT), atol=1e-3)


def test_noise_has_the_styles_colours_at_every_size_and_a_seed():
    task = task_of(start_from="noise", longest_px=300)
    for start in (task.start, resize_picture(task.start, (25, 38))):
        assert torch.allclose(start.mean((2, 3)), task.sources[1].mean((2, 3)), atol=0.05)
        assert (start.std((2, 3)) > 0.5 * task.sources[1].std((2, 3))).all()
    assert torch.equal(task.start, task_of(start_from="noise", longest_px=300).start)
    assert not torch.equal(task.start, task_of(start_from="noise", longest_px=300, seed=1).start)
    assert task_of().start is not None


def test_opacity_is_preserved_and_hidden_pixels_are_ignored():
    opacity = color(left_half())[..., :1]
    hidden = np.where(opacity > 0, color(COFFEE), 0)
    subject = Maps.from_arrays({"base_color": hidden, "opacity": opacity})
    assert task_of(subject).picture[..., 37:].mean() > 0.5 * task_of(subject).picture[..., :37].mean()
    made = painted(blurred, subject)
    assert (made["opacity"].pixels == opacity).all()


def test_transparent_pixels_of_a_style_never_count():
    rng = np.random.default_rng(0)
    rows, columns = np.mgrid[0:80, 0:100]
    inside = np.hypot(rows - 40, columns - 60) < 25
    pixels = np.where(inside[..., None], 0.5 + 0.4 * rng.random((80, 100, 3)), 0)
    style = Maps.from_arrays({"base_color": pixels, "opacity": inside})
    shown = task_of(style=style).sources[1]
    assert shown.shape == (1, 3, 75, 75)
    assert shown.min() > 0.4
    assert shown.mean() == pytest.approx(pixels[inside].mean(), abs=0.02)


@pytest.mark.parametrize(
    ("given", "said", "remedy"),
    [
        ({"style": flat(0.3)}, "the style flat.png has one colour only", "strokes or a pattern"),
        ({"style": flat(0.3, opacity=0.0)}, "the style flat.png is transparent everywhere", "opaque"),
        ({"style": flat(0.3, 40, 5)}, "5x40 pixels, too few", "8x8"),
        ({"style": [CAT, flat(1.0)]}, "the style flat.png has one colour", ""),
        ({"strokes_px": 9}, "strokes_px 9 shows the style cat.png at 9x6 pixels", "at least 12"),
        ({"strokes": 0.1}, "strokes 0.1 shows the style cat.png at 7x5 pixels", "at least 0.16"),
        (
            {"mask": left_half(64, 64)},
            "the mask mask.png is 64x64 pixels, another shape than the picture's 75x50",
            "its size may differ",
        ),
        ({"mask": flat(0.0, 50, 75)}, "the mask flat.png is black everywhere", "white"),
        ({"start": left_half(64, 64)}, "the start mask.png is 64x64 pixels", "crop it"),
        ({"style": Maps.from_arrays({"roughness": np.ones((9, 9))})}, "the style has no base colour", "give a picture"),
    ],
)
def test_unusable_styles_and_masks_are_refused_with_a_remedy(given, said, remedy):
    with pytest.raises(ParameterError) as caught:
        painted(blurred, **given)
    assert said in caught.value.message
    assert remedy in caught.value.remedy


def test_styles_are_mixed_by_weight():
    task = task_of(style=[CAT, SPACE, COFFEE], weight=[1, 0.5, 2.5], strength=0.8)
    assert len(task.sources) == 4
    assert task.regions[0].weights == pytest.approx((0.2, 0.2, 0.1, 0.5))
    without_first = painted(averaged, style=[CAT, flat_colors()], weight=[1, 10])
    both, alone = painted(averaged, style=[CAT, flat_colors()]), painted(averaged)
    nearness = [np.abs(color(made) - color(flat_colors()).mean()).mean() for made in (alone, both, without_first)]
    assert nearness[0] > nearness[1] > nearness[2]


def flat_colors() -> Maps:
    """Almost white stripes."""
    stripes = np.where(np.arange(64) % 8 < 4, 0.9, 1.0)[:, None, None]
    return Maps.from_arrays({"base_color": np.broadcast_to(stripes, (64, 64, 3))})


def test_masks_divide_a_picture_among_styles():
    task = task_of(style=[CAT, SPACE], mask=[None, left_half(value=0.5)])
    assert [region.weights for region in task.regions] == [(0, 0, 1), (0, 1, 0)]
    assert task.regions[1].mask[0, 0, 0, [0, -1]].tolist() == [0.5, 1.0]
    everywhere = painted(averaged, style=[CAT, SPACE], mask=[None, left_half()])
    assert np.allclose(color(everywhere)[:, 40:], color(painted(averaged))[:, 40:], atol=1e-5)
    task = task_of(style=[CAT, SPACE], mask=[left_half(), white()])
    first, second = (region.mask[0, 0, 0] for region in task.regions)
    assert first[[0, -1]].tolist() == [0.5, 0.0]
    assert second[[0, -1]].tolist() == [0.5, 1.0]
    halves = task_of(style=[CAT, SPACE], mask=[left_half(), right_half()])
    assert [region.weights for region in halves.regions] == [(0, 1, 0), (0, 0, 1)]
    assert task_of(mask=white()).regions == (Region(None, (0.0, 1.0)),)
    half = left_half(100, 150)
    mask = task_of(mask=half).regions[0].mask
    assert mask.shape == (1, 1, 50, 75)
    assert mask[0, 0, 0, [0, -1]].tolist() == pytest.approx([1, 0], abs=1e-5)
    faded = task_of(mask=white().with_arrays({"opacity": color(left_half())[..., :1]})).regions[0].mask
    assert faded[0, 0, 0, [0, -1]].tolist() == [1, 0]


def white() -> Maps:
    return flat(1.0, 50, 75)


def test_relief_raises_strokes_in_height_normals_and_roughness():
    made = painted(stretched, relief=1.0)
    assert set(made) == {"base_color", "height", "normal", "roughness"}
    assert {made[name].size_px for name in made} == {(50, 75)}
    normals = made["normal"].pixels * 2 - 1
    assert np.allclose(np.linalg.norm(normals, axis=2), 1, atol=1e-4)
    height_px = made["height"].pixels[..., 0] * made.height_range_m / made.width_m * 75
    derived = normal_from_height(torch.from_numpy(height_px)).permute(1, 2, 0).numpy()
    assert np.abs(derived - made["normal"].pixels)[1:-1, 1:-1].max() < 1e-4
    ridges = height_px > np.percentile(height_px, 80)
    assert made["roughness"].pixels[ridges].mean() < made["roughness"].pixels[~ridges].mean()
    ranges = [painted(stretched, relief=relief).height_range_m for relief in (0.25, 0.5, 1.0)]
    assert ranges[1] == pytest.approx(2 * ranges[0], rel=1e-3)
    assert ranges[2] == pytest.approx(4 * ranges[0], rel=1e-3)


def test_strokes_are_added_to_existing_height_and_normals():
    slope = np.tile(np.linspace(0, 1, 75), (50, 1))
    normal = normal_from_slopes(np.stack([np.full((50, 75), 0.1), np.zeros((50, 75))], 2))
    subject = COFFEE.with_arrays({"height": slope, "normal": normal})
    subject = Maps(subject.textures, width_m=1.0, height_range_m=0.1)
    made = painted(stretched, subject, relief=0.5)
    flat_ = painted(stretched, relief=0.5)
    over_m = made["height"].pixels[..., 0] * made.height_range_m - 0.1 * slope
    alone_m = flat_["height"].pixels[..., 0] * flat_.height_range_m
    assert np.corrcoef(over_m.ravel(), alone_m.ravel())[0, 1] > 0.9999
    tilt = (made["normal"].pixels - flat_["normal"].pixels)[..., 0]
    assert np.median(tilt) == pytest.approx(-0.05, abs=0.005)


def test_relief_goes_around_the_borders_of_a_seamless_picture():
    def rolled(maps: Maps) -> Maps:
        return Maps.from_arrays({name: np.roll(pixels, (13, 21), (0, 1)) for name, pixels in maps.arrays().items()})

    seen = {}
    for subject in (COFFEE, rolled(COFFEE)):
        made = painted(lambda task, *_: 1 - task.picture, subject, relief=1.0, seamless="on")
        seen[subject is COFFEE] = made
    for name in ("height", "normal", "roughness"):
        assert np.allclose(rolled(seen[True])[name].pixels, seen[False][name].pixels, atol=1e-4)


def test_no_strokes_are_raised_where_none_are_painted():
    subject = COFFEE.with_arrays({"roughness": np.full((50, 75), 0.7)})
    made = painted(stretched, subject, mask=left_half(), relief=1.0)
    assert np.allclose(made["normal"].pixels[:, 39:], (0.5, 0.5, 1), atol=1e-6)
    assert np.allclose(made["roughness"].pixels[:, 39:], 0.7)
    assert np.std(made["normal"].pixels[:, :36]) > 0.01
