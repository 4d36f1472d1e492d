"""Shots repainted: paint stays on what it was painted on, what is newly seen is painted, and a shot goes on."""

import json
import subprocess
import zlib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import OpenImageIO as oiio
import pytest
from cases import each_case
from PIL import Image
from scipy.ndimage import distance_transform_edt, gaussian_filter
from stored_pictures import exr, write_image
from test_sources import mounted

from impasto import Host, Recipe, Step, read_maps
from impasto.errors import Cancelled, FileError, ParameterError
from impasto.io.decode import read_metadata
from impasto.io.metadata import metadata_of
from impasto.io.scanlines import open_scanlines
from impasto.surface.color import srgb_to_linear
from impasto.texture import Maps
from impasto.tools import Result
from impasto_film import shot as shots
from impasto_film.carrying import MOST_PAINTINGS, CarriedPaint, PaintedFrame, PaintState
from impasto_film.frames import frames_of, keyframes_of, numbered_files
from impasto_film.memory import Surfaces
from impasto_film.motion import Motion, pixel_places, samples_at
from impasto_film.passes import ShotFrame, read_frame, write_repainted
from impasto_film.preparation import note_on_motion
from impasto_film.shot import Shot, keyframe_spans, repaint_shot

HEIGHT, WIDTH = 40, 64
RECIPE = Recipe((Step("tint", {}),), 0)


def write_frame(
    path: Path,
    color: np.ndarray,
    motion=(0.0, 0.0),
    index=None,
    opacity=None,
    position=None,
    to_next=None,
    kind="float",
    chromaticities=None,
    **changed,
) -> Path:
    """A frame as Blender 4 writes it. motion: rows down and columns right in a frame, one for all or (H, W, 2).

    position: (H, W, 3), of each pixel in the world. to_next: the motion from this frame, if it is another.
    """
    height, width = color.shape[:2]
    moved = np.broadcast_to(np.float32(motion), (height, width, 2))
    opacity = np.ones((height, width)) if opacity is None else opacity
    channels = {f"Combined.{name}": color[..., number] * opacity for number, name in enumerate("RGB")}
    channels |= {"Combined.A": opacity, "IndexOB.X": np.zeros((height, width)) if index is None else index}
    up, right = -moved[..., 0], moved[..., 1]
    then = moved if to_next is None else np.broadcast_to(np.float32(to_next), (height, width, 2))
    channels |= {"Vector.X": -right, "Vector.Y": -up, "Vector.Z": -then[..., 1], "Vector.W": then[..., 0]}
    if position is not None:
        channels |= {f"Position.{name}": position[..., number] for number, name in enumerate("XYZ")}
    channels |= changed
    spec = oiio.ImageSpec(width, height, len(channels), "float")
    spec.channelformats = tuple(kind if name.startswith("Combined") else "float" for name in channels)
    if chromaticities:
        spec.attribute("chromaticities", oiio.TypeDesc("float[8]"), chromaticities)
    pixels = np.stack([np.broadcast_to(one, (height, width)) for one in channels.values()], -1, dtype="f4")
    return exr(path, (pixels, [f"View.Layer.{name}" for name in channels]), spec=spec)


