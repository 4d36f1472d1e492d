"""Real Blender windows (5.2 and 4.3 from Debian, under Xvfb): what only a person at a window could see before."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from conftest import IN_BOTH, LANGUAGES
from ellipses import ellipses
from PIL import Image

ROOT = Path(__file__).resolve().parents[2]

TICK_MS, GAP_MS = 60, 1500
"""The extension's own share of the main thread is about 10 ms, and three times that on a busy machine. Gaps between
timers also hold Blender's redraws, which take half a second for a new material under software OpenGL. All limits are
multiplied by how much slower than alone the window's thread computes."""


def test_an_artist_generates_undoes_and_cancels_in_a_window_that_stays_free(walk_through):
    facts = walk_through("studio")
    assert facts["material"]
    assert len(facts["images"]) >= 5
    assert facts["material_after_undo"] != facts["material"]
    slowdown = facts["slowdown"]
    assert max(facts["longest_gaps_ms"]) < GAP_MS * slowdown
    assert facts["cancel_noticed_s"] < 0.5 * slowdown  # an event takes two ticks of the walk, and 0.2 s are allowed
    assert facts["cancel_ended_s"] < 3.5 * slowdown
    assert facts["materials_made_by_a_cancelled_job"] == 0
    assert facts["kept_without_the_object"] >= 1
    assert facts["alive_after_another_file"]
    assert facts["job_is_running"], "when Blender is closed"


@IN_BOTH
def test_a_newcomer_makes_a_material_in_a_few_clicks_sees_it_at_once_and_drops_a_picture_on_an_object(walk_through):
    facts = walk_through("first")
    assert facts["clicks"] <= 6
    assert facts["made"].startswith("Made the material red bricks")
    assert facts["lit"] == [[256, 256, 3]] * 2
    assert facts["shading"] == "MATERIAL"
    assert facts["takes_drops"]
    assert facts["dropped"] == ["PHOTO", "gravel"]


def test_an_artist_describes_a_material_picks_a_variation_and_likes_one(walk_through):
    facts = walk_through("words")
    assert (facts["text"], facts["material"], facts["tool"]) == ("mossy red bricks", "mossy red bricks", "bricks")
    assert facts["picked"][0] in facts["picked"][1]
    assert (facts["favourites"], facts["more_like"]) == (1, [4, False])


def test_an_artist_chooses_a_style_by_its_thumbnail_and_keeps_a_painting_that_has_begun(walk_through):
    facts = walk_through("paints")
    assert facts["offered"][-3:] == ["file chelsea.png", "file coffee.png", "file immunohistochemistry.png"]
    assert facts["style"] == "immunohistochemistry.png"
    assert facts["has_preview"]
    assert facts["stopped"].split(";")[0] == "Made the image chelsea – immunohistochemistry"


def test_an_artist_turns_a_light_around_a_material_and_drags_that_of_a_photograph(walk_through):
    facts = walk_through("relights")
    assert facts["shown"] == "gravel"
    ball, plane = facts["moved"]
    assert (ball > 60, plane > 5) == (True, True)
    assert len(set(facts["seen"])) > 3
    assert facts["known"] == pytest.approx(135, abs=0.1)
    assert facts["dragged"] == pytest.approx(30, abs=2)
    assert facts["undone"] == pytest.approx(135, abs=0.1)
    assert facts["chosen"] == pytest.approx(45, abs=0.1)  # another than before


def test_an_artist_drags_corners_on_a_photograph_and_straightens_it(walk_through):
    facts = walk_through("places")
    whole = [[0, 0], [1, 0], [1, 1], [0, 1]]
    dragged, *others = facts["dragged"]
    assert facts["chosen"] == ["straighten", "wall.png"]
    assert facts["begin"] == whole
    assert (dragged, others) == ([pytest.approx(0.06, abs=0.005)] * 2, whole[1:])
    assert facts["precise"] == [-5, -5], "a tenth of 50 pixels"
    assert facts["undone"] == facts["dragged"], "only the last drag"
    assert facts["from_edge"] == [0, 0]
    corners = [(0.1, 0.208), (0.9, 0.094), (0.9, 0.967), (0.1, 0.871)]
    assert [pytest.approx(corner, abs=0.003) for corner in facts["corners"]] == corners
    assert facts["preview_error"] == ""
    assert facts["preview"][1::-1] == [pytest.approx(side / 2, abs=1) for side in facts["size"]], "of half the source"
    assert facts["report"] == f"Made the image {facts['shown']}"


