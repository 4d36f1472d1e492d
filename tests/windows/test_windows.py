"""Real Blender windows (4.3 and 5.2 from Debian, under Xvfb): what only a person at a window could see before."""

from __future__ import annotations

import json
import os
import sys
import warnings
from collections.abc import Callable, Mapping
from pathlib import Path
from urllib.parse import unquote, urlsplit

import numpy as np
import pytest
from PIL import Image
from skimage import data

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
sys.path[:0] = [str(HERE), str(ROOT)]
from blender_chroot import RELEASES, Chroot, MovedSuiteError, engine_binds, prepare  # noqa: E402
from tasks.demo.photo_to_material import photograph  # noqa: E402

ENGINE = Path(os.environ.get("IMPASTO_ENGINE", sys.executable))
EXTENSION = Path(os.environ.get("IMPASTO_EXTENSION", "missing.zip"))
CACHE = Path(os.environ.get("IMPASTO_CACHE", ROOT / ".build"))
PICTURES = ROOT / "out" / "windows"
TICK_MS, GAP_MS = 60, 1500
"""The extension's own share of the main thread is about 10 ms, and three times that on a busy machine. Gaps between
timers also hold Blender's redraws, which take half a second for a new material under software OpenGL. All limits are
multiplied by how much slower than alone the window's thread computes."""
GRAVEL_DARK, GRAVEL_BRIGHT = (0.10, 0.10, 0.12), (0.88, 0.84, 0.76)
"""Colours of scikit-image's grey photograph."""
RUN_LIMIT_S = 1800
"""A scenario takes one to five minutes on two free cores, and three times that beside other work."""

Run = Callable[..., dict]
Size = tuple[int, int]


