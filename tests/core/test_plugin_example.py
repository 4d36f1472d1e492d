"""The example in docs/how-to/plugins.md, exactly as printed, installed into an environment and found by every host."""

import json
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from impasto import Maps, Recipe, Step
from impasto.context import Context
from impasto.engine.client import Client
from impasto.plugins.checks import check_tool
from impasto.tools import validate, without_effect
from install import make_engine

GUIDE = Path(__file__).parents[2] / "docs" / "how-to" / "plugins.md"


@pytest.fixture(scope="module")
def example() -> dict[str, str]:
    """The two files of the example, as the guide prints them."""
    blocks = dict(reversed(re.findall(r"```(toml|python)\n(.*?)```", GUIDE.read_text("utf-8"), re.DOTALL)))  # the first
    return {"pyproject.toml": blocks["toml"], "impasto_posterize.py": blocks["python"]}


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
def test_its_author_is_told_that_it_behaves(engine):
    command = [engine, "-P", "-m", "impasto", "plugins", "check", "impasto_posterize", "--json"]
    checks = json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)["checks"]
    assert len(checks) >= 5
    assert not [check for check in checks if check["problem"] or check["skipped"]]


@pytest.mark.essential
def test_the_worker_describes_it_and_runs_it(engine, tmp_path):
    client = Client([str(engine), "-P", "-m", "impasto.engine.worker"], tmp_path / "log")
    tools = {tool["name"]: tool for tool in client.describe().wait()["tools"]}
    assert tools["posterize"]["kind"] == "filter"
    assert tools["posterize"]["parameters"]["properties"]["levels"]["maximum"] == 32
    source = Maps.from_arrays({"base_color": np.random.default_rng(0).random((16, 16, 3))})
    made = client.submit(Recipe((Step("posterize", {"levels": 2}),)), {"source": source}).wait().maps
    assert set(np.unique(made["base_color"].pixels)) == {0.0, 1.0}
    client.close()


def test_the_generator_of_the_guide_is_accepted_and_runs_as_printed():
    """Its imports, `Color`, `visible_if` and `Maps.from_arrays` included."""
    _, text = re.findall(r"```python\n(.*?)```", GUIDE.read_text("utf-8"), re.DOTALL)[:2]
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