def test_an_artist_sees_a_seam_paints_a_region_fills_it_and_heals_along_strokes(walk_through):
    facts = walk_through("repairs")
    for shifted, as_it_is in facts["differs"].values():
        assert shifted < 0.03 < as_it_is, "linear filters, and up to a pixel beside Blender's own"
    tile_px, editor_px = facts["tiles_px"]
    assert 3 * tile_px < editor_px
    assert facts["untouched"] == [False, False, False]
    stroke, box, lasso, erased, undone, redone, cleared, back = facts["areas"]
    assert 0 < stroke < box < erased < lasso
    assert (undone, redone, cleared, back) == (lasso, erased, 0, erased)
    assert facts["radius"] > 24
    assert facts["ended"]
    assert [call.partition("(")[0] for call in facts["where_fill_was"]] == ["impasto.fill_region"] * 2, "it stays"
    assert (facts["region_after_undo"], facts["region_after_redo"]) == (False, back)
    assert facts["filled"] == ["gravel_filled", "Made the image gravel_filled"]
    assert len(set(facts["healed"])) == 3, "each stroke was healed as it ended"
    assert facts["at_the_corners"] == [True] * 4
    assert facts["painting_ended"]
    painted, bricks = facts["blue_of_the_wall"]
    assert bricks < 0.8 * painted
    assert not facts["painting_in_new_file"]


def test_an_artist_repaints_materials_by_a_batch_and_sees_its_contact_sheet_in_a_window(walk_through):
    facts = walk_through("batch")
    assert facts["report"] == ["INFO", "3 made, 0 done before, 0 failed; new materials: 3"]
    assert facts["shown"] == ["contact_sheet.png"]


@IN_BOTH
def test_an_artist_bakes_two_objects_mends_warnings_and_sees_the_cage_and_what_it_misses_by_clicks(walk_through):
    facts = walk_through("bakes", size_px=(1200, 1500))
    assert (facts["baked"], facts["images"]) == ("INFO", 8), "four maps of each"
    assert (facts["preview"], facts["cancelled"]) == ([256, 256, 3], "CANCELLED")
    assert [len(texts) for texts in facts["warned"]] == [2, 1, 0]
    assert facts["mended"] == [False, [1, 1, 1]]
    assert facts["undone"] == [1, 1, 1.5]
    count, points, is_cage_on = facts["missed"]
    assert count >= points > 100
    assert (is_cage_on, facts["handler"]) == (False, "None")


@IN_BOTH
def test_no_text_of_a_panel_is_cut_at_the_usual_and_a_large_scale_in_a_quad_view_and_four_languages(walk_through):
    facts = walk_through("scales", size_px=(1700, 1900), files=LANGUAGES)
    assert len(facts["pictures"]) == 2 * 4 * 8
    cut = {}
    for path, (scale, bounds) in facts["pictures"].items():
        with Image.open(path) as picture:
            pixels = np.asarray(picture.convert("L").crop(bounds))
        if found := ellipses(pixels, scale):
            cut[Path(path).name] = found
    assert cut == {}


@IN_BOTH
def test_the_command_works_headless_with_exit_codes_and_reads_materials_again(in_background, source, tmp_path):
    out = ["--out", str(tmp_path / "maps"), "--blend", str(tmp_path / "gravel.blend")]
    done = in_background("--command", "impasto", "generate", "quilt", "--source", str(source), "--size", "256", *out)
    assert done.returncode == 0, done.stdout + done.stderr
    assert (tmp_path / "gravel.blend").exists()
    assert len(list((tmp_path / "maps").glob("gravel_*.png"))) >= 5
    read = ["batch", "transform", str(tmp_path / "gravel.blend"), "--out", str(tmp_path / "read"), "--json"]
    assert '"made": 1' in in_background("--command", "impasto", *read).stdout
    for name in ("base_color", "normal", "height"):
        one, again = (np.asarray(Image.open(tmp_path / way / f"gravel_{name}.png")) for way in ("maps", "read"))
        assert (one == again).all()
    assert in_background("--command", "impasto", "generate", "quilt", "--variety", "7", *out).returncode == 2
    assert in_background("--command", "impasto", "seamless", "nowhere.png", "--out", str(tmp_path)).returncode == 3


