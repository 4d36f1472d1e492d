"""Footage repainted: the motion of pictures and movies is estimated, and paint is carried along it."""

import os
import sys
from contextlib import suppress
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image
from scipy.ndimage import gaussian_filter
from stored_pictures import write_image

from impasto import Recipe, Step
from impasto.errors import FileError, PluginError
from impasto.io.decode import read_metadata, read_picture
from impasto.texture import Maps
from impasto.tools import Result
from impasto_film import shot as shots
from impasto_film.footage import frame_at, frames_on_disk, optical_flow
from impasto_film.frames import frames_of
from impasto_film.shot import repaint_shot

HEIGHT, WIDTH, STEP = 96, 128, 3
RECIPE = Recipe((Step("tint", {}),), 0)


def pan(count: int) -> list[np.ndarray]:
    """Pictures (HEIGHT, WIDTH, 3) of a camera that moves to the right over a wall, uint8."""
    noise = np.random.default_rng(0).uniform(-1, 1, (HEIGHT, WIDTH + count * STEP, 3))
    wall = gaussian_filter(noise, (2, 2, 0)) + gaussian_filter(noise, (8, 8, 0))
    wall = (255 * (wall - wall.min()) / np.ptp(wall)).astype(np.uint8)
    return [wall[:, STEP * number : STEP * number + WIDTH] for number in range(count)]


def write_pan(folder: Path, count: int, suffix: str = "png") -> dict[int, Path]:
    folder.mkdir(exist_ok=True)
    for number, picture in enumerate(pan(count), 1):
        Image.fromarray(picture).save(folder / f"pan_{number:03}.{suffix}", quality=95)
    return frames_of(folder)


def write_movie(path: Path, count: int) -> Path:
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*"MJPG"), 24, (WIDTH, HEIGHT))
    for picture in pan(count):
        writer.write(np.ascontiguousarray(picture[..., ::-1]))
    writer.release()
    return path


def test_footage_motion_is_estimated_both_ways(monkeypatch, tmp_path):
    frames = write_pan(tmp_path, 3)
    frame = frame_at(frames, 2)
    for flow, columns in ((frame.to_previous, STEP), (frame.to_next, -STEP)):
        np.testing.assert_allclose(np.median(flow, (0, 1)), (0, columns), atol=0.1)
    assert not frame_at(frames, 1).to_previous.any()
    assert not frame_at(frames, 3).to_next.any()
    monkeypatch.setitem(sys.modules, "cv2", None)
    with pytest.raises(PluginError, match="opencv-python-headless"):
        frame_at(frames, 1)


@pytest.mark.parametrize("size", [(8, 8), (1, 40), (17, 16), (16, 300)])
def test_motion_of_small_pictures_is_estimated(size):
    picture = np.random.default_rng(0).uniform(0, 1, (*size, 3)).astype(np.float32)
    assert optical_flow(picture, picture).shape == (*size, 2)


def test_strokes_move_along_estimated_motion(monkeypatch, tmp_path):
    """Strokes of a painting are where the wall is in each frame, within the accuracy of the estimate."""
    strokes = np.random.default_rng(1).uniform(-0.2, 0.2, (HEIGHT, WIDTH, 1))
    strokes = 4 * gaussian_filter(strokes, (2, 2, 0))

    def run(recipe, inputs, *_):
        made = inputs["source"]["base_color"].pixels * 0.5 + 0.25 + strokes
        return Result(maps=Maps.from_arrays({"base_color": made.clip(0, 1)}), recipe=recipe)

    monkeypatch.setattr(shots, "run", run)
    frames = write_pan(tmp_path / "shot", 6)
    first, *_, last = (
        read_picture(path)["base_color"].pixels for path in repaint_shot(frames, RECIPE, {}, tmp_path / "out")
    )
    moved = 5 * STEP
    alike = np.corrcoef(first[8:-8, 8 + moved : -8].ravel(), last[8:-8, 8 : -8 - moved].ravel())[0, 1]
    alone = [run(RECIPE, {"source": read_picture(frames[number])}).maps["base_color"].pixels for number in (1, 6)]
    control = np.corrcoef(alone[0][8:-8, 8 + moved : -8].ravel(), alone[1][8:-8, 8 : -8 - moved].ravel())[0, 1]
    assert alike > 0.97
    assert control < 0.85