def texture(seed: int = 0, width: int = 4 * WIDTH) -> np.ndarray:
    """A picture (HEIGHT, width, 3) of coarse noise."""
    cells = np.random.default_rng(seed).uniform(0.2, 0.8, (HEIGHT // 4 + 1, width // 4 + 1, 3))
    return np.repeat(np.repeat(cells, 4, 0), 4, 1)[:HEIGHT, :width].astype(np.float32)


def dated(path: Path) -> Path:
    """The frame as if it had been made a year ago: what is made of it later must not depend on the time."""
    data = path.read_bytes()
    start = data.index(b"capDate\0string\0") + len(b"capDate\0string\0") + 4
    path.write_bytes(data[:start] + b"2025" + data[start + 4 :])
    return path


def pan(folder: Path, count: int, step: int = 2) -> dict[int, Path]:
    """A camera that moves to the right over a wall."""
    wall = texture()
    folder.mkdir(exist_ok=True)
    for number in range(1, count + 1):
        left = step * number
        dated(write_frame(folder / f"pan_{number:04}.exr", wall[:, left : left + WIDTH], (0, -step)))
    return frames_of(folder)


def swing(folder: Path, lefts: tuple[float, ...], nearer: float = 0.0) -> dict[int, Path]:
    """A camera that moves over a wall to these columns, of 10 cm; nearer: m by which it is nearer."""
    wall, places = texture(), pixel_places((HEIGHT, WIDTH)) / 10
    folder.mkdir(exist_ok=True)
    for number, left in enumerate(lefts):
        before, after = (lefts[min(max(other, 0), len(lefts) - 1)] for other in (number - 1, number + 1))
        x = places[..., 1] + left / 10
        write_frame(
            folder / f"swing_{number:04}.exr",
            samples_at(wall, pixel_places((HEIGHT, WIDTH)) + np.float32([0, left])),
            (0, before - left),
            position=np.stack([x, np.full_like(x, 5 - nearer), 4 - places[..., 0]], -1),
            to_next=(0, left - after),
        )
    return frames_of(folder)


def slide(folder: Path, wall: np.ndarray, count: int, left: int, width: int) -> tuple[dict, list[np.ndarray]]:
    """A red rectangle that slides over a wall by 5 px a frame, and its pixels (H, W) in each frame."""
    frames, shown = {}, []
    for number in range(count):
        where = np.zeros((HEIGHT, WIDTH, 1), bool)
        where[10:30, left + 5 * number : left + width + 5 * number] = True
        motion, color = np.where(where, (0, 5), (0, 0)), np.where(where, np.float32([0.9, 0.1, 0.1]), wall)
        frames[number] = write_frame(folder / f"a_{number}.exr", color, motion, where[..., 0].astype("f4"))
        shown.append(where[..., 0])
    return frames, shown


@pytest.fixture
def painter(monkeypatch):
    """Takes the place of a recipe: each picture gets other strokes, which stand still on the screen."""
    calls = []

    def run(recipe, inputs, *_):
        source = inputs["source"]
        seed = zlib.crc32(source["base_color"].pixels.tobytes())
        strokes = np.random.default_rng(seed).uniform(-0.2, 0.2, (*source.size_px, 1))
        calls.append(source)
        made = source["base_color"].pixels + strokes
        return Result(maps=Maps.from_arrays({"base_color": made.clip(0, 1)}), recipe=recipe)

    monkeypatch.setattr(shots, "run", run)
    return calls


def repainted(frames: dict[int, Path], folder: Path, keyframes=None) -> list[np.ndarray]:
    return [read_frame(path).color for path in repaint_shot(frames, RECIPE, {}, folder, keyframes=keyframes)]


def strokes_of(frames: dict[int, Path], made: list[np.ndarray]) -> list[np.ndarray]:
    """Strokes over each frame (H, W): the difference that painting made."""
    return [(one - read_frame(path).color).mean(-1) for path, one in zip(frames.values(), made, strict=True)]


def correlation(a: np.ndarray, b: np.ndarray) -> float:
    return float(np.corrcoef(a.ravel(), b.ravel())[0, 1])


def test_strokes_move_with_their_object(painter, tmp_path):
    frames = pan(tmp_path / "shot", 6, 3)
    carried = strokes_of(frames, repainted(frames, tmp_path / "out"))
    assert correlation(carried[0][:, 15:], carried[5][:, :-15]) > 0.95
    assert abs(correlation(carried[0], carried[5])) < 0.2  # not as if they were on the glass of a shower's door
    assert np.abs(carried[5][:, -10:]).mean() < 1.3 * np.abs(carried[5][:, :-10]).mean()  # new parts are not smeared


SWING = (0, 16, 32, 48, 70, 48, 32, 16, 0.25)


@pytest.mark.parametrize("apart", [1, 8])
def test_paint_returns_with_reappearing_parts(painter, monkeypatch, tmp_path, apart):
    """Of frame 0, frame 4 shows nothing; the last lies a quarter of a pixel beside the first."""
    monkeypatch.setattr(shots, "KEYFRAMES_APART", apart)
    frames = swing(tmp_path / "shot", SWING)
    first, *_, last = strokes_of(frames, repainted(frames, tmp_path / "out"))
    again = samples_at(first[..., None], pixel_places((HEIGHT, WIDTH)) + np.float32([0, 0.25]), "bicubic")[..., 0]
    assert correlation(again[2:-2, 2:-2], last[2:-2, 2:-2]) > 0.97


def test_moving_things_are_not_recognised_by_their_position(painter, monkeypatch, tmp_path):
    """A belt: its points come to where others of it were painted."""
    monkeypatch.setattr(shots, "KEYFRAMES_APART", 1)
    places = np.concatenate([pixel_places((HEIGHT, WIDTH)), np.ones((HEIGHT, WIDTH, 1))], -1)
    frames = {
        number: write_frame(
            tmp_path / f"a_{number}.exr", np.full((HEIGHT, WIDTH, 3), 0.2 + 0.01 * number), (0, -5), position=places
        )
        for number in range(5)
    }
    first, *_, last = repainted(frames, tmp_path / "out")
    assert abs(correlation(first[:, -20:], last[:, -20:])) < 0.2
    assert correlation(first[4:-4, 24:-4], last[4:-4, 4:-24]) > 0.9


def test_positions_are_matched_with_subpixel_accuracy():
    """On a floor that goes away from the camera; not off it, not past its end, not on another object."""
    rows, columns = np.moveaxis(pixel_places((HEIGHT, WIDTH)), -1, 0)
    depth = 100 / (rows + 20)

    def floor(row, column):
        depth = 100 / (row + 20)
        return np.stack([(column - WIDTH / 2) * depth / 50, depth, np.zeros_like(depth)], -1)

    shown = Surfaces(floor(rows, columns).astype(np.float32), np.where(columns < 40, 1, 2))
    sought = np.random.default_rng(0).uniform((1, 1), (HEIGHT - 2, 38), (200, 2))
    points, one = floor(*sought.T), np.ones(200)
    np.testing.assert_allclose(shown.places_of(points, one), sought, atol=0.05)
    assert np.isnan(shown.places_of(points, 2 * one)).all()
    assert np.isnan(shown.places_of(points + np.array([0, 0, 0.2]), one)).all()
    assert np.isnan(shown.places_of(points + np.array([0, depth.max(), 0]), one)).all()


def test_some_wrong_positions_do_not_mislead_the_camera():
    """Those of the last tenth of the rows."""
    rows, columns = np.moveaxis(pixel_places((HEIGHT, WIDTH)), -1, 0)
    depth = 3 + rows / 10 + np.sin(columns / 9)
    position = np.stack([columns * depth, rows * depth, depth], -1) / 50
    wrong = np.where(rows[..., None] < 36, position, 1.3 * position[::-1])
    sought = np.argwhere(rows < 34)
    found = Surfaces(wrong, np.zeros((HEIGHT, WIDTH))).places_of(position[tuple(sought.T)], np.zeros(len(sought)))
    np.testing.assert_allclose(found, sought, atol=0.01)


def test_paint_is_recalled_only_where_it_is_needed():
    """A wall that has become brighter loses its paint there, and is not looked at elsewhere."""
    position = np.concatenate([pixel_places((HEIGHT, WIDTH)), np.ones((HEIGHT, WIDTH, 1), np.float32)], -1)
    before, after = still(position=position), still(color=still().color + 0.5)
    of_use = np.arange(WIDTH) * np.ones((HEIGHT, 1)) < WIDTH // 4
    carried = CarriedPaint.nothing((HEIGHT, WIDTH))
    carried.paint(0, carried.is_empty, PaintedFrame.of(before.color, before))
    assert carried.carry(Motion(after, before)).is_empty.all()
    made = carried.carry(Motion(after, before), of_use)
    assert made.is_empty[of_use].all()
    assert not made.is_empty[:, -WIDTH // 4 :].any()
    assert not carried.carry(Motion(after, before), np.zeros_like(of_use)).is_empty.any()
    carried.state[:] = PaintState.UNKNOWN
    carried.recall(before, (), of_use)
    assert (carried.is_empty != of_use).all()


def test_subpixel_motions_add_up(painter, tmp_path):
    """A slide of .3 px in each of ten frames ends three pixels away, and as sharp as it began."""
    frames = {
        number: write_frame(tmp_path / f"a_{number:02}.exr", np.full((HEIGHT, WIDTH, 3), 0.2), (0, 0.3))
        for number in range(11)
    }
    first, *_, last = repainted(frames, tmp_path / "out")
    assert correlation(first[4:-4, 4:-20], last[4:-4, 7:-17]) > 0.98
    assert last[4:-4, 7:-17].std() > 0.95 * first[4:-4, 4:-20].std()


def test_revealed_parts_are_painted_without_a_ghost(painter, tmp_path):
    frames, hidden = slide(tmp_path, texture(3)[:, :WIDTH], 4, 10, 20)
    strokes = strokes_of(frames, repainted(frames, tmp_path / "out"))
    new = hidden[0] & ~hidden[1]
    assert np.abs(strokes[1][new]).mean() < 1.2 * np.abs(strokes[1][~new]).mean()  # no red is left there
    assert correlation(strokes[0][12:28, 12:28], strokes[3][12:28, 27:43]) > 0.95
    assert correlation(strokes[0][:, 56:], strokes[3][:, 56:]) > 0.99


def test_the_halo_of_an_object_goes_away_with_it(painter, monkeypatch, tmp_path):
    """Its painting is white beside the object, as many stylizers paint what is beside a dark one."""
    run = shots.run

    def with_halo(recipe, inputs, *given):
        result = run(recipe, inputs, *given)
        is_object = inputs["source"]["base_color"].pixels[..., 0] > 0.85
        halo = (distance_transform_edt(~is_object) < 4) & ~is_object
        return Result(
            maps=Maps.from_arrays({"base_color": np.where(halo[..., None], 1, result.maps["base_color"].pixels)}),
            recipe=recipe,
        )

    monkeypatch.setattr(shots, "run", with_halo)
    frames, _ = slide(tmp_path, np.full((HEIGHT, WIDTH, 3), 0.1, np.float32), 7, 4, 10)
    made = repainted(frames, tmp_path / "out")
    assert (made[0][10:30, 1:4] > 0.9).mean() > 0.9
    assert (made[-1][:, :26] > 0.65).mean() < 0.02  # strokes reach 0.55


def test_figures_keep_their_contrast_in_a_style(monkeypatch):
    """A dark one before a pale wall, in a painting of one grey."""
    grey, index = np.full((HEIGHT, WIDTH, 3), 0.5, np.float32), np.pad(np.ones((20, 10)), ((10, 10), (20, 34)))
    frame = still(color=0.8 - index[..., None].repeat(3, 2) / 2, index=index, opacity=grey[..., :1])
    monkeypatch.setattr(shots, "run", lambda recipe, *_: Result(Maps.from_arrays({"base_color": grey}), recipe=recipe))
    for tool, contrast, strokes in (("wct", 0.375, {"strokes_px": 2 * max(HEIGHT, WIDTH)}), ("tint", 0, {})):
        result = shots.paint_frame(frame, Recipe((Step(tool),)), {})
        made = result.maps["base_color"].pixels
        assert result.recipe.steps[0].parameters == strokes
        assert made[index == 0].mean() - made[index == 1].mean() == pytest.approx(contrast, abs=1e-3)


def test_passing_shadows_are_painted(painter, tmp_path):
    color = texture()[:, :WIDTH]
    dark = color.copy()
    dark[:, :20] *= 0.3
    frames = {1: write_frame(tmp_path / "a_1.exr", color), 2: write_frame(tmp_path / "a_2.exr", dark)}
    _, made = repainted(frames, tmp_path / "out")
    assert np.abs(made[:, :16] - read_frame(frames[2]).color[:, :16]).mean() < 0.15
    assert len(painter) == 2


def test_paint_follows_the_light(painter, tmp_path):
    """Half of the wall gets brighter, by less than what would be painted anew."""
    wall, light = 0.6 * texture()[:, :WIDTH], np.zeros((HEIGHT, WIDTH, 1), np.float32)
    light[:, :32] = 0.01
    frames = {n: write_frame(tmp_path / f"a_{n:02}.exr", srgb_to_linear(wall + n * light)) for n in range(9)}
    first, *_, last = strokes_of(frames, repainted(frames, tmp_path / "out"))
    assert len(painter) == 1
    assert abs((last - first)[:, 4:28].mean()) < 0.04  # it is too dark by .08 if it does not
    assert correlation(first, last) > 0.99


def test_a_cancelled_shot_reports_its_finished_frames(painter, tmp_path):
    frames = pan(tmp_path / "shot", 5, 6)
    with pytest.raises(Cancelled, match="2 of 5 frames are done, and the same command resumes the shot"):
        repaint_shot(frames, RECIPE, {}, tmp_path / "out", host=Host(is_cancelled=lambda: len(painter) >= 2))
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["pan_0001.exr", "pan_0005.exr"]
    with pytest.raises(Cancelled) as at_once:
        repaint_shot(frames, RECIPE, {}, tmp_path / "none", host=Host(is_cancelled=lambda: True))
    assert not at_once.value.args


def test_a_shot_resumes_from_whole_frames_after_a_full_disk(painter, tmp_path):
    """Frames take 33 KiB."""
    frames = pan(tmp_path / "shot", 9)
    with mounted(tmp_path / "disk", "size=160k") as disk:
        with pytest.raises(FileError, match="check the disk and its free space"):
            repaint_shot(frames, RECIPE, {}, disk)
        before = {path: path.read_bytes() for path in disk.iterdir()}
        assert 1 < len(before) < 9
        subprocess.run(["mount", "-o", "remount,size=10m", disk], check=True)
        made = repaint_shot(frames, RECIPE, {}, disk)
        assert before.items() <= {path: path.read_bytes() for path in made}.items()
        assert sorted(disk.iterdir()) == made


@pytest.mark.parametrize("done", [1, 3, 4])
def test_a_resumed_shot_has_the_same_bytes(painter, tmp_path, done):
    frames = pan(tmp_path / "shot", 5)
    repaint_shot(frames, RECIPE, {}, tmp_path / "whole")
    painter.clear()
    repaint_shot(dict(list(frames.items())[:done]), RECIPE, {}, tmp_path / "parts")
    repaint_shot(frames, RECIPE, {}, tmp_path / "parts")
    for path in frames.values():
        made = (tmp_path / "parts" / path.name).read_bytes()
        assert made == (tmp_path / "whole" / path.name).read_bytes()
        assert b"2025:" in made[:4096]  # the frame's own time, not that of now


def test_frames_of_other_settings_or_renders_are_not_resumed(painter, tmp_path):
    frames = pan(tmp_path / "shot", 2)
    repaint_shot(frames, RECIPE, {}, tmp_path / "out")
    with pytest.raises(FileError, match="made with other settings"):
        repaint_shot(frames, Recipe(RECIPE.steps, 1), {}, tmp_path / "out")
    write_frame(frames[2], texture()[:, 4 : 4 + WIDTH], (0, -2.5))
    with pytest.raises(FileError, match=r"pan_0002\.exr was made .* from another render"):
        repaint_shot(frames, RECIPE, {}, tmp_path / "out")


def test_results_of_another_size_or_record_are_not_resumed(painter, tmp_path):
    frames = {1: write_frame(tmp_path / "a_1.exr", texture()[:, :WIDTH])}
    (out,) = repaint_shot(frames, RECIPE, {}, tmp_path / "out")
    film = read_metadata(out)["film"]
    small = read_frame(write_frame(tmp_path / "b_1.exr", texture()[:, :32]))
    for frame, recipe in ((small, RECIPE), (read_frame(frames[1]), None)):
        write_repainted(out, frame, frame.color, metadata_of(recipe, film=film))
        with pytest.raises(FileError, match=r"a_1\.exr was made with other settings.*--force"):
            repaint_shot(frames, RECIPE, {}, tmp_path / "out")
    assert repaint_shot(frames, RECIPE, {}, tmp_path / "out", replaces=True) == [out]


def test_only_one_shot_at_a_time_writes_to_a_folder(painter, tmp_path):
    """The second neither mixes its frames with those of the first, nor removes them, and works once that is done."""
    frames, folder, refused = pan(tmp_path / "shot", 3), tmp_path / "out", []

    def repaint_too(*_):
        other = Recipe(RECIPE.steps, 1)
        with ThreadPoolExecutor() as pool, pytest.raises(FileError, match=r"is being made by .*; wait") as error:
            pool.submit(repaint_shot, frames, other, {}, folder, replaces=True).result()
        refused.append(error)

    made = repaint_shot(frames, RECIPE, {}, folder, on_frame=repaint_too)
    assert (len(refused), sorted(folder.iterdir())) == (3, made)
    assert {read_metadata(path)["recipe"]["seed"] for path in made} == {0}
    repaint_shot(frames, Recipe(RECIPE.steps, 1), {}, folder, replaces=True)


def test_some_broken_pixels_do_not_stop_a_shot(painter, tmp_path):
    frames, notes = pan(tmp_path / "shot", 2), []
    whole = repainted(frames, tmp_path / "whole")
    color = texture()[:, 4 : 4 + WIDTH]
    red, alpha = color[..., 0].copy(), np.ones((HEIGHT, WIDTH))
    red[3, 5], alpha[7, 9] = np.nan, np.inf
    holes = {"Combined.R": red, "Combined.A": alpha}
    write_frame(frames[2], color, (0, -2), **holes)
    made = [read_frame(path).color for path in repaint_shot(frames, RECIPE, {}, tmp_path / "out", on_note=notes.append)]
    assert notes == ["pixels that are NaN or infinite got the values of those beside them: pan_0002.exr (2)"]
    assert (np.abs(made[1] - whole[1]).max(-1) > 1e-3).sum() <= 2


def test_the_primaries_of_frames_count_and_are_kept(painter, tmp_path):
    rec_2020 = (0.708, 0.292, 0.17, 0.797, 0.131, 0.046, 0.3127, 0.329)
    light = 0.5 * texture()[:, :WIDTH]
    frames = {1: write_frame(tmp_path / "a_1.exr", light, (0, 0), chromaticities=rec_2020)}
    color = read_frame(frames[1]).color
    opaque = np.concatenate([light, np.ones_like(light[..., :1])], -1)
    write_image(tmp_path / "picture.exr", opaque, chromaticities=(oiio.TypeDesc("float[8]"), rec_2020))
    np.testing.assert_allclose(color, read_maps(tmp_path / "picture.exr")["base_color"].pixels, atol=1e-5)
    (made,) = repaint_shot(frames, RECIPE, {}, tmp_path / "out")
    painted = shots.run(RECIPE, {"source": Maps.from_arrays({"base_color": color})}).maps["base_color"].pixels
    np.testing.assert_allclose(read_frame(made).color, painted, atol=1e-4)
    assert open_scanlines(made).chromaticities == pytest.approx(rec_2020)


@pytest.mark.parametrize("size", [(1, 40), (40, 1), (1, 1)])
def test_frames_of_one_pixel_are_repainted(painter, tmp_path, size):
    frames = {n: write_frame(tmp_path / f"a_{n}.exr", np.full((*size, 3), 0.2), (0, 1)) for n in (1, 2, 3)}
    assert [read_frame(path).size_px for path in repaint_shot(frames, RECIPE, {}, tmp_path / "out")] == [size] * 3


@pytest.mark.parametrize(("limit", "most"), [(2**30, MOST_PAINTINGS), (6 * 44 * HEIGHT * WIDTH, 6), (0, 4)])
def test_memory_does_not_grow_with_the_shot_nor_with_its_size(painter, monkeypatch, tmp_path, limit, most):
    monkeypatch.setattr("impasto_film.carrying.PAINTINGS_BYTES", limit)
    frames = pan(tmp_path / "shot", MOST_PAINTINGS + 8, 3)
    shot, counts = Shot(frames, RECIPE, {}), []
    (tmp_path / "out").mkdir()
    for number, path in frames.items():
        made = [(out, is_new) for out, is_new, _ in shot.repaint([number], tmp_path / "out")]
        assert made == [(tmp_path / "out" / path.name, True)]
        counts.append(len(shot.carried.paintings))
    assert max(counts) == most


@pytest.mark.parametrize("kind", ["half", "float"])
def test_written_colours_are_read_back(kind, tmp_path):
    """So that paint is carried from the same colours, whether the file is there already or not."""
    opacity = np.random.default_rng(1).uniform(0, 1, (HEIGHT, WIDTH)).astype("f2").astype("f4")
    opacity[:4] = 0
    source = write_frame(tmp_path / "a_1.exr", texture()[:, :WIDTH], (1, 2), opacity=opacity, kind=kind)
    frame = read_frame(source)
    written = write_repainted(tmp_path / "b_1.exr", frame, texture(1)[:, :WIDTH], {})
    after = read_frame(tmp_path / "b_1.exr")
    assert (written == after.color).all()
    for name in ("opacity", "to_previous", "to_next", "index"):
        assert (getattr(frame, name) == getattr(after, name)).all(), name
    assert (frame.passes.parts[0].pixels == read_frame(source).passes.parts[0].pixels).all()


def test_only_the_layer_with_motion_vectors_is_painted(tmp_path):
    """Beside it lie what the compositor made, and another view layer without vectors."""
    source = write_frame(tmp_path / "a_1.exr", texture()[:, :WIDTH], (1, 2))
    file = oiio.ImageInput.open(str(source))
    spec, pixels = file.spec(), file.read_image("float")
    composite, zed = (tuple(f"{layer}.Combined.{channel}" for channel in "RGBA") for layer in ("Composite", "Zed"))
    wide = oiio.ImageSpec(WIDTH, HEIGHT, spec.nchannels + 8, "float")
    wide.channelformats = ("half",) * 4 + ("float",) * spec.nchannels + ("half",) * 4
    quarter = np.full((HEIGHT, WIDTH, 4), 0.25, np.float32)
    pixels = np.concatenate([quarter, pixels, quarter], -1)
    exr(tmp_path / "b_1.exr", (pixels, [*composite, *spec.channelnames, *zed]), spec=wide)
    write_repainted(
        tmp_path / "c_1.exr", read_frame(tmp_path / "b_1.exr"), np.full((HEIGHT, WIDTH, 3), 0.5, np.float32), {}
    )
    np.testing.assert_allclose(read_frame(tmp_path / "c_1.exr").color, 0.5, atol=1e-3)
    copy = oiio.ImageInput.open(str(tmp_path / "c_1.exr"))
    made = dict(zip(copy.spec().channelnames, np.moveaxis(copy.read_image("float"), -1, 0), strict=True))
    assert set(made) == {*spec.channelnames, *zed}
    assert all((made[name] == 0.25).all() for name in zed)
    formats = dict(zip(copy.spec().channelnames, map(str, copy.spec().channelformats), strict=True))
    assert formats == {name: "half" if name in zed else "float" for name in made}


def still(**changed) -> ShotFrame:
    """A grey frame in which nothing moves, but for what is given."""
    zeros = np.zeros((HEIGHT, WIDTH), np.float32)
    motion = np.zeros((HEIGHT, WIDTH, 2), np.float32)
    given = {"color": np.full((HEIGHT, WIDTH, 3), 0.5, np.float32), "opacity": zeros[..., None], "index": zeros}
    return ShotFrame(**{**given, "to_previous": motion, "to_next": motion, **changed})


def moving(rows: float, columns: float) -> np.ndarray:
    return np.broadcast_to(np.float32([rows, columns]), (HEIGHT, WIDTH, 2)).copy()


def test_vectors_point_upwards_and_rows_down(tmp_path):
    """As Blender renders them, see tests/blender/test_motion_vectors.py."""
    vectors = {"Vector.X": -3.0, "Vector.Y": -1.0, "Vector.Z": -4.0, "Vector.W": -2.0}
    frame = read_frame(write_frame(tmp_path / "a_1.exr", texture()[:, :WIDTH], **vectors))
    assert (frame.to_previous == (1, -3)).all()
    assert (frame.to_next == (-2, 4)).all()


def test_pixels_are_tracked_if_motion_is_consistent_both_ways_on_one_object():
    assert Motion(still(), still()).is_known.all()
    outside = Motion(still(to_previous=moving(0, -3)), still(to_next=moving(0, 3))).is_known
    assert outside[:, 3:].all()
    assert not outside[:, :3].any()
    assert not Motion(still(to_previous=moving(0, -3)), still(to_next=moving(0, -3))).is_known.any()
    index = np.zeros((HEIGHT, WIDTH), np.float32)
    index[:, 20:] = 1
    other = Motion(still(index=index), still()).is_known
    assert (other == (index == 0)).all()


@pytest.mark.parametrize("is_estimated", [True, False])
def test_estimated_motion_must_lead_to_similar_pixels(is_estimated):
    """Behind an object that has gone, ways there and back may agree; noise, and a light that goes on, are no object."""
    noise = np.random.default_rng(0).normal(0, 0.03, (2, HEIGHT, WIDTH, 3)).astype(np.float32)
    here, there = np.full((HEIGHT, WIDTH, 3), 0.5, np.float32) + noise
    there[:, :20] += 0.2
    frame, before = (still(color=one, is_estimated=is_estimated) for one in (here + 0.02, there))
    known = Motion(frame, before).is_known
    assert known[:, 26:].mean() > 0.97
    assert (known[:, :14].mean() < 0.03) == is_estimated


@pytest.mark.parametrize(("scale", "is_kept"), [(1.4, True), (1.6, False), (0.7, True), (0.6, False)])
def test_strokes_are_repainted_before_they_stretch_by_half(scale, is_kept):
    carried = CarriedPaint.nothing((HEIGHT, WIDTH))
    carried.paint(0, np.ones((HEIGHT, WIDTH), bool), PaintedFrame.of(still().color, still()))
    middle = np.float32([HEIGHT / 2, WIDTH / 2])
    carried.places = (carried.places - middle) / scale + middle
    state = carried.carry(Motion(still(), still())).state
    assert (state == (PaintState.PAINTED if is_kept else PaintState.MISMATCHED))[2:-2, 2:-2].all()


def test_new_paint_has_the_colours_of_carried_paint(monkeypatch, tmp_path):
    """Each painting is brighter than the one before, by a tenth."""
    calls = []

    def run(recipe, inputs, *_):
        calls.append(inputs)
        made = 0.5 * inputs["source"]["base_color"].pixels + 0.1 * len(calls)
        return Result(maps=Maps.from_arrays({"base_color": made}), recipe=recipe)

    monkeypatch.setattr(shots, "run", run)
    monkeypatch.setattr(shots, "KEYFRAMES_APART", 1)
    frames = pan(tmp_path / "shot", 4, 6)
    made = repainted(frames, tmp_path / "out")
    assert len(calls) == 4
    expected = 0.5 * read_frame(frames[4]).color + 0.1
    assert np.abs(made[-1] - expected).mean() < 0.02


def test_missing_frames_are_listed(tmp_path):
    for number in (1, 2, 5):
        write_frame(tmp_path / f"a_{number:04}.exr", texture()[:, :WIDTH])
    with pytest.raises(FileError, match=r"2 frames are missing in .*: 3, 4"):
        frames_of(tmp_path)
    assert list(frames_of(tmp_path, last=2)) == [1, 2]
    assert list(frames_of(tmp_path / "a_####.exr", first=5)) == [5]
    with pytest.raises(FileError, match="6 to 9"):
        frames_of(tmp_path, 6, 9)
    write_frame(tmp_path / "b_0001.exr", texture()[:, :WIDTH])
    with pytest.raises(FileError, match="are both frame 1"):
        frames_of(tmp_path, last=2)


@pytest.mark.parametrize("stray", ["a_20261129015025.exr", f"a_{'9' * 200}.exr"])
def test_far_frames_are_named_at_once(tmp_path, stray):
    for name in ("a_1.exr", "a_2.exr"):
        (tmp_path / name).touch()
    for last in (10**12, 10**200):
        with pytest.raises(FileError, match=r"98 frames are missing in .*: 3, 4, .* …; the last .*'a_2\.exr'"):
            frames_of(tmp_path, last=last)
    (tmp_path / stray).touch()
    with pytest.raises(FileError, match=rf"missing in .*: 3, 4.* …; the last .*'{stray[:30]}"):
        frames_of(tmp_path)


def test_hidden_files_circular_links_and_huge_numbers_are_no_frames(tmp_path):
    frames = pan(tmp_path / "shot", 2)
    (tmp_path / "shot" / "._pan_0001.exr").write_bytes(b"\0\5\x16\7")
    assert numbered_files(tmp_path / "shot") == frames
    path = tmp_path / "a_1.exr"
    path.symlink_to(path)
    with pytest.raises(FileError, match="its links point at each other"):
        repaint_shot(frames_of(tmp_path), RECIPE, {}, tmp_path / "out")
    path.rename(tmp_path / "a_20261129015025.exr")
    with pytest.raises(FileError, match="has more than 9 digits"):
        frames_of(tmp_path)


def test_keyframes_of_no_frame_are_named(tmp_path):
    for name in ("key_1.png", "key_2.png", "key_9.png", "key.psd", ".hidden"):
        (tmp_path / name).touch()
    frames = dict.fromkeys((2, 3, 4), tmp_path)
    found, notes = keyframes_of(tmp_path, frames)
    assert found == {2: tmp_path / "key_2.png"}
    assert notes == [
        "keyframes outside the frames 2 to 4 are ignored: key_1.png, key_9.png",
        "not used as keyframes, since they have no number or are no pictures: key.psd",
    ]
    assert len(keyframes_of(tmp_path / "key_#.png", frames)[1]) == 1
    with pytest.raises(FileError, match="has no keyframes of the frames 3 to 3"):
        keyframes_of(tmp_path, {3: tmp_path})


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"Vector.X": np.full((HEIGHT, WIDTH), np.nan)}, "2,560 values that are NaN or infinite"),
        ({"Vector.W": np.full((HEIGHT, WIDTH), 2e5)}, "motion vectors of more than 100,000 pixels"),
        ({"Combined.G": np.full((HEIGHT, WIDTH), np.inf)}, "2,560 values that are NaN or infinite"),
    ],
)
def test_a_frame_with_impossible_values_or_too_many_passes_is_refused(changed, reason, tmp_path, monkeypatch):
    path = write_frame(tmp_path / "a_1.exr", texture()[:, :WIDTH], **changed)
    with pytest.raises(FileError, match=reason):
        read_frame(path)
    path = write_frame(tmp_path / "a_1.exr", texture()[:, :WIDTH])
    monkeypatch.setattr("impasto_film.passes.MEMORY_BYTES", 9 * 4 * HEIGHT * WIDTH - 1)
    with pytest.raises(FileError, match="too many to read"):
        read_frame(path)


