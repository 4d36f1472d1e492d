"""Runs the tests: two processes of pytest at a time share the files of each session, the longest first.

A session is what runs in one environment. The default is the core's and one Blender's, without `slow` tests and with a
dozen cases of each register (tests/choosing.py); `--all` runs everything, in every environment.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import shutil
import sys
import tempfile
import threading
import time
import xml.etree.ElementTree as ElementTree
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path

from .environments import (
    BPY_VERSIONS,
    BUILD,
    CORE,
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

CORE_WITH_NUMPY = "color_spaces dataset layouts models numerics runner sources training transaction wire"
PLUGINS_WITH_NUMPY = "every_tool metrics photo_maps quilt restyle"
NUMPY_1 = (
    *(f"tests/core/test_{name}.py" for name in CORE_WITH_NUMPY.split()),
    *(f"tests/plugins/test_{name}.py" for name in PLUGINS_WITH_NUMPY.split()),
)
"""The tests in which NumPy computes, and of pictures, since NumPy 1 goes with an older OpenImageIO.

Processes, the command line and networks are the same under every NumPy.

Of these, `any_numpy` marks the slow ones that run no NumPy code which the others do not run too.
"""
CHANGED_BETWEEN = (
    "asset_library bake_results generate graphics images jobs layers materials menus points properties registering "
    "sequence sliders style_panel variations"
)
IN_BETWEEN = tuple(f"tests/blender/test_{name}.py" for name in CHANGED_BETWEEN.split())
"""The tests of a Blender between the oldest and the newest: of what changed more than once between them."""
NEWEST_BLENDER, OLDEST_BPY = f"blender-{NEWEST_BPY}", [*BPY_VERSIONS][-1]
WINDOWS = "windows"
WALK_LIMIT_S = 1900
"""Time for a test of windows, longer than the limit that such a test gives its scenario."""
RESULTS, DURATIONS, FIRST_DURATIONS = BUILD / "results", BUILD / "durations.json", ROOT / "tests" / "durations.json"
"""Wall seconds of each file of tests: as they were in the last run, and as they are committed."""
PROCESSES = 2
START_S = 15
"""Seconds that a further process of a session takes until its first test."""
BUDGET_S, SLOW_S, NAMED = 800, 1.0, 20
"""CPU seconds of all tests that run by default, of a single one, and how many of the slowest are named."""


@dataclass(frozen=True)
class Session:
    """The tests that run in one environment."""

    name: str
    environment: Environment
    paths: tuple[str, ...]
    marks: str = ""
    """The tests that it takes, by their markers (tests/conftest.py); all where it is empty."""

    @property
    def folders(self) -> set[str]:
        """The folders of tests/ that it takes tests from."""
        return {Path(path).parts[1] for path in self.paths}

    @property
    def needs_extension(self) -> bool:
        """Whether its tests install the extension."""
        return bool(self.folders & {"blender", WINDOWS})

    @property
    def files(self) -> list[str]:
        """Its files of tests, from the root."""
        found = [path for one in self.paths for path in ((ROOT / one).rglob("test_*.py") if "::" not in one else ())]
        return sorted(
            {path.relative_to(ROOT).as_posix() for path in found}
            | {path.partition("::")[0] for path in self.paths if path.partition("::")[0].endswith(".py")}
        )


def all_sessions() -> list[Session]:
    """Every session; the first two are the default."""
    blenders = [
        Session(
            f"blender-{version}",
            bpy_environment(version),
            ("tests/blender",) if version in (NEWEST_BPY, OLDEST_BPY) else IN_BETWEEN,
            "" if version == NEWEST_BPY else "not any_blender",
        )
        for version in BPY_VERSIONS
    ]
    core = Session("core", TESTS, ("tests/core", "tests/plugins", "tests/hostile"))
    numpy_1 = Session("core-numpy-1", CORE_NUMPY_1, NUMPY_1, "not any_numpy")
    tensorflow = Session("tensorflow", TENSORFLOW, ("tests/tensorflow_backend",))
    return [core, *blenders, numpy_1, tensorflow, Session(WINDOWS, TESTS, ("tests/windows",))]


def sessions(
    only: Sequence[str], paths: Sequence[str] = (), is_all: bool = False, windows: bool = False
) -> list[Session]:
    """The sessions of `test`: those in `only`, or that the paths are for; else the default ones, or all."""
    everything = {session.name: session for session in all_sessions()}
    if unknown := sorted(set(only) - set(everything)):
        raise BuildError(f"--only takes {', '.join(everything)}, not {', '.join(unknown)}")
    if not paths:
        usual = [name for name in everything if name != WINDOWS] if is_all else ["core", NEWEST_BLENDER]
        return [everything[name] for name in [*(only or usual), *([WINDOWS] if windows else [])]]
    found = [_test_path(path) for path in paths]
    chosen = []
    for session in everything.values():
        own = tuple(path for path in found if Path(path).parts[1] in session.folders)
        if own and session.name in (only or ("core", NEWEST_BLENDER, "tensorflow", WINDOWS)):
            chosen.append(replace(session, paths=own, marks=""))
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
    """Run the tests: the default ones in the core's environment and in one Blender, or all, or those of some paths."""
    started = time.monotonic()
    first_option = next((index for index, word in enumerate(options.paths) if word.startswith("-")), None)
    paths, more = options.paths[:first_option], options.paths[first_option:] if first_option is not None else []
    is_all = options.all
    seed = random.SystemRandom().randrange(10_000) if options.seed is None else options.seed
    more += [*(["--all"] if is_all else [f"--seed={seed}"]), *(["-k", options.k] if options.k else [])]
    windows = options.windows or (is_all and not options.only and has_windows())
    run = Run(sessions(options.only, paths, is_all, windows), more, expected_seconds(is_all), options.shuffle)
    if not is_all:
        print(f"Cases of registers: --seed {seed}", flush=True)
    codes = run.carry_out()
    is_default = not (is_all or paths or options.only or options.k)
    for line in [*failures(RESULTS, run.names), *run.figures(is_default)]:
        print(line)
    if not (paths or options.k):
        run.keep_seconds(is_all)
    print(_summary(RESULTS, time.monotonic() - started))
    if any(code not in (0, 5) for code in codes):
        sys.exit(1)


