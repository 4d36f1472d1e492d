"""Captions beside pictures and map sets, in text files and in tables."""

import numpy as np
import pytest

from impasto import Maps, write_maps
from impasto.cli.main import main
from impasto.data.dataset import read_dataset
from impasto.errors import ParameterError


def picture(seed: int) -> Maps:
    pixels = np.kron(np.random.default_rng(seed).random((16, 16, 3)), np.ones((4, 4, 1)))
    return Maps.from_arrays({"base_color": pixels})


def captions(folder) -> dict[str, tuple[str, ...]]:
    return {sample.name: sample.captions for sample in read_dataset(folder, smallest_px=16).samples}


def test_a_text_file_beside_a_picture_has_a_caption_a_line(tmp_path):
    (written,) = write_maps(picture(0), tmp_path, "wall")
    written.rename(tmp_path / "wall.png")
    (tmp_path / "wall.txt").write_text("old  red bricks\n\n老旧的红砖墙\nold red bricks\n", encoding="utf-8")
    assert captions(tmp_path) == {"wall.png": ("old red bricks", "老旧的红砖墙")}


@pytest.mark.parametrize("file", ["moss/moss.txt", "moss/moss_base_color.txt", "moss/stone.txt", "stone.txt"])
def test_a_set_takes_the_captions_of_its_name_of_its_folder_and_of_its_files(file, tmp_path):
    maps = picture(0)
    maps = maps.with_arrays({"roughness": maps["base_color"].pixels[..., :1]})
    folder = tmp_path / ("stone" if "stone" in file else "moss")
    write_maps(maps, folder, "moss")
    (tmp_path / file.replace("moss/stone", "stone/stone")).write_text("mossy stone")
    assert list(captions(tmp_path).values()) == [("mossy stone",)]


def test_a_table_names_files_below_its_folder(tmp_path):
    for index in range(2):
        write_maps(picture(index), tmp_path / "train", f"photo{index}")
    one = '{"file_name": "train/photo0_base_color.png", "text": "one"}'
    two = '{"file_name": "train/photo1_base_color.png", "text": ["two", "deux"]}'
    (tmp_path / "metadata.jsonl").write_text(f"{one}\n\n{two}\n")
    assert list(captions(tmp_path).values()) == [("one",), ("two", "deux")]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (b'{"file_name": "a.png"}', "line 1 of metadata.jsonl does not say"),
        (b'{"file_name": "a.png", "text": 3}', "does not say a file_name and a text"),
        (b"[]", "does not say"),
        (b"\xff", "no text in UTF-8"),
        (b'{"file_name": ', "line 1"),
    ],
)
def test_a_table_that_cannot_be_read_is_refused_with_its_line(text, said, tmp_path):
    write_maps(picture(0), tmp_path, "a")
    (tmp_path / "metadata.jsonl").write_bytes(text)
    with pytest.raises(ParameterError, match=said):
        read_dataset(tmp_path, smallest_px=16)


def test_captions_are_part_of_what_a_dataset_is(tmp_path):
    write_maps(picture(0), tmp_path, "a")
    hashes = {read_dataset(tmp_path, smallest_px=16).sha256()}
    for text in ("one", "two"):
        (tmp_path / "a_base_color.txt").write_text(text)
        hashes.add(read_dataset(tmp_path, smallest_px=16).sha256())
    assert len(hashes) == 3


@pytest.mark.parametrize("count", ["0", "-1"])
def test_a_count_below_one_is_refused(count, tmp_path, capsys):
    draw = ("captions", "draw", "--materials", "bricks", "--out", str(tmp_path / "drawn"))
    for *command, option in (
        *((*draw, option) for option in ("--count", "--side-px", "--captions")),
        ("captions", "write", str(tmp_path), "--captions"),
        ("batch", "tint", "wall.png", "--out", "o", "--seeds"),
        ("evaluate", "model", "x", "y", "--seeds"),
    ):
        with pytest.raises(SystemExit) as ended:
            main([*command, option, count])
        assert ended.value.code == 2
        assert (
            "from 1 upwards" if option == "--seeds" else f"{option} got {count}\n  give 1"
        ) in capsys.readouterr().err
    assert not (tmp_path / "drawn").exists()