@pytest.fixture(scope="module", params=RELEASES)
def blender(request: pytest.FixtureRequest) -> Chroot:
    try:
        return prepare(request.param, CACHE / "chroots")
    except MovedSuiteError as error:
        warnings.warn(str(error), stacklevel=1)
        pytest.skip(f"Debian does not offer Blender {request.param} today")


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A photograph of gravel; beside it a wall seen at an angle, with paint on it, and a folder of styles."""
    path = tmp_path_factory.mktemp("source") / "gravel.png"
    gravel = GRAVEL_DARK + data.gravel()[..., None] / 255 * np.subtract(GRAVEL_BRIGHT, GRAVEL_DARK)
    for name, pixels in ((path.name, gravel), ("wall.png", photograph()["base_color"].pixels)):
        Image.fromarray((pixels.clip(0, 1) * 255).round().astype("u1")).save(path.parent / name)
    styles = path.parent / "styles"
    styles.mkdir()
    for name in ("immunohistochemistry", "coffee", "chelsea"):
        Image.fromarray(getattr(data, name)()).resize((384, 256)).save(styles / f"{name}.png")
    return path


@pytest.fixture
def walk_through(blender: Chroot, source: Path) -> Run:
    """Run a scenario; what it recorded."""

    def run(
        scenario: str, part: str = "", size_px: Size = (1600, 1000), files: Mapping[str, str] | None = None
    ) -> dict:
        """part: of a scenario that has several, each with a Blender of its own."""
        out = PICTURES / "-".join(filter(None, [scenario, part, blender.name]))
        out.mkdir(parents=True, exist_ok=True)
        (out / "result.json").unlink(missing_ok=True)
        done = blender.run(
            HERE / "scenarios" / f"{scenario}.py",
            [str(out), str(source), *([part] if part else [])],
            binds=engine_binds(ENGINE) | {ROOT: "ro", source.parent: "ro", out: "rw", EXTENSION.parent: "ro"},
            env={"IMPASTO_ENGINE": str(ENGINE), "IMPASTO_EXTENSION": str(EXTENSION)},
            size_px=size_px,
            timeout_s=RUN_LIMIT_S,
            files=files,
        )
        said = (done.stdout + done.stderr)[-4000:]
        assert (out / "result.json").exists(), said
        result = json.loads((out / "result.json").read_text())
        assert result["ok"], f"{result['error']}\n{said}"
        assert done.returncode == 0, said
        return result["facts"]

    return run


def test_an_artist_generates_undoes_and_cancels_in_a_window_that_stays_free(walk_through):
    facts = walk_through("studio")
    print(json.dumps(facts, indent=1))
    assert facts["material"]
    assert len(facts["images"]) >= 5
    assert facts["material_after_undo"] != facts["material"]
    assert facts["undo_steps"].count(f"Impasto: {facts['material']}") == 1
    assert facts["undo_steps"][-1] == f"Impasto: {facts['material']}"
    slowdown = facts["slowdown"]
    assert max(facts["longest_ticks_ms"]) < TICK_MS * slowdown
    assert max(facts["longest_gaps_ms"]) < GAP_MS * slowdown
    assert facts["cancel_noticed_s"] < 0.5 * slowdown  # an event takes two ticks of the walk, and 0.2 s are allowed
    assert facts["cancel_ended_s"] < 3.5 * slowdown
    assert facts["materials_made_by_a_cancelled_job"] == 0
    assert facts["kept_without_the_object"] >= 1
    assert facts["alive_after_another_file"]


def test_an_artist_trains_works_meanwhile_and_moves_sliders(walk_through):
    facts = walk_through("trains", size_px=(1600, 1200))
    print(json.dumps(facts, indent=1))
    assert facts["has_preview"]
    assert facts["still_trains"]
    assert facts["made_meanwhile"].startswith("Made")
    assert facts["library"] == ["gravel.safetensors"]
    assert facts["chosen_model"] == "gravel"
    page = Path(unquote(urlsplit(facts["opened"]).path))
    assert "<h1>gravel</h1>" in page.read_text().lower()
    assert facts["live_error"] == ""
    assert facts["picked_seed"] > 0


def test_an_artist_describes_a_material_picks_a_variation_likes_one_changes_it_and_matches_a_photograph(walk_through):
    facts = walk_through("words")
    print(json.dumps(facts, indent=1))
    assert (facts["text"], facts["material"], facts["tool"]) == ("mossy red bricks", "mossy red bricks", "bricks")
    assert facts["tool_after_undo"] == "quilt"
    assert facts["picked"][0] in facts["picked"][1]
    assert (facts["favourites"], facts["more_like"]) == (1, [4, False])
    clicked, (kept, varied), liked = facts["locked"]
    assert clicked == [["moss"], []]
    assert kept == [liked] * 4
    assert len(set(varied)) > 1
    before, after = facts["moss"]
    assert before > after == 0
    assert "names no material" in facts["refused"]
    assert facts["matched"].startswith("Made the material gravel")


def test_an_artist_chooses_a_style_repaints_and_continues_larger(walk_through):
    facts = walk_through("paints")
    print(json.dumps(facts, indent=1))
    assert facts["offered"][1:4] == ["file chelsea.png", "file coffee.png", "file immunohistochemistry.png"]
    assert facts["style"] == "immunohistochemistry.png"
    assert facts["live_error"] == ""
    assert facts["has_preview"]
    assert facts["stopped"].split(";")[0] == "Made the image chelsea – immunohistochemistry"
    assert facts["material"] == "gravel – immunohistochemistry"
    assert facts["material_after_undo"] == "gravel"
    assert facts["sizes"] == [[512, 341], [640, 427]]


def test_an_artist_turns_a_light_around_a_material_and_drags_that_of_a_photograph(walk_through):
    facts = walk_through("relights")
    print(json.dumps(facts, indent=1))
    assert facts["shown"] == "gravel"
    ball, plane = facts["moved"]
    assert (ball > 60, plane > 5) == (True, True)
    assert len(set(facts["seen"])) > 3
    before, after = facts["redness"]
    assert after > before + 20
    assert facts["known"] == pytest.approx(135, abs=0.1)
    assert facts["dragged"] == pytest.approx(30, abs=2)
    assert facts["undone"] == pytest.approx(135, abs=0.1)


def test_an_artist_drags_corners_on_a_photograph_straightens_it_and_measures_a_length(walk_through):
    facts = walk_through("places")
    print(json.dumps(facts, indent=1))
    whole = [[0, 0], [1, 0], [1, 1], [0, 1]]
    dragged, *others = facts["dragged"]
    assert facts["begin"] == facts["escaped"] == whole
    assert (dragged, others) == ([pytest.approx(0.06, abs=0.005)] * 2, whole[1:])
    assert facts["precise"] == [-5, -5], "a tenth of 50 pixels"
    assert facts["undone"] == facts["dragged"], "only the last drag"
    assert (facts["still_placing"], facts["from_edge"], facts["ended"]) == ("straighten", [0, 0], "")
    assert facts["kept"] == ["", facts["corners"]]
    corners = [(0.1, 0.208), (0.9, 0.094), (0.9, 0.967), (0.1, 0.871)]
    assert [pytest.approx(corner, abs=0.003) for corner in facts["corners"]] == corners
    assert (max(facts["preview"]), facts["preview_error"]) == (256, "")
    assert (facts["shown"], facts["report"]) == ("wall_straight", "Made the image wall_straight")
    assert facts["right_click_ended"] == ""
    assert facts["width_m"] == pytest.approx(5, abs=0.05), "2.5 m are half the picture"
    assert facts["scaled"].startswith("Made the image wall_straight_to_scale; Real Width is now 5")
    assert facts["of_panel"] == [pytest.approx(-40, abs=1), pytest.approx(25, abs=1)]
    assert facts["of_panel_undone"] == [0, 0]


def test_an_artist_sees_a_seam_paints_a_region_fills_it_and_heals_along_strokes(walk_through):
    facts = walk_through("repairs")
    print(json.dumps(facts, indent=1))
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
    assert (facts["region_after_undo"], facts["region_after_redo"]) == (False, back)
    assert facts["filled"] == ["gravel_filled", "Made the image gravel_filled"]
    assert (facts["shown_after_undo"], facts["healed"][0]) == ("gravel.png", "gravel_filled")
    assert len(set(facts["healed"])) == 3, "each stroke was healed as it ended"
    assert facts["at_the_corners"] == [True] * 4
    assert facts["painting_ended"]
    painted, bricks = facts["blue_of_the_wall"]
    assert bricks < 0.8 * painted
    assert not facts["painting_in_new_file"]


def test_an_artist_lists_and_repaints_materials_by_a_batch_and_sees_its_contact_sheet(walk_through):
    facts = walk_through("batch")
    print(json.dumps(facts, indent=1))
    assert facts["listed"] == "3 to make, 0 done before"
    assert facts["sources"] == ["materials.blend"] * 3
    assert facts["report"] == ["INFO", "3 made, 0 done before, 0 failed; new materials: 3"]
    assert set(facts["materials"]) - set(facts["materials_after_undo"]) == {"Cat.001", "Cup.001", "Gravel.001"}
    assert facts["again"] == "0 made, 3 done before, 0 failed; new materials: 3"
    assert facts["shown"] == ["contact_sheet.png"]


def untouched(fields: dict[str, list]) -> list[str]:
    """The fields whose value no click has changed."""
    return [path for path, values in fields.items() if len(set(map(str, values))) < 2]


def test_every_field_of_the_texture_panel_and_the_search_for_a_tool_answer_to_clicks(walk_through):
    facts = walk_through("clicks", "textures")
    fields = facts["fields"]
    assert len(fields) > 15
    assert untouched(fields) == []
    assert fields["impasto.width_m"] == [0, 1]
    assert set(fields["impasto.source_kind"]) == {"FILE", "IMAGE", "NONE"}
    assert set(fields["impasto.material"]) == {"NEW", "ACTIVE", "NONE"}
    assert (facts["searched"], facts["is_random"]) == ("cobbles", True)
    assert (facts["preset_added"], facts["preset_left"]) == ("clicked", "")
    assert facts["image"] == "chelsea.png"
    assert len(facts["colors"]) == 3
    assert untouched(facts["colors"]) == []


def test_a_click_searches_a_model_picks_each_variation_and_assigns_what_was_made_for_nothing(walk_through):
    facts = walk_through("clicks", "results", (1600, 1500))
    assert facts["searched_model"] == "wood"
    assert len(set(facts["picked"][0])) == 4
    assert facts["picked"][0] == facts["picked"][1]
    assert facts["assigned"] == facts["unassigned"] != ""
    assert facts["impasto.mark_asset"] == [True, 0]
    assert facts["impasto.rerun"][1] > 0


def test_every_field_and_picture_of_the_style_panel_and_each_button_on_an_image_answers_to_clicks(walk_through):
    facts = walk_through("clicks", "styles")
    assert untouched(facts["fields"]) == []
    assert facts["gallery"] == ["None", "chelsea.png", "coffee.png", "immunohistochemistry.png"]
    call, before, kind = facts["kind"]
    assert (f'"{kind}"' in call, kind != before) == (True, True)
    assert facts["repainted"].startswith("Made the image")
    assert all(count > 0 and level != "ERROR" for count, level in facts["made_of_the_image"].values())
    assert facts["reports"] == ["image", "style"]


def test_every_field_of_the_training_panel_and_every_trainer_of_its_list_answers_to_clicks(walk_through):
    facts = walk_through("clicks", "training")
    offered, chosen = facts["list"]
    assert untouched(facts["fields"]) == []
    assert chosen == offered
    assert facts["image"] == "chelsea.png"


TALL_PX = 1000, 1500
LONG_PX = 1200, 1700
"""Long enough for the Impasto panel with its sections."""


def test_browsers_of_sources_show_pictures_as_thumbnails_and_begin_where_one_was_chosen(walk_through, source):
    facts = walk_through("results", "sources")
    begins = ["THUMBNAIL", True, ["use_filter_folder", "use_filter_image"], f"{source.parent}/"]
    assert facts["first"] == facts["second"] == begins
    assert facts["path"] == str(source.parent / facts["first_selected"])
    assert facts["image"] == facts["second_selected"]
    assert Path(facts["last_folder"]) == source.parent


def test_an_artist_sees_a_result_maps_it_and_gives_it_to_another_object_and_to_a_face(walk_through):
    facts = walk_through("results", "seen", (1200, 1900))
    assert (facts["shading"], facts["mapping"]) == ("MATERIAL", "BOX")
    assert facts["restored"] == ["Material"] * 2
    assert facts["assigned"] == ["Bricks"] * 2
    assert facts["selected"] == ["Plane"]
    assert facts["faces"] == [["", "Bricks"], [0, 0, 0, 1, 0, 0]]
    assert not facts["reports_of_another_tool"]


def test_what_a_bake_replaced_is_there_after_reopening_and_a_click_restores_it(walk_through):
    facts = walk_through("results", "kept", LONG_PX)
    assert facts["report"] == "Baked 4 maps of Cube and made the material Cube Baked"
    assert facts["after_reopening"] == ["Cube Baked", ["Cube Baked", "lava"]]
    assert facts["restored"] == ["lava", ["BSDF_PRINCIPLED", "OUTPUT_MATERIAL", "TEX_NOISE"]]


def test_the_fields_of_bake_maps_and_prepare_source_answer_to_clicks_and_the_maps_are_baked(walk_through):
    facts = walk_through("folded", "textures", TALL_PX)
    assert untouched(facts["bake"] | facts["maps"] | facts["source"]) == []
    assert [len(facts[section]) > least for section, least in (("bake", 8), ("maps", 1), ("source", 2))] == [True] * 3
    assert facts["opened"] == "FILE_BROWSER"
    assert facts["baked"][0] == "INFO"


def test_each_stylizer_is_chosen_and_what_its_panel_folds_away_answers_to_clicks(walk_through):
    facts = walk_through("folded", "styles", TALL_PX)
    offered, chosen = facts["list"]
    assert chosen == offered
    assert untouched(facts["method"] | facts["start"] | facts["more"]) == []
    assert "weight" in {path.rpartition(".")[2] for path in facts["more"]}
    assert {path.rpartition(".")[2] for path in facts["start"]} >= {"start_from", "seamless"}
    assert facts["opened"] == facts["opened_mask"] == "FILE_BROWSER"
    assert facts["listed"] == dict.fromkeys(("image", "start", "style", "mask"), "chelsea.png")
    assert facts["second"] == {"style": "chelsea.png"}
    assert facts["gallery"] == {"style": "immunohistochemistry.png"}
    assert facts["left"] == 0


def test_each_model_is_used_by_its_button_and_the_buttons_below_answer_to_clicks(walk_through):
    facts = walk_through("folded", "models", TALL_PX)
    assert untouched(facts["parameters"]) == []
    assert len(facts["used"]) > 5
    assert [call for call, model in facts["used"].items() if f'"{model}"' not in call] == []
    assert (facts["opened"], facts["refreshed"]) == ("FILE_BROWSER", "INFO")
    assert facts["models_left"] == []


@pytest.mark.parametrize("editor", ["shader", "image"])
def test_the_folded_sections_open_and_answer_to_clicks_in_the_other_editors_too(walk_through, editor):
    facts = walk_through("editors", editor, TALL_PX)
    for section in ("bake", "maps", "source", "method", "start", "parameters"):
        assert len(facts[section]) > 0, section
        assert untouched(facts[section]) == [], section
    assert facts["mask"]
    call, used, first = facts["used"]
    assert used == first
    assert f'"{first}"' in call


def test_what_is_not_set_up_is_greyed_while_a_script_in_the_window_works(walk_through):
    facts = walk_through("refuses")
    assert facts["made_by_the_script"] == [["by a script"], ["run"]]
    assert facts["started_when_greyed"] == []
    assert facts["started_by_the_menu"]["greyed"] == []
    assert len(facts["started_by_the_menu"]["ready"]) == 1


def test_the_preferences_open_from_a_panel_and_their_fields_and_buttons_answer_to_clicks(walk_through):
    facts = walk_through("folded", "preferences", TALL_PX)
    assert facts["builds"] == ["AUTO", "GPU", "CPU", "AUTO"]
    assert untouched(facts["fields"]) == []
    assert (facts["opened"], facts["checked"], facts["refreshed"]) == ("FILE_BROWSER", "INFO", "INFO")
    assert facts["online"]
    assert facts["weights_left"] == facts["weights_left_in_preferences"] == []


def test_closing_blender_during_a_job_ends_the_worker_too(walk_through):
    assert walk_through("closes")["job_is_running"]


LANGUAGES = """0:Complete:
0:Automatic (Automatic):DEFAULT
1:English (English):en_US
5:German (Deutsch):de_DE
8:French (Français):fr_FR
13:Simplified Chinese (简体中文):zh_HANS
"""
"""Languages that Blender offers: the chroots have no folder of them."""


def test_the_panels_speak_the_languages_and_f3_finds_a_seamless_texture(walk_through):
    facts = walk_through("speaks", files={"/usr/share/locale/languages": LANGUAGES})
    assert facts["generate"] == "生成"
    assert "为空; 请重新复制或导出" in facts["error"][0]
    assert len(facts["made"]) == 1


def test_a_tool_is_chosen_from_its_group_by_the_search_and_by_its_picture_in_each_editor_and_language(walk_through):
    facts = walk_through("tools", files={"/usr/share/locale/languages": LANGUAGES})
    assert len(facts["chosen"]) == 6
    for place, (by_menu, entry, by_search, searched) in facts["chosen"].items():
        assert (by_menu, by_search) == (entry, searched), place
    assert facts["picture"] not in ("rust", "quilt")


@pytest.fixture
def in_background(blender: Chroot, source: Path, tmp_path: Path) -> Run:
    """Run `blender -b` with a script or a command in a folder of its own."""

    def run(*arguments: str) -> object:
        install = [
            "sh",
            "-c",
            'blender -b --command extension install-file -r user_default -e "$0" >/dev/null && exec "$@"',
        ]
        return blender.execute(
            [*install, str(EXTENSION), "blender", "-b", *arguments],
            binds=engine_binds(ENGINE) | {ROOT: "ro", source.parent: "ro", tmp_path: "rw", EXTENSION.parent: "ro"},
            env={"IMPASTO_ENGINE": str(ENGINE), "IMPASTO_OUT": str(tmp_path)},
        )

    return run


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


def test_the_scripts_of_the_documentation_run_headless(in_background, source, tmp_path):
    script = ROOT / "docs" / "scripts" / "material_from_photo.py"
    blend = tmp_path / "made.blend"
    done = in_background("--python-exit-code", "1", "--python", str(script), "--", str(source), str(blend))
    assert done.returncode == 0, done.stdout + done.stderr
    assert blend.exists()


def test_nodes_lie_beside_each_other_as_drawn_and_a_repainted_render_is_shown(walk_through):
    facts = walk_through("nodes")
    assert facts["overlapping"] == []
    assert facts["shown"] == "Render Result – coffee"
    assert facts["made"] == ["Render Result – coffee"]