def has_windows() -> bool:
    """Whether Blenders with a window can be set up here: root on Debian."""
    return hasattr(os, "geteuid") and os.geteuid() == 0 and shutil.which("apt-get") is not None


def expected_seconds(is_all: bool) -> dict[str, float]:
    """Wall seconds of each file of tests, by session and path: from the last run, else as committed."""
    found: dict[str, float] = {}
    for file in (FIRST_DURATIONS, DURATIONS):
        if file.exists():
            found |= json.loads(file.read_text(encoding="utf-8")).get("all" if is_all else "default", {})
    return found


@dataclass
class Run:
    """The sessions on their way: what processes share, and what they leave behind."""

    sessions: Sequence[Session]
    options: Sequence[str]
    expected: dict[str, float]
    shuffled: int | None = None
    """A seed of a random order of the files; the longest come first where it is None."""
    extension: Path | None = None
    processes: Counter[str] = field(default_factory=Counter)
    """The number of processes that each session has had."""
    names: list[str] = field(default_factory=list)
    """The processes."""
    choosing: threading.Lock = field(default_factory=threading.Lock)

    def carry_out(self) -> list[int]:
        """Exit codes of all processes; BuildError where something that they need cannot be made."""
        shutil.rmtree(RESULTS, ignore_errors=True)
        RESULTS.mkdir(parents=True)
        self._prepare()
        for session in self.sessions:
            (RESULTS / session.name).mkdir()
            order = sorted(session.files, key=lambda file: -self.seconds(session, file))
            if self.shuffled is not None:
                random.Random(self.shuffled).shuffle(order)
            (RESULTS / f"{session.name}.order.json").write_text(json.dumps(order))
        with ThreadPoolExecutor(PROCESSES) as pool:
            lists = [pool.submit(lambda: list(self._one_after_another())) for _ in range(PROCESSES)]
            codes = [code for one in lists for code in one.result()]
        alone = [session for session in self.sessions if session.name == WINDOWS]
        return [*codes, *(self._pytest(session, f"{session.name}-1") for session in alone)]

    def _prepare(self) -> None:
        """Make the environments, two at a time, and the extension as soon as the core's environment is there."""
        used = [session.environment for session in self.sessions]
        begun = [CORE, *(one for one in used if one != TESTS and not one.base)]
        with ThreadPoolExecutor(PROCESSES) as pool:
            list(pool.map(Environment.ready, dict.fromkeys(begun)))
            is_needed = any(session.needs_extension for session in self.sessions)
            building = pool.submit(self._build_extension) if is_needed else None
            list(pool.map(Environment.ready, dict.fromkeys([TESTS, *used])))
            self.extension = building.result() if building else None

    @staticmethod
    def _build_extension() -> Path:
        with step("Building the extension"):
            return build_extension()

    def _one_after_another(self) -> Iterator[int]:
        """Take part in one session after another, until no file is left."""
        while session := self._next():
            yield self._pytest(session, f"{session.name}-{self.processes[session.name]}")

    def _next(self) -> Session | None:
        """The longest session that nobody takes part in; then the one with most left for each of its processes.

        Two processes that start the same session at once would compile the same modules twice.
        """
        with self.choosing:
            shared = [one for one in self.sessions if one.name != WINDOWS and self.processes[one.name] < PROCESSES]
            left = {session: self._left_s(session) / (self.processes[session.name] + 1) for session in shared}
            new = [session for session in shared if not self.processes[session.name]]
            session = max(new or shared, key=left.__getitem__, default=None)
            if session is None or (not new and left[session] < START_S):
                return None
            self.processes[session.name] += 1
            return session

    def seconds(self, session: Session, file: str) -> float:
        """Seconds that this file is expected to take."""
        return self.expected.get(f"{session.name}: {file}", 10.0)

    def _left_s(self, session: Session) -> float:
        """The seconds of the files that no process has claimed."""
        claimed = {path.name.replace("!", "/") for path in (RESULTS / session.name).iterdir()}
        return sum(self.seconds(session, file) for file in session.files if file not in claimed)

    def _pytest(self, session: Session, name: str) -> int:
        """Run a process of pytest; its exit code."""
        self.names.append(name)
        shared = RESULTS / session.name
        with tempfile.TemporaryDirectory(prefix="impasto-profile-", ignore_cleanup_errors=True) as profile:
            extension = {"IMPASTO_EXTENSION": self.extension} if self.extension else {}
            own = {"IMPASTO_ENGINE": TESTS.python, "IMPASTO_CACHE": BUILD, "IMPASTO_PROFILE": profile, **extension}
            command = [session.environment.python, "-P", "-m", "pytest", *session.paths, *self.options, "--color=no"]
            command += ["-o", "console_output_style=classic"]  # how many tests there are is known at the end
            command += ["-o", f"faulthandler_timeout={WALK_LIMIT_S}"] if WINDOWS in session.folders else []
            command += ["-m", session.marks] if session.marks else []
            command += [f"--junitxml={RESULTS / name}.xml", f"--seconds={RESULTS / name}.seconds.json"]
            command += [f"--share={shared}", f"--order={shared}.order.json"]
            running = start(command, clean_environment(**own), cwd=ROOT)
            assert running.stdout is not None
            for line in running.stdout:
                print(f"[{name}] {line}", end="", flush=True)
            return running.wait()

    def _seconds(self) -> Iterator[tuple[str, dict]]:
        """The session's name and the record of seconds of each process."""
        for session in self.sessions:
            for file in RESULTS.glob(f"{session.name}-[0-9].seconds.json"):
                yield session.name, json.loads(file.read_text(encoding="utf-8"))

    def figures(self, is_default: bool) -> list[str]:
        """CPU seconds of each folder, beside the budget, and the slowest tests; those that should be marked `slow`."""
        folders: Counter[str] = Counter()
        tests = []
        total = 0.0
        for name, written in self._seconds():
            total += written["total"]
            for test, one in written["tests"].items():
                folders[test.split("/")[1] + ("" if name in ("core", NEWEST_BLENDER) else f" ({name})")] += one["cpu"]
                tests.append((one["cpu"], test, one["marks"]))
            folders["shared fixtures"] += sum(written["fixtures"].values())
        if not tests:
            return []
        folders["start, collection"] = total - sum(folders.values())
        lines = ["", f"CPU seconds: {total:.0f}" + (f" of a budget of {BUDGET_S}" if is_default else "")]
        lines += [f"  {seconds:7.1f}  {folder}" for folder, seconds in folders.most_common()]
        lines += ["The slowest tests:"]
        lines += [f"  {cpu:7.1f}  {test}" for cpu, test, _ in sorted(tests, reverse=True)[:NAMED]]
        if is_default:
            late = [(cpu, test) for cpu, test, marks in sorted(tests, reverse=True) if cpu > SLOW_S and not marks]
            lines += [f"Over {SLOW_S:g} CPU s, and marked neither slow nor essential: {len(late)}"]
            lines += [f"  {cpu:7.1f}  {test}" for cpu, test in late]
        return lines

    def keep_seconds(self, is_all: bool) -> None:
        """Write how long each file took, for the order of the next run."""
        found: dict[str, float] = defaultdict(float)
        for name, written in self._seconds():
            for test, one in written["tests"].items():
                found[f"{name}: {test.partition('::')[0]}"] += one["wall"]
        kept = json.loads(DURATIONS.read_text(encoding="utf-8")) if DURATIONS.exists() else {}
        rounded = {file: round(seconds, 1) for file, seconds in sorted(found.items())}
        kept.setdefault("all" if is_all else "default", {}).update(rounded)
        DURATIONS.write_text(json.dumps(kept, indent=0), encoding="utf-8")


