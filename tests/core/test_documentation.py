"""The documentation: its links, files and commands exist, its pictures are shown; and the demo of `build.py`."""

from __future__ import annotations

import os
import re
import shlex
import signal
import subprocess
import sys
import time
from argparse import Namespace
from importlib import import_module
from pathlib import Path

import numpy as np
import psutil
import pytest
from PIL import Image
from tasks.demo import PICTURES, WINDOWS
from tasks.environments import NEWEST_BPY, blender, clean_environment
from tasks.extension import build_extension
from tasks.manual import PAGES, anchor, write_manual
from tasks.markdown import written_by_hand
from tasks.phrase_model import copy_sets
from tasks.pictures import mark_of, pictures

from impasto import Maps, write_maps
from impasto.io.files import read_recipe
from impasto.plugins.registry import registry

ROOT = Path(__file__).parents[2]


DOCUMENTS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
CHINESE = [path for path in DOCUMENTS if "zh-CN" in path.as_posix()]
CODE = re.compile(r"^```.*?^```$|`[^`\n]+`", re.MULTILINE | re.DOTALL)
TEXTBOOK = ("gan", "conditional-gan", "progressive-gan")
WITHOUT_PICTURE = {*TEXTBOOK, *(f"train-{name}" for name in TEXTBOOK), "imported-model"}
"""Tools whose results stand on a page of their own, or are of other programs."""
GIVEN = {
    *("width_px", "height_px", "model", "find", "k1", "patch", "rotate", "shadows", "highlights"),
    *("left", "right", "top", "bottom", "top_left", "top_right", "bottom_left", "bottom_right", "aspect"),
}
"""Parameters that a picture of a tool may give: sizes, and what the tool must be told."""
MOST_WORDS, CHARACTERS_A_WORD = 30_000, 1.6
"""Most words that are written by hand in each language; Chinese has no spaces between them."""
LINK = re.compile(r"(!?)\[([^\]]*)\]\(([^)\s]+)\)")


def text_of(document: Path) -> str:
    """The text without blocks and spans of code, in which brackets are no links."""
    return CODE.sub("", document.read_text("utf-8"))


def links(document: Path) -> list[tuple[str, str, str]]:
    """Whether it is a picture ("!"), the text and the target of every link."""
    return LINK.findall(text_of(document))


def anchors_of(document: Path) -> set[str]:
    """The anchors of a document's headings, as GitHub makes them."""
    source = re.sub(r"^```.*?^```$", "", document.read_text("utf-8"), flags=re.MULTILINE | re.DOTALL)
    return {anchor(heading.replace("`", "")) for heading in re.findall(r"^#+ (.*)$", source, re.MULTILINE)}


def test_every_link_leads_to_a_file_and_a_heading_that_exist():
    broken = []
    for document in DOCUMENTS:
        for _, text, target in links(document):
            page, _, place = target.partition("#")
            file = (document.parent / page).resolve() if page else document
            if "://" not in target and (not file.exists() or (place and place not in anchors_of(file))):
                broken.append(f"{document}: [{text}]({target})")
    assert not broken, "\n".join(broken)


def test_every_picture_has_a_description_in_words():
    pictures = [(document, *link[1:]) for document in DOCUMENTS for link in links(document) if link[0]]
    assert not [one for one in pictures if len(one[1]) < 8 or "_" in one[1]]


def test_every_picture_is_shown_somewhere():
    shown = {(document.parent / target).resolve() for document in DOCUMENTS for _, _, target in links(document)}
    assert not {path for path in (ROOT / "docs" / "pictures").rglob("*.*") if path not in shown}


def test_every_picture_of_a_window_is_taken_by_a_scenario():
    assert {path.stem for path in PICTURES.glob("window_*")} == {
        f"window_{name}" for names in WINDOWS.values() for name in names
    }
    for scenario, names in WINDOWS.items():
        code = (ROOT / "tests" / "windows" / "scenarios" / f"{scenario}.py").read_text("utf-8")
        assert all(f'screenshot("{name}.png")' in code for name in names), scenario


