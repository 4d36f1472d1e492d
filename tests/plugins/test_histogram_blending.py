"""Histogram-preserving blending: colours and contrast kept, no repeats, seamless, all maps in step, tile by tile."""

from __future__ import annotations

import numpy as np
import pytest

from impasto import Maps
from impasto.context import Context
from impasto.errors import ParameterError
from impasto.surface.seams import seam_z
from impasto_synthesis.histogram_blending import HistogramBlending
from impasto_synthesis.histogram_blending.blending import blend_of
from impasto_synthesis.histogram_blending.parameters import HistogramBlendingParameters

data = pytest.importorskip("skimage.data")


def photograph(name: str, side: int = 256) -> np.ndarray:
    """One of scikit-image's grey photographs as (side, side, 1)."""
    return getattr(data, name)()[:side, :side, None].astype(np.float32) / 255


def blended(subject: Maps, seed: int = 0, context: Context | None = None, **parameters) -> Maps:
    context = context or Context(rng=np.random.default_rng(seed))
    return HistogramBlending().apply(subject, HistogramBlendingParameters(**parameters), {}, context)


def of_grey(grey: np.ndarray) -> Maps:
    return Maps.from_arrays({"base_color": np.repeat(grey, 3, 2)})


def quantile_error(made: np.ndarray, source: np.ndarray) -> float:
    """Largest difference of quantiles, without the outermost."""
    shares = np.linspace(0.02, 0.98, 49)
    return float(np.abs(np.quantile(made, shares) - np.quantile(source, shares)).max())


@pytest.mark.parametrize("name", ["gravel", "grass"])
def test_colours_and_contrast_are_kept_and_borders_meet(name: str) -> None:
    source = photograph(name)
    result = blended(of_grey(source), width_px=512, height_px=384)["base_color"].pixels
    assert result.shape == (384, 512, 3)
    assert quantile_error(result, source) < 0.03  # of plain averages of three pieces: 0.15
    assert 0.93 < result.std() / source.std() < 1.07
    for z in seam_z(result):
        assert -4 < z < 3  # METHODS: seamless


def test_plain_repetition_shows_and_this_does_not() -> None:
    source = photograph("gravel", 128)
    result = blended(of_grey(source), width_px=512, height_px=512)["base_color"].pixels[..., 0]
    repeated = np.tile(source[..., 0], (4, 4))

    def repeats(picture: np.ndarray) -> float:
        """Correlation with itself one source further."""
        return float(np.corrcoef(picture.ravel(), np.roll(picture, 128, 1).ravel())[0, 1])

    assert repeats(repeated) == pytest.approx(1)
    assert abs(repeats(result)) < 0.1


def test_all_maps_follow_the_same_pieces() -> None:
    grey = photograph("grass", 96)
    names = ("roughness", "height", "ambient_occlusion")
    slopes = np.concatenate([grey * 0.2 + 0.4, grey * 0.2 + 0.4, np.full_like(grey, 0.98)], 2)
    subject = Maps.from_arrays({**dict.fromkeys(names, grey), "normal": slopes, "base_color": np.repeat(grey, 3, 2)})
    result = blended(subject, width_px=160, height_px=128)
    height = result["height"].pixels
    assert all(np.array_equal(result[name].pixels, height) for name in names)
    assert np.abs(result["base_color"].pixels - height).max() < 0.02
    assert np.corrcoef(result["normal"].pixels[..., 0].ravel(), height.ravel())[0, 1] > 0.98
    lengths = np.linalg.norm(2 * result["normal"].pixels - 1, axis=2)
    assert np.allclose(lengths, 1, atol=1e-4)


def test_a_map_of_two_values_keeps_both_and_their_shares() -> None:
    metal = (photograph("gravel") > 0.6).astype(np.float32)
    result = blended(Maps.from_arrays({"metallic": metal}), width_px=384, height_px=384)["metallic"].pixels
    assert set(np.unique(result)) <= {0, 1}
    assert result.mean() == pytest.approx(metal.mean(), abs=0.04)


def test_tiles_are_the_whole_and_the_layout_decides() -> None:
    subject = Maps.from_arrays({"base_color": np.repeat(photograph("gravel", 64), 3, 2)}, width_m=0.5)
    parameters = HistogramBlendingParameters(width_px=600, height_px=300, layout=7)
    whole = blended(subject, 1, width_px=600, height_px=300, layout=7)
    assert whole.width_m == pytest.approx(0.5 * 600 / 64)
    for top, left, tile in HistogramBlending().tiles(subject, parameters, {}, Context()):
        height, width = tile.size_px
        part = whole["base_color"].pixels[top : top + height, left : left + width]
        assert np.array_equal(tile["base_color"].pixels, part)
        assert tile.width_m == whole.width_m
    other = blended(subject, 1, width_px=600, height_px=300, layout=8)
    assert not np.allclose(other["base_color"].pixels, whole["base_color"].pixels)


def test_a_regular_pattern_is_told_refused_or_accepted() -> None:
    brick = of_grey(photograph("brick", 256))
    notes: list[str] = []
    blended(brick, context=Context(on_note=notes.append))
    assert any("pattern" in note for note in notes)
    with pytest.raises(ParameterError, match="pattern"):
        blended(brick, pattern="refuse")
    notes.clear()
    blended(brick, context=Context(on_note=notes.append), pattern="insist")
    blended(of_grey(photograph("gravel")), context=Context(on_note=notes.append))
    assert not notes


@pytest.mark.parametrize("size", [(1, 1), (1, 9), (200, 2)])
def test_a_tiny_source_has_no_more_cells_than_pixels(size):
    """Of cells far below a pixel, there would be millions."""
    subject = Maps.from_arrays({"base_color": np.full((*size, 3), 0.5, np.float32)})
    blend = blend_of(subject, HistogramBlendingParameters(width_px=512, height_px=512), Context())
    assert min(blend.grid.cell_px) > 1.5
