"""The computer: folders, foreign files and programs, precision and threads, and a memory that is full."""

from __future__ import annotations

import json
import os
import platform
import re
import subprocess
import sys
import time
import tracemalloc
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import platformdirs
import psutil
import pytest
import torch
from cases import CASES
from platformdirs.macos import MacOS
from platformdirs.unix import Unix
from platformdirs.windows import Windows
from worker_jobs import CHECKER, recipe

from impasto import device
from impasto.cli.main import main
from impasto.errors import DeviceError, FileError, PluginError, out_of_memory
from impasto.system.folders import user_folder
from impasto.system.libraries import FOLDERS, OPT_OUTS, confine_libraries
from impasto.system.names import check_name
from impasto.system.process import find_program
from impasto.system.untrusted import excerpt, inside, parse_json, printable, read_bytes
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
    doctor = json.loads(listed)
    assert "checker" in doctor["tools"]
    assert any("raises on import" in problem["what"] and problem["remedy"] for problem in doctor["problems"])
    assert doctor["packages"]["torch"]
    assert doctor["devices"][-1]["name"] == "cpu"
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


def test_valid_input_from_outside_is_accepted(tmp_path: Path) -> None:
    """What is refused is refused by commands: see tests/hostile."""
    assert parse_json('{"a": [1, 2.5, -3e-4, "ü", null, true]}', "it") == {"a": [1, 2.5, -3e-4, "ü", None, True]}
    assert parse_json('"\\ud83d\\ude00"', "it") == "😀"
    with pytest.raises(FileError, match="too large"):
        parse_json("[" + "1," * 100 + "1]", "it", max_bytes=100)
    for good in ("brick", "Old bricks 2", "mauer-ziegel_ü", "墙", "console", "a.b"):
        assert check_name(good, "the name") == good
    (tmp_path / "within").symlink_to(tmp_path / "real")
    assert inside(tmp_path, "within", "the picture") == (tmp_path / "real").resolve()
    with (tmp_path / "large").open("wb") as large:
        large.truncate(2**30)
    tracemalloc.start()
    for name, why in (("large", "larger than"), ("\ud800", "check its name")):
        with pytest.raises(FileError, match=why):
            read_bytes(tmp_path / name, 2**26)
    assert tracemalloc.get_traced_memory()[1] < 2**20, "nothing of it is read"
    tracemalloc.stop()


@pytest.fixture(autouse=True)
def threads_as_before(monkeypatch):
    monkeypatch.delenv("IMPASTO_PRECISION", raising=False)
    before = torch.get_num_threads()
    yield
    torch.set_num_threads(before)


@pytest.mark.skipif(not torch.__version__.endswith("+cpu"), reason="only a build for processors is known by its name")
def test_neither_actions_nor_the_choice_of_a_device_import_torch(monkeypatch):
    """Its import takes longer than many jobs."""
    code = "import sys, impasto.engine.actions; from impasto.device import choose_device; "
    code += "print(choose_device('auto'), 'torch' in sys.modules)"
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    command = [sys.executable, "-P", "-c", code]
    ran = subprocess.run(command, env=environment, capture_output=True, check=True)
    assert ran.stdout.split() == [b"cpu", b"False"]
    monkeypatch.setattr(device, "version", lambda name: "2.13.0")
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    assert device.available_devices.__wrapped__()[:2] == ("cuda:0", "cuda:1"), "of any other build they are counted"


def test_bfloat16_is_chosen_where_the_processor_has_it_and_the_user_decides(monkeypatch):
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    monkeypatch.setattr(device.os, "sched_getaffinity", lambda _: {0, 2, 4}, raising=False)
    for known, wanted in (({"avx512_bf16": True}, "bfloat16"), ({"avx2": True, "amx_bf16": False}, "float32")):
        monkeypatch.setattr(torch.cpu, "get_capabilities", lambda known=known: known)
        assert (device.fast_precision("cpu"), device.fast_precision("mps")) == (wanted, "float32")
        torch.set_num_threads(1)
        assert (device.training_precision("cpu"), torch.get_num_threads()) == (wanted, 3)
    monkeypatch.delattr(device.os, "sched_getaffinity")
    monkeypatch.setattr(device.os, "cpu_count", lambda: 64)
    device.training_precision("cpu")
    assert torch.get_num_threads() == device.MOST_THREADS
    monkeypatch.setenv("IMPASTO_PRECISION", "bfloat16")
    monkeypatch.setenv("OMP_NUM_THREADS", "2")
    torch.set_num_threads(2)
    assert (device.training_precision("cpu"), torch.get_num_threads()) == ("bfloat16", 2)
    monkeypatch.setenv("IMPASTO_PRECISION", "half")
    with pytest.raises(DeviceError, match="half"):
        device.training_precision("cpu")