def test_handwritten_pages_have_at_most_thirty_thousand_words():
    by_hand = [page for page in DOCUMENTS if written_by_hand(page.read_text("utf-8"))]
    assert len(by_hand) < len(DOCUMENTS)
    words = sum(len(page.read_text("utf-8").split()) for page in by_hand if page not in CHINESE)
    characters = sum(len(re.findall(r"[\u4e00-\u9fff]", page.read_text("utf-8"))) for page in CHINESE)
    assert max(words, characters / CHARACTERS_A_WORD) <= MOST_WORDS


def test_definitions_named_in_the_walk_exist():
    walk = (ROOT / "docs" / "explanation" / "architecture.md").read_text("utf-8")
    stops = re.findall(r"`([\w.]+)` in\s+`((?:core|plugins)/[\w/]+\.py)`", walk)
    assert len(stops) >= 8
    for name, file in stops:
        text = (ROOT / file).read_text("utf-8")
        for part in name.split("."):
            assert re.search(rf"^ *(?:def|class) {part}\b", text, re.MULTILINE), (name, file)


@pytest.mark.essential
def test_every_message_and_label_has_its_translations_and_no_translation_is_left_over():
    from tasks.checks.translations import problems

    assert not list(problems())


def test_every_tool_has_a_picture_of_what_it_makes():
    from tasks.tools_page import PAGE
    from tasks.tools_page import PICTURES as OF_TOOLS

    sections = re.split(r"^### ", PAGE.read_text("utf-8"), flags=re.MULTILINE)[1:]
    without = {
        re.search(r"^`(?:impasto [^`]*?)?([\w-]+)`:", one, re.MULTILINE)[1] for one in sections if "![" not in one
    }
    assert without == WITHOUT_PICTURE
    assert sum(path.stat().st_size for path in OF_TOOLS.iterdir()) <= 1_500_000


def test_pictures_of_tools_are_made_with_the_defaults_as_the_recipes_in_them_say():
    steps = [(path.stem, step) for path in pictures() for step in recipes_of(path) if path.parent.name == "tools"]
    assert {name for name, _ in steps} >= {"quilt", "gatys", "cnn-texture", "close-panorama"}
    for name, step in steps:
        assert step["tool"] == name
        assert set(step["parameters"]) <= GIVEN, (name, step)


def recipes_of(path: Path) -> list[dict]:
    """Recipes that a picture carries."""
    return mark_of(path)["recipes"]


def test_every_tool_is_on_a_handwritten_page():
    pages = [path for path in DOCUMENTS if written_by_hand(path.read_text("utf-8")) and path not in CHINESE]
    pages.remove(ROOT / "CHANGELOG.md")
    code = [span for path in pages for span in CODE.findall(path.read_text("utf-8"))]
    named = {name for span in code for name in re.findall(r"[a-z0-9-]+", span)}
    procedural = {name for name, tool in registry().tools.items() if "impasto_procedural" in type(tool).__module__}
    assert not registry().tools.keys() - procedural - named


def test_the_pages_in_the_extension_keep_their_links(tmp_path):
    write_manual(tmp_path / "manual")
    for name in PAGES:
        page = (tmp_path / "manual" / f"{Path(name).name}.html").read_text("utf-8")
        for target in re.findall(r'href="([^"]+)"', page):
            file, _, place = target.partition("#")
            linked = tmp_path / "manual" / (file or f"{Path(name).name}.html")
            assert linked.exists(), (name, target)
            assert not place or f'id="{place}"' in linked.read_text("utf-8"), (name, target)


def test_files_named_on_pages_exist():
    name = re.compile(r"`((?:core|plugins|blender_addon|tests|tasks|docs)/[\w./*-]+)")
    named = {(file, page) for page in DOCUMENTS for file in name.findall(page.read_text("utf-8"))}
    assert not [one for one in named if not list(ROOT.glob(one[0].replace("NAME", "*")))]


