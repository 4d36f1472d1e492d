"""The loader goes on past broken plugins, every hook is documented and tested, and the example of the guide works."""

import argparse
import inspect
import json
import os
import re
import subprocess
import sys
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path

import numpy as np
import pytest
from cases import each_case
from PIL import Image

from impasto import Maps, Recipe, Step, hookimpl
from impasto.actions import Action
from impasto.batch.table import Table
from impasto.context import Context
from impasto.data.dataset import Dataset
from impasto.declarations import check_tool
from impasto.engine.execution import Execution, RunningJob
from impasto.engine.messages import ActionRequest, JobResult
from impasto.errors import ParameterError, ProtocolError
from impasto.io.files import Exporter
from impasto.library.models import save_model
from impasto.library.weights import PublishedFile, Weights
from impasto.plugins import hookspecs
from impasto.plugins.registry import CHECKS, load_plugins, registry
from impasto.text_encoders import TextEncoder
from impasto.tools import Result, validate, without_effect
from impasto.training.reporting import add_report
from install import make_distribution, make_engine

GUIDE = Path(__file__).parents[2] / "docs" / "how-to" / "plugins.md"


@pytest.mark.usefixtures("misbehaving")
def test_a_plugin_that_raises_on_import_is_recorded_and_the_others_load():
    known = registry()
    broken = next(plugin for plugin in known.plugins if plugin.name == "broken")
    assert "this plugin raises on import" in broken.error
    assert broken.remedy
    assert "impasto_misbehaving_broken.py" in broken.trace
    assert {"checker", "quilt", "photo-maps"} <= set(known.tools)
    with pytest.raises(ParameterError, match=r"checker.*could not load: .*broken"):
        known.tool("chekcer")


def module_of(text: str, name: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> EntryPoint:
    (tmp_path / f"{name}.py").write_text(text)
    monkeypatch.syspath_prepend(tmp_path)
    return EntryPoint(name, name, "impasto")


@pytest.mark.parametrize(("kind", "check"), CHECKS.items())
def test_bundled_plugins_declare_what_hosts_can_show(kind, check):
    """No process checks them when it starts."""
    found = getattr(registry(), kind).values()
    assert found or kind in ("text_encoders", "exporters")
    for item in found:
        check(item)


@each_case("broken-plugins")
@pytest.mark.usefixtures("misbehaving")
def test_each_way_to_break_a_plugin_is_reported(text, said, monkeypatch, tmp_path, request):
    name = f"broken_{abs(hash(request.node.name))}"
    status = load_plugins([module_of(text, name, monkeypatch, tmp_path)]).plugins[0]
    assert said in status.error
    assert status.remedy


FILE = PublishedFile("https://example.com/net.pth", "0123abcd", 9)
NETWORK = Weights("net", "Net", "Sees", "MIT", "https://example.com", (FILE,), {"weight": (1,)})


class Lengths(TextEncoder):
    name, label, size = "lengths", "Lengths of texts", 1

    def encode(self, texts, context):
        return np.array([[len(text)] for text in texts])


class Wave(Action):
    name = "wave"


class Everything:
    """A plugin that implements every hook."""

    name = "everything"
    models = Path("there/is/none")

    @hookimpl
    def impasto_tools(self):
        return []

    @hookimpl
    def impasto_matchers(self):
        return []

    @hookimpl
    def impasto_text_encoders(self):
        return [Lengths()]

    @hookimpl
    def impasto_actions(self):
        return [Wave()]

    @hookimpl
    def impasto_exporters(self):
        return [Exporter("null", "Nothing", ".null", lambda name, texture, metadata: b"")]

    @hookimpl
    def impasto_models(self):
        return self.models

    @hookimpl
    def impasto_weights(self):
        return [NETWORK]

    @hookimpl
    def impasto_commands(self, subparsers: argparse._SubParsersAction):
        subparsers.add_parser("greet").set_defaults(run=lambda arguments, terminal: None)

    @hookimpl
    def impasto_options(self, command, parser):
        from impasto.cli.options import actions_of, add_command

        if command == "models":
            add_command(actions_of(parser), "praise", "praise a model", "", lambda arguments, terminal: None)
        if command == "stylize":
            parser.add_argument("--loudly", action="store_true")

    @hookimpl
    def impasto_report(self, model, data, file, device, on_progress):
        return f"{model.name} is good"

    @hookimpl
    def impasto_encode(self, patches, context):
        return patches.mean((1, 2))


def test_failing_commands_of_a_plugin_leave_other_commands_working(monkeypatch, caplog):
    from impasto.cli.main import make_parser

    class Failing:
        @hookimpl
        def impasto_commands(self, subparsers):
            raise OSError("no disk")

        @hookimpl
        def impasto_options(self, command, parser):
            raise SystemExit(f"no {command}")

    known = load_plugins([PointTo(Failing()), *entry_points(group="impasto")])
    monkeypatch.setattr("impasto.cli.main.registry", lambda: known)
    assert make_parser().parse_args(["tools"]).run
    assert "captions" in make_parser().format_help()
    assert "the plugin everything adds no commands: no disk" in caplog.text
    assert "the plugin everything adds no options: no stylize" in caplog.text


@pytest.mark.slow
def test_the_log_names_the_plugin_that_ends_the_process(tmp_path):
    (tmp_path / "plugin_crashes.py").write_text("import os; os._exit(9)")
    make_distribution(tmp_path, "plugin_crashes", {"crashes": "plugin_crashes"})
    command = [sys.executable, "-P", "-m", "impasto", "tools", "-v"]
    environment = {**os.environ, "PYTHONPATH": str(tmp_path)}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=300)
    assert done.returncode == 9
    assert "loading the plugin crashes" in done.stderr.splitlines()[-1]


