"""`build.py`: the parts of the demo at tiny sizes, sets of training pictures, and what Control-C ends."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from argparse import Namespace
from pathlib import Path

import numpy as np
import psutil
import pytest
from PIL import Image

from impasto import Maps, write_maps
from impasto.io.files import read_recipe
from impasto.plugins.registry import registry

ROOT = Path(__file__).parents[2]
PARTS = ROOT / "tasks" / "demo"
sys.path.insert(0, str(ROOT))
from tasks.environments import NEWEST_BPY, blender, clean_environment  # noqa: E402
from tasks.extension import build_extension  # noqa: E402
from tasks.phrase_model import copy_sets  # noqa: E402

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
def test_control_c_ends_what_a_command_has_started_in_sessions_of_their_own_too():
    with subprocess.Popen([sys.executable, "-c", STARTING, ROOT], stdout=subprocess.PIPE, text=True) as command:
        assert command.stdout is not None
        started = [psutil.Process(int(word)) for word in command.stdout.readline().split()]
        assert len(started) == 2
        command.send_signal(signal.SIGINT)
        since = time.monotonic()
        assert command.wait(2) == 128 + signal.SIGINT
        _, alive = psutil.wait_procs(started, 2 - (time.monotonic() - since))
        assert not [one for one in alive if one.status() != psutil.STATUS_ZOMBIE]


def test_sets_go_to_the_folder_of_the_longest_beginning_of_their_name(tmp_path):
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
