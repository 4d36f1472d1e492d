"""Shots that the worker repaints: as `repaint_shot` does, with previews, notes and the time that is left."""

from pathlib import Path

import numpy as np
import pytest
from test_film import RECIPE, texture, write_frame

from impasto.engine.client import Client
from impasto.engine.remote import Remote
from impasto.engine.shots import ShotProgress
from impasto.errors import FileError, ParameterError
from impasto.film.frames import frames_of
from impasto.film.shot import repaint_shot
from impasto.io.passes import read_frame

COUNT, FIRST = 3, 7


@pytest.fixture
def shot(tmp_path) -> Path:
    """A folder with three frames of a picture that moves two pixels to the right."""
    folder = tmp_path / "shot"
    folder.mkdir()
    color = texture()
    for step in range(COUNT):
        write_frame(folder / f"street_{FIRST + step:04}.exr", color[:, 64 - 2 * step :][:, :64], (0.0, 2.0))
    return folder


def test_the_worker_repaints_a_shot_as_the_library_does(shared_client, shot, tmp_path):
    job = shared_client.repaint(shot, RECIPE, {}, tmp_path / "out")
    answer = job.wait()
    here = repaint_shot(frames_of(shot), RECIPE, {}, tmp_path / "here")
    assert [path.read_bytes() for path in answer.paths] == [path.read_bytes() for path in here]
    assert (answer.first, [path.parent for path in answer.paths]) == (FIRST, [tmp_path / "out"] * COUNT)
    assert answer.notes == ()
    assert job.preview.dtype == np.uint8


def test_frames_that_are_there_stay_unless_they_are_to_be_replaced(shared_client, shot, tmp_path):
    out = tmp_path / "out"
    (first,) = shared_client.repaint(shot, RECIPE, {}, out, last=FIRST).wait().paths
    written = first.stat().st_mtime_ns
    again = shared_client.repaint(shot, RECIPE, {}, out).wait().paths
    assert again[0].stat().st_mtime_ns == written
    replaced = shared_client.repaint(shot, RECIPE, {}, out, first=FIRST, last=FIRST, replace=True).wait().paths
    assert replaced[0].stat().st_mtime_ns != written
    second = shared_client.repaint(shot, RECIPE, {}, tmp_path / "second", frame_step=2).wait()
    assert [path.name for path in second.paths] == ["street_0007.exr", "street_0009.exr"]
    with pytest.raises(ParameterError, match="another machine"):
        Client(Remote("farm"), tmp_path / "log").repaint(shot, RECIPE, {}, out)


def test_a_shot_in_which_nothing_moves_has_a_note_and_none_at_all_an_error(shared_client, tmp_path):
    for number in (1, 2):
        write_frame(tmp_path / f"still_{number}.exr", texture(width=64)[:, :64])
    assert "nothing moves" in shared_client.repaint(tmp_path, RECIPE, {}, tmp_path / "out").wait().notes[0]
    with pytest.raises(FileError, match="is not a folder"):
        shared_client.repaint(tmp_path / "none", RECIPE, {}, tmp_path / "out").wait()


def test_the_time_that_is_left_is_that_of_frames_which_are_not_there_yet(shot, monkeypatch):
    said, clock = [], [100.0]
    monkeypatch.setattr("time.monotonic", lambda: clock[0])
    progress = ShotProgress(COUNT, lambda _, message: said.append(message), lambda _: None)
    for number, path in enumerate(frames_of(shot).values(), 1):  # the first is there already
        clock[0] = 70.0 + 30 * number
        progress.add(read_frame(path).color, number > 1)
        progress.tell(number / COUNT, f"{number} frames")
    assert said == ["1 frames", "2 frames, about 30 s left", "3 frames"]


def test_the_last_four_frames_are_shown_row_by_row_and_the_newest_last():
    frames, shown = np.random.default_rng(0).random((6, 40, 64, 3), np.float32), []
    progress = ShotProgress(len(frames), lambda *_: None, shown.append)
    for color in frames:
        progress.add(color, True)
    for count, maps in enumerate(shown, 1):
        sheet = np.zeros((82, 130, 3), np.float32)
        corners = ((0, 0), (0, 66), (42, 0), (42, 66))
        for (top, left), color in zip(corners, frames[max(0, count - 4) : count], strict=False):
            sheet[top : top + 40, left : left + 64] = color
        assert np.array_equal(maps["base_color"].pixels, sheet), count
