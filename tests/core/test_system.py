"""The user's folders, what a hostile current folder may not do, and the door for what comes from outside."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
from pathlib import Path

import platformdirs
import pytest
from cases import CASES
from platformdirs.macos import MacOS
from platformdirs.unix import Unix
from platformdirs.windows import Windows

from impasto.errors import FileError, PluginError
from impasto.system.folders import user_folder
from impasto.system.libraries import FOLDERS, OPT_OUTS, confine_libraries
from impasto.system.names import check_name
from impasto.system.process import find_program
from impasto.system.untrusted import excerpt, inside, parse_json, printable
from traps import EVIL, set_traps


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for variable in ("HOME", "USERPROFILE"):
        monkeypatch.setenv(variable, str(tmp_path))
    known = {"CSIDL_LOCAL_APPDATA": str(tmp_path / "AppData" / "Local")}
    monkeypatch.setattr("platformdirs.windows.get_win_folder", known.__getitem__)
    for variable in ("IMPASTO_MODELS", "IMPASTO_CACHE", "XDG_DATA_HOME", "XDG_CACHE_HOME"):
        monkeypatch.delenv(variable, raising=False)
    return tmp_path


@pytest.mark.parametrize("platform", [Unix, MacOS, Windows])
def test_each_platform_has_its_folders(platform, home, monkeypatch):
    monkeypatch.setattr(platformdirs, "PlatformDirs", platform)
    found = [user_folder(kind).relative_to(home).as_posix() for kind in ("models", "cache")]
    assert found == CASES["folders-of-platforms"][platform.__name__]


def test_a_variable_chooses_and_an_empty_one_does_not(home, monkeypatch):
    monkeypatch.setattr(platformdirs, "PlatformDirs", Unix)
    monkeypatch.setenv("XDG_DATA_HOME", "")
    assert user_folder("models") == home / ".local/share/impasto/models"
    monkeypatch.setenv("XDG_DATA_HOME", str(home / "data"))
    assert user_folder("models") == home / "data/impasto/models"
    monkeypatch.setenv("IMPASTO_MODELS", str(home / "mine"))
    assert user_folder("models") == home / "mine"


@pytest.fixture
def unset(monkeypatch, tmp_path):
    """An environment in which no library is told anything, and the cache is a folder of this test's own."""
    for name in (*OPT_OUTS, *FOLDERS):
        monkeypatch.setenv(name, "")
    monkeypatch.setenv("IMPASTO_CACHE", str(tmp_path / "cache"))


@pytest.mark.usefixtures("home", "unset")
def test_libraries_send_nothing_and_write_into_our_cache_unless_the_user_chose_another(monkeypatch, tmp_path):
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "own"))
    confine_libraries()
    assert os.environ["ORT_DISABLE_TELEMETRY"] == "1"
    assert os.environ["KERAS_HOME"] == str(tmp_path / "own")
    assert Path(os.environ["TORCHINDUCTOR_CACHE_DIR"]).is_relative_to(tmp_path / "cache")


@pytest.mark.usefixtures("home", "unset")
@pytest.mark.parametrize("below", ["file", "x" * 5000])
def test_libraries_keep_their_folders_where_ours_cannot_be_made(below, monkeypatch, tmp_path):
    (tmp_path / "file").touch()
    monkeypatch.setenv("IMPASTO_CACHE", str(tmp_path / below / "cache"))
    confine_libraries()
    assert os.environ["ORT_DISABLE_TELEMETRY"] == "1"
    assert not any(os.environ[name] for name in FOLDERS)


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


CONTROL = re.compile(r"[\x00-\x1f]")


def test_foreign_text_cannot_control_a_terminal() -> None:
    assert printable("a\x1b[2Jb\r\x07\x9b\u202ec\udcff") == "a\\x1b[2Jb\\r\\x07\\x9b\\u202ec\\udcff"
    assert printable("Grüße, 墙\n\t☃") == "Grüße, 墙\n\t☃"
    assert len(excerpt("x" * 10_000)) < 100


@pytest.mark.parametrize("value", [bytes(2**25), "\x1b" * 2**25, ["\x1b" * 2**22]], ids=["bytes", "text", "a list"])
def test_a_value_of_megabytes_is_shortened_at_once(value: object) -> None:
    started = time.process_time()
    text = excerpt(value)
    assert time.process_time() - started < 1.0
    assert len(text) < 100
    assert not CONTROL.search(text)


def test_what_comes_from_outside_is_read_where_it_is_good_and_within_its_limits(tmp_path: Path) -> None:
    """What is refused is refused by commands: see tests/hostile."""
    assert parse_json('{"a": [1, 2.5, -3e-4, "ü", null, true]}', "it") == {"a": [1, 2.5, -3e-4, "ü", None, True]}
    assert parse_json('"\\ud83d\\ude00"', "it") == "😀"
    with pytest.raises(FileError, match="too large"):
        parse_json("[" + "1," * 100 + "1]", "it", max_bytes=100)
    for good in ("brick", "Old bricks 2", "mauer-ziegel_ü", "墙", "console", "a.b"):
        assert check_name(good, "the name") == good
    (tmp_path / "within").symlink_to(tmp_path / "real")
    assert inside(tmp_path, "within", "the picture") == (tmp_path / "real").resolve()
