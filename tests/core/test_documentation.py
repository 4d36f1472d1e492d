"""The documentation: its links, files and commands exist, and its pictures are shown and described."""

import re
import shlex
import sys
from importlib import import_module
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))
from tasks.demo import PICTURES, WINDOWS  # noqa: E402
from tasks.manual import PAGES, anchor, write_manual  # noqa: E402
from tasks.markdown import written_by_hand  # noqa: E402
from tasks.pictures import mark_of, pictures  # noqa: E402

from impasto.plugins.registry import registry  # noqa: E402

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


@pytest.mark.parametrize("name", ["tools", "command", "library"])
def test_generated_pages_are_current(name):
    made = import_module(f"tasks.{name}_page")
    assert made.PAGE.read_text("utf-8") == made.page(), "python build.py reference"


def test_the_page_of_tools_has_each_parameter_with_its_whole_text_its_range_and_each_input():
    from tasks.tools_page import PAGE

    text = PAGE.read_text("utf-8")
    sections = {
        re.search(r"^`(?:impasto [^`]*?)?([\w-]+)`:", one, re.M)[1]: one
        for one in re.split(r"^### ", text, flags=re.M)[1:]
    }
    shared = text[text.index("## Shared parameters") :]
    for name, tool in registry().tools.items():
        told = sections[name] + (shared if "Also: " in sections[name] else "")
        rows = {(row[0].strip(" `"), row[-1]) for row in (line.strip("|").split("|") for line in told.splitlines())}
        for parameter, schema in tool.parameters.model_json_schema().get("properties", {}).items():
            assert [1 for called, said in rows if called == parameter and said.startswith(schema["description"])], (
                name,
                parameter,
            )
        assert not {(one.name, one.description) for one in tool.inputs} - rows, name


def test_what_is_written_by_hand_has_at_most_thirty_thousand_words():
    by_hand = [page for page in DOCUMENTS if written_by_hand(page.read_text("utf-8"))]
    assert len(by_hand) < len(DOCUMENTS)
    words = sum(len(page.read_text("utf-8").split()) for page in by_hand if page not in CHINESE)
    characters = sum(len(re.findall(r"[\u4e00-\u9fff]", page.read_text("utf-8"))) for page in CHINESE)
    assert max(words, characters / CHARACTERS_A_WORD) <= MOST_WORDS


def test_the_walk_of_a_seam_leads_to_what_is_defined_there():
    walk = (ROOT / "docs" / "explanation" / "architecture.md").read_text("utf-8")
    stops = re.findall(r"`([\w.]+)` in\s+`((?:core|plugins)/[\w/]+\.py)`", walk)
    assert len(stops) >= 8
    for name, file in stops:
        text = (ROOT / file).read_text("utf-8")
        for part in name.split("."):
            assert re.search(rf"^ *(?:def|class) {part}\b", text, re.MULTILINE), (name, file)


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


def test_every_tool_stands_on_a_page_that_was_written():
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


def test_every_file_of_the_repository_that_a_page_names_is_there():
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
