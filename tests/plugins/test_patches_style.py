"""Style by patches: its geometry, how patches are found, laid and refined, and which parts of a style are used where.

What holds for every stylizer is tested with them all.
"""

from __future__ import annotations

import numpy as np
import pytest
import torch
from skimage import data
from torch import Tensor
from torch.nn.functional import interpolate

from impasto.context import Context
from impasto.numerics.filters import gaussian_blur
from impasto.patterns.library import (
    SIDE,
    STRIDE,
    PatchLibrary,
    PatchPixels,
    centre_of,
    guides_of_view,
    pixels_of,
    view_of,
)
from impasto.patterns.votes import PatchGrid
from impasto_judge.metrics.patches import sliced_wasserstein
from impasto_judge.metrics.wavelets import wavelet_distance
from impasto_style.patches import painting
from impasto_style.patches.copies import copy_areas
from impasto_style.patches.guides import detail_contrast, orientation
from impasto_style.patches.matching import REACHES, Search
from impasto_style.patches.mosaic import detail_energies, limit_detail, restore_detail
from impasto_style.patches.painting import paint
from impasto_style.patches.parameters import PatchesStyleParameters
from impasto_style.patches.recoloring import recolor, with_tonal_order
from impasto_style.patches.refining import refine
from impasto_style.patches.use import SUITED, Impression, Places, calm_parts, suitability
from impasto_style.shared.resampling import as_image, as_tensor, resize_picture
from impasto_style.shared.task import Region, StyleTask


def tensor(pixels: np.ndarray, step: int) -> Tensor:
    return as_tensor((pixels[::step, ::step] / 255).astype(np.float32), "cpu")


PHOTO = tensor(data.coffee(), 9)  # 45x67
STYLE = tensor(data.chelsea()[:, 60:420], 5)  # 60x72, fur
LAID = resize_picture(STYLE, PHOTO.shape[2:])
"""The style as a mosaic that shows nothing of the photograph."""
EVERYWHERE = (Region(None, (0.0, 1.0)),)


def painted(picture: Tensor = PHOTO, *styles: Tensor, regions=EVERYWHERE, seed=0, seamless=False, how=None, **given):
    """The picture, repainted quickly; `how` is for the context, the rest are parameters."""
    task = StyleTask(picture, (picture, *(styles or (STYLE,))), regions, picture, 0, seamless)
    context = Context(rng=np.random.default_rng(seed), **(how or {}))
    return paint(task, PatchesStyleParameters(**{"quality": "quick"} | given), context)


@pytest.fixture(scope="module")
def usual() -> Tensor:
    """The photograph, repainted with what is usual but quickly."""
    return painted()


