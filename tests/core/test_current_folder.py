"""Nothing in the current folder is run, whatever it is called: a download may hold a torch.py or an impasto/."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from impasto.errors import PluginError
from impasto.system.process import find_program
from traps import EVIL, set_traps

ROOT = Path(__file__).parents[2]
WORK = """
import sys
from pathlib import Path
from impasto.engine.client import Client
from impasto.recipe import Recipe, Step
client = Client(sys.argv[1:], Path("worker.log"))
described = client.describe().wait()
job = client.submit(Recipe((Step("tint"),)), {"source": Path("photo.png")})
print(job.wait().arrays["base_color"].shape, *(plugin["name"] for plugin in described["plugins"]))
client.close()
"""


def ran(command, folder: Path, code: int = 0, **more) -> subprocess.CompletedProcess:
    done = subprocess.run(list(map(str, command)), cwd=folder, capture_output=True, text=True, check=False, **more)
    assert done.returncode == code, done.stderr
    return done


@pytest.fixture(scope="module")
def engine(engine_with_misbehaving: Path) -> Path:
    return engine_with_misbehaving


@pytest.fixture(scope="module", params=["safe path", "python -m"])
def traps(request, tmp_path_factory) -> tuple[Path, Path, bool]:
    """A folder of traps, the marker that they leave, and whether Python was told to keep off it."""
    from skimage.data import astronaut

    from impasto import Maps, write_maps

    folder = tmp_path_factory.mktemp("download")
    pixels = astronaut()[:32, :48].astype("float32") / 255
    write_maps(Maps.from_arrays({"base_color": pixels}), folder, "photo")
    (folder / "photo_base_color.png").rename(folder / "photo.png")
    is_safe = request.param == "safe path"
    return folder, set_traps(folder, is_safe_path=is_safe), is_safe


@pytest.mark.slow
def test_the_command_runs_nothing_of_the_current_folder(traps, engine):
    folder, marker, is_safe = traps
    command = [engine, *(["-I"] if is_safe else []), "-m", "impasto"]
    listed = ran([*command, "doctor", "--json"], folder, PluginError.exit_code).stdout  # there is a broken plugin
    assert EVIL not in listed
    assert "checker" in json.loads(listed)["tools"]
    ran([*command, "seamless", "photo.png", "--size", "32x32", "--out", "out", "--estimator", "none"], folder)
    assert not marker.exists(), marker.read_text()


@pytest.mark.essential
def test_the_worker_runs_nothing_of_the_current_folder(traps, engine):
    folder, marker, is_safe = traps
    worker = [engine, *(["-I"] if is_safe else []), "-m", "impasto.engine.worker"]
    said = ran([engine, "-I", "-c", WORK, *worker], folder).stdout
    assert "(32, 48, 3)" in said
    assert EVIL not in said
    assert not marker.exists(), marker.read_text()


@pytest.mark.slow
def test_build_py_and_the_installed_command_run_nothing_of_the_current_folder(traps):
    folder, marker, is_safe = traps
    if not is_safe:
        pytest.skip("the folder with fewer traps")
    clean = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    if (ROOT / ".build" / "envs").is_dir():
        ran([sys.executable, ROOT / "build.py", "impasto", "tools"], folder, env=clean)
    installed = Path(sys.executable).with_name("impasto")
    if installed.exists():
        ran([installed, "tools"], folder, env=clean)
    assert not marker.exists(), marker.read_text()


@pytest.mark.skipif(os.name == "nt", reason="makes programs as POSIX does")
def test_programs_are_not_found_in_the_current_folder(tmp_path, monkeypatch):
    elsewhere = tmp_path / "bin"
    elsewhere.mkdir()
    for folder in (tmp_path, elsewhere):
        (folder / "tool").write_text("#!/bin/sh\n")
        (folder / "tool").chmod(0o755)
    monkeypatch.chdir(tmp_path)
    for path in ("", ".", str(tmp_path)):
        monkeypatch.setenv("PATH", path)
        assert find_program("tool") is None
        monkeypatch.setenv("PATH", f"{path}{os.pathsep}{elsewhere}")
        assert find_program("tool") == str(elsewhere / "tool")
    assert find_program("./tool") == "./tool"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("started", "path", "warnings"),
    [
        (["-P", "-m", "impasto"], None, []),
        (["-m", "impasto"], None, ["after python -m"]),
        (["-P", "-m", "impasto"], f"/elsewhere{os.pathsep}.", ["PYTHONPATH"]),
        (["-I", "-m", "impasto"], ".", []),
        ([str(Path(sys.executable).with_name("impasto"))], None, []),
    ],
)
def test_the_doctor_warns_where_python_searches_the_current_folder(started, path, warnings, tmp_path):
    if not started[0].startswith("-") and not Path(started[0]).exists():
        pytest.skip("the command is not installed here")
    clean = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    own = clean if path is None else {**clean, "PYTHONPATH": path}
    said = json.loads(ran([sys.executable, *started, "doctor", "--json"], tmp_path, env=own).stdout)
    assert len(said["warnings"]) == len(warnings)
    for warning, beginning in zip(said["warnings"], warnings, strict=True):
        assert warning["what"].startswith(beginning)
        assert warning["remedy"]