@pytest.fixture
def everything(monkeypatch):
    plugin = Everything()
    known = registry()
    manager_registry = load_plugins([PointTo(plugin)])
    monkeypatch.setattr("impasto.running.preparing.registry", lambda: manager_registry)
    monkeypatch.setattr("impasto.cli.main.registry", lambda: manager_registry)
    monkeypatch.setattr("impasto.plugins.registry.registry", lambda: manager_registry)
    manager_registry.tools.update(known.tools)
    return plugin, manager_registry


class PointTo:
    """An entry point that loads a given object."""

    name, dist = "everything", None

    def __init__(self, plugin):
        self.plugin = plugin

    def load(self):
        return self.plugin


def test_exporters_weights_commands_and_encoders_are_asked_for(everything):
    from impasto.cli.main import make_parser

    _, known = everything
    assert known.encode(np.ones((5, 8, 8, 3)), Context()).shape == (5, 3)
    assert known.exporter("null").suffix == ".null"
    assert known.text_encoder("lengths").valid_features(["a", "bcd"], Context()).tolist() == [[1], [3]]
    with pytest.raises(ParameterError, match="no text encoder called 'length'"):
        known.text_encoder("length")
    assert known.weights == {"net": NETWORK}
    assert isinstance(known.action("wave"), Wave)
    assert make_parser("greet").parse_args(["greet"]).run
    assert make_parser("models").parse_args(["models", "praise"]).run
    assert make_parser("stylize").parse_args(["stylize", "a.png", "--style", "b.png", "--loudly", "--out", "c"]).loudly


def test_missing_names_are_explained_by_plugins_that_did_not_load(monkeypatch, said):
    known = load_plugins([EntryPoint("lost", "module_that_is_nowhere", "impasto"), *entry_points(group="impasto")])
    (loaded := cache(lambda: known))()
    for place in ("main", "parser"):
        monkeypatch.setattr(f"impasto.cli.{place}.registry", loaded)
    for given in (["nowhere"], ["models", "nowhere"], ["tools", "--nowhere"]):
        assert "these plugins could not load: lost (see `impasto doctor`)" in said(*given)[2]
    monkeypatch.setattr("impasto.cli.parser.registry", registry)
    assert "plugins add more, and `impasto doctor` lists" in said("nowhere")[2]
    monkeypatch.setattr("impasto.cli.parser.registry", cache(lambda: pytest.fail("a mistake loads no plugin")))
    assert said("check", "--nowhere")[0] == ParameterError.exit_code


ADDED = ("judge", "interop", "film")


@pytest.mark.parametrize(
    ("instead", "missing"),
    [
        ([], "doctor` lists"),
        ([EntryPoint(name, "module_that_is_nowhere", "impasto") for name in ADDED], "load: film, interop, judge"),
    ],
)
def test_features_of_absent_plugins_are_reported_as_missing(instead, missing, monkeypatch, said, tmp_path):
    """Whether they are absent or broken: commands, actions, and the report of a training that is kept without it."""
    left = [point for point in entry_points(group="impasto") if point.name not in ADDED]
    known = load_plugins([*left, *instead])
    (loaded := cache(lambda: known))()
    for place in ("cli.main", "cli.parser", "cli.models", "plugins.registry", "training.reporting"):
        monkeypatch.setattr(f"impasto.{place}.registry", loaded)
    wall = ["a.png", "b.png"]
    for given in (["evaluate", "picture", *wall], ["models", "export", "wall"], ["models", "inputs", "wall"]):
        code, _, told = said(*given)
        assert (code, missing in told) == (ParameterError.exit_code, True), given
        assert repr(given[given[0] == "models"]) in told
    told = said("stylize", "shot", "--style", "b.png", "--film", "--out", tmp_path)[2]
    assert missing in told
    assert "--film" in told
    monkeypatch.setattr("impasto.batch.table.registry", lambda: known)
    (tmp_path / "t.csv").write_text("recipe,shot\ntint,shots/street\n")
    ((_, wrong),) = Table.read(tmp_path / "t.csv")
    assert missing.removeprefix("doctor` lists") in f"{wrong.message} {wrong.remedy}"
    assert "no column 'shot'" in wrong.message
    card = {"name": "wall", "architecture": "torus", "tool": "torus", "impasto": "0", "data": [], "figures": {}}
    model = save_model(tmp_path / "wall.safetensors", {"weight": np.zeros(1, np.float32)}, card)
    trained = add_report(Result(models=(model.path,)), Dataset("wall", ()))
    assert trained.models == (model.path,)
    assert not trained.reports
    assert missing in trained.notes[0]
    assert "it has no report: no plugin writes reports" in trained.notes[0]


