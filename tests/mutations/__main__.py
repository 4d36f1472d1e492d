"""Makes each mutation in a copy of the code, and runs its tests: they must pass without it and fail with it."""

from __future__ import annotations

import argparse
import ast
import fnmatch
import multiprocessing
import os
import shutil
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .table import MUTATIONS, ROOT, Mutation, NotFoundError

SOURCES = ("core", "plugins")
COPIED = (*SOURCES, "tests", "docs", "tasks", "benchmarks", "build.py", "pyproject.toml", "constraints.txt")
ASSERTED = ("assert", "AssertionError", "Failed: DID NOT RAISE")
"""Beginning of a failed assertion's message; other exceptions may come from the edit itself."""
LIMIT_S = 300
IGNORED = shutil.ignore_patterns("__pycache__", "pictures")
CAN_FORK = "fork" in multiprocessing.get_all_start_methods()
PROCESSES: Any = multiprocessing.get_context("fork" if CAN_FORK else "spawn")
CAUGHT, NOT_CAUGHT, BROKEN, ONLY_SLOW = "caught", "NOT CAUGHT", "BROKEN", "only slow"


@dataclass(frozen=True)
class Outcomes:
    """Message of each failure by test, "" for those that passed, and the files of all modules that were imported."""

    tests: dict[str, str]
    imported: frozenset[str]

    def of(self, test: str) -> list[str]:
        """Messages of a test, for all its parameters unless it names them."""
        return [message for name, message in self.tests.items() if name == test or name.startswith(f"{test}[")]


class Recorder:
    """Plugin of pytest that notes the message of each test."""

    def __init__(self) -> None:
        self.tests: dict[str, str] = {}

    def pytest_runtest_logreport(self, report: Any) -> None:
        test = report.nodeid.removeprefix("tests/")
        if report.failed:
            crash = getattr(report.longrepr, "reprcrash", None)
            self.tests[test] = ("" if report.when == "call" else "error: ") + (crash.message if crash else "failed")
        elif report.skipped or (report.when == "call" and test not in self.tests):
            self.tests[test] = "skipped" if report.skipped else ""


def run_pytest(folder: Path, arguments: list[str], is_mutated: bool, answer: Any) -> None:
    """Run pytest on a copy in this process, silently, and send the outcomes."""
    silence = os.open(os.devnull, os.O_WRONLY)
    for stream in (1, 2):
        os.dup2(silence, stream)
    os.chdir(folder)
    sys.path[:0] = [str(folder / name) for name in SOURCES]
    # A mutated file has another time than its bytecode, so Python compiles it anew, and must not keep the result.
    sys.dont_write_bytecode = is_mutated
    import pytest

    recorder = Recorder()
    pytest.main(["-q", "-p", "no:cacheprovider", *arguments], [recorder])
    imported = frozenset(str(getattr(module, "__file__", None)) for module in list(sys.modules.values()))
    answer.send(Outcomes(recorder.tests, imported))


def outcomes(folder: Path, tests: Iterable[str], options: tuple[str, ...] = (), is_mutated: bool = False) -> Outcomes:
    """Run tests of a copy in a process of its own, which has PyTorch already where processes can be forked."""
    arguments = [*options, *(["-x"] if is_mutated else []), *(f"tests/{test}" for test in dict.fromkeys(tests))]
    answer, sender = PROCESSES.Pipe(duplex=False)
    process = PROCESSES.Process(target=run_pytest, args=(folder, arguments, is_mutated, sender))
    process.start()
    sender.close()
    try:
        return answer.recv() if answer.poll(LIMIT_S if is_mutated else None) else Outcomes({}, frozenset())
    except EOFError:
        return Outcomes({}, frozenset())
    finally:
        process.kill()
        process.join()