def test_pictures_become_png_with_their_opacity(tmp_path):
    for number, picture in enumerate(pan(2), 1):
        alpha = np.full((HEIGHT, WIDTH, 1), 128, np.uint8)
        Image.fromarray(np.concatenate([picture, alpha], -1)).save(tmp_path / f"a_{number}.tif")
    for path in repaint_shot(frames_of(tmp_path), RECIPE, {}, tmp_path / "out"):
        assert path.suffix == ".png"
        np.testing.assert_allclose(read_picture(path)["opacity"].pixels, 128 / 255, atol=1e-6)
        assert read_metadata(path)["film"].endswith(" estimated")


def test_a_frame_of_heights_is_refused(tmp_path):
    for number in (1, 2):
        Image.fromarray(np.full((20, 20), 40.0 + number, np.float32)).save(tmp_path / f"a_{number}.tif")
    with pytest.raises(FileError, match=r"a_1\.tif has values that are no colours"):
        repaint_shot(frames_of(tmp_path), RECIPE, {}, tmp_path / "out")


def test_broken_pixels_of_a_float_tiff_do_not_stop_a_shot(tmp_path):
    frames, notes = {}, []
    for number, picture in enumerate(pan(2), 1):
        pixels = np.full((HEIGHT, WIDTH, 4), 1, np.float32)
        pixels[..., :3] = picture / 255
        frames[number] = pixels
    folders = tmp_path / "whole", tmp_path / "broken"

    def write(folder: Path) -> None:
        folder.mkdir(exist_ok=True)
        for number, pixels in frames.items():
            write_image(folder / f"pan_{number:03}.tif", pixels)

    write(folders[0])
    frames[2][3, 5, 0], frames[2][7, 9, 3], frames[2][7, 10, 1] = np.nan, np.inf, -np.inf
    write(folders[1])
    made = [
        repaint_shot(frames_of(folder), RECIPE, {}, tmp_path / f"{folder.name}-out", on_note=notes.append)
        for folder in folders
    ]
    whole, broken = ([read_picture(path)["base_color"].pixels for path in paths] for paths in made)
    assert notes == ["pixels that are NaN or infinite got the values of those beside them: pan_002.tif (3)"]
    assert (np.abs(broken[1] - whole[1]).max(-1) > 1e-2).sum() <= 3
    frames[2][:9] = np.nan
    write(folders[1])
    with pytest.raises(FileError, match="1,152 values that are NaN or infinite"):
        repaint_shot(frames_of(folders[1]), RECIPE, {}, tmp_path / "refused")