@IN_BOTH
def test_the_scripts_of_the_documentation_run_headless(in_background, source, tmp_path):
    script = ROOT / "docs" / "scripts" / "material_from_photo.py"
    blend = tmp_path / "made.blend"
    done = in_background("--python-exit-code", "1", "--python", str(script), "--", str(source), str(blend))
    assert done.returncode == 0, done.stdout + done.stderr
    assert blend.exists()


@IN_BOTH
def test_an_artist_looks_at_layers_moves_a_slider_and_runs_them(walk_through):
    facts = walk_through("layers", size_px=(1400, 1550))
    assert facts["on_object"] == [True, False]
    assert facts["live_error"] == ""
    assert facts["masked_error"] == ""
    assert facts["painting"] == ["TEXTURE_PAINT", "Adjust colours_mask"]
    assert facts["copied"] == ["quilt", "photo-maps", "weathering", "adjust", "adjust"]
    assert facts["made"].startswith("Made the material Material")
    assert facts["is_running"] == [True, True]
    assert [path.rpartition(".")[2] for path in facts["slider"]] == ["saturation"] * 6, "nothing moves under the mouse"


def test_the_window_stays_free_while_a_job_runs_and_a_preview_follows_a_slider_and_strokes(walk_through):
    facts = walk_through("busy", size_px=(1400, 1550))
    assert facts["live_error"] == ""
    for part in ("generate", "slider", "strokes"):
        assert facts[part]["timer _tick"][0] >= 1
        assert facts[part]["timer _tick"][-1] < TICK_MS, "of the thread's own time"
        assert any(name.startswith("draw ") for name in facts[part])
    assert facts["while_painting"][0] == "TEXTURE_PAINT"
    assert facts["difference"] > 20, "the picture follows before painting is finished"


def test_an_artist_compares_uses_restores_and_deletes_results_of_the_history(walk_through):
    facts = walk_through("history", size_px=(1100, 1600))
    assert len(facts["listed"]) == 7
    assert facts["compared"] == ["Oak", "Rust"]
    assert (facts["assigned"], facts["selected"]) == ("Rust", ["Plane"])
    assert ["Rust" in name for name in facts["starred"]] == [True]
    search, (only,) = facts["found"]
    assert (search, "Oak" in only) == ("oak", True)
    assert facts["restored"] == "planks"
    assert (facts["asked"], facts["deleted"], facts["undone"]) == (True, True, True)


def test_an_artist_browses_the_bundled_library_and_makes_one_of_its_materials(walk_through):
    facts = walk_through("assets", size_px=(1400, 1300))
    assert "Impasto" in facts["libraries"]
    assert "Impasto" not in facts["left"]
    assert facts["used"][1]
    assert set(facts["sizes"]) == {1024}
    assert len(facts["sizes"]) >= 5


@IN_BOTH
def test_an_asset_is_dragged_onto_a_slot_and_dragged_or_clicked_for_selected_faces(walk_through, blender):
    facts = walk_through("drags")
    assert facts["object"] == ["Dropped"]
    assert facts["way"] == ("click" if blender.name == "4.3" else "drag")
    assert facts["faces"] == ["Dropped"] + ["Material"] * 5


def test_the_asset_browser_lists_and_fetches_a_library_from_a_server(walk_through):
    facts = walk_through("remote")
    assert facts["has_index"]
    assert {"json", "webp"} <= set(facts["asked"])
    assert "Impasto" in facts["chosen"][1]
    assert len(facts["files"]) == 1


@IN_BOTH
def test_an_artists_hour_is_pictured_in_two_languages(walk_through):
    walk_through("hour", size_px=(1200, 1000), files=LANGUAGES)


def test_missing_set_up_greys_buttons_and_search_and_shortcuts_start_jobs(
    walk_through,
):
    facts = walk_through("menus")
    assert facts["started_when_greyed"] == []
    assert facts["started_by_the_menu"]["greyed"] == []
    assert len(facts["started_by_the_menu"]["ready"]) == 1
    assert len(facts["made_by_search"]) == 1
    assert (facts["shortcut_off"], facts["shortcut_on"]) == (0, 1)
    assert facts["overlapping"] == []
    assert len(facts["layers"]) > 0
