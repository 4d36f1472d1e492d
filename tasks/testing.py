"""Runs pytest in each environment, two at a time, and sums up in one line."""

from __future__ import annotations

import argparse
import sys
import time
import xml.etree.ElementTree as ElementTree
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from .environments import (
    BPY_VERSIONS,
    BUILD,
    CORE,
    CORE_NUMPY_1,
    ROOT,
    Environment,
    bpy_environment,
    clean_environment,
    start,
)
from .extension import build_extension
from .say import BuildError, step

NUMPY_1 = (
    *(f"tests/core/test_{name}.py" for name in ("color", "dataset", "files", "metrics", "models", "noise", "relief")),
    *(f"tests/core/test_{name}.py" for name in ("runner", "streaming", "texture", "training", "wire")),
    *(f"tests/plugins/test_{name}.py" for name in ("every_stylizer", "every_tool", "photo_maps", "quilt", "restyle")),
    *(f"tests/plugins/test_{name}.py" for name in ("shipped_models", "textbook", "torus")),
)
"""The tests in which arrays are computed with: processes and the command line are the same under every NumPy."""


@dataclass(frozen=True)
class Session:
    """One run of pytest in one environment."""

    name: str
    environment: Environment
    paths: tuple[str, ...]

    def options(self, options: argparse.Namespace) -> list[str]:
        """Those of pytest that are for this session alone."""
        return ["--hostile"] if options.hostile and self.name == "hostile" else []


def sessions(only: Sequence[str]) -> list[Session]:
    """The sessions of `test`, the longest first."""
    everything = [Session("core", CORE, ("tests/core",)), Session("plugins", CORE, ("tests/plugins",))]
    everything += [
        Session(f"blender-{version}", bpy_environment(version), ("tests/blender",)) for version in BPY_VERSIONS
    ]
    everything.append(Session("core-numpy-1", CORE_NUMPY_1, NUMPY_1))
    everything.append(Session("hostile", CORE, ("tests/hostile",)))
    chosen = [session for session in everything if not only or session.name in only]
    if not chosen:
        raise BuildError(f"--only takes {', '.join(session.name for session in everything)}")
    return chosen


def test(options: argparse.Namespace) -> None:
    """Run the tests: two sessions at a time, each in its own environment."""
    started = time.monotonic()
    chosen = sessions(options.only)
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(Environment.ready, dict.fromkeys(session.environment for session in chosen)))
    with step("Building the extension"):
        built = build_extension()
    more = [*options.pytest, *(["-k", options.k] if options.k else [])]
    with ThreadPoolExecutor(2) as pool:
        codes = list(pool.map(lambda session: _run_pytest(session, built, [*more, *session.options(options)]), chosen))
    if options.windows:
        windows = Session("windows", CORE, ("tests/windows",))
        chosen.append(windows)
        codes.append(_run_pytest(windows, built, more))
    failed = [session.name for session, code in zip(chosen, codes, strict=True) if code not in (0, 5)]
    print(_summary([_results(session) for session in chosen], time.monotonic() - started))
    if failed:
        sys.exit(1)


def _results(session: Session) -> Path:
    return BUILD / "results" / f"{session.name}.xml"


def _run_pytest(session: Session, built: Path, more: Sequence[str]) -> int:
    results = _results(session)
    results.parent.mkdir(parents=True, exist_ok=True)
    results.unlink(missing_ok=True)
    environment = clean_environment(IMPASTO_ENGINE=CORE.python, IMPASTO_EXTENSION=built, IMPASTO_CACHE=BUILD)
    command = [
        session.environment.python,
        "-P",
        "-m",
        "pytest",
        *session.paths,
        f"--junitxml={results}",
        "--color=no",
        *more,
    ]
    running = start(command, environment, cwd=ROOT)
    assert running.stdout is not None
    for line in running.stdout:
        print(f"[{session.name}] {line}", end="", flush=True)
    return running.wait()


def _summary(files: Sequence[Path], elapsed_s: float) -> str:
    """One line over all sessions, in pytest's words."""
    counts = dict.fromkeys(("failed", "passed", "skipped", "error"), 0)
    for file in files:
        if not file.exists():
            counts["error"] += 1
            continue
        suite = ElementTree.parse(file).getroot()[0]
        failures, errors, skipped = (int(suite.get(key, 0)) for key in ("failures", "errors", "skipped"))
        counts["failed"] += failures
        counts["error"] += errors
        counts["skipped"] += skipped
        counts["passed"] += int(suite.get("tests", 0)) - failures - errors - skipped
    said = ", ".join(f"{count} {word}" for word, count in counts.items() if count)
    return f"===== {said or 'no tests ran'} in {elapsed_s:.2f}s ====="
