"""Runs pytest in each environment, two at a time, and sums up in one line; or the tests of some paths only."""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
import xml.etree.ElementTree as ElementTree
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

from .environments import (
    BPY_VERSIONS,
    BUILD,
    CORE_NUMPY_1,
    NEWEST_BPY,
    ROOT,
    TENSORFLOW,
    TESTS,
    Environment,
    bpy_environment,
    clean_environment,
    start,
)
from .extension import build_extension
from .messages import BuildError, step

NUMPY_1 = (
    *(f"tests/core/test_{name}.py" for name in ("color", "dataset", "files", "metrics", "models", "noise", "relief")),
    *(f"tests/core/test_{name}.py" for name in ("runner", "streaming", "texture", "training", "wire")),
    *(f"tests/plugins/test_{name}.py" for name in ("every_tool", "photo_maps", "quilt", "restyle")),
)
"""The tests in which NumPy computes: processes, the command line and networks are the same under every NumPy.

Of these, `any_numpy` marks the slow ones that run no NumPy code which the others do not run too.
"""

IN_BETWEEN = (
    *(f"tests/blender/test_{name}.py" for name in ("assets", "asset_library", "bake_files", "bake_results", "endless")),
    *(
        f"tests/blender/test_{name}.py"
        for name in ("export", "generate", "graphics", "images", "jobs", "layers", "motion_vectors")
    ),
    *(
        f"tests/blender/test_{name}.py"
        for name in ("mapping", "materials", "menus", "on_object", "points", "properties")
    ),
    *(f"tests/blender/test_{name}.py" for name in ("registering", "release", "sliders", "style_panel", "translations")),
)
"""The tests that a Blender between the oldest and the newest usually runs, of what changed more than once between them.

Those two run all; `--only` runs all in it, too.
"""
NEWEST_BLENDER, *_, OLDEST_BLENDER = (f"blender-{version}" for version in BPY_VERSIONS)
WINDOWS = "windows"
FOR_PATHS = ("core", "plugins", NEWEST_BLENDER, "hostile", "tensorflow", WINDOWS)
"""The sessions that paths choose by themselves, one for each folder of tests."""


@dataclass(frozen=True)
class Session:
    """One run of pytest in one environment."""

    name: str
    environment: Environment
    paths: tuple[str, ...]
    marks: str = ""
    """The tests that it takes, by their markers (tests/conftest.py); all where it is empty."""
    usual: tuple[str, ...] = ()
    """Those of the paths that are run unless the session is asked for; all where it is empty."""
    also: Environment | None = None
    """Another environment, whose programs its tests start."""
    is_beside: bool = False
    """Whether it runs beside the two others, after those before it that do: farm mostly waits for the programs that it
    starts, and the others would otherwise be left to run last and alone."""

    @property
    def folders(self) -> set[str]:
        """The folders of tests/ that it takes tests from."""
        return {Path(path).parts[1] for path in self.paths}

    @property
    def needs_extension(self) -> bool:
        """Whether its tests install the extension."""
        return bool(self.folders & {"blender", WINDOWS})

    def options(self, options: argparse.Namespace) -> list[str]:
        """Those of pytest that are for this session alone."""
        marks = ["-m", self.marks] if self.marks else []
        return [*marks, *(["--hostile"] if options.hostile and self.name == "hostile" else [])]


def all_sessions() -> list[Session]:
    """Every session, the longest first; the one in windows, which runs alone, last."""
    newest = bpy_environment(NEWEST_BPY)
    everything = [
        Session("core", TESTS, ("tests/core",), "not farm", also=newest),
        Session("plugins", TESTS, ("tests/plugins",)),
        Session("farm", TESTS, ("tests/core",), "farm", also=newest, is_beside=True),
    ]
    for version in BPY_VERSIONS:
        name = f"blender-{version}"
        marks = "" if name == NEWEST_BLENDER else "not any_blender"
        usual = () if name in (NEWEST_BLENDER, OLDEST_BLENDER) else IN_BETWEEN
        is_beside = name == OLDEST_BLENDER
        everything.append(
            Session(name, bpy_environment(version), ("tests/blender",), marks, usual, is_beside=is_beside)
        )
    everything.append(Session("core-numpy-1", CORE_NUMPY_1, NUMPY_1, "not any_numpy", is_beside=True))
    everything.append(Session("hostile", TESTS, ("tests/hostile",), is_beside=True))
    everything.append(Session("tensorflow", TENSORFLOW, ("tests/tensorflow_backend",), is_beside=True))
    return [*everything, Session(WINDOWS, TESTS, ("tests/windows",), also=newest)]


def sessions(only: Sequence[str], paths: Sequence[str] = (), windows: bool = False) -> list[Session]:
    """The sessions of `test`: those in `only`, or that the paths are for; else all but the one in windows."""
    everything = all_sessions()
    unknown = sorted(set(only) - {session.name for session in everything})
    if unknown:
        raise BuildError(f"--only takes {', '.join(session.name for session in everything)}, not {', '.join(unknown)}")
    if not paths:
        usual = [session for session in everything if session.name != WINDOWS]
        chosen = [session for session in usual if not only or session.name in only]
        if not only:
            chosen = [replace(session, paths=session.usual or session.paths) for session in chosen]
        return [*chosen, everything[-1]] if windows or WINDOWS in only else chosen
    found = [_test_path(path) for path in paths]
    chosen = []
    for session in everything:
        own = tuple(path for path in found if Path(path).parts[1] in session.folders)
        if own and session.name in (only or FOR_PATHS):
            chosen.append(replace(session, paths=own, marks="", also=None))
    if not chosen:
        raise BuildError(f"no test of {', '.join(found)} runs in {', '.join(only)}")
    return chosen


