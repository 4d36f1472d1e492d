"""A plugin that hangs, crashes or exits while it is imported is named and left out; everything else works."""

import json
import os
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest
from conftest import make_distribution

from impasto.plugins import trial
from impasto.plugins.installation import findings
from impasto.plugins.registry import registry

GOOD = """
from impasto import Maps, hookimpl
from impasto.tools import Filter
class Same(Filter):
    name, label, description = "same", "Same", "Changes nothing"
    def apply(self, subject, parameters, inputs, context): return subject
@hookimpl
def impasto_tools(): return [Same()]
"""
ENDS = {
    "leaves": ("import os; os._exit(0)", r"ends the program.*exit code 0"),
    "crashes": ("import os; os.kill(os.getpid(), 11)", "ends the program.*SIGSEGV"),
    "interrupts": ("raise KeyboardInterrupt", "raises KeyboardInterrupt"),
    "exits": ("import sys; sys.exit(3)", "SystemExit: 3"),
    "leaves-when-asked": (
        "from impasto import hookimpl\nimport os\n@hookimpl\ndef impasto_tools(): os._exit(4)",
        "exit code 4",
    ),
}


@pytest.fixture
def site(tmp_path, monkeypatch) -> Path:
    """A folder on the path for plugins, with a cache of its own; the registry is loaded anew."""
    monkeypatch.setenv("IMPASTO_CACHE", str(tmp_path / "cache"))
    folder = tmp_path / "site"
    folder.mkdir()
    monkeypatch.syspath_prepend(folder)
    registry.cache_clear()
    yield folder
    registry.cache_clear()


def install(site: Path, name: str, code: str) -> None:
    module = f"plugin_{name.replace('-', '_')}"
    (site / f"{module}.py").write_text(code)
    if not (site / f"{module}-1.0.dist-info").exists():
        make_distribution(site, module, {name: module})
    sys.modules.pop(module, None)


def status_of(name: str):
    return next(status for status in registry().plugins if status.name == name)


def tried(monkeypatch) -> list[str]:
    """The names of the plugins that are tried from now on."""
    names: list[str] = []
    first = trial._try
    monkeypatch.setattr(trial, "_try", lambda point, program: names.append(point.name) or first(point, program))
    return names


@pytest.mark.skipif(os.name == "nt", reason="signals are POSIX's")
def test_what_would_end_this_process_is_named_and_left_out(site):
    install(site, "good", GOOD)
    for name, (code, _) in ENDS.items():
        install(site, name, code)
    assert {"same", "quilt", "tint"} <= set(registry().tools)
    assert not status_of("good").error
    for name, (_, said) in ENDS.items():
        assert re.search(said, status_of(name).error), (name, status_of(name).error)
        assert status_of(name).remedy
    problems = " ".join(problem["what"] for problem in findings()["problems"])
    assert all(f"plugin {name}:" in problems for name in ENDS)


@pytest.mark.parametrize("code", ["import time\ntime.sleep(600)", "while True: print('x' * 9999)"])
def test_what_does_not_end_is_given_up_and_remembered(code, site, monkeypatch):
    monkeypatch.setattr(trial, "TRIAL_LIMIT_S", 2.0)
    install(site, "endless", code)
    started = time.monotonic()
    assert "does not come to an end within 2 s" in status_of("endless").error
    assert "quilt" in registry().tools
    assert time.monotonic() - started < 6
    registry.cache_clear()
    names = tried(monkeypatch)
    assert status_of("endless").error
    done = subprocess.run(
        [sys.executable, "-P", "-m", "impasto", "tools", "--json"],
        env={**os.environ, "PYTHONPATH": str(site)},
        capture_output=True,
        text=True,
        check=True,
        timeout=30,
    )
    assert "quilt" in [tool["name"] for tool in json.loads(done.stdout)["tools"]]
    assert names == []


def test_a_plugin_is_tried_again_when_its_file_has_changed_and_by_the_doctor(site, monkeypatch):
    install(site, "good", GOOD)
    install(site, "leaves", ENDS["leaves"][0])
    names = tried(monkeypatch)
    assert "same" in registry().tools
    assert names == ["good", "leaves"]
    registry.cache_clear()
    assert "exit code 0" in status_of("leaves").error
    assert names == ["good", "leaves"], "nothing has changed"
    findings()
    assert names == ["good", "leaves", "leaves"], "the doctor tries again what failed"
    install(site, "leaves", GOOD.replace("same", "same-too"))
    registry.cache_clear()
    assert "same-too" in registry().tools
    assert names == ["good", "leaves", "leaves", "leaves"]


def test_a_cache_that_is_damaged_is_none(site, monkeypatch):
    install(site, "good", GOOD)
    cache = Path(os.environ["IMPASTO_CACHE"]) / "plugins.json"
    cache.parent.mkdir()
    for text in ("{", '{"a": 3}', "[]"):
        cache.write_text(text)
        registry.cache_clear()
        assert "same" in registry().tools


def test_our_own_plugins_are_not_tried(site, monkeypatch):
    names = tried(monkeypatch)
    ours = [status.name for status in registry().plugins if status.distribution == "impasto"]
    assert len(ours) >= 6
    assert not set(ours) & set(names)


def test_a_plugin_whose_commands_fail_takes_none_of_ours_along(site, caplog):
    from impasto.cli.main import make_parser

    code = "from impasto import hookimpl\n@hookimpl\ndef impasto_commands(subparsers): raise OSError('no disk')"
    install(site, "commands", code)
    assert make_parser().parse_args(["tools"]).run
    assert "the plugin commands adds no commands: no disk" in caplog.text


def test_without_a_temporary_folder_only_the_plugins_to_be_tried_are_missing(site, monkeypatch, tmp_path):
    install(site, "untried", "def impasto_tools(): return []")
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "absent"))
    untried = next(status for status in registry().plugins if status.name == "untried")
    assert "cannot write to the temporary folder" in untried.error
    assert "quilt" in registry().tools
