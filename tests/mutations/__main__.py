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
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .mutation import ROOT, Mutation, NotFoundError
from .table import MUTATIONS

COPIED = ("core", "plugins", "tests", "docs", "tasks", "build.py", "pyproject.toml", "constraints.txt")
SOURCES = ("core", "plugins")
ASSERTED = ("assert", "AssertionError", "Failed: DID NOT RAISE")
"""Beginning of a failed assertion's message; other exceptions may come from the edit itself."""
LIMIT_S = 300
IGNORED = shutil.ignore_patterns("__pycache__", "pictures")
CAN_FORK = "fork" in multiprocessing.get_all_start_methods()
PROCESSES: Any = multiprocessing.get_context("fork" if CAN_FORK else "spawn")
CAUGHT, NOT_CAUGHT, BROKEN, ONLY_SLOW = "caught", "NOT CAUGHT", "BROKEN", "only slow"
DEFAULT = ("-m", "not slow")


@dataclass(frozen=True)
class Verdict:
    """Outcome of a mutation. why: the test that caught it, or the reason why it is broken."""

    mutation: Mutation
    outcome: str
    why: str
    seconds: float


@dataclass(frozen=True)
class Checkout:
    """A copy of the code, which is imported instead of the original."""

    folder: Path
    options: tuple[str, ...] = ()
    """Of pytest, for all runs."""

    @classmethod
    def copied(cls, folder: Path, options: tuple[str, ...] = ()) -> Checkout:
        """A copy in an empty folder."""
        for name in COPIED:
            source = ROOT / name
            if source.is_dir():
                shutil.copytree(source, folder / name, ignore=IGNORED)
            else:
                shutil.copy2(source, folder / name)
        return cls(folder, options)

    def run(self, tests: Iterable[str], is_mutated: bool = False) -> Outcomes:
        """Run tests in a process of its own, which has PyTorch already where processes can be forked."""
        results, imported = self.folder / "results.xml", self.folder / "imported.txt"
        for file in (results, imported):
            file.unlink(missing_ok=True)
        options = [
            "-q",
            "-p",
            "no:cacheprovider",
            f"--junitxml={results}",
            *self.options,
            *(["-x"] if is_mutated else []),
        ]
        paths = [f"tests/{test}" for test in dict.fromkeys(tests)]
        process = PROCESSES.Process(target=run_pytest, args=(self.folder, [*options, *paths], imported, is_mutated))
        process.start()
        process.join(LIMIT_S if is_mutated else None)
        if process.is_alive():
            process.kill()
            process.join()
        if not results.exists() or not imported.exists():
            return Outcomes({}, frozenset())
        return Outcomes(read_results(results), frozenset(imported.read_text(encoding="utf-8").splitlines()))


@dataclass(frozen=True)
class Outcomes:
    """Message of each failure by test, "" for those that passed, and the files of all modules that were imported."""

    tests: dict[str, str]
    imported: frozenset[str]

    def passed(self, test: str) -> bool:
        """Whether a test passed, for all its parameters unless it names them."""
        cases = self._cases(test)
        return bool(cases) and not any(cases)

    def has(self, test: str) -> bool:
        """Whether a test ran."""
        return bool(self._cases(test))

    def _cases(self, test: str) -> list[str]:
        return [message for name, message in self.tests.items() if name == test or name.startswith(f"{test}[")]


def run_pytest(folder: Path, arguments: list[str], imported: Path, is_mutated: bool) -> None:
    """Run pytest on a copy in this process, silently; then write the files of all modules that were imported."""
    silence = os.open(os.devnull, os.O_WRONLY)
    for stream in (1, 2):
        os.dup2(silence, stream)
    os.chdir(folder)
    sys.path[:0] = [str(folder / name) for name in SOURCES]
    # A mutated file has another time than its bytecode, so Python compiles it anew, and must not keep the result.
    sys.dont_write_bytecode = is_mutated
    import pytest

    pytest.main(arguments)
    files = [str(getattr(module, "__file__", None)) for module in list(sys.modules.values())]
    imported.write_text("\n".join(files), encoding="utf-8")


def read_results(file: Path) -> dict[str, str]:
    """Message of each failure in a JUnit file, or "", by test: path below tests/, ::, name and parameters."""
    found: dict[str, str] = {}
    for case in ElementTree.parse(file).getroot().iter("testcase"):
        module = case.get("classname", "").removeprefix("tests.").replace(".", "/")
        failure, error = case.find("failure"), case.find("error")
        message = ""
        if failure is not None:
            message = failure.get("message") or "failed"
        elif error is not None:
            message = f"error: {error.get('message')}"
        elif case.find("skipped") is not None:
            message = "skipped"
        found[f"{module}.py::{case.get('name')}"] = message
    return found


