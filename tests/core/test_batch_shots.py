"""Shots as jobs of a batch, and results as a library: assets with previews and catalogues, and contact sheets."""

from __future__ import annotations

import io
import json
import shutil
import sys
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from batches import done_names, failures_in, outcome, plan_of, run_plan, write_photos, write_recipe
from cases import CASES, each_case
from dask_cluster import DaskCluster
from PIL import Image
from test_film import pan

from impasto import Maps, Recipe, Step, run, write_maps
from impasto.batch.asset_list import write_asset_list
from impasto.batch.checks import check_plan
from impasto.batch.contact_sheet import SIDE_PX, contact_sheet
from impasto.batch.record import DONE_FILE, BatchResult, Record
from impasto.errors import ImpastoError
from impasto.io.assets import AssetList, asset_text, class_in, color_name
from impasto.io.decode import read_map, read_small
from impasto.io.udim import tiles_at
from impasto.plugins.installation import description
from impasto.plugins.registry import registry
from impasto.surface.thumbnail import CAPTION_PX, empty_cell
from impasto.system.typed_json import as_kind
from impasto.system.untrusted import check_file
from impasto_film.action import RepaintShot
from impasto_film.passes import read_frame
from impasto_film.progress import ShotProgress
from impasto_film.shot import repaint_shot

pytestmark = pytest.mark.usefixtures("misbehaving")


def write_table(path: Path, rows) -> Path:
    path.write_text("".join(json.dumps({"recipe": "tint", "seed": 0} | row) + "\n" for row in rows))
    return path


@pytest.fixture
def table(tmp_path) -> Path:
    """Two shots of three frames, and a picture."""
    for name in ("street", "wall"):
        pan(tmp_path / name, 3)
    write_photos(tmp_path, 1)
    which = {"first": 1, "last": 3, "frame_step": 2}
    rows = [{"shot": "street"}, {"shot": "wall/pan_####.exr", "name": "w", **which}, {"source": "p0.png"}]
    return write_table(tmp_path / "t.jsonl", rows)


