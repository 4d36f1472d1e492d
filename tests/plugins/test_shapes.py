"""Decals, trim sheets and atlases: soft edges without halos, endless strips, rectangles that hold their objects."""

from __future__ import annotations

import numpy as np
import pytest
from finishing import tile
from scipy.ndimage import gaussian_filter
from skimage import data

from impasto import Maps, Recipe, Result, Step, run
from impasto.errors import ParameterError
from impasto.surface.seams import seam_z
from impasto_shapes.islands import labels_of
from impasto_shapes.matting import alpha_of, object_in
from impasto_shapes.trim_sheet import found_rows

SIZE = (96, 128)
LEAF, WALL = np.array([0.2, 0.5, 0.15]), np.array([0.75, 0.7, 0.65])


def made(tool: str, subject: Maps, *, inputs: dict[str, list[Maps] | Maps] | None = None, **parameters) -> Result:
    """The tool's result; inputs of lists are given their names by number."""
    named: dict[str, str | list[str]] = {}
    given = {"source": subject}
    for name, value in (inputs or {}).items():
        values = value if isinstance(value, list) else [value]
        given |= {f"{name}{index}": one for index, one in enumerate(values)}
        names = [f"{name}{index}" for index in range(len(values))]
        named[name] = names if isinstance(value, list) else names[0]
    return run(Recipe((Step(tool, parameters, named),)), given)


def true_alpha(sigma: float = 1.2) -> np.ndarray:
    """Alpha of a disc and of a small square, with soft edges."""
    y, x = np.indices(SIZE)
    shape = ((y - 45) ** 2 + (x - 50) ** 2 < 30**2) | ((abs(y - 70) < 8) & (abs(x - 108) < 8))
    return gaussian_filter(shape.astype(float), sigma)


def photograph(alpha: np.ndarray | None = None, seed: int = 0) -> Maps:
    """A leaf over a wall whose light falls off, with grain on both, and maps that follow it."""
    rng = np.random.default_rng(seed)
    a = (true_alpha() if alpha is None else alpha)[..., None]
    light = np.linspace(0.75, 1.1, SIZE[1])[None, :, None]
    color = light * (a * LEAF + (1 - a) * WALL) + 0.01 * rng.standard_normal((*SIZE, 3))
    arrays = {"base_color": np.clip(color, 0, 1), "roughness": 0.3 * a + 0.8 * (1 - a), "height": a}
    return Maps.from_arrays(arrays, width_m=1.28, height_range_m=0.01)


def test_a_decal_has_the_alpha_of_the_object_and_its_colours_under_the_edge():
    color, truth = photograph()["base_color"].pixels, true_alpha()
    found = alpha_of(color, object_in(color, 1.0), 3)
    hard = np.abs((truth > 0.5) - truth).mean()
    assert np.abs(found - truth).mean() < 0.5 * hard, "no better than a hard edge"
    result = made("cut-decal", photograph(), margin_px=6).maps
    alpha = result["opacity"].pixels[..., 0]
    assert alpha.sum() == pytest.approx(truth.sum(), rel=0.03)
    assert not alpha[:6].any()
    assert not alpha[:, -6:].any()
    assert result.width_m == pytest.approx(1.28 * result.size_px[1] / SIZE[1])
    seen = (alpha > 0.02) & (alpha < 0.9)
    assert np.abs(result["base_color"].pixels[seen] - LEAF).max() < 0.15, "the wall's colour is a halo"
    assert np.abs(result["roughness"].pixels[seen] - 0.3).max() < 0.1


def test_a_mask_says_what_is_cut_and_the_largest_part_can_be_kept():
    mask = Maps.from_arrays({"base_color": np.repeat((true_alpha() > 0.5)[..., None], 3, 2)})
    flat = photograph(np.zeros(SIZE))
    both = made("cut-decal", flat, inputs={"mask": mask}, edge_px=0, margin_px=0).maps
    assert both.size_px == (62, 95)
    assert set(np.unique(both["opacity"].pixels)) == {0, 1}
    one = made("cut-decal", flat, inputs={"mask": mask}, edge_px=0, margin_px=0, islands="largest").maps
    assert one.size_px == (59, 59)
    square = made("cut-decal", flat, inputs={"mask": mask}, power_of_two=True).maps
    assert square.size_px == (128, 128)


@pytest.mark.parametrize(("value", "said"), [(1.0, "shows everything"), (0.0, "shows nothing")])
def test_a_mask_that_tells_nothing_is_refused(value, said):
    mask = Maps.from_arrays({"base_color": np.full((*SIZE, 3), value)})
    for tool in ("cut-decal", "pack-atlas"):
        with pytest.raises(ParameterError, match=said):
            made(tool, photograph(), inputs={"mask": mask})


@pytest.mark.parametrize("tool", ["cut-decal", "pack-atlas"])
def test_an_object_that_would_be_invisible_is_refused(tool):
    spot = np.zeros((8, 8, 3))
    spot[4, 4] = 1
    mask = Maps.from_arrays({"base_color": spot})
    with pytest.raises(ParameterError, match="nothing of the picture would be visible; choose a smaller edge_px"):
        made(tool, Maps.from_arrays({"base_color": spot * 0 + 0.4}), inputs={"mask": mask}, edge_px=64)