def test_a_movie_is_counted_from_one(tmp_path):
    movie = write_movie(tmp_path / "pan.avi", 4)
    with frames_on_disk(movie, first=2, last=3) as frames:
        assert [path.name for path in frames.values()] == ["pan_0002.png", "pan_0003.png"]
        read = read_picture(frames[3])["base_color"].pixels
        np.testing.assert_allclose(read, pan(4)[2] / 255, atol=0.2)
        assert np.abs(read - pan(4)[2] / 255).mean() < 0.03  # of JPEG
    assert not frames[2].exists()
    with pytest.raises(FileError, match=r"3 frames are missing in .*: 5, 6, 7"), frames_on_disk(movie, 1, 7):
        pass
    movie.write_bytes(movie.read_bytes()[: movie.stat().st_size // 2])
    with pytest.raises(FileError, match=r"ends after (\d) of 4 frames; .* --last \1$"), frames_on_disk(movie):
        pass
    with frames_on_disk(movie, last=1) as frames:
        assert list(frames) == [1]


def test_a_percent_sign_in_a_movies_name_is_no_pattern(tmp_path):
    for name, colors in (("seq_%02d.gif", (200, 100)), ("seq_00.gif", (50, 0)), ("seq_01.gif", (50, 0))):
        first, second = (Image.new("RGB", (16, 16), (color, 0, 0)) for color in colors)
        first.save(tmp_path / name, save_all=True, append_images=[second])
    with frames_on_disk(tmp_path / "seq_%02d.gif") as frames:
        reds = [read_picture(path)["base_color"].pixels[0, 0, 0] for path in frames.values()]
    np.testing.assert_allclose(reds, [200 / 255, 100 / 255], atol=2 / 255)


@pytest.mark.parametrize(
    ("name", "frame"), [(b"\xff.gif", "__0001.png"), (b"x" * 240 + b".gif", "x" * 180 + "_0001.png")]
)
def test_frames_of_a_movie_with_an_odd_name_have_a_usable_one(tmp_path, name, frame):
    first, second = map(Image.fromarray, pan(2))
    movie = tmp_path / os.fsdecode(name)
    with movie.open("wb") as stream:
        first.save(stream, "GIF", save_all=True, append_images=[second])
    with frames_on_disk(movie) as frames:
        assert frames[1].name == frame


def test_a_movie_of_too_many_frames_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr("impasto_film.frames.MOST_FRAMES", 2)
    movie = write_movie(tmp_path / "pan.avi", 4)
    with pytest.raises(FileError, match="more than 2 frames; give --first and --last"), frames_on_disk(movie):
        pass
    with frames_on_disk(movie, first=2, last=3) as frames:
        assert list(frames) == [2, 3]


@pytest.mark.parametrize("name", ["damaged.gif", "damaged.mp4", "list.mp4"])
def test_messages_of_ffmpeg_stay_off_the_terminal(name, tmp_path, capfd):
    """Neither a damaged movie nor a list of other files, which is not followed."""
    first, *others = map(Image.fromarray, pan(3))
    first.save(tmp_path / "pan.gif", save_all=True, append_images=others)
    content = {
        "damaged.gif": (tmp_path / "pan.gif").read_bytes()[:20_000].replace(b"\xff", b"\0\xff"),
        "damaged.mp4": b"\0\0\0\x18ftypmp42" + bytes(2000),
        "list.mp4": b"ffconcat version 1.0\nfile pan.gif\n",
    }
    (tmp_path / name).write_bytes(content[name])
    with suppress(FileError), frames_on_disk(tmp_path / name) as frames:
        assert len(frames) < 3
    assert "".join(capfd.readouterr()) == ""


@pytest.mark.slow
def test_the_command_repaints_a_movie(impasto, tmp_path):
    movie = write_movie(tmp_path / "pan.avi", 3)
    Image.new("RGB", (48, 48), (255, 0, 0)).save(tmp_path / "red.png")
    line = ("stylize", movie, "--film", "--tool", "flat", "--style", tmp_path / "red.png", "--out", tmp_path / "out")
    impasto(*line, "--last", 2)
    impasto(*line, "--animation", tmp_path / "both.webp")
    with Image.open(tmp_path / "both.webp") as animation:
        assert (animation.n_frames, animation.size) == (3, (2 * WIDTH, HEIGHT))
    impasto(*line, "--animation", tmp_path / "three.webp", "--alone", "--frame-step", 2, "--force")
    with Image.open(tmp_path / "three.webp") as animation:
        assert (animation.n_frames, animation.size) == (2, (3 * WIDTH, HEIGHT))
    refused = impasto(*line, "--alone", code=2)
    assert "add --animation" in refused.stderr
    refused = impasto(*line, "--animation", tmp_path / "both.mp4", code=2)
    assert "let it end with .webp" in refused.stderr
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == [
        f"pan_000{number}.png" for number in (1, 2, 3)
    ]