def verdict(mutation: Mutation, folder: Path, options: tuple[str, ...], unmutated: Outcomes) -> tuple[str, str]:
    """Make the mutation in the copy, run its tests, and undo it: the outcome, and the test or the reason."""
    tests = [test for test in mutation.tests if not options or unmutated.of(test)]
    if not tests:
        return ONLY_SLOW, ", ".join(mutation.tests)
    for test in tests:
        if not unmutated.of(test) or any(unmutated.of(test)):
            return BROKEN, f"without it, {test} does not pass"
    file = folder / mutation.file
    before = file.read_bytes()
    try:
        mutation.change(file)
        if file.read_bytes() == before:
            return BROKEN, "it changes nothing"
        found = outcomes(folder, tests, options, is_mutated=True)
    except NotFoundError as error:
        return BROKEN, str(error)
    finally:
        file.write_bytes(before)
    if not found.tests:
        return BROKEN, f"no test ended within {LIMIT_S} s"
    if file.suffix == ".py" and str(file) not in found.imported:
        return BROKEN, f"its tests import no {mutation.file}"
    name, message = next(((name, message) for name, message in found.tests.items() if message), ("", ""))
    if not name:
        return NOT_CAUGHT, f"passed: {', '.join(found.tests)}"
    return (CAUGHT, name) if message.startswith(ASSERTED) else (BROKEN, f"{name}: {message[:120]}")


def why_not(mutation: Mutation) -> str:
    """Reason why a mutation no longer applies: its text, its file or a test is gone; "" if it does."""
    with tempfile.TemporaryDirectory() as folder:
        try:
            source = ROOT / mutation.file  # with its neighbours: models change places
            copy = Path(shutil.copytree(source.parent, Path(folder) / "copy", ignore=IGNORED)) / source.name
            mutation.change(copy)
            if copy.suffix == ".py":
                ast.parse(copy.read_text(encoding="utf-8"))
        except (OSError, SyntaxError, NotFoundError) as error:
            return str(error)
    for test in mutation.tests:
        file, name = test.split("[")[0].split("::")
        path = ROOT / "tests" / file
        if not path.is_file() or f"def {name}(" not in path.read_text(encoding="utf-8"):
            return f"there is no test {test}"
    return ""


def main() -> None:
    parser = argparse.ArgumentParser(prog="build.py mutations", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help="only these; patterns such as 'vae-*' too")
    parser.add_argument("--list", action="store_true", help="say what each mutation breaks, and run nothing")
    parser.add_argument("--check", action="store_true", help="say which no longer apply to the code, and run nothing")
    parser.add_argument("--default", action="store_true", help="only by tests that run by default, not by slow ones")
    given = parser.parse_args()
    mutations = [one for one in MUTATIONS if any(fnmatch.fnmatch(one.name, like) for like in given.names or "*")]
    if not mutations:
        sys.exit("build.py mutations: no mutation has such a name; see --list")
    width = max(len(one.name) for one in mutations)
    if given.list:
        print(*(f"{one.name:{width}}  {one.breaks}" for one in mutations), sep="\n")
        return
    if given.check:
        gone = [f"{one.name}: {why}" for one in mutations if (why := why_not(one))]
        print("\n".join([*gone, f"{len(mutations) - len(gone)} of {len(mutations)} apply"]))
        sys.exit(bool(gone))
    if CAN_FORK:
        import torch  # noqa: F401  once, for all processes
    started, counts, options = time.monotonic(), Counter[str](), ("-m", "not slow") if given.default else ()
    with tempfile.TemporaryDirectory(prefix="mutations-") as name:
        folder = Path(name).resolve()
        for source in (ROOT / one for one in COPIED):
            if source.is_dir():
                shutil.copytree(source, folder / source.name, ignore=IGNORED)
            else:
                shutil.copy2(source, folder / source.name)
        unmutated = outcomes(folder, [test for one in mutations for test in one.tests], options)
        for one in mutations:
            begun = time.monotonic()
            outcome, why = verdict(one, folder, options, unmutated)
            counts[outcome] += 1
            print(f"{one.name:{width}}  {outcome:10}  {time.monotonic() - begun:5.1f} s  {' '.join(why.split())}")
            sys.stdout.flush()
    said = (f"{counts[outcome]} {outcome}" for outcome in (CAUGHT, NOT_CAUGHT, BROKEN, ONLY_SLOW))
    print(f"{', '.join(said)}, {time.monotonic() - started:.0f} s")
    sys.exit(bool(counts[NOT_CAUGHT] or counts[BROKEN]))


if __name__ == "__main__":
    main()