def test_invalid_shots_are_refused_with_a_remedy(painter, monkeypatch, tmp_path):
    Image.new("RGB", (8, 8)).save(tmp_path / "a_1.png")
    with pytest.raises(FileError, match="PNG, which has no motion vectors; render it as OpenEXR MultiLayer"):
        read_frame(tmp_path / "a_1.png")
    with pytest.raises(FileError, match="is not a folder"):
        frames_of(tmp_path / "nowhere")
    frames = {
        1: write_frame(tmp_path / "a_1.exr", texture()[:, :WIDTH]),
        2: write_frame(tmp_path / "a_2.exr", texture()[:, :32]),
    }
    with pytest.raises(FileError, match="32x40 px, unlike the frames before"):
        repaint_shot(frames, RECIPE, {}, tmp_path / "out")
    with pytest.raises(FileError, match="holds the frames themselves"):
        repaint_shot(frames, RECIPE, {}, tmp_path)
    Image.new("RGB", (8, 8)).save(tmp_path / "key_1.png")
    with pytest.raises(FileError, match=r"key_1\.png is not 64x40 px like its frame; paint over the frame"):
        repaint_shot({1: frames[1]}, RECIPE, {}, tmp_path / "out", keyframes=numbered_files(tmp_path / "key_#.png"))
    monkeypatch.undo()
    larger = Recipe((Step("quilt", {"width_px": 96, "height_px": 96}),), 0)
    with pytest.raises(ParameterError, match="changes the size"):
        repaint_shot({1: frames[1]}, larger, {}, tmp_path / "larger")


