"""Processes of pytest that share the files of one session, and the CPU seconds of each test.

Each process collects all files and claims one after another, in a given order, by making a file of its own for it.
pytest-xdist would do the former, but not in several environments, nor with the longest file first.
"""

from __future__ import annotations

import json
import os
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import psutil
import pytest

MEASURED_S = 0.05
"""Wall seconds from which processes that a test started are looked at, too."""


def pytest_configure(config: pytest.Config) -> None:
    if config.option.seconds:
        config.pluginmanager.register(Seconds(Path(config.option.seconds)))
    if config.option.share:
        config.pluginmanager.register(Queue(Path(config.option.share), Path(config.option.order)))


class Queue:
    """The loop over tests, file by file, as they are claimed."""

    def __init__(self, folder: Path, order: Path) -> None:
        self.folder = folder
        self.order = {path: place for place, path in enumerate(json.loads(order.read_text()))}

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        if session.testsfailed:
            raise session.Interrupted(f"{session.testsfailed} errors during collection")
        if session.config.option.collectonly:
            return True
        files: dict[str, list[pytest.Item]] = defaultdict(list)
        for item in session.items:
            files[item.nodeid.partition("::")[0]].append(item)
        for file in self.claimed(files):
            # the session follows each file, so that only its own fixtures outlive it
            for item, following in zip(files[file], [*files[file][1:], session], strict=True):
                item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
                if session.shouldstop:
                    raise session.Interrupted(session.shouldstop)
                if session.shouldfail:
                    raise session.Failed(session.shouldfail)
        return True

    def claimed(self, files: Mapping[str, Any]) -> Iterator[str]:
        """The files that this process is the first to claim, in order; those without a place come first."""
        for file in sorted(files, key=lambda file: (self.order.get(file, -1), file)):
            try:
                (self.folder / file.replace("/", "!")).touch(exist_ok=False)
            except FileExistsError:
                continue
            yield file


class Seconds:
    """Seconds of each test, those of the processes that it started among them; shared fixtures are counted apart."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self.tests: dict[str, dict[str, Any]] = {}
        self.fixtures: dict[str, float] = {}
        self.of_fixtures = 0.0

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Iterator[Any]:
        cpu, own, wall, self.of_fixtures = tree_s(), own_s(), time.monotonic(), 0.0
        try:
            return (yield)
        finally:
            wall = time.monotonic() - wall
            used = (tree_s() - cpu if wall > MEASURED_S else own_s() - own) - self.of_fixtures
            marks = [mark for mark in ("slow", "essential") if item.get_closest_marker(mark)]
            self.tests[item.nodeid] = {"wall": round(wall, 3), "cpu": round(max(used, 0), 3), "marks": marks}

    @pytest.hookimpl(wrapper=True)
    def pytest_fixture_setup(self, fixturedef: Any, request: Any) -> Iterator[Any]:
        if fixturedef.scope == "function":
            return (yield)
        before, inner = tree_s(), self.of_fixtures
        try:
            return (yield)
        finally:
            used = tree_s() - before
            self.of_fixtures = inner + used
            name = f"{request.node.nodeid}::{fixturedef.argname}"
            self.fixtures[name] = round(self.fixtures.get(name, 0) + used, 3)

    def pytest_sessionfinish(self) -> None:
        written = {"total": round(tree_s(), 1), "tests": self.tests, "fixtures": self.fixtures}
        self.file.write_text(json.dumps(written))


def own_s() -> float:
    """CPU seconds of this process and of those that it waited for."""
    return sum(os.times()[:4])


def tree_s() -> float:
    """CPU seconds of this process, of those that it waited for, and of those that still run below it."""
    total = own_s()
    for process in psutil.Process().children(recursive=True):
        try:
            total += sum(process.cpu_times()[:4])
        except psutil.NoSuchProcess:
            continue
    return total
