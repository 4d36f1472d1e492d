"""Decals, trim sheets, atlases, panoramas and cubes: soft edges, endless strips, sides and poles that close."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import OpenImageIO as oiio
import pytest
import torch
from making import made, tile
from scipy.ndimage import gaussian_filter
from skimage import data

from impasto import Maps, Recipe, Step, read_maps
from impasto.cli.main import main
from impasto.errors import FileError, ParameterError
from impasto.io.reduction import Wanted
from impasto.running.wanted import wanted_by
from impasto.surface.wrapping import seam_z
from impasto_shapes.cube import PLACES, layout_of
from impasto_shapes.islands import labels_of
from impasto_shapes.matting import alpha_of, object_in
from impasto_shapes.panorama import sides_meet
from impasto_shapes.sphere import FACES, face_directions, panorama_directions
from impasto_shapes.trim_sheet import found_rows

SIZE = (96, 128)
LEAF, WALL = np.array([0.2, 0.5, 0.15]), np.array([0.75, 0.7, 0.65])


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
def test_useless_masks_are_refused(value, said):
    mask = Maps.from_arrays({"base_color": np.full((*SIZE, 3), value)})
    for tool in ("cut-decal", "pack-atlas"):
        with pytest.raises(ParameterError, match=said):
            made(tool, photograph(), inputs={"mask": mask})


@pytest.mark.parametrize("tool", ["cut-decal", "pack-atlas"])
def test_invisible_decals_are_refused(tool):
    spot = np.zeros((8, 8, 3))
    spot[4, 4] = 1
    mask = Maps.from_arrays({"base_color": spot})
    with pytest.raises(ParameterError, match="nothing of the picture would be visible; choose a smaller edge_px"):
        made(tool, Maps.from_arrays({"base_color": spot * 0 + 0.4}), inputs={"mask": mask}, edge_px=64)


def test_decals_with_opacity_are_cropped_by_it():
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


def test_trims_are_found_where_the_texture_changes():
    assert found_rows(strips_of("gravel", "brick", "grass"), 0) == [0, 100, 260, 370]
    for name in ("gravel", "brick", "grass"):
        one = np.repeat(getattr(data, name)()[..., None] / 255, 3, 2)
        assert found_rows(one, 0) == [0, 512]
    assert len(found_rows(strips_of("gravel", "brick", "grass"), 2)) == 3


def test_each_trim_is_seamless_along_its_length_in_all_maps():
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


def test_further_photographs_become_trims_of_power_of_two_sheets():
    result = made("trim-sheet", tile(64), inputs={"more": [tile(48, 1), tile(80, 2)]}, strips=1, power_of_two=True)
    assert {name for name in result.figures if name.endswith("_top")} == {f"strip_{i}_top" for i in (1, 2, 3)}
    height, width = result.maps.size_px
    assert height & (height - 1) == width & (width - 1) == 0
    with pytest.raises(ParameterError, match="has no roughness"):
        made("trim-sheet", tile(64), inputs={"more": [Maps.from_arrays({"base_color": np.ones((8, 8, 3))})]})


@pytest.mark.parametrize("rows", ["0.5", "0,0.6,0.4,1", "a,b", "0,2"])
def test_invalid_rows_of_a_trim_sheet_are_refused(rows):
    with pytest.raises(ParameterError, match="are no strips"):
        made("trim-sheet", tile(64), rows=rows)


def test_edges_do_not_depend_on_rows_per_step(monkeypatch):
    color = photograph()["base_color"].pixels
    found = object_in(color, 1.0)
    whole = alpha_of(color, found, 2)
    monkeypatch.setattr("impasto_shapes.matting.BAND_PX", 24)
    assert np.array_equal(object_in(color, 1.0), found)
    assert np.abs(alpha_of(color, found, 2) - whole).max() < 0.1
    assert np.abs(alpha_of(color, found, 2) - whole).mean() < 1e-3


HEIGHT = 64


def smooth(directions: torch.Tensor) -> np.ndarray:
    """Colours (h, w, 3) that are smooth on the sphere, of directions (h, w, 3) of any length."""
    d = torch.nn.functional.normalize(directions, dim=-1)
    waves = torch.sin(3 * d + torch.roll(2 * d, 1, -1) + torch.tensor([0.0, 1.0, 2.0]))
    return (0.5 + 0.4 * waves).numpy()


def sky(height: int = HEIGHT) -> Maps:
    """A true panorama."""
    rows, columns = torch.arange(height) + 0.5, torch.arange(2 * height) + 0.5
    color = smooth(panorama_directions(rows, columns, height, 2 * height))
    return Maps.from_arrays({"base_color": color, "height": color[..., 0]}, width_m=3.0)


def view() -> Maps:
    """A photograph of which neither sides nor poles meet."""
    return Maps.from_arrays({"base_color": data.coffee()[60:260:2, 60:460:2] / 255})


def faces_of(maps: Maps, layout: str) -> dict[str, np.ndarray]:
    (rows, _), places = PLACES[layout]
    pixels = maps["base_color"].pixels
    side = pixels.shape[0] // rows
    return {
        name: pixels[row * side : (row + 1) * side, column * side : (column + 1) * side]
        for name, (row, column) in zip(FACES, places, strict=True)
    }


@pytest.mark.parametrize("layout", PLACES)
def test_faces_show_their_direction_and_the_panorama_comes_back(layout):
    sheet = made("cube-faces", sky(), layout=layout, face_px=32).maps
    assert layout_of(sheet.size_px) == layout
    place = (torch.arange(32) + 0.5) / 16 - 1
    v, u = torch.meshgrid(place, place, indexing="ij")
    for index, face in enumerate(faces_of(sheet, layout).values()):
        assert np.abs(face - smooth(face_directions(index, u, v))).max() < 0.01
    again = made("panorama-from-cube", sheet)
    assert again.maps.size_px == sky().size_px
    for name in ("base_color", "height"):
        assert np.abs(again.maps[name].pixels - sky()[name].pixels).max() < 0.02
    assert layout in again.notes[0]
    assert again.maps.width_m is None


def test_a_photograph_becomes_a_panorama_that_closes_and_a_true_one_stays():
    before = view()["base_color"].pixels
    assert not sides_meet(before)
    result = made("close-panorama", view(), overlap=0.1)
    after = result.maps["base_color"].pixels
    assert after.shape == before.shape
    assert sides_meet(after)
    for row in (0, -1):
        assert after[row].std(0).max() < 0.15 * before[row].std(0).max()
    middle = slice(20, 80)
    assert np.abs(after[middle].mean() - before[middle].mean()) < 0.03
    result = made("close-panorama", sky())
    assert result.notes == ("the sides meet already",)
    assert np.abs(result.maps["base_color"].pixels - sky()["base_color"].pixels).max() < 0.05
    untouched = made("close-panorama", sky(), poles=0).maps["base_color"].pixels
    assert np.array_equal(untouched, sky()["base_color"].pixels)


def test_six_faces_may_be_pictures_of_their_own_and_a_sheet_has_six_squares():
    sheet = made("cube-faces", sky(), face_px=16).maps
    faces = [Maps.from_arrays({"base_color": face}) for face in faces_of(sheet, "row").values()]
    again = made("panorama-from-cube", faces[0], {"others": faces[1:]}).maps
    whole = made("panorama-from-cube", sheet).maps
    assert np.array_equal(again["base_color"].pixels, whole["base_color"].pixels)
    with pytest.raises(ParameterError, match="no squares of 128 px"):
        made("panorama-from-cube", sky(), {"others": faces[1:]})
    with pytest.raises(ParameterError, match=r"50x40 px is no sheet of six square faces.*6:1"):
        made("panorama-from-cube", np.zeros((40, 50, 3)))


SUN = 900.0


def lit_sky(height: int = 32) -> np.ndarray:
    """Light (H, 2H, 3) that goes on across the sides, with a sun in front."""
    y, x = np.mgrid[0:height, 0 : 2 * height]
    glow = 1 + np.cos((x / height - 1) * np.pi)
    light = np.stack([0.2 + 0.1 * glow, 0.3 + y / height, 0.5 + 0 * x], 2).astype(np.float32)
    light[height // 2 - 2 : height // 2 + 2, height - 2 : height + 2] = SUN
    return light


def write(path: Path, light: np.ndarray) -> Path:
    height, width, count = light.shape
    output = oiio.ImageOutput.create(str(path))
    assert output.open(str(path), oiio.ImageSpec(width, height, count, "float"))
    assert output.write_image(np.ascontiguousarray(light, np.float32))
    output.close()
    return path


def command(*arguments: object) -> None:
    """The command, which ends without an error."""
    main([str(one) for one in arguments])


def light_in(path: Path) -> np.ndarray:
    return oiio.ImageInput.open(str(path)).read_image("float")


@pytest.mark.parametrize("suffix", [".exr", ".hdr"])
def test_hdr_light_is_read_unchanged(suffix, tmp_path):
    path = write(tmp_path / f"sky{suffix}", lit_sky())
    texture = read_maps(path, wanted=Wanted(takes_light=True))["base_color"]
    assert texture.color_space == "linear"
    assert np.abs(texture.pixels / lit_sky() - 1).max() < (1e-4 if suffix == ".exr" else 0.04)
    with pytest.raises(FileError, match="values above 1, up to 9"):
        read_maps(path)
    dark = write(tmp_path / f"dark{suffix}", lit_sky() / 2000)
    plain, wanted = (read_maps(dark, wanted=one)["base_color"] for one in (Wanted(), Wanted(takes_light=True)))
    assert (plain.color_space, plain.pixels.tobytes()) == (wanted.color_space, wanted.pixels.tobytes())
    grey = write(tmp_path / f"grey{suffix}", lit_sky()[..., :1] if suffix == ".exr" else lit_sky())
    assert read_maps(grey, wanted=Wanted(takes_light=True))["base_color"].pixels.max() == pytest.approx(SUN, rel=0.01)


def test_hdr_light_needs_tools_that_take_it_and_png_notes_its_loss(capsys, tmp_path):
    assert wanted_by(Recipe((Step("close-panorama"), Step("cube-faces")))).takes_light
    assert not wanted_by(Recipe((Step("close-panorama"), Step("sharpen")))).takes_light
    assert not wanted_by(Recipe((Step("quilt"),))).takes_light
    command("apply", "cube-faces", write(tmp_path / "sky.hdr", lit_sky()), "--out", tmp_path / "cube")
    assert "are white in this file: write EXR" in "".join(capsys.readouterr())


@pytest.mark.parametrize("suffix", [".exr", ".hdr"])
def test_to_a_cube_and_back(suffix, capsys, tmp_path):
    path, exr = write(tmp_path / f"sky{suffix}", lit_sky()), ("--format", "exr")
    command("apply", "close-panorama", path, "--out", tmp_path / "closed", *exr)
    closed = tmp_path / "closed" / "sky_base_color.exr"
    assert np.abs(light_in(closed)[8:24] / lit_sky()[8:24] - 1).max() < 0.04
    command("apply", "cube-faces", closed, "--out", tmp_path / "cube", *exr)
    (cube,) = (tmp_path / "cube").glob("*.exr")
    assert light_in(cube).max() > 0.8 * SUN
    command("apply", "panorama-from-cube", cube, "--out", tmp_path / "back", *exr)
    (file,) = (tmp_path / "back").glob("*.exr")
    assert "above 1" not in "".join(capsys.readouterr())
    back, away = light_in(file), np.ones(lit_sky().shape, bool)
    away[8:24, 20:44] = False
    assert SUN / 2 < back.max() <= 1.01 * SUN
    assert back.min() > 0.19, "no dark ring around the sun"
    assert np.abs(back - lit_sky())[away].max() < 0.1


def test_panorama_sides_are_joined_despite_a_bright_sun(tmp_path):
    light = lit_sky()
    light *= np.linspace(0.8, 1.6, light.shape[1])[None, :, None]
    light[4:8, 1:4] = SUN
    path = write(tmp_path / "sky.exr", light)
    maps = read_maps(path, wanted=Wanted(takes_light=True))
    closed = made("close-panorama", maps, overlap=0.1).maps["base_color"]
    assert closed.color_space == "linear"
    assert closed.pixels.max() > 0.5 * SUN
    assert closed.pixels.min() >= 0
    step = np.abs(closed.pixels[12:28, 0] - closed.pixels[12:28, -1]).mean()
    assert step < 0.5 * np.abs(light[12:28, 0] - light[12:28, -1]).mean()


def test_cube_faces_with_dark_ones_are_read(tmp_path):
    faces = [np.full((16, 16, 3), 0.2 if index else 5.0, np.float32) for index in range(6)]
    paths = [write(tmp_path / f"{index}.exr", face) for index, face in enumerate(faces)]
    given = [read_maps(path, wanted=Wanted(takes_light=True)) for path in paths]
    found = made("panorama-from-cube", given[0], {"others": given[1:]}).maps["base_color"]
    assert (found.color_space, found.pixels.max()) == ("linear", pytest.approx(5, rel=0.02))
    assert np.median(found.pixels) == pytest.approx(0.2, rel=0.02)
