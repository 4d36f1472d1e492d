"""Processes of pytest that share the files of one session, and the CPU seconds of each test.

Each process claims one file after another, in a given order, by making a file of its own for it, and then imports it.
pytest-xdist imports all files in each process, and takes neither several environments nor the longest file first.
"""

from __future__ import annotations

import json
import os
import time
from collections import defaultdict
from collections.abc import Iterator
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
        self.files: dict[str, list[pytest.Item | pytest.Module]] = defaultdict(list)

    def pytest_pycollect_makemodule(self, module_path: Path, parent: pytest.Collector) -> pytest.Module:
        """A file that is only noted when pytest looks for its tests, unless the command names tests of files."""
        made = pytest.Module.from_parent(parent, path=module_path)
        if not any("::" in argument for argument in parent.config.args):
            made.collect = lambda: self.files[made.nodeid].append(made) or []
        return made

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        for item in session.items:
            self.files[item.nodeid.partition("::")[0]].append(item)
        for found in self.claimed():
            vars(found[0]).pop("collect", None)
            items = [item for node in found for item in session.genitems(node)]
            session.config.hook.pytest_collection_modifyitems(session=session, config=session.config, items=items)
            session.testscollected += len(items)
            # the session follows each file, so that only its own fixtures outlive it
            for item, following in zip(items, [*items, session][1:], strict=True):
                item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
                if reason := session.shouldstop or session.shouldfail:
                    raise session.Interrupted(reason)
        return True

    def claimed(self) -> Iterator[list[pytest.Item | pytest.Module]]:
        """The files that this process is the first to claim, in order; those without a place come first."""
        for file in sorted(self.files, key=lambda file: (self.order.get(file, -1), file)):
            try:
                (self.folder / file.replace("/", "!")).touch(exist_ok=False)
            except FileExistsError:
                continue
            yield self.files[file]


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
