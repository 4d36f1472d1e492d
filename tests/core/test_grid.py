"""Grids of captioned pictures, and the small pictures in them that are read from large files."""

import io

import numpy as np
import pytest
from PIL import Image

from impasto import Maps, write_maps
from impasto.batch.contact_sheet import SIDE_PX, contact_sheet
from impasto.batch.record import Made
from impasto.io.decode import read_map, read_small
from impasto.surface.grid import CAPTION_PX, empty_cell


def opened(data: bytes) -> np.ndarray:
    with Image.open(io.BytesIO(data)) as image:
        return np.asarray(image.convert("RGB"))


@pytest.mark.parametrize("caption", ["wall", "w" * 300, "Wände_漢字_" * 20, "\n\x1b[2J"])
def test_captions_fit_whatever_they_are(caption):
    drawn = np.asarray(empty_cell(caption, 100))
    assert drawn.shape == (100 + CAPTION_PX, 100, 3)
    assert drawn[:CAPTION_PX, :97].any()
    assert not drawn[:CAPTION_PX, 97:].any()


def test_a_small_picture_has_every_nth_row_and_column(tmp_path):
    """In bands of 256 rows: these begin in the middle of a step."""
    pixels = np.random.default_rng(0).random((1000, 700, 3), np.float32)
    maps = Maps.from_arrays({"base_color": pixels, "roughness": pixels[..., :1]})
    for path, name in zip(write_maps(maps, tmp_path, "x"), maps, strict=True):
        small = read_small(path, name, 150)
        assert np.array_equal(small.pixels, read_map(path, name).pixels[::6, ::6])


def test_the_sheet_of_a_batch_shows_results_lit_and_any_map_if_there_is_no_colour(tmp_path):
    red = np.broadcast_to(np.float32((1, 0, 0)), (300, 200, 3))
    away = np.broadcast_to(np.float32((1, 0.5, 0.5)), (300, 200, 3))  # from the light
    made = []
    sets = {"a": {"base_color": red}, "b": {"base_color": red, "normal": away}, "c": {"roughness": red[..., :1] * 0.5}}
    for name, arrays in sets.items():
        paths = write_maps(Maps.from_arrays(arrays), tmp_path, name)
        made.append(Made(name, "", {path.name: path.stat().st_size for path in paths}, 1.0))
    (tmp_path / "c_roughness.png").replace(tmp_path / "gone.png")
    sheet = opened(contact_sheet([*made, Made("d", "", {"gone.png": 1}, 1.0)], tmp_path))
    centres = [sheet[CAPTION_PX + SIDE_PX // 2 + 3, index * (SIDE_PX + 4) + 20] for index in range(3)]
    assert centres[0].tolist() == [255, 0, 0]
    assert 100 < centres[1][0] < 200
    assert not centres[2].any()
