"""The frame around every stylizer, by methods that do what can be foretold: sizes, regions, colours, start, relief."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
import torch
from kornia.filters import gaussian_blur2d
from skimage import data
from torch import Tensor

from impasto.context import Context
from impasto.errors import Cancelled, ParameterError
from impasto.surface.color import linear_to_oklab, srgb_to_linear
from impasto.surface.heights import normal_from_slopes
from impasto.surface.relief import normal_from_height
from impasto.texture import Maps, Texture
from impasto_style.shared.controls import StyleParameters
from impasto_style.shared.resampling import resized, resized_linear
from impasto_style.shared.restyle import restyle
from impasto_style.shared.task import Region, Task, scales

COFFEE = Maps.from_arrays({"base_color": data.coffee()[::8, ::8] / 255}, name="coffee.png")  # 50x75
CAT = Maps.from_arrays({"base_color": data.chelsea()[::3, ::3] / 255}, name="cat.png")  # 100x151
SPACE = Maps.from_arrays({"base_color": data.hubble_deep_field()[::8, ::8] / 255}, name="space.png")


def blurred(task: Task, parameters: StyleParameters, context: Context) -> Tensor:
    """A method that only blurs."""
    return gaussian_blur2d(task.picture, 5, (1.5, 1.5))


def stretched(task: Task, parameters: StyleParameters, context: Context) -> Tensor:
    """A method that shows the first style, stretched."""
    return resized(task.sources[1], task.picture.shape[2:])


def averaged(task: Task, parameters: StyleParameters, context: Context) -> Tensor:
    """A method that moves each region to the mean colour of what it is mixed from."""
    painted = torch.zeros_like(task.picture)
    for region in task.regions:
        mixed = sum(weight * source.mean((2, 3)) for weight, source in zip(region.weights, task.sources, strict=True))
        painted += (1 if region.mask is None else region.mask) * mixed[..., None, None]
    return painted


class Recorder:
    """A method that remembers its task and gives the picture back."""

    task: Task | None = None

    def __call__(self, task: Task, parameters: StyleParameters, context: Context) -> Tensor:
        self.task = task
        return task.picture


def painted(paint: Callable, subject: Maps = COFFEE, style: Maps | list[Maps] = CAT, seed: int = 0, **given) -> Maps:
    """The subject, restyled; given are inputs, styles and masks alone or several, and parameters."""
    styles, masks = ([one] if isinstance(one, Maps) else one for one in (style, given.pop("mask", [])))
    inputs = {"style": styles, "mask": [*masks, *[None] * (len(styles) - len(masks))]}
    inputs |= {"start": given.pop("start")} if "start" in given else {}
    parameters = StyleParameters(**{"weight": [1.0] * len(styles), **given})
    return restyle(paint, subject, parameters, inputs, Context(rng=np.random.default_rng(seed)))


def task_of(subject: Maps = COFFEE, style: Maps | list[Maps] = CAT, **given) -> Task:
    """The task that a method would get."""
    recorder = Recorder()
    painted(recorder, subject, style, **given)
    assert recorder.task is not None
    return recorder.task


def color(maps: Maps) -> np.ndarray:
    return maps["base_color"].pixels


def oklab(maps: Maps) -> np.ndarray:
    return linear_to_oklab(srgb_to_linear(color(maps))).reshape(-1, 3)


def left_half(height: int = 50, width: int = 75, value: float = 1.0) -> Maps:
    """A mask that is white on the left."""
    mask = np.zeros((height, width, 1), np.float32)
    mask[:, : width // 2] = value
    return Maps.from_arrays({"base_color": np.repeat(mask, 3, 2)}, name="mask.png")


def right_half() -> Maps:
    return Maps.from_arrays({"base_color": 1 - left_half()["base_color"].pixels})


def flat(value: float, height: int = 32, width: int = 32, opacity: float | None = None) -> Maps:
    maps = Maps.from_arrays({"base_color": np.full((height, width, 3), value)}, name="flat.png")
    return maps if opacity is None else maps.with_arrays({"opacity": np.full((height, width), opacity)})


# Sizes


def test_a_style_is_as_long_as_the_picture_unless_strokes_say_otherwise():
    for given, longest in (({}, 75), ({"strokes": 0.5}, 38), ({"strokes": 2.0}, 150), ({"strokes_px": 40}, 40)):
        task = task_of(**given)
        assert task.picture.shape == (1, 3, 50, 75)
        assert task.sources[0] is task.picture
        assert max(task.sources[1].shape[2:]) == longest


def test_a_style_that_is_shown_much_larger_than_the_picture_is_cropped_to_its_middle():
    style = task_of(strokes=4.0).sources[1]
    assert style.shape[2:] == (151, 151)  # 2 * 75, in whole pixels of the style
    middle = torch.from_numpy(color(CAT)[12:88, 37:113]).permute(2, 0, 1)[None]
    assert (style - resized(middle, style.shape[2:])).abs().mean() < 0.01


def test_a_huge_style_is_made_small_at_once():
    huge = Maps.from_arrays({"base_color": np.tile(color(CAT), (20, 20, 1))})
    assert max(task_of(style=huge).sources[1].shape[2:]) == 75


def test_the_result_and_all_its_maps_have_the_size_that_was_asked_for():
    rng = np.random.default_rng(0)
    normal = normal_from_slopes(rng.normal(0, 0.3, (50, 75, 2)))
    subject = COFFEE.with_arrays({"normal": normal, "roughness": rng.random((50, 75))})
    for longest in (30, 75, 150):
        made = painted(blurred, subject, longest_px=longest)
        assert set(made) == set(subject)
        assert made.size_px == (longest * 2 // 3, longest)
        assert np.allclose(np.linalg.norm(made["normal"].pixels * 2 - 1, axis=2), 1, atol=1e-3)


@pytest.mark.parametrize("size", [(1, 1), (8, 8), (16, 16), (3, 500)], ids=str)
def test_a_tiny_picture_is_painted_larger_and_comes_back_in_its_size(size):
    rng = np.random.default_rng(0)
    subject = Maps.from_arrays({"base_color": rng.random((*size, 3))})
    recorder = Recorder()
    made = painted(recorder, subject, relief=1.0, color="picture", mask=flat(0.5, *size))
    assert made.size_px == size
    assert recorder.task is not None
    assert min(recorder.task.picture.shape[2:]) >= 16


def test_all_of_a_task_is_scaled_by_one_factor():
    task = task_of(mask=left_half(), start=COFFEE, strokes=0.8).scaled(36)
    assert task.picture.shape == task.start.shape == (1, 3, 24, 36)
    assert task.sources[1].shape[3] == round(0.8 * 36)
    masks = [region.mask for region in task.regions]
    assert torch.allclose(sum(masks), torch.ones(1, 1, 24, 36), atol=1e-5)


def test_scales_rise_to_the_pictures_own():
    task = task_of(longest_px=512)
    assert scales(task, 128) == [128, 181, 256, 362, 512]
    assert scales(task_of(longest_px=100), 128) == [100]


def test_a_seamless_picture_is_resized_around_its_borders():
    wave = torch.sin(torch.arange(96) * 2 * torch.pi * 3 / 96) / 2 + 0.5
    picture = wave.expand(1, 3, 96, 96)
    for side in (64, 48, 61, 130):
        x = (torch.arange(side) + 0.5) * 96 / side - 0.5
        expected = torch.sin(x * 2 * torch.pi * 3 / 96) / 2 + 0.5
        for resize in (resized, resized_linear):
            error = (resize(picture, (96, side), seamless=True)[0, 0, 0] - expected).abs()
            assert error.max() < 0.03
            assert error[[0, -1]].max() < 1.2 * error.max() + 1e-6
    shifted = resized(picture.roll(32, 3), (48, 48), seamless=True)
    assert torch.allclose(shifted, resized(picture, (48, 48), seamless=True).roll(16, 3), atol=1e-5)


# Regions


def test_strength_is_the_weight_of_the_style_against_the_picture():
    assert task_of(strength=0.25).regions == (Region(None, (0.75, 0.25)),)


def test_at_no_strength_nothing_is_painted():
    recorder = Recorder()
    assert color(painted(recorder, strength=0.0, relief=1.0)) is color(COFFEE)
    assert recorder.task is None


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


def test_what_no_mask_reaches_is_left_exactly_as_it_was():
    for choice in ("style", "picture", "lightness"):
        made = painted(blurred, mask=left_half(), color=choice)
        left, right = np.abs(color(made) - color(COFFEE))[:, :37], (color(made) == color(COFFEE))[:, 37:]
        assert right.all()
        assert left.mean() > 0.005


def test_a_style_without_a_mask_is_painted_where_masks_leave_room():
    task = task_of(style=[CAT, SPACE], mask=[None, left_half(value=0.5)])
    assert [region.weights for region in task.regions] == [(0, 0, 1), (0, 1, 0)]
    assert task.regions[1].mask[0, 0, 0, [0, -1]].tolist() == [0.5, 1.0]
    everywhere = painted(averaged, style=[CAT, SPACE], mask=[None, left_half()])
    assert np.allclose(color(everywhere)[:, 40:], color(painted(averaged))[:, 40:], atol=1e-5)


def test_where_masks_overlap_their_styles_share():
    task = task_of(style=[CAT, SPACE], mask=[left_half(), white()])
    first, second = (region.mask[0, 0, 0] for region in task.regions)
    assert first[[0, -1]].tolist() == [0.5, 0.0]
    assert second[[0, -1]].tolist() == [0.5, 1.0]


def white() -> Maps:
    return flat(1.0, 50, 75)


def test_masks_that_cover_all_need_no_rest():
    halves = task_of(style=[CAT, SPACE], mask=[left_half(), right_half()])
    assert [region.weights for region in halves.regions] == [(0, 1, 0), (0, 0, 1)]
    assert task_of(mask=white()).regions == (Region(None, (0.0, 1.0)),)


def test_a_mask_may_have_another_size_and_alpha():
    half = left_half(100, 150)
    mask = task_of(mask=half).regions[0].mask
    assert mask.shape == (1, 1, 50, 75)
    assert mask[0, 0, 0, [0, -1]].tolist() == pytest.approx([1, 0], abs=1e-5)
    faded = task_of(mask=white().with_arrays({"opacity": color(left_half())[..., :1]})).regions[0].mask
    assert faded[0, 0, 0, [0, -1]].tolist() == [1, 0]


# Colours


def mean_distance(one: Maps, other: Maps) -> float:
    return float(np.linalg.norm(oklab(one).mean(0) - oklab(other).mean(0)))


@pytest.mark.parametrize("paint", [stretched, blurred])
def test_the_pictures_colours_stay_where_asked_for(paint):
    made = painted(paint, color="picture")
    assert mean_distance(made, COFFEE) < 0.01
    difference = np.cov(oklab(made).T) - np.cov(oklab(COFFEE).T)
    assert np.abs(difference).max() < 0.2 * np.cov(oklab(COFFEE).T).max()


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


def test_previews_are_finished_too():
    shown = []

    def paint(task: Task, parameters: StyleParameters, context: Context) -> Tensor:
        context.preview(Maps.from_arrays({"base_color": np.full((20, 30, 3), 0.5)}))
        return task.picture

    context = Context(on_preview=shown.append)
    inputs = {"style": (CAT,), "mask": (left_half(),)}
    restyle(paint, COFFEE, StyleParameters(color="lightness", weight=[1]), inputs, context)
    assert shown[0].size_px == COFFEE.size_px
    assert (color(shown[0]) == color(COFFEE))[:, 40:].all()
    assert np.ptp(oklab(shown[0]).reshape(50, 75, 3)[:, :30, 0]) < 0.02


def test_linear_colours_are_seen_encoded():
    linear = Maps({"base_color": Texture(srgb_to_linear(color(CAT)), "linear")})
    seen, encoded = (task_of(style=style, strokes=2.0).sources[1] for style in (linear, CAT))
    assert (seen - encoded).abs().max() < 1e-3
    made = painted(Recorder(), linear)
    assert made["base_color"].color_space == "srgb"
    assert np.allclose(color(made), color(CAT), atol=1e-3)


# Start


def test_noise_has_the_styles_colours_at_every_size_and_a_seed():
    task = task_of(start_from="noise", longest_px=300)
    for start in (task.start, resized(task.start, (25, 38))):
        assert torch.allclose(start.mean((2, 3)), task.sources[1].mean((2, 3)), atol=0.05)
        assert (start.std((2, 3)) > 0.5 * task.sources[1].std((2, 3))).all()
    assert torch.equal(task.start, task_of(start_from="noise", longest_px=300).start)
    assert not torch.equal(task.start, task_of(start_from="noise", longest_px=300, seed=1).start)
    assert task_of().start is not None


def test_noise_is_only_where_something_is_painted():
    task = task_of(start_from="noise", mask=left_half())
    assert torch.equal(task.start[..., 40:], task.picture[..., 40:])


def test_a_finished_result_is_gone_on_from_above_its_size():
    small = Maps.from_arrays({"base_color": color(COFFEE)[::2, ::2]})
    task = task_of(start=small, longest_px=300)
    assert task.start_px == 38
    assert task.start.shape == task.picture.shape
    assert (task.start - resized(task.picture, (25, 38)).mean()).abs().mean() > 0.05
    assert min(scales(task, 16)) > 38


# Relief


def test_without_relief_the_other_maps_are_left_alone():
    subject = COFFEE.with_arrays({"height": np.ones((50, 75)), "roughness": np.ones((50, 75))})
    made = painted(blurred, subject)
    assert set(made) == {"base_color", "height", "roughness"}
    assert made["height"] is subject["height"]
    assert made["roughness"] is subject["roughness"]


def test_strokes_stand_out_in_height_normals_and_roughness():
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


def test_relief_grows_with_what_is_asked_for():
    ranges = [painted(stretched, relief=relief).height_range_m for relief in (0.25, 0.5, 1.0)]
    assert ranges[1] == pytest.approx(2 * ranges[0], rel=1e-3)
    assert ranges[2] == pytest.approx(4 * ranges[0], rel=1e-3)


def test_strokes_lie_on_the_height_and_normals_that_are_there():
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


def test_normals_that_are_not_there_follow_height_and_strokes():
    waves = np.sin(np.arange(75) * 2 * np.pi / 75 * 3)[None] * np.ones((50, 1)) / 2 + 0.5
    subject = Maps(COFFEE.with_arrays({"height": waves}).textures, width_m=1.0, height_range_m=0.05)
    made = painted(stretched, subject, relief=0.5)
    assert made.height_range_m is not None
    height_px = made["height"].pixels[..., 0] * made.height_range_m * 75
    derived = normal_from_height(torch.from_numpy(height_px)).permute(1, 2, 0).numpy()
    assert np.abs(derived - made["normal"].pixels)[1:-1, 1:-1].max() < 1e-3


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


# Opacity


def test_opacity_is_kept_and_what_is_not_seen_has_no_say():
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


# What cannot be used


def grey_and_tiny() -> Maps:
    return Maps.from_arrays({"base_color": np.repeat(np.random.default_rng(0).random((8, 8, 1)), 3, 2)})


def test_a_grey_style_of_8_pixels_is_enough():
    assert painted(stretched, style=grey_and_tiny(), color="picture").size_px == (50, 75)


@pytest.mark.parametrize(
    ("given", "said", "remedy"),
    [
        ({"style": flat(0.3)}, "the style flat.png has one colour only", "strokes or a pattern"),
        ({"style": flat(0.3, opacity=0.0)}, "the style flat.png is transparent everywhere", "opaque"),
        ({"style": flat(0.3, 40, 5)}, "5x40 pixels, too few", "8x8"),
        ({"style": [CAT, flat(1.0)]}, "the style flat.png has one colour", ""),
        ({"style": [CAT, replace(flat(1.0), name="")]}, "the style 2 has one colour", ""),
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
        ({"start": Maps.from_arrays({"roughness": np.ones((50, 75))})}, "the start has no base colour", "stylizer"),
    ],
)
def test_what_cannot_be_used_is_named_with_a_remedy(given, said, remedy):
    with pytest.raises(ParameterError) as caught:
        painted(blurred, **given)
    assert said in caught.value.message
    assert remedy in caught.value.remedy


def test_a_cancelled_job_paints_nothing():
    recorder = Recorder()
    inputs = {"style": (CAT,), "mask": (None,)}
    with pytest.raises(Cancelled):
        restyle(recorder, COFFEE, StyleParameters(weight=[1]), inputs, Context(is_cancelled=lambda: True))
    assert recorder.task is None