def test_every_command_of_the_task_runner_in_the_documentation_is_understood():
    from build import PASSED_ON, make_parser

    passed_on = [function.__name__ for function in PASSED_ON]
    lines = [line for page in DOCUMENTS for line in re.findall(r"\b(build\.py [a-z].*)", page.read_text("utf-8"))]
    assert len(lines) > 20
    for line in lines:
        words = shlex.split(re.split(r"`|  ", line)[0])[1:]
        if words[0] not in passed_on:
            assert make_parser().parse_args(words).run, line


def test_every_name_of_the_library_in_the_documentation_can_be_imported():
    names = {name for page in DOCUMENTS for name in re.findall(r"`(impasto(?:\.\w+)+)`", page.read_text("utf-8"))}
    assert len(names) > 4
    for name in names:
        module, _, attribute = name.rpartition(".")
        above = import_module(module)
        assert hasattr(above, attribute) or import_module(name), name


def test_the_pictures_of_textbook_generators_are_of_default_trainings(monkeypatch):
    monkeypatch.syspath_prepend(ROOT / "benchmarks")
    import generators

    carried = [recipe for path in PICTURES.glob("generators_*.jpg") for recipe in recipes_of(path)]
    for recipe in [*carried, *(generators.training_of(tool).to_dict() for tool in generators.TOOLS)]:
        assert set(recipe["steps"][0]["parameters"]) == {"name", "hold_out"}


def test_the_chinese_pages_show_the_same_code_and_pictures_as_the_english_ones():
    for chinese in CHINESE:
        english = english_page(chinese)
        assert blocks(chinese) == blocks(english), chinese
        shown, also_shown = (
            [Path(target).name for mark, _, target in links(one) if mark] for one in (english, chinese)
        )
        assert also_shown[:1] == shown[:1], chinese
        assert set(also_shown) <= set(shown), chinese
        if chinese.name not in ("README.zh-CN.md", "guide.md"):
            assert also_shown == shown, chinese
            levels, also_levels = (re.findall(r"^#+", text_of(one), re.MULTILINE) for one in (english, chinese))
            assert also_levels == levels, chinese


def test_the_chinese_pages_lead_to_chinese_pages_where_there_are_some():
    translated = {english_page(page) for page in CHINESE}
    for chinese in CHINESE:
        targets = {(chinese.parent / target.partition("#")[0]).resolve() for _, _, target in links(chinese)}
        assert targets & translated <= {english_page(chinese)}, chinese
        english = english_page(chinese)
        assert chinese in {(english.parent / target).resolve() for _, _, target in links(english)}, chinese


def english_page(chinese: Path) -> Path:
    """The English page of a Chinese one."""
    if chinese.name == "README.zh-CN.md":
        return ROOT / "README.md"
    (page,) = (path for path in (ROOT / "docs").rglob(chinese.name) if path != chinese)
    return page


def test_the_strip_of_results_is_made_with_the_defaults_and_loads_quickly():
    assert (PICTURES / "overview.webp").stat().st_size <= 400_000
    made = recipes_of(PICTURES / "overview.webp")
    tools = [[step["tool"] for step in recipe["steps"]] for recipe in made]
    assert tools[:2] == [["patches-style"], ["transform", "quilt", "photo-maps"]]
    assert tools[2][0] == "knit"  # whose parameters are the phrase's
    assert made[2]["matched"]["matcher"] == "phrase"
    for step in (step for recipe in made[:2] for step in recipe["steps"]):
        schemas = registry().tool(step["tool"]).parameters.model_json_schema()["properties"]
        usual = {name: (one["default"], [one.get("default_of_each")]) for name, one in schemas.items()}
        told = {name for name, value in step["parameters"].items() if value not in usual[name]}
        assert told <= {*GIVEN, "crop", "kind"}, step  # the kind is that which was recognised


