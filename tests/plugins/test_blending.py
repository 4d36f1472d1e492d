"""Pixel art keeps its colours, and blended photographs their histogram; seamless along one axis or both, in tiles."""

from __future__ import annotations

import numpy as np
import pytest
from cases import each_case
from making import finish, made, photograph
from PIL import Image
from scipy.ndimage import gaussian_filter
from skimage import data

from impasto import Maps, read_maps
from impasto.context import Context
from impasto.errors import ParameterError
from impasto.surface.resizing import few_colors
from impasto.surface.wrapping import seam_z, wraps
from impasto_synthesis.histogram_blending.blending import blend_of
from impasto_synthesis.histogram_blending.parameters import HistogramBlendingParameters

SPRITE = np.random.default_rng(1).integers(0, 4, (16, 16)).astype(np.uint8) * 60


def colors(maps: Maps) -> set[tuple[int, ...]]:
    codes = np.round(maps["base_color"].pixels * 255).astype(int) @ (1 << 16, 1 << 8, 1)
    return {(code >> 16, code >> 8 & 255, code & 255) for code in np.unique(codes).tolist()}


@pytest.fixture
def sprite(tmp_path) -> Maps:
    Image.fromarray(SPRITE).quantize(4).save(tmp_path / "d.png")
    return read_maps(tmp_path / "d.png")


@each_case("pixel_art")
def test_pixel_art_keeps_its_colours(tool, parameters, sprite):
    result = made(tool, sprite, **parameters)
    assert colors(result.maps) <= colors(sprite)
    if tool != "photo-maps":
        assert any("4 colours, which are kept" in note for note in result.notes)
        assert len(colors(made(tool, sprite, **parameters | {"pixel_art": "off"}).maps)) > 4


def test_opacity_keeps_its_two_values(sprite):
    opacity = (np.asarray(SPRITE)[..., None] > 60).astype(np.float32)
    result = made("quilt", sprite.with_arrays({"opacity": opacity}), width_px=40, height_px=40).maps
    assert set(np.unique(result["opacity"].pixels)) <= {0.0, 1.0}


def grey(values: np.ndarray) -> Maps:
    return Maps.from_arrays({"base_color": np.repeat(np.asarray(values, np.float32)[..., None], 3, 2)})


def test_photographs_and_plain_pictures_have_no_palette():
    gravel = data.gravel() / 255
    assert few_colors(grey(gravel)) == 0
    assert few_colors(grey(np.round(gravel * 12) / 255 + 0.3)) == 0, "a pale photograph of twelve levels"
    assert few_colors(Maps.from_arrays({"base_color": data.coffee()[:7, :7] / np.float32(255)})) == 0
    assert few_colors(grey(np.full((64, 64), 0.4))) == 0
    assert few_colors(Maps.from_arrays({"height": np.zeros((8, 8), np.float32)})) == 0
    assert few_colors(grey(gravel > 0.5)) == 2, "a scan of ink"
    for plain in (np.full((64, 64), 0.4), gravel[:200, :200] > 0.5):
        result = made("quilt", grey(plain), width_px=96, height_px=96).maps["base_color"].pixels
        assert set(np.unique(np.round(result * 255))) <= set(np.unique(np.round(np.float32(plain) * 255)))


def test_pixel_art_on_keeps_the_colours_of_photographs():
    source, size = Maps.from_arrays({"base_color": data.coffee()[:96, :96] / 255}), {"width_px": 64, "height_px": 64}
    assert colors(finish("quilt", source, pixel_art="on", **size)) <= colors(source)
    assert not colors(finish("quilt", source, **size)) <= colors(source)


def landscape(height: int = 96, width: int = 160) -> Maps:
    """A sky that is light below, over dark ground, both of them brighter at the right."""
    rng = np.random.default_rng(0)
    y, x = np.mgrid[0:height, 0:width]
    sky = 0.5 + 0.3 * y / height + 0.1 * x / width
    clouds = gaussian_filter(rng.standard_normal((height, width)), 2)
    pixels = np.where(y > 0.75 * height + 2 * np.sin(x / 9), 0.2, sky) + 0.05 * clouds / clouds.std()
    return grey(pixels.clip(0, 1))


@pytest.mark.parametrize("axes", ["x", "y"])
def test_seamless_along_one_axis_leaves_the_other_unchanged(axes):
    subject = landscape()
    if axes == "y":
        subject = grey(np.ascontiguousarray(subject["base_color"].pixels[..., 0].T))
    height, width = subject.size_px
    for longer in (0, 50):
        size = (height, width + longer) if axes == "x" else (height + longer, width)
        result = made("quilt", subject, axes=axes, height_px=size[0], width_px=size[1])
        assert result.maps.size_px == size
        along, pixels = int(axes == "x"), result.maps["base_color"].pixels[..., 0]
        assert wraps(result.maps) == ((False, True) if axes == "x" else (True, False))
        profile = subject["base_color"].pixels[..., 0].mean(along)
        assert np.abs(pixels.mean(along) - profile).max() < 0.08
        step = np.abs(np.take(pixels, 0, along) - np.take(pixels, -1, along)).mean()
        assert step < 1.5 * np.abs(np.diff(pixels, axis=along)).mean()