def _test_path(path: str) -> str:
    """`core/test_wire.py::test_x` or `tests/core/test_wire.py::test_x` as pytest takes it; BuildError if absent."""
    file, mark, test = path.partition("::")
    below = Path(file).as_posix().removeprefix("tests/")
    if not below.strip("./") or not (ROOT / "tests" / below).exists():
        raise BuildError(f"there is no tests/{below}: give a file or folder of tests, such as core/test_wire.py")
    return f"tests/{below}{mark}{test}"


def test(options: argparse.Namespace) -> None:
    """Run the tests: all sessions, each in its own environment, some at a time; or only those of some paths."""
    started = time.monotonic()
    first_option = next((index for index, word in enumerate(options.paths) if word.startswith("-")), None)
    paths, more = options.paths[:first_option], options.paths[first_option:] if first_option is not None else []
    chosen = sessions(options.only, paths, options.windows)
    more = [*more, *(["-k", options.k] if options.k else [])]
    codes = _run_all(chosen, lambda session: [*more, *session.options(options)])
    failed = [session.name for session, code in zip(chosen, codes, strict=True) if code not in (0, 5)]
    results = [_results(session) for session in chosen]
    for line in failures(results):
        print(line)
    print(_summary(results, time.monotonic() - started))
    if failed:
        sys.exit(1)


def _run_all(chosen: Sequence[Session], options: Callable[[Session], list[str]]) -> list[int]:
    """Exit codes of the sessions, two at a time and one beside; each starts once what it needs is there. BuildError."""
    with_extension = any(session.needs_extension for session in chosen)
    used = [*([TESTS] if with_extension else []), *(session.environment for session in chosen)]
    needed = dict.fromkeys(one for environment in used for one in (environment.base, environment) if one)
    with ThreadPoolExecutor(2) as pool, ThreadPoolExecutor(1) as beside:
        # both work in this order, so nothing waits for what has not begun
        environments: dict[Environment, Future[Path]] = {}
        for environment in needed:
            environments[environment] = pool.submit(_ready, environment, environments)
        extension = pool.submit(_built_extension, environments[TESTS]) if with_extension else None

        def run(session: Session) -> int:
            environments[session.environment].result()
            if session.also in environments:
                environments[session.also].result()
            return _run_pytest(session, extension.result() if extension else None, options(session))

        pools = [beside if session.is_beside else pool for session in chosen if session.name != WINDOWS]
        running = [one.submit(run, session) for one, session in zip(pools, chosen, strict=False)]
        try:
            for environment in environments.values():
                environment.result()
            codes = [session.result() for session in running]
        except BuildError:
            pool.shutdown(cancel_futures=True)
            raise
    return codes + [run(session) for session in chosen if session.name == WINDOWS]


def _ready(environment: Environment, environments: Mapping[Environment, Future[Path]]) -> Path:
    """Make the environment once its base is there."""
    if environment.base:
        environments[environment.base].result()
    return environment.ready()


def _built_extension(core: Future[Path]) -> Path:
    """The extension's zip, built once the core's environment is there."""
    core.result()
    with step("Building the extension"):
        return build_extension()


def _results(session: Session) -> Path:
    return BUILD / "results" / f"{session.name}.xml"


def _run_pytest(session: Session, built: Path | None, more: Sequence[str]) -> int:
    results = _results(session)
    results.parent.mkdir(parents=True, exist_ok=True)
    results.unlink(missing_ok=True)
    extension = {"IMPASTO_EXTENSION": built} if built else {}
    with tempfile.TemporaryDirectory(prefix="impasto-profile-", ignore_cleanup_errors=True) as profile:
        own = {"IMPASTO_ENGINE": TESTS.python, "IMPASTO_CACHE": BUILD, "IMPASTO_PROFILE": profile, **extension}
        return _run_in(session, clean_environment(**own), results, more)


def _run_in(session: Session, environment: dict[str, str], results: Path, more: Sequence[str]) -> int:
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


def failures(files: Sequence[Path]) -> list[str]:
    """A line for each test that failed, with its session and the first line of what it says, from pytest's XML files.

    They stand at the end of all output, since the sessions run side by side and print between each other's lines.
    """
    found = []
    for file in files:
        if not file.exists():
            found.append(f"FAILED [{file.stem}]: it ended without results")
            continue
        for case in ElementTree.parse(file).getroot().iter("testcase"):
            for problem in [*case.findall("failure"), *case.findall("error")]:
                first, *_ = (problem.get("message") or "").splitlines() or [""]
                found.append(f"FAILED [{file.stem}] {case.get('classname')}::{case.get('name')}: {first}")
    return found


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