def failures(folder: Path, names: Sequence[str]) -> list[str]:
    """A line for each test that failed, with the first line of what it says, from the XML files of these processes.

    They stand at the end of all output, since the processes run side by side and print between each other's lines.
    """
    found = []
    for file in [folder / f"{name}.xml" for name in names]:
        if not file.exists():
            found.append(f"FAILED [{file.stem}]: it ended without results")
            continue
        for case in ElementTree.parse(file).getroot().iter("testcase"):
            for problem in [*case.findall("failure"), *case.findall("error")]:
                first, *_ = (problem.get("message") or "").splitlines() or [""]
                found.append(f"FAILED [{file.stem}] {case.get('classname')}::{case.get('name')}: {first}")
    return found


def _summary(folder: Path, elapsed_s: float) -> str:
    """One line over all sessions, in pytest's words."""
    counts = dict.fromkeys(("failed", "passed", "skipped", "error"), 0)
    for file in folder.glob("*.xml"):
        suite = ElementTree.parse(file).getroot()[0]
        failures, errors, skipped = (int(suite.get(key, 0)) for key in ("failures", "errors", "skipped"))
        counts["failed"] += failures
        counts["error"] += errors
        counts["skipped"] += skipped
        counts["passed"] += int(suite.get("tests", 0)) - failures - errors - skipped
    said = ", ".join(f"{count} {word}" for word, count in counts.items() if count)
    return f"===== {said or 'no tests ran'} in {elapsed_s:.2f}s ====="