def test_bricks_stay_in_step_along_the_axis():
    y, x = np.mgrid[0:64, 0:210]
    bricks = np.where((x % 30 < 3) | (y % 32 < 3), 0.8, 0.3) + 0.02 * np.random.default_rng(0).standard_normal(x.shape)
    subject = grey(bricks)
    result = made("quilt", subject, axes="x", width_px=310, height_px=64).maps["base_color"].pixels[..., 0]
    joints = np.flatnonzero(np.roll(result, 15, 1)[8:28].mean(0) > 0.6)
    starts = joints[np.diff(joints, prepend=-9) > 1]
    assert len(starts) == 10
    assert np.ptp(np.diff(starts)) <= 6  # pixels of periods of 31


@pytest.mark.parametrize(("axes", "size"), [("x", (300, 200)), ("y", (200, 300)), ("x", (31, 77)), ("y", (5, 9))])
def test_any_size_along_the_open_axis(axes, size):
    result = made("quilt", landscape(), axes=axes, height_px=size[0], width_px=size[1])
    assert result.maps.size_px == size
    assert any("longer than the source" in note for note in result.notes) == (max(size) == 300)


def test_ink_that_is_made_smaller_becomes_grey():
    ink = grey(data.gravel() > 128)
    assert colors(made("transform", ink, scale=2).maps) == {(0, 0, 0), (255, 255, 255)}
    assert len(colors(made("transform", ink, scale=0.5).maps)) > 2


def blended(subject: Maps | np.ndarray, seed: int = 0, **parameters) -> Maps:
    return finish("histogram-blending", subject, seed=seed, **parameters)


def quantile_error(made: np.ndarray, source: np.ndarray) -> float:
    """Largest difference of quantiles, without the outermost."""
    shares = np.linspace(0.02, 0.98, 49)
    return float(np.abs(np.quantile(made, shares) - np.quantile(source, shares)).max())


@pytest.mark.parametrize("name", ["gravel", "grass"])
def test_colours_and_contrast_are_kept_and_borders_meet(name: str) -> None:
    source = photograph(name, 256)
    result = blended(source, width_px=512, height_px=384)["base_color"].pixels
    assert result.shape == (384, 512, 3)
    assert quantile_error(result, source) < 0.03  # of plain averages of three pieces: 0.15
    assert 0.93 < result.std() / source.std() < 1.07
    for z in seam_z(result):
        assert -4 < z < 3  # METHODS: seamless


def test_plain_repetition_shows_and_blending_hides_it() -> None:
    source = photograph("gravel", 128)
    result = blended(source, width_px=512, height_px=512)["base_color"].pixels[..., 0]
    repeated = np.tile(source[..., 0], (4, 4))

    def repeats(picture: np.ndarray) -> float:
        """Correlation with itself one source further."""
        return float(np.corrcoef(picture.ravel(), np.roll(picture, 128, 1).ravel())[0, 1])

    assert repeats(repeated) == pytest.approx(1)
    assert abs(repeats(result)) < 0.1
    other = blended(source, width_px=512, height_px=512, layout=8)["base_color"].pixels[..., 0]
    assert not np.allclose(result, other)


def test_two_valued_maps_keep_values_and_shares() -> None:
    metal = (photograph("gravel", 256)[..., :1] > 0.6).astype(np.float32)
    result = blended(Maps.from_arrays({"metallic": metal}), width_px=384, height_px=384)["metallic"].pixels
    assert set(np.unique(result)) <= {0, 1}
    assert result.mean() == pytest.approx(metal.mean(), abs=0.04)


def test_regular_patterns_are_noted_refused_or_accepted() -> None:
    brick = photograph("brick", 256)
    assert any("pattern" in note for note in made("histogram-blending", brick).notes)
    with pytest.raises(ParameterError, match="pattern"):
        blended(brick, pattern="refuse")
    assert not made("histogram-blending", brick, pattern="insist").notes
    assert not made("histogram-blending", photograph("gravel", 256)).notes


@pytest.mark.parametrize("size", [(1, 1), (1, 9), (200, 2)])
def test_a_tiny_source_has_no_more_cells_than_pixels(size):
    """Of cells far below a pixel, there would be millions."""
    subject = Maps.from_arrays({"base_color": np.full((*size, 3), 0.5, np.float32)})
    blend = blend_of(subject, HistogramBlendingParameters(width_px=512, height_px=512), Context())
    assert min(blend.grid.cell_px) > 1.5