def test_what_is_opaque_already_is_cropped_by_its_own_opacity():
    subject = photograph().with_arrays({"opacity": true_alpha()})
    result = made("cut-decal", subject, margin_px=0).maps
    rows = np.flatnonzero((true_alpha() > 1.5 / 255).any(1))
    assert result.size_px[0] == len(rows)
    assert np.isin(result["opacity"].pixels, subject["opacity"].pixels).all()


def test_an_atlas_holds_every_object_of_all_pictures_in_its_rectangle():
    other = photograph(np.roll(true_alpha(), 9, 0), seed=4)
    result = made("pack-atlas", photograph(), inputs={"more": [other]}, padding_px=4)
    alpha = result.maps["opacity"].pixels[..., 0]
    height, width = result.maps.size_px
    assert height & (height - 1) == width & (width - 1) == 0
    boxes = []
    for index in range(1, 5):
        box = [round(result.figures[f"part_{index}_{side}"]) for side in ("left", "top", "width", "height")]
        boxes.append(box)
        left, top, across, down = box
        inside = alpha[top : top + down, left : left + across]
        assert all(edge.any() for edge in (inside[0], inside[-1], inside[:, 0], inside[:, -1]))
    spiral = np.zeros((9, 9), bool)
    spiral[0], spiral[:, 8], spiral[8], spiral[2:, 0], spiral[2, :7] = True, True, True, True, True
    assert labels_of(spiral).max() == 1
    covered = np.zeros(alpha.shape, int)
    for left, top, across, down in boxes:
        covered[max(0, top - 4) : top + down + 4, max(0, left - 4) : left + across + 4] += 1
    assert covered.max() == 1, "no two of them overlap, padding included"
    assert not alpha[covered == 0].any()
    assert "part_5_left" not in result.figures
    assert {"base_color", "roughness", "height", "opacity"} == set(result.maps)
    assert np.ptp(result.maps["roughness"].pixels[covered > 0]) < 0.2, "the wall is not seen in any map"


def strips_of(*names: str) -> np.ndarray:
    """Parts of scikit-image's textures, one below the other (H, W, 3)."""
    parts = [getattr(data, name)()[:height] for name, height in zip(names, (100, 160, 110), strict=False)]
    return np.repeat(np.concatenate(parts)[..., None] / 255, 3, 2)


def test_strips_are_found_where_the_texture_changes():
    assert found_rows(strips_of("gravel", "brick", "grass"), 0) == [0, 100, 260, 370]
    for name in ("gravel", "brick", "grass"):
        one = np.repeat(getattr(data, name)()[..., None] / 255, 3, 2)
        assert found_rows(one, 0) == [0, 512]
    assert len(found_rows(strips_of("gravel", "brick", "grass"), 2)) == 3


def test_each_strip_is_endless_along_its_length_in_all_maps():
    color = strips_of("gravel", "grass")
    subject = Maps.from_arrays(
        {"base_color": color, "height": color.mean(2), "roughness": 1 - color.mean(2)}, width_m=2.0
    )
    result = made("trim-sheet", subject, sheet_px=192, padding_px=6, rows="0,0.4,1")
    maps = result.maps
    assert maps.size_px[1] == 192
    for index in (1, 2):
        top, bottom = (round(result.figures[f"strip_{index}_{side}"] * maps.size_px[0]) for side in ("top", "bottom"))
        for name in maps:
            strip = maps[name].pixels[top:bottom]
            assert seam_z(strip)[0] < 3, (index, name, seam_z(strip))
            assert np.array_equal(maps[name].pixels[top - 3 : top], np.repeat(strip[:1], 3, 0))
    assert np.abs(maps["roughness"].pixels - 1 + maps["height"].pixels).max() < 1e-4, "all maps are in step"
    assert 1.5 < maps.width_m < 2


def test_further_photographs_become_strips_and_sheets_powers_of_two():
    result = made("trim-sheet", tile(64), inputs={"more": [tile(48, 1), tile(80, 2)]}, strips=1, power_of_two=True)
    assert {name for name in result.figures if name.endswith("_top")} == {f"strip_{i}_top" for i in (1, 2, 3)}
    height, width = result.maps.size_px
    assert height & (height - 1) == width & (width - 1) == 0
    with pytest.raises(ParameterError, match="has no roughness"):
        made("trim-sheet", tile(64), inputs={"more": [Maps.from_arrays({"base_color": np.ones((8, 8, 3))})]})


@pytest.mark.parametrize("rows", ["0.5", "0,0.6,0.4,1", "a,b", "0,2"])
def test_rows_that_are_no_strips_are_refused(rows):
    with pytest.raises(ParameterError, match="are no strips"):
        made("trim-sheet", tile(64), rows=rows)


def test_the_edge_is_the_same_however_many_rows_are_made_at_a_time(monkeypatch):
    color = photograph()["base_color"].pixels
    found = object_in(color, 1.0)
    whole = alpha_of(color, found, 2)
    monkeypatch.setattr("impasto_shapes.matting.BAND_PX", 24)
    assert np.array_equal(object_in(color, 1.0), found)
    assert np.abs(alpha_of(color, found, 2) - whole).max() < 0.1
    assert np.abs(alpha_of(color, found, 2) - whole).mean() < 1e-3