def frames_in(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


@pytest.mark.slow
def test_rows_of_shots_give_the_same_frames_as_the_library(impasto, table, tmp_path):
    out = tmp_path / "out"
    line = ("batch", table, "--workers", 2, "--out", out, "--json")
    done = impasto(*line)
    assert json.loads(done.stdout.splitlines()[-1])["made"] == 3
    recipe = next(iter(plan_of(table, out))).recipe
    here = repaint_shot({n: tmp_path / "street" / f"pan_000{n}.exr" for n in (1, 2, 3)}, recipe, {}, tmp_path / "here")
    assert frames_in(out / "street") == {path.name: path.read_bytes() for path in here}
    assert list(frames_in(out / "w")) == ["pan_0001.exr", "pan_0003.exr"]
    assert (out / "p0_base_color.png").exists()
    with Image.open(out / "contact_sheet.png") as sheet:
        assert not any(color == (190, 40, 40) for _, color in sheet.getcolors(2**20)), "no shot is drawn as a failure"
    assert json.loads(impasto(*line).stdout.splitlines()[-1])["done_before"] == 3
    assert json.loads(impasto(*line[:2], "--out", out, "--dry-run", "--json").stdout)["to_make"] == 0


@pytest.mark.slow
def test_cluster_workers_repaint_shared_shots(fresh_impasto, engine_with_misbehaving, table, tmp_path):
    with closing(DaskCluster(engine_with_misbehaving, tmp_path / "dask")) as dask:
        dask.add_worker()
        line = ("batch", table, "--cluster", dask.address, "--json")
        done = fresh_impasto(*line, "--out", tmp_path / "out")
        fresh_impasto(*line, "--send", "--out", tmp_path / "sent", code=2)
    assert done.returncode == 0, done.stderr
    assert sorted(done_names(tmp_path / "out")) == ["p0", "street", "w"]
    assert len(frames_in(tmp_path / "out" / "street")) == 3
    assert "frames are not sent to workers" in failures_in(tmp_path / "sent")[0]["message"]
    assert done_names(tmp_path / "sent") == ["p0"]


def test_csv_and_json_lines_have_the_same_shot_columns(table, tmp_path):
    (tmp_path / "t.csv").write_text(
        "recipe,shot,name,first,last,frame_step,keyframes\ntint,wall/pan_####.exr,w,1,3,2,keys\n"
    )
    (job,) = plan_of(tmp_path / "t.csv", tmp_path / "out")
    (film,) = [one.action_values for one in plan_of(table, tmp_path / "out") if one.name == "w"]
    assert replace(job.action_values, keyframes=None) == film
    frames = {f"pan_000{number}.exr": tmp_path / "wall" / f"pan_000{number}.exr" for number in (1, 2, 3)}
    assert RepaintShot().content(film) == [1, 3, 2, frames, {}], "as earlier versions recorded what they had begun"
    assert job.action_values.keyframes == tmp_path / "keys"
    names = CASES["names-of-shots"]
    write_table(table, [{"shot": shot} for shot in names])
    assert [job.name for job in plan_of(table, tmp_path / "out")] == list(names.values())


@each_case("no-shots")
def test_invalid_shots_are_reported_before_anything_starts(row, said, table, tmp_path):
    with pytest.raises(ImpastoError) as raised:
        check_plan(plan_of(write_table(table, [row]), tmp_path / "out"))
    assert said in str(raised.value).replace(f"{tmp_path}/", "")
    (tmp_path / "out" / "street").mkdir(parents=True)
    with pytest.raises(ImpastoError, match="street is there already, and not from this batch"):
        check_plan(plan_of(write_table(table, [{"shot": "street"}]), tmp_path / "out"))


@pytest.mark.slow
def test_a_shot_with_missing_or_corrupt_frames_fails_alone_and_is_tried_again(engines, table, tmp_path):
    kept = (tmp_path / "street" / "pan_0002.exr").read_bytes()
    (tmp_path / "street" / "pan_0002.exr").unlink()
    (tmp_path / "wall" / "pan_0003.exr").write_bytes(kept[: len(kept) // 2])
    out = tmp_path / "out"
    assert outcome(run_plan(plan_of(table, out), engines)) == (1, 0, 2)
    said = {failure["name"]: failure["message"] for failure in failures_in(out)}
    assert "1 frames are missing in" in said["street"]
    assert "pan_0003.exr" in said["w"]
    (tmp_path / "street" / "pan_0002.exr").write_bytes(kept)
    shutil.copy(tmp_path / "street" / "pan_0003.exr", tmp_path / "wall")
    assert outcome(run_plan(plan_of(table, out), engines)) == (2, 1, 0)
    assert failures_in(out) == []


def times(folder: Path) -> dict[str, int]:
    return {path.name: path.stat().st_mtime_ns for path in folder.iterdir()}


@pytest.mark.slow
def test_shots_resume_by_frame_unless_recipe_or_frames_change(engines, table, tmp_path):
    rows, out = [{"shot": "street"}], tmp_path / "out"
    plan = plan_of(write_table(table, rows), out)
    run_plan(plan, engines)
    whole, before = frames_in(out / "street"), times(out / "street")
    record = out / DONE_FILE
    record.write_bytes(b"".join(line for line in record.read_bytes().splitlines(True) if b"begun" in line))
    (out / "street" / "pan_0002.exr").unlink()  # as if it had been interrupted
    assert outcome(run_plan(plan, engines)) == (1, 0, 0)
    assert frames_in(out / "street") == whole
    after = times(out / "street")
    assert [name for name in whole if after[name] != before[name]] == ["pan_0002.exr"]
    run_plan(plan_of(write_table(table, [{**rows[0], "seed": 3}]), out), engines)
    assert all(after[name] != time for name, time in times(out / "street").items())
    (out / "street" / "pan_0001.exr").write_bytes(b"painted over")
    write_table(table, rows)
    assert outcome(run_plan(plan, engines)) == (0, 0, 1)
    assert "has been changed since it was made" in failures_in(out)[0]["message"]
    assert outcome(run_plan(plan_of(table, out, replace=True), engines)) == (1, 0, 0)
    assert frames_in(out / "street") == whole


@pytest.mark.slow
def test_notes_on_shots_are_reported(impasto, table, tmp_path):
    """A keyframe of no frame is named, as for a single shot."""
    keys = tmp_path / "keys"
    keys.mkdir()
    for number in (1, 99):
        shutil.copy(tmp_path / "street" / "pan_0001.exr", keys / f"key_{number:04}.exr")
    write_table(table, [{"shot": "street", "keyframes": "keys"}])
    done = impasto("batch", table, "--workers", 1, "--out", tmp_path / "out")
    assert "note: street: keyframes outside the frames 1 to 3 are ignored: key_0099.exr" in done.stderr
    (made,) = [line for line in (tmp_path / "out" / DONE_FILE).read_text("utf-8").splitlines() if "notes" in line]
    assert "key_0099" in made


def test_remaining_time_counts_missing_frames(tmp_path, monkeypatch):
    said, clock = [], [100.0]
    monkeypatch.setattr("time.monotonic", lambda: clock[0])
    progress = ShotProgress(3, lambda _, message: said.append(message), lambda _: None)
    for number, path in pan(tmp_path / "street", 3).items():  # the first is there already
        clock[0] = 70.0 + 30 * number
        progress.add(read_frame(path).color, number > 1)
        progress.report(number / 3, f"{number} frames")
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


@pytest.fixture
def walls(tmp_path) -> list[object]:
    """Arguments of a batch of two small walls of bricks."""
    recipe = write_recipe(tmp_path / "bricks.json", ("bricks", {"width_px": 64, "height_px": 64}))
    more = ("--workers", 1, "--no-contact-sheet", "--out", tmp_path / "out")
    return [recipe, "--seeds", 2, "--pattern", "wall_{seed}", *more]


@pytest.fixture
def batch(walls, tmp_path, said) -> Path:
    """Folder of their results."""
    assert said("batch", *walls)[0] == 0
    return tmp_path / "out"


def listed(batch, target) -> tuple[list, list[str]]:
    target.mkdir()
    told: list[str] = []
    path, count = write_asset_list(Record(batch).results(), batch, target, told.append)
    found = as_kind(AssetList, json.loads(path.read_text()), "the list")["assets"]
    assert len(found) == count
    return found, told


@pytest.mark.essential
def test_complete_results_become_assets_with_preview_maps_and_recipe(batch, tmp_path):
    assets, told = listed(batch, tmp_path / "assets")
    assert told == []
    assert [asset["name"] for asset in assets] == ["wall_0", "wall_1"]
    first = assets[0]
    assert first["catalog"] == "Impasto/Masonry"
    assert first["recipe"]["steps"][0]["tool"] == "bricks"
    assert first["width_m"] > 0.5
    assert {"base_color", "normal", "roughness"} < first["maps"].keys()
    assert all((tmp_path / "assets" / file).is_file() for file in first["maps"].values())
    preview = np.asarray(Image.open(tmp_path / "assets" / first["preview"]))
    assert preview.shape == (256, 256, 3)
    assert preview[100:160, 100:160].std() > 5
    assert np.ptp(preview[2, 2].astype(int)) < 8  # the background is grey
    (batch / "wall_0_base_color.png").unlink()
    broken = batch / "wall_1_normal.png"
    broken.write_bytes(b"x" * broken.stat().st_size)
    assets, (said,) = listed(batch, tmp_path / "again")
    assert (assets, said.startswith("wall_1 is not in the library: ")) == ([], True)


OWN = "orm=ambient_occlusion,roughness,metallic base=base_color n=normal"


@pytest.mark.slow
@pytest.mark.parametrize(("export", "format_"), [("unity-hdrp", "exr"), (OWN, "png16")])
def test_assets_of_packed_results_have_unpacked_maps(export, format_, walls, batch, said, tmp_path):
    packed = tmp_path / "packed"
    assert said("batch", *walls[:-1], packed, "--export", export, "--format", format_)[0] == 0
    assets, told = listed(packed, tmp_path / "assets")
    assert (told, len(assets)) == ([], 2)
    assert assets[0]["recipe"]["steps"][0]["tool"] == "bricks"
    assert assets[0]["width_m"] > 0.5
    assert {"base_color", "normal", "roughness", "metallic", "ambient_occlusion"} <= assets[0]["maps"].keys()
    for name, file in assets[0]["maps"].items():
        whole = batch / f"wall_0_{name}.png"
        if whole.is_file():  # bricks have no metal
            found, wanted = read_map(tmp_path / "assets" / file, name), read_map(whole, name)
            np.testing.assert_allclose(found.pixels, wanted.pixels, atol=1.5 / 255)  # half floats and two roundings


@pytest.mark.slow
@pytest.mark.parametrize("export", ["", "unity-urp"])
def test_tiled_results_are_one_asset_with_all_tiles(export, said, tmp_path):
    bricks = run(Recipe((Step("bricks", {"width_px": 64, "height_px": 64}),))).maps
    write_maps(Maps.of_tiles({1001: bricks, 1012: bricks}), tmp_path / "wall", "wall")
    more = ("--workers", 1, "--no-contact-sheet", "--out", tmp_path / "out")
    assert said("batch", "tint", tmp_path / "wall", *more, "--export", export)[0] == 0
    (asset,), told = listed(tmp_path / "out", tmp_path / "assets")
    assert told == []
    assert {"base_color", "normal", "roughness"} <= asset["maps"].keys()
    for name, file in asset["maps"].items():
        assert file == f"wall_{name}.<UDIM>.png"
        assert tiles_at(tmp_path / "assets" / file).keys() == {1001, 1012}


def test_without_blender_no_library_is_begun_and_the_error_has_a_remedy(walls, tmp_path, monkeypatch, said):
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("IMPASTO_BLENDER", raising=False)
    code, _, told = said("batch", *walls, "--library", tmp_path / "library")
    assert (code, "no Blender here" in told) == (3, True)
    assert "install Blender and its Impasto extension" in told
    assert not (tmp_path / "out").exists()


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="a script as a program")
def test_blender_is_asked_for_the_library_of_all_results(walls, tmp_path, monkeypatch, said):
    """A program in Blender's place writes what it was asked for; the real one is tested in tests/windows."""
    program = tmp_path / "blender"
    program.write_text(
        f"#!{sys.executable}\nimport json, sys\nfrom pathlib import Path\n"
        "given = sys.argv[sys.argv.index('library') + 1]\n"
        f"Path({str(tmp_path / 'asked')!r}).write_text(json.dumps([sys.argv[1:], Path(given).read_text()]))\n"
        "print(json.dumps({'files': ['wall_0.blend'], 'has_index': False}))\n"
    )
    program.chmod(0o755)
    monkeypatch.setenv("IMPASTO_BLENDER", str(program))
    answer = json.loads(said("batch", *walls, "--library", tmp_path / "library", "--json")[1].splitlines()[-1])
    assert str(tmp_path / "library" / "wall_0.blend") in answer["files"]
    assert any("no index for a server" in warning for warning in answer["warnings"])
    asked, given = json.loads((tmp_path / "asked").read_text())
    assert asked[asked.index("--out") + 1] == str(tmp_path / "library")
    assert "--remote" in asked
    assert [asset["name"] for asset in json.loads(given)["assets"]] == ["wall_0", "wall_1"]


KNOWN = description()
TOOLS = {tool["name"]: tool for tool in KNOWN["tools"]}


def text_of(recipe, color=None):
    return asset_text(recipe, TOOLS, KNOWN["models"], color)


def test_the_asset_class_comes_from_the_model_or_the_photographs_name():
    assert text_of(None, (0, 0, 0)).tags == ("Impasto", "black")
    assert asset_text(Recipe((Step("nobody"),)), {}).catalog == "Impasto", "no tool that is known"
    disabled = text_of(Recipe((Step("moss", enabled=False), Step("planks"))))
    assert (disabled.catalog, "Moss" in disabled.tags) == ("Impasto/Wood", False)
    text = text_of(Recipe((Step("torus", {"model": "wood"}),)))
    assert (text.catalog, text.license) == ("Impasto/Wood", "CC0-1.0")
    assert "Weathered wood" in text.tags
    inputs = {"source": {"name": "old_Brick-wall.jpg", "sha256": "0" * 64}}
    text = text_of(Recipe((Step("quilt"),), inputs=inputs))
    assert (text.catalog, text.description) == ("Impasto/Masonry", "Made by Impasto from old_Brick-wall.jpg")
    classes = {"DSC_0042.jpg": "", "Plastered wall": "Walls", "rostig": "", "rusty": "Metal", "sandstone": "Stone"}
    assert {text: class_in(text) for text in classes} == classes


def test_colours_have_common_names():
    assert all(color_name(color) == name for name, color in CASES["names-of-colours"].items())


def opened(data: bytes) -> np.ndarray:
    with Image.open(io.BytesIO(data)) as image:
        return np.asarray(image.convert("RGB"))


@pytest.mark.parametrize("caption", ["wall", "w" * 300, "Wände_漢字_" * 20, "\n\x1b[2J"])
def test_captions_of_any_length_fit_their_cell(caption):
    drawn = np.asarray(empty_cell(caption, 100))
    assert drawn.shape == (100 + CAPTION_PX, 100, 3)
    assert drawn[:CAPTION_PX, :97].any()
    assert not drawn[:CAPTION_PX, 97:].any()


def test_thumbnails_take_every_nth_row_and_column(tmp_path):
    """In bands of 256 rows: these begin in the middle of a step."""
    pixels = np.random.default_rng(0).random((1000, 700, 3), np.float32)
    maps = Maps.from_arrays({"base_color": pixels, "roughness": pixels[..., :1]})
    for path, name in zip(write_maps(maps, tmp_path, "x"), maps, strict=True):
        small = read_small(path, name, 150)
        assert np.array_equal(small.pixels, read_map(path, name).pixels[::6, ::6])


def test_the_sheet_of_a_batch_shows_results_lit_and_any_map_if_there_is_no_colour(tmp_path, monkeypatch):
    red = np.broadcast_to(np.float32((1, 0, 0)), (300, 200, 3))
    away = np.broadcast_to(np.float32((1, 0.5, 0.5)), (300, 200, 3))  # from the light
    made = []
    sets = {"a": {"base_color": red}, "b": {"base_color": red, "normal": away}, "c": {"roughness": red[..., :1] * 0.5}}
    for name, arrays in sets.items():
        paths = write_maps(Maps.from_arrays(arrays), tmp_path, name)
        made.append(BatchResult(name, "", {path.name: path.stat().st_size for path in paths}, 1.0))
    (tmp_path / "c_roughness.png").replace(tmp_path / "gone.png")
    pictures = {"blind": check_file, "seeing": lambda file: red}
    actions = {name: SimpleNamespace(has_folder=True, picture=picture) for name, picture in pictures.items()}
    monkeypatch.setattr(registry(), "actions", actions)
    made += [BatchResult("d", "", {"gone.png": 1}, 1.0), BatchResult("e", "", {"e/frame.exr": 1}, 1.0)]
    sheet = opened(contact_sheet(made, tmp_path))
    centres = [sheet[CAPTION_PX + SIDE_PX // 2 + 3, index * (SIDE_PX + 4) + 20] for index in range(5)]
    assert centres[0].tolist() == centres[4].tolist() == [255, 0, 0], "the last as the action that can read it does"
    assert 100 < centres[1][0] < 200
    assert not centres[2].any()