def judge(mutation: Mutation, copy: Checkout, unmutated: Outcomes) -> Verdict:
    """Make the mutation in the copy, run its tests, and undo it."""
    started = time.monotonic()

    def verdict(outcome: str, why: str) -> Verdict:
        return Verdict(mutation, outcome, " ".join(why.split()), time.monotonic() - started)

    tests = [test for test in mutation.tests if not copy.options or unmutated.has(test)]
    if not tests:
        return verdict(ONLY_SLOW, ", ".join(mutation.tests))
    for test in tests:
        if not unmutated.passed(test):
            return verdict(BROKEN, f"without it, {test} does not pass")
    file = copy.folder / mutation.file
    before = file.read_bytes()
    try:
        mutation.change(file)
        if file.read_bytes() == before:
            return verdict(BROKEN, "it changes nothing")
        found = copy.run(tests, is_mutated=True)
    except NotFoundError as error:
        return verdict(BROKEN, str(error))
    finally:
        file.write_bytes(before)
    if not found.tests:
        return verdict(BROKEN, f"no test ended within {LIMIT_S} s")
    if file.suffix == ".py" and str(file) not in found.imported:
        return verdict(BROKEN, f"its tests import no {mutation.file}")
    failed = {name: message for name, message in found.tests.items() if message}
    if not failed:
        return verdict(NOT_CAUGHT, f"passed: {', '.join(found.tests)}")
    name, message = next(iter(failed.items()))
    return verdict(CAUGHT, name) if message.startswith(ASSERTED) else verdict(BROKEN, f"{name}: {message[:120]}")


def why_not(mutation: Mutation, root: Path = ROOT) -> str:
    """Reason why a mutation no longer applies: its text, its file or a test is gone; "" if it does."""
    with tempfile.TemporaryDirectory() as folder:
        try:
            source = root / mutation.file  # with its neighbours: models change places
            copy = Path(shutil.copytree(source.parent, Path(folder) / "copy", ignore=IGNORED)) / source.name
            mutation.change(copy)
            if copy.suffix == ".py":
                ast.parse(copy.read_text(encoding="utf-8"))
        except (OSError, SyntaxError, NotFoundError) as error:
            return str(error)
    for test in mutation.tests:
        file, name = test.split("[")[0].split("::")
        path = root / "tests" / file
        if not path.is_file() or f"def {name}(" not in path.read_text(encoding="utf-8"):
            return f"there is no test {test}"
    return ""


def chosen(patterns: Sequence[str]) -> list[Mutation]:
    """The mutations whose names match a pattern; all without patterns."""
    return [one for one in MUTATIONS if not patterns or any(fnmatch.fnmatch(one.name, like) for like in patterns)]


def table(mutations: Sequence[Mutation]) -> str:
    """Names and sentences, a row each."""
    width = max(len(one.name) for one in mutations)
    return "\n".join(f"{one.name:{width}}  {one.breaks}" for one in mutations)


def run(mutations: Sequence[Mutation], options: tuple[str, ...] = ()) -> list[Verdict]:
    """Judge each mutation and print a row about it. options: of pytest."""
    width = max(len(one.name) for one in mutations)
    verdicts = []
    with tempfile.TemporaryDirectory(prefix="mutations-") as folder:
        copy = Checkout.copied(Path(folder).resolve(), options)
        unmutated = copy.run(test for mutation in mutations for test in mutation.tests)
        for mutation in mutations:
            verdicts.append(judge(mutation, copy, unmutated))
            one = verdicts[-1]
            print(f"{mutation.name:{width}}  {one.outcome:10}  {one.seconds:5.1f} s  {one.why}", flush=True)
    return verdicts


def main() -> None:
    parser = argparse.ArgumentParser(prog="build.py mutations", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help="only these; patterns such as 'vae-*' too")
    parser.add_argument("--list", action="store_true", help="say what each mutation breaks, and run nothing")
    parser.add_argument("--check", action="store_true", help="say which no longer apply to the code, and run nothing")
    parser.add_argument("--default", action="store_true", help="only by tests that run by default, not by slow ones")
    options = parser.parse_args()
    mutations = chosen(options.names)
    if not mutations:
        sys.exit("build.py mutations: no mutation has such a name; see --list")
    if options.list:
        print(table(mutations))
        return
    if options.check:
        gone = [f"{one.name}: {why}" for one in mutations if (why := why_not(one))]
        print("\n".join([*gone, f"{len(mutations) - len(gone)} of {len(mutations)} apply"]))
        sys.exit(bool(gone))
    if CAN_FORK:
        import torch  # noqa: F401  once, for all processes
    started = time.monotonic()
    verdicts = run(mutations, DEFAULT if options.default else ())
    outcomes = [one.outcome for one in verdicts]
    counts = [f"{outcomes.count(outcome)} {outcome}" for outcome in (CAUGHT, NOT_CAUGHT, BROKEN, ONLY_SLOW)]
    print(f"{', '.join(counts)}, {time.monotonic() - started:.0f} s")
    sys.exit(any(one.outcome not in (CAUGHT, ONLY_SLOW) for one in verdicts))


if __name__ == "__main__":
    main()