@pytest.mark.essential
def test_the_command_repaints_and_resumes_a_shot(impasto, tmp_path):
    pan(tmp_path / "shot", 3)
    Image.new("RGB", (48, 48), (255, 0, 0)).save(tmp_path / "red.png")
    line = ("stylize", tmp_path / "shot" / "pan_####.exr", "--film", "--tool", "flat", "--style", tmp_path / "red.png")
    done = impasto(*line, "--last", 2, "--out", tmp_path / "out", "--json")
    assert [Path(file).name for file in json.loads(done.stdout)["files"]] == ["pan_0001.exr", "pan_0002.exr"]
    impasto(*line, "--out", tmp_path / "out")
    assert (tmp_path / "out" / "pan_0003.exr").exists()
    assert b"digitalsourcetype" in (tmp_path / "out" / "pan_0003.exr").read_bytes()
    other = impasto(*line, "--seed", 1, "--out", tmp_path / "out", code=3)
    assert "--force" in other.stderr
    again = impasto(*line, "--seed", 1, "--force", "--out", tmp_path / "out")
    assert "motion blur" not in again.stderr
    for number in (1, 2):
        write_frame(tmp_path / "shot" / f"pan_000{number}.exr", texture()[:, number : number + WIDTH])
    blurred = impasto(*line, "--last", 2, "--out", tmp_path / "blurred")
    assert "nothing moves in the first two frames; if it should, render them without motion blur" in blurred.stderr
    refused = impasto(*line, "--export", "gltf", "--out", tmp_path / "out", code=2)
    assert "--film does not take --export" in refused.stderr