def blocks(document: Path) -> list[str]:
    """Blocks of code, without the comments in them."""
    found = re.findall(r"^```.*?^```$", document.read_text("utf-8"), re.MULTILINE | re.DOTALL)
    return [re.sub(r"  # .*", "", block) for block in found]


PARTS = ROOT / "tasks" / "demo"

BLENDER = blender(NEWEST_BPY).python
SIZE_PX = 64
TINY_COURTYARD = """
import sys
sys.path.insert(0, sys.argv[1])
import in_blender
in_blender.COURTYARD_PX, in_blender.FEW_SAMPLES = (48, 27), 1
in_blender.main()
"""
OWN = {"width_px", "height_px", "model"}
"""Parameters that the demo gives; all others are the tools' defaults."""
FOUND = {"kind", "detail", "relief", "weight"}
"""Parameters that are automatic: a stylizer writes what it found for them into the recipe."""


@pytest.fixture
def parts(monkeypatch):
    pytest.importorskip("skimage")
    monkeypatch.syspath_prepend(str(PARTS))
    for name in ("sources", "contact_sheet", "painting", "messages", "photo_to_material"):
        monkeypatch.delitem(sys.modules, name, raising=False)


def test_the_photograph_is_the_users_own_and_tinted_if_wanted(parts, tmp_path, capsys):
    from sources import write_photograph

    Image.fromarray(np.full((8, 12, 3), 128, np.uint8)).save(tmp_path / "wall.png")
    given = Namespace(photo=tmp_path / "wall.png", sample=None, tint="brick")
    write_photograph(given, tmp_path / "source")
    red, green, blue = np.asarray(Image.open(tmp_path / "source" / "wall_base_color.png"))[4, 6]
    assert red > green > blue
    assert f"demo:   {tmp_path / 'source'}" in capsys.readouterr().out.splitlines()


def test_the_painting_is_a_night_under_a_moon(parts, monkeypatch):
    import painting

    monkeypatch.setattr(painting, "WIDTH_PX", 160)
    monkeypatch.setattr(painting, "HEIGHT_PX", 120)
    night = np.asarray(painting.night(), float)
    assert night.shape == (120, 160, 3)
    moon, sky = night[22:27, 126:131].mean((0, 1)), night[60:80, 60:100].mean((0, 1))
    assert moon.min() > 120
    assert sky[2] > sky[0]


def test_the_contact_sheet_shows_what_there_is(parts, tmp_path):
    import contact_sheet

    grey = np.full((16, 16, 3), 0.5, np.float32)
    Image.new("RGB", (32, 18), (200, 40, 40)).save(tmp_path / "courtyard.png")
    for count, folder in enumerate(("source", "maps", "painted"), 1):
        write_maps(Maps.from_arrays({"base_color": grey}), tmp_path / folder, "wall")
        contact_sheet.main(tmp_path)
        sheet = np.asarray(Image.open(tmp_path / "contact_sheet.png"), int)
        assert (sheet[60, 60] == (200, 40, 40)).all()
        below = sheet[-contact_sheet.LABEL_PX - contact_sheet.MARGIN_PX - 20]
        shown = np.abs(below - 128).max(axis=1) < 3
        assert round(shown.sum() / contact_sheet.CELL_PX) == count


