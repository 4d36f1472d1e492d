"""The tests that run by default: no `slow` ones, and a dozen cases of each register; `--all` runs everything."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Iterable
from typing import Any

import pytest

CASES = 12
"""Number of cases of a register that run by default: they differ in how they work as far as that goes."""


def pytest_report_header(config: pytest.Config) -> str:
    chosen = f"{CASES} cases of each register, by --seed {config.option.seed}, and no slow test"
    return "all tests" if config.option.all else chosen


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what does not run by default, unless tests are named on the command line, by `::` or by `-k`."""
    if config.option.all or config.option.keyword or any("::" in argument for argument in config.args):
        return
    registers: dict[tuple[str, int], list[tuple[str, pytest.Item]]] = defaultdict(list)
    left_out = []
    for item in items:
        if item.get_closest_marker("slow"):
            left_out.append(item)
        elif marker := item.get_closest_marker("register"):
            parameter, count = (*marker.args, CASES)[:2]
            registers[item.nodeid.partition("[")[0], count].append((_name(item.callspec.params[parameter]), item))
    for (_, count), entries in registers.items():
        taken = cases({value for value, _ in entries}, config.option.seed, count)
        left_out += [item for value, item in entries if value not in taken]
    if left_out:
        config.hook.pytest_deselected(items=left_out)
        gone = set(left_out)
        items[:] = [item for item in items if item not in gone]


def _name(value: Any) -> str:
    return str(getattr(value, "id", value))


def cases(values: Iterable[str], seed: int, count: int = CASES) -> set[str]:
    """So many of the values: one of each way to work after another, in an order that follows from the seed."""
    chance = random.Random(seed)
    groups: dict[str, list[str]] = defaultdict(list)
    for value in sorted(values):
        groups[way(value)].append(value)
    in_order = [chance.sample(group, len(group)) for group in chance.sample(list(groups.values()), len(groups))]
    longest = max(map(len, in_order), default=0)
    turns = [group[turn] for turn in range(longest) for group in in_order if turn < len(group)]
    return set(turns[:count])


def way(name: str) -> str:
    """The way a case works: the plugin and the task of a tool; the first part of its name for anything else."""
    from impasto.plugins.registry import registry

    tool = registry().tools.get(name)
    return f"{type(tool).__module__.split('.')[0]} {tool.task}" if tool else name.split("-")[0]