FAULTS = """
import resource
import numpy as np
from impasto.device import keep_freed_memory, release_memory

def rounds(count):
    for _ in range(count):
        blocks = [np.ones(2**20) for _ in range(4)]
        del blocks
        {after}
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt

{before}
start = rounds(4)
print(rounds(16) - start)
"""


TWO = min(2, os.cpu_count() or 1)
PRODUCT = """
import os, sys
import impasto.engine.worker
from impasto.device import compute_products_in_one_thread
assert "numpy" not in sys.modules
compute_products_in_one_thread()
import numpy
numpy.ones((800, 800)) @ numpy.ones((800, 800))
print(len(os.listdir("/proc/self/task")))
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="looks into /proc")
@pytest.mark.parametrize(
    ("given", "threads"), [({}, 1), ({"OMP_NUM_THREADS": "2"}, TWO), ({"OPENBLAS_NUM_THREADS": "2"}, TWO)]
)
def test_numpy_computes_in_one_thread_unless_the_user_decides(given, threads):
    clean = {name: value for name, value in os.environ.items() if not name.endswith("_NUM_THREADS")}
    command = [sys.executable, "-P", "-c", PRODUCT]
    assert int(subprocess.run(command, env=clean | given, capture_output=True, check=True).stdout) == threads


@pytest.mark.slow
@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only glibc is told")
def test_freed_memory_is_kept_for_the_next_blocks_or_given_back():
    """Page faults of 16 rounds of four blocks of 8 MiB: each page of each round, unless they are kept."""

    def faults(before: str = "", after: str = "pass") -> int:
        command = [sys.executable, "-P", "-c", FAULTS.format(before=before, after=after)]
        return int(subprocess.run(command, capture_output=True, check=True).stdout)

    usual, kept = faults(), faults("keep_freed_memory()")
    given_back = faults("keep_freed_memory()", "release_memory()")
    assert kept < 0.05 * usual
    assert given_back > 0.5 * usual


LEFT_BYTES = 2**28


@contextmanager
def almost_full(pid: int) -> Iterator[None]:
    """Leave a process some memory, which is enough for small jobs; Linux alone limits that of another one."""
    if not sys.platform.startswith("linux"):
        pytest.skip("limits the memory of a process")
    import resource

    before = resource.prlimit(pid, resource.RLIMIT_AS)
    taken = psutil.Process(pid or None).memory_info().vms
    resource.prlimit(pid, resource.RLIMIT_AS, (taken + LEFT_BYTES, before[1]))
    try:
        yield
    finally:
        resource.prlimit(pid, resource.RLIMIT_AS, before)


@pytest.mark.essential
@pytest.mark.parametrize(
    ("tool", "parameters"),
    [("hog", {}), ("asphalt", {"width_px": 4096, "height_px": 4096})],
    ids=["NumPy", "torch"],
)
def test_a_job_that_needs_more_fails_alone(tool, parameters, shared_client):
    before = shared_client.submit(CHECKER).wait()
    pid = shared_client.pid
    with almost_full(pid):
        with pytest.raises(DeviceError, match="out of memory") as caught:
            shared_client.submit(recipe(tool, **parameters)).wait()
        assert "smaller size" in caught.value.remedy
        after = shared_client.submit(CHECKER).wait()
    assert shared_client.pid == pid
    np.testing.assert_array_equal(after.maps["base_color"].pixels, before.maps["base_color"].pixels)


@pytest.mark.essential
def test_the_command_reports_full_memory_and_keeps_existing_files(tmp_path, capsys):
    out = tmp_path / "out"
    main(["generate", "asphalt", "--size", "32x32", "--out", str(out), "--name", "road", "--quiet"])
    before = {path.name: path.read_bytes() for path in out.iterdir()}
    again = ["generate", "asphalt", "--size", "4096x4096", "--out", str(out), "--name", "road", "--force"]
    with almost_full(0), pytest.raises(SystemExit) as ended:
        main(again)
    assert ended.value.code == DeviceError.exit_code
    assert "choose a smaller size" in capsys.readouterr().err
    assert {path.name: path.read_bytes() for path in out.iterdir()} == before


def test_other_errors_are_not_taken_for_full_memory():
    assert out_of_memory(RuntimeError("a bug")) is None
    assert out_of_memory(ValueError("DefaultCPUAllocator")) is None