@pytest.mark.slow
@pytest.mark.skipif(not BLENDER.exists(), reason="no Blender yet: run `python build.py test --only blender-5.0`")
def test_in_blender_every_material_is_made_with_the_defaults_of_its_tool(parts, tmp_path):
    import contact_sheet

    for folder, name in (("source", "wall"), ("style", "night"), ("style", "cat")):
        pixels = np.random.default_rng(len(name)).random((SIZE_PX, SIZE_PX, 3), np.float32)
        write_maps(Maps.from_arrays({"base_color": pixels}), tmp_path / folder, name)
    extension = os.environ.get("IMPASTO_EXTENSION") or build_extension()
    environment = clean_environment(
        IMPASTO_ENGINE=sys.executable, IMPASTO_EXTENSION=extension, BLENDER_USER_RESOURCES=tmp_path / "profile"
    )
    command = [BLENDER, "-c", TINY_COURTYARD, PARTS, "--", tmp_path, "--size", str(SIZE_PX)]
    done = subprocess.run(command, capture_output=True, text=True, env=environment, timeout=600, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    contact_sheet.main(tmp_path)
    made = ("maps", "words", "changed_words", "model", "painted", "object", "painted_object")
    for name in (*made, "courtyard.png", "demo.blend"):
        assert f"demo:   {tmp_path / name}" in done.stdout.splitlines()
        assert (tmp_path / name).exists()
    tools = {folder: tools_of(tmp_path / folder) for folder in made}
    usual = {task: registry().tools_for(task)[0].name for task in ("seamless", "maps", "generate", "stylize")}
    assert tools == {
        "maps": [usual["seamless"], usual["maps"]],
        "words": ["cobbles"],
        "changed_words": ["cobbles"],
        "model": [usual["generate"], usual["maps"]],
        "painted": [usual["stylize"]],
        "object": ["cover-object"],
        "painted_object": [usual["stylize"]],
    }


def tools_of(folder: Path) -> list[str]:
    """Tools in the recipe of what a folder shows, after a look whether their parameters are their defaults."""
    for file in sorted(folder.glob("*.png")):
        recipe = read_recipe(file)
        for step in recipe.steps if not recipe.matched else ():
            defaults = registry().tool(step.tool).parameters().model_dump(mode="json")
            assert {name for name, value in step.parameters.items() if value != defaults[name]} <= OWN | FOUND
    return [step.tool for step in recipe.steps]


STARTING = """
import sys
sys.path.insert(0, sys.argv[1])
from tasks.environments import ending_all, start
apart = "subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)'], start_new_session=True)"
with ending_all():
    program = f"import subprocess, sys, time; print({apart}.pid, flush=True); time.sleep(600)"
    running = start([sys.executable, "-c", program])
    print(running.pid, running.stdout.readline(), flush=True)
    running.stdout.read()
"""


@pytest.mark.skipif(os.name == "nt", reason="Windows has no signal for one process alone")
def test_control_c_also_ends_child_processes_in_their_own_sessions():
    with subprocess.Popen([sys.executable, "-c", STARTING, ROOT], stdout=subprocess.PIPE, text=True) as command:
        assert command.stdout is not None
        started = [psutil.Process(int(word)) for word in command.stdout.readline().split()]
        assert len(started) == 2
        command.send_signal(signal.SIGINT)
        since = time.monotonic()
        assert command.wait(2) == 128 + signal.SIGINT
        _, alive = psutil.wait_procs(started, 2 - (time.monotonic() - since))
        assert not [one for one in alive if one.status() != psutil.STATUS_ZOMBIE]


def test_sets_go_to_the_folder_with_the_longest_matching_prefix(tmp_path):
    for name in ("wood_wood1", "wood_wood_planks", "wood_floor", "net_1", "wood_seen_last"):
        folder = tmp_path / "data" / "pbr" / name
        folder.mkdir(parents=True)
        noise = np.random.default_rng(len(name)).integers(0, 256, (64, 64, 3), np.uint8)
        Image.fromarray(noise).save(folder / f"{name}_base_color.png")
    labels = {"wood": "planks", "wood_wood": "veneer", "wood_wood_planks": "planks", "wood_floor": ""}
    about = {"labels": labels, "held_out": ["wood_seen_last"]}
    copy_sets(about, tmp_path / "data", tmp_path / "learned", tmp_path / "unseen", Path(sys.executable))
    found = {
        folder: sorted(str(one.relative_to(folder)) for one in folder.glob("*/*")) for folder in tmp_path.iterdir()
    }
    assert found[tmp_path / "learned"] == ["planks/wood_wood_planks", "veneer/wood_wood1"]
    assert found[tmp_path / "unseen"] == ["planks/wood_seen_last"]