def stripes(color: tuple[float, float, float], other: tuple[float, float, float], side: int = 64) -> Tensor:
    """A style of lying stripes, 4 px high."""
    rows = (torch.arange(side) // 4 % 2)[:, None].expand(side, side)
    return torch.where(rows[None, None] == 1, torch.tensor(color)[:, None, None], torch.tensor(other)[:, None, None])


def correlation(one: Tensor, other: Tensor) -> float:
    return float(np.corrcoef(one.mean(1).flatten(), other.mean(1).flatten())[0, 1])


def own_pieces(picture: Tensor, grid: PatchGrid) -> PatchPixels:
    """A picture's own patches, at their own places."""
    canvas = grid.on_canvas(picture)
    width = canvas.shape[3]
    rows, columns = (torch.arange(count) * grid.stride for count in grid.shape)
    corner = (rows[:, None] * width + columns).flatten()
    return PatchPixels(pixels_of([canvas]), corner, torch.full_like(corner, width), torch.ones_like(corner))


def test_orientation_follows_the_gradient():
    rows, columns = torch.meshgrid(torch.arange(40.0), torch.arange(50.0), indexing="ij")
    for angle in np.radians((0, 30, 90, 150)):
        waves = 0.5 + 0.3 * torch.sin(0.8 * (columns * np.cos(angle) + rows * np.sin(angle))).expand(1, 3, 40, 50)
        found = orientation(waves, 3.0)[0, :, 20, 25]
        assert found.numpy() == pytest.approx([np.cos(2 * angle), np.sin(2 * angle)], abs=0.05)
    assert orientation(torch.full((1, 3, 40, 50), 0.5), 3.0).abs().max() < 1e-3


@pytest.mark.parametrize("view", range(8))
def test_orientations_are_turned_as_the_pixels_are(view):
    turned = orientation(view_of(STYLE, view), 2.0)
    assert torch.allclose(guides_of_view(orientation(STYLE, 2.0), view), turned, atol=1e-4)


@pytest.fixture(scope="module")
def wall() -> tuple[Tensor, Tensor, Tensor]:
    """A photograph of 67x100 px, a style of bricks, and the photograph in the colours of the bricks."""
    photo, style = tensor(data.coffee(), 6), tensor(data.brick()[..., None] * (1.0, 0.7, 0.5), 5)[:, :, :100, :100]
    return photo, style, recolor(photo, (style,), (Region(None, (1.0,)),), False)


def test_results_have_more_of_the_style_than_its_colours(wall):
    photo, style, palette = wall
    made = painted(photo, style)
    for measure, how in ((sliced_wasserstein, {"directions": 64}), (wavelet_distance, {})):
        by_colours, by_strokes = (np.mean(measure(as_image(x), as_image(style), **how)) for x in (palette, made))
        assert by_strokes < 0.85 * by_colours


@pytest.mark.slow
def test_preservation_keeps_the_pictures_forms(usual):
    none, more, most = (painted(preservation=preservation) for preservation in (0.0, 2.0, 5.0))
    steps = [correlation(x, PHOTO) for x in (none, usual, more, most)]
    assert min(np.diff(steps)) > 0.02
    assert 0.6 < steps[1] < 0.9


def test_less_detail_is_smoother_and_more_is_sharper(usual):
    def roughness(x: Tensor) -> float:
        return float((x[..., 1:] - x[..., :-1]).abs().mean())

    assert roughness(painted(detail=0.0)) < 0.8 * roughness(usual)
    assert roughness(painted(detail=2.0)) > 1.2 * roughness(usual)


def test_strokes_are_rotated_only_where_allowed():
    def upright(x: Tensor) -> float:
        """Changes along rows, in parts of those down columns."""
        return float((x[..., 1:] - x[..., :-1]).abs().mean() / (x[..., 1:, :] - x[..., :-1, :]).abs().mean())

    style = stripes((0.9, 0.8, 0.2), (0.2, 0.1, 0.3))
    assert upright(painted(PHOTO, style, turned=False)) < 0.7 * upright(painted(PHOTO, style))


def test_strokes_follow_the_pictures_forms():
    """Softly waving columns, then rows, are hatched along their waves, in which the style has no part."""
    wave = 0.5 + 0.25 * torch.sin(torch.arange(64) / 64 * 4 * torch.pi)
    picture = torch.cat([wave.expand(64, 64), wave[:, None].expand(64, 64)], 1).expand(1, 3, 64, 128)
    made = painted(picture, stripes((0.9, 0.9, 0.9), (0.1, 0.1, 0.1)))
    detail = made - gaussian_blur(made, 3.0)
    rows, columns = ((detail - detail.roll(1, axis)).square().mean((0, 1)) for axis in (2, 3))
    columns_first = (columns / (rows + columns))[8:-8]
    assert columns_first[:, 8:56].mean() > columns_first[:, 72:120].mean() + 0.35


def test_a_grey_style_leaves_no_colour():
    made = painted(PHOTO, STYLE.mean(1, keepdim=True).expand_as(STYLE))
    assert (made - made.mean(1, keepdim=True)).abs().max() < 0.01


def test_large_areas_keep_their_order_from_dark_to_light(usual):
    kept, free, own = (interpolate(x, (5, 8), mode="area") for x in (usual, painted(tonal_order=0), PHOTO))
    assert correlation(kept, own) > correlation(free, own)
    rising = torch.linspace(0.2, 0.8, 128).expand(1, 3, 64, 128)
    assert (with_tonal_order(rising.flip(3), rising, 1.0, False)[..., 8:-8].mean((0, 1, 2)).diff() > 0).all()
    assert with_tonal_order(rising.flip(3), rising.clamp(max=0.5), 1.0, False)[..., 80:].std() < 0.03


@pytest.mark.parametrize("share", [0.25, 0.75])
def test_two_styles_take_their_shares(share):
    made = painted(PHOTO, STYLE, STYLE.flip(1), regions=(Region(None, (0.0, share, 1 - share)),))
    assert (made[:, 0] > made[:, 2]).float().mean() == pytest.approx(share, abs=0.17)


@pytest.mark.parametrize("seamless", [False, True])
def test_large_results_have_the_styles_full_resolution(monkeypatch, seamless):
    picture, style = (interpolate(x, scale_factor=2, mode="bicubic") for x in (PHOTO, STYLE))
    fine = (style + 0.1 * torch.randn(style.shape, generator=torch.Generator().manual_seed(0))).clamp(0, 1)
    monkeypatch.setitem(painting.SEARCH_PX, "quick", 67)
    made = painted(picture, fine, seamless=seamless)
    assert made.shape == picture.shape
    assert correlation(made, picture) > 0.5
    halved = interpolate(interpolate(made, scale_factor=0.5, mode="area"), scale_factor=2, mode="bicubic")
    assert (made - halved).std() > 0.04


@pytest.mark.parametrize("factor", [1, 2])
def test_blended_detail_is_restored(factor):
    size = 48
    grid = PatchGrid(size, size, False).at_scale(factor)
    noise = torch.rand((1, 3, size * factor, size * factor), generator=torch.Generator().manual_seed(0))
    picture = (0.5 + 0.3 * (gaussian_blur(noise, 0.6 * factor) - 0.5) * 3).clamp(0, 1)
    pieces, dull = own_pieces(picture, grid), 0.5 + 0.6 * (picture - 0.5)

    def contrast(x: Tensor) -> float:
        return float((x - gaussian_blur(x, 1.2 * factor)).std())

    energies = detail_energies([grid.on_canvas(picture)], factor)
    assert contrast(restore_detail(dull, pieces, grid, energies, False)) == pytest.approx(contrast(picture), rel=0.1)
    assert contrast(restore_detail(picture, pieces, grid, energies, False)) == pytest.approx(contrast(picture), rel=0.1)


def refined_from(mosaic: Tensor, preservation: float, leading: Tensor, style: Tensor = STYLE, seamless=False) -> Tensor:
    task = StyleTask(leading, (style,), (Region(None, (1.0,)),), leading, 0, seamless)
    return refine(mosaic, leading, task, preservation, Context(), lambda: None)


def test_a_refined_mosaic_has_more_of_the_styles_texture(wall):
    _, style, palette = wall
    made = (palette, refined_from(palette, 1.0, palette, style))
    before, after = (np.mean(sliced_wasserstein(as_image(x), as_image(style), directions=64)) for x in made)
    assert after < 0.88 * before


def test_preservation_keeps_forms_in_a_refined_mosaic():
    laid = correlation(LAID, PHOTO)
    gained = [correlation(refined_from(LAID, kept, PHOTO), PHOTO) - laid for kept in (0.0, 1.0, 5.0)]
    assert abs(gained[0]) < 0.02
    assert gained[2] - 0.03 > gained[1] > 0.03


@pytest.mark.parametrize("search_px", [67, 34])
def test_painted_patches_are_refined(monkeypatch, search_px):
    monkeypatch.setitem(painting.SEARCH_PX, "quick", search_px)
    means = []
    for brighter in (0.0, 0.1):
        monkeypatch.setattr(painting, "refine", lambda mosaic, *_, brighter=brighter: mosaic + brighter)
        means.append(float(painted().mean()))
    assert means[1] - means[0] > 0.05


def test_a_refinement_leaves_calm_places_calm():
    noise = 0.1 * torch.randn(1, 3, 48, 96, generator=torch.Generator().manual_seed(0))
    is_busy = (torch.arange(96) < 48).float()
    mosaic = 0.7 + is_busy * noise
    left = limit_detail(mosaic, mosaic + noise.flip(2), False) - mosaic
    assert left[..., 60:].abs().max() < 0.03  # the other half is allowed as much detail as it has, and half more
    assert left[..., :36].std() > 0.05


def noise(seed: int, *shape: int) -> Tensor:
    return torch.rand((1, 3, *shape), generator=torch.Generator().manual_seed(seed))


def grain(seed: int, *shape: int) -> Tensor:
    """Soft grain with a standard deviation of 1."""
    soft = gaussian_blur(noise(seed, *shape).mean(1, keepdim=True) - 0.5, 1.0)
    return soft / soft.std()


@pytest.mark.slow
def test_a_calm_picture_is_painted_with_calm_parts_of_a_style():
    ramp = torch.linspace(0.4, 0.6, 64).expand(1, 3, 64, 64)
    noise = torch.rand((1, 3, 64, 64), generator=torch.Generator().manual_seed(0))
    style = torch.cat([ramp, 0.5 + 0.6 * (noise - 0.5)], 3)  # half of it is noise
    made = painted(ramp + 0.01 * (noise - 0.5), style)
    busy = detail_contrast(style, 2.0)[..., 80:].mean()
    assert detail_contrast(made, 2.0).mean() < 0.4 * busy
    even = painted(torch.cat([ramp, 0.5 + 0.6 * (noise.flip(2) - 0.5)], 3), style)
    assert detail_contrast(even, 2.0)[..., 80:].mean() > 0.6 * busy


def test_contrasts_are_matched_by_their_frequency():
    of_style = Places(np.linspace(0, 1, 1000), np.ones(1000, bool))
    assert suitability(of_style, of_style, True) == pytest.approx(np.ones(1000), abs=0.05)
    weights = suitability(of_style, Places(0.25 * of_style.contrast, of_style.is_calm), True)
    assert weights[:200] == pytest.approx(np.full(200, SUITED[1]), rel=0.02)
    assert weights[300:] == pytest.approx(SUITED[0])


def test_a_dark_style_has_calm_light_paint():
    contrast = torch.linspace(0, 1, 100).view(1, 1, 1, 100)
    assert calm_parts(Impression((contrast > 0.7).float().expand(1, 3, 1, 100), contrast))[70:].sum() > 5


@pytest.mark.slow
def test_calm_skies_get_no_objects_of_the_style():
    """A striped sash lies between two plain grounds, as its lightness does, and a sky goes from dark to light."""
    height, width = 64, 256
    style = torch.empty(1, 3, height, width)
    colors = ((0.3, 0.4, 0.7), (0.9, 0.88, 0.85), (0.75, 0.5, 0.65))
    blue, white, pink = (torch.tensor(color)[:, None, None] for color in colors)
    sash = slice(width // 2 - 10, width // 2 + 10)
    style[..., : sash.start], style[..., sash], style[..., sash.stop :] = blue, pink, white
    style += 0.02 * grain(0, height, width)
    style[..., sash][..., ::4] -= 0.4
    style[..., sash][..., 1::4] -= 0.4
    picture = torch.linspace(0.2, 0.9, width).expand(1, 3, height, width) + 0.01 * grain(1, height, width)
    picture[..., -32:] = noise(2, height, 32)  # busy
    made = painted(picture.clamp(0, 1), style.clamp(0, 1))
    is_sash = made[:, 0] - made[:, 1] > 0.12
    assert is_sash[..., -32:].any()
    assert not is_sash[..., :-44].any()


@pytest.fixture(scope="module")
def like_its_style() -> tuple[Search, Tensor]:
    """A search for a picture that is its style with a little more grain, and the picture's features."""
    style = 0.5 + 0.1 * grain(3, 64, 512)
    style, picture = (style.expand(1, 3, 64, 512), (style + 0.05 * grain(4, 64, 512)).expand(1, 3, 64, 512))
    library, grid = PatchLibrary([style], [style], turned=True), PatchGrid(64, 512, False)
    canvas, places = grid.on_canvas(picture), grid.shape[0] * grid.shape[1]
    queries = library.features_of(canvas, canvas)
    none = torch.zeros(places, dtype=torch.long)
    rng, use = np.random.default_rng(0), torch.ones(1, 1)
    search = Search(library, grid, torch.zeros_like(library.cell), none, none == 0, use, 0 * use, rng, lambda: None)
    search.measure(queries, search.pool())
    return search, queries


def test_the_middle_of_an_oversized_style_is_used():
    middle = centre_of(STYLE, 1000)  # of 60 x 72
    top, left = ((side - kept) // 2 for side, kept in zip((60, 72), middle.shape[2:], strict=True))
    assert 900 < middle[0, 0].numel() <= 1000
    assert torch.equal(middle, STYLE[:, :, top : top + middle.shape[2], left : left + middle.shape[3]])


def test_no_copy_of_the_style_stays_large(like_its_style):
    """Not even where the picture is the style: this is the worst case."""
    search, queries = like_its_style
    rows, columns = (torch.arange(count) for count in search.grid.shape)
    patches = search.library.patch_at(torch.tensor(0), rows[:, None] - 1, columns - 1).flatten()
    sides = []
    for reach in 8 * REACHES:
        sides.append(STRIDE * float(copy_areas(patches, search.library, search.grid).max()) ** 0.5 + SIDE - STRIDE)
        patches = search.next_patches(queries, patches, reach)
    assert sides[0] > 150
    assert sides[-1] < 75


def test_no_spot_of_the_style_is_repeated_nearby(like_its_style):
    """Whatever is laid first, all around comes from one spot."""
    search, queries = like_its_style
    first = search.library.patch_at(torch.tensor(0), torch.tensor(12), torch.tensor(100))
    patches = first.repeat(len(queries))
    for reach in 8 * REACHES:
        patches = search.next_patches(queries, patches, reach)
    laid = search.library.spot[patches].view(search.grid.shape)[:, :32]
    assert torch.bincount(laid.flatten()).max() < 6 * search.library.room.max()