def test_frames_that_move_without_vectors_are_refused(tmp_path):
    """As Blender renders them with motion blur. By their positions the wall moves; without those, who knows?"""
    places = np.concatenate([pixel_places((HEIGHT, WIDTH)), np.ones((HEIGHT, WIDTH, 1), np.float32)], -1)
    frames = {}
    for number, left in ((1, 0), (2, 3), (3, 3)):
        path, position = tmp_path / f"a_{number}.exr", places + np.float32([0, left, 0])
        frames[number] = write_frame(path, texture()[:, left : left + WIDTH], position=position)
    with pytest.raises(FileError, match=r"a_1\.exr and the next frame have no motion vectors, yet something moves"):
        note_on_motion(frames)
    assert "nothing moves" in note_on_motion({number: frames[number] for number in (2, 3)})


def by_hand(frames: dict[int, Path], folder: Path, painted: dict[int, np.ndarray]) -> dict[int, Path]:
    """Keyframes: the frames with these strokes (H, W, 1)."""
    folder.mkdir()
    for number, strokes in painted.items():
        color = (read_frame(frames[number]).color + strokes).clip(0, 1)
        Image.fromarray((255 * color).round().astype(np.uint8)).save(folder / f"key_{number:03}.png")
    return numbered_files(folder)


def blots(seed: int) -> np.ndarray:
    cells = np.random.default_rng(seed).uniform(-0.08, 0.08, (HEIGHT // 4, WIDTH // 4, 1))
    return np.repeat(np.repeat(cells, 4, 0), 4, 1)


def test_keyframes_painted_by_hand_are_carried_both_ways(painter, tmp_path):
    frames = pan(tmp_path / "shot", 5, 3)
    keyframes = by_hand(frames, tmp_path / "keys", {3: blots(1)})
    strokes = strokes_of(frames, repainted(frames, tmp_path / "out", keyframes))
    assert correlation(strokes[2], blots(1)) > 0.99
    assert correlation(strokes[0][:, 6:], blots(1)[:, :-6]) > 0.9
    assert correlation(strokes[4][:, :-6], blots(1)[:, 6:]) > 0.9
    assert painter  # for what comes in at the borders


def test_paint_blends_from_one_keyframe_to_the_next(painter, tmp_path):
    """A wall changes as a whole, also where the rectangle stands in a keyframe; strokes blend far from it."""
    frames, hidden = slide(tmp_path, texture()[:, :WIDTH], 5, 4, 10)
    first, last = blots(1) + 0.1, blots(2) - 0.1
    keyframes = by_hand(frames, tmp_path / "keys", {0: first, 4: last})
    made = strokes_of(frames, repainted(frames, tmp_path / "out", keyframes))
    for number, (share, strokes) in enumerate(zip((0, 0.25, 0.5, 0.75, 1), made, strict=True)):
        expected = ((1 - share) * first + share * last)[..., 0]
        np.testing.assert_allclose(strokes[:, 48:], expected[:, 48:], atol=0.02)
        assert np.abs(gaussian_filter(np.where(hidden[number], 0, strokes - expected), 3)).max() < 0.1
    assert not painter
    before = [path.stat().st_mtime_ns for path in sorted((tmp_path / "out").iterdir())]
    again = repaint_shot(frames, RECIPE, {}, tmp_path / "out", keyframes=keyframes)
    assert [path.stat().st_mtime_ns for path in again] == before


@each_case("spans-of-a-shot")
def test_spans_end_with_keyframes_and_requested_frames(count, painted, frame_step, spans):
    assert keyframe_spans(list(range(1, count + 1)), painted, frame_step) == spans


def test_frame_steps_carry_paint_through_skipped_frames(painter, tmp_path):
    """Carried through the frames between, whose vectors lead from frame to frame."""
    frames = pan(tmp_path / "shot", 6, 3)
    made = repaint_shot(frames, RECIPE, {}, tmp_path / "out", frame_step=2)
    assert [path.name for path in made] == ["pan_0001.exr", "pan_0003.exr", "pan_0005.exr"]
    assert sorted((tmp_path / "out").iterdir()) == made
    shown = {number: frames[number] for number in (1, 3, 5)}
    first, _, last = strokes_of(shown, [read_frame(path).color for path in made])
    assert correlation(first[:, 12:], last[:, :-12]) > 0.95
    with pytest.raises(FileError, match="made with other settings"):
        repaint_shot(frames, RECIPE, {}, tmp_path / "out", frame_step=1)
    with pytest.raises(ParameterError, match="frame_step is 0; write a whole number from 1"):
        repaint_shot(frames, RECIPE, {}, tmp_path / "none", frame_step=0)