def test_every_hook_is_documented_and_implemented_here():
    hooks = [name for name, _ in inspect.getmembers(hookspecs, inspect.isfunction) if name.startswith("impasto_")]
    for name in hooks:
        assert f"`{name}" in GUIDE.read_text("utf-8"), f"docs/how-to/plugins.md does not explain {name}"
        assert hasattr(Everything, name), f"no test implements {name}"
        assert inspect.getdoc(getattr(hookspecs, name))


def in_guide(language: str) -> list[str]:
    """Blocks of code of the guide for authors of plugins."""
    return re.findall(rf"```{language}\n(.*?)```", GUIDE.read_text("utf-8"), re.DOTALL)


@pytest.fixture(scope="module")
def example() -> dict[str, str]:
    """The two files of the example, as the guide prints them."""
    return {"pyproject.toml": in_guide("toml")[0], "impasto_posterize.py": in_guide("python")[0]}


@pytest.fixture(scope="module")
def engine(example, tmp_path_factory) -> Path:
    """An environment with impasto, and the example installed into it by pip."""
    folder = tmp_path_factory.mktemp("example")
    for name, text in example.items():
        (folder / name).write_text(text)
    python = make_engine(Path(sys.executable), tmp_path_factory.mktemp("engine"))
    site = next(path for path in python.parents[1].rglob("site-packages"))
    pip = [sys.executable, "-P", "-m", "pip", "install", "-q", "--no-deps", "--target", site, folder]
    subprocess.run(pip, check=True)
    return python


@pytest.mark.essential
def test_plugins_check_confirms_good_behaviour(engine):
    command = [engine, "-P", "-m", "impasto", "plugins", "check", "impasto_posterize", "--json"]
    checks = json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)["checks"]
    assert len(checks) >= 5
    assert not [check for check in checks if check["problem"] or check["skipped"]]


def test_the_commands_of_the_guide_run_as_printed(tmp_path, monkeypatch, said):
    (text,) = (part for part in in_guide("python") if "shades" in part and "impasto_options" in part)
    known = load_plugins([module_of(text, "impasto_shades", monkeypatch, tmp_path)])
    monkeypatch.setattr("impasto.cli.main.registry", lambda: known)
    picture = tmp_path / "wall.png"
    Image.fromarray(np.array([[[0, 0, 255], [0, 0, 9]]], np.uint8)).save(picture)
    assert "3 shades" in said("shades", picture)[2]
    _, out, err = said("export", picture, "--preset", "gltf", "--shades", "--out", tmp_path / "game")
    assert "3 shades" in err
    assert "game" in out


def test_the_action_of_the_guide_is_carried_out_as_printed(tmp_path, monkeypatch):
    (text,) = (part for part in in_guide("python") if "impasto_actions" in part)
    known = load_plugins([module_of(text, "impasto_count", monkeypatch, tmp_path)])
    monkeypatch.setattr("impasto.engine.actions.registry", lambda: known)
    for name in ("a.png", "b.png", "c.txt"):
        (tmp_path / name).touch()
    told = []

    def ask(name: str, **values: object) -> JobResult:
        request = ActionRequest(id=1, name=name, recipe=Recipe((Step("tint"),)), values=values)
        return Execution(RunningJob(request), told.append).reply()

    assert ask("count", folder=str(tmp_path)).figures == {"pictures": 2.0}
    assert "counting" in [news.message for news in told]
    with pytest.raises(ProtocolError, match=r"count\.folder must be"):
        ask("count", folder=3)
    with pytest.raises(ParameterError, match="no action called 'cound'"):
        ask("cound")


def test_the_generator_of_the_guide_is_accepted_and_runs_as_printed():
    """Its imports, `Color`, `visible_if` and `Maps.from_arrays` included."""
    text = in_guide("python")[1]
    module = {"__name__": "impasto_stripes"}
    exec(compile(text, "impasto_stripes.py", "exec"), module)
    (tool,) = module["impasto_tools"]()
    check_tool(tool)
    context = Context(rng=np.random.default_rng(1))
    given = {"width_px": 64, "height_px": 32, "count": 2}
    hard, soft = (
        tool.apply(Maps(), validate(tool, given | {"edge": edge, "softness": 1.0}), {}, context)
        for edge in ("hard", "soft")
    )
    assert hard.size_px == soft.size_px == (32, 64)
    assert set(hard) == {"base_color", "height", "roughness"}
    assert np.ptp(np.diff(soft["height"].pixels[0, :, 0])) < np.ptp(np.diff(hard["height"].pixels[0, :, 0]))
    assert without_effect(tool, {"softness": 0.2}) == ["softness"]
