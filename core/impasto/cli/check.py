"""`impasto check`: the mistakes in PBR sets. `--fix` fixes those that can be fixed without loss."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import takewhile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import FileError, ImpastoError, ParameterError
from ..running.steps import part_of_progress
from ..system.names import usable_name
from .options import add_command
from .sources import add_colorspace, color_space_of
from .tables import table
from .terminal import Terminal, failed_sources

if TYPE_CHECKING:
    from ..inspection.finding import Finding, Verdict


@dataclass(frozen=True)
class CheckedSet:
    """Findings in a map set, the worst of their verdicts, the fixes that were made, and the files of the fixed set."""

    folder: Path
    verdict: Verdict
    findings: Sequence[Finding]
    mended: Sequence[str]
    files: Sequence[Path]


def add_check(commands: Any) -> None:
    """`impasto check FOLDER…`."""
    text = "check PBR sets: sizes, signs, ranges, seams, whether the maps agree; and fix them"
    parser = add_command(commands, "check", text, "textures/brick --fix --out mended", _check)
    parser.add_argument("folders", type=Path, nargs="+", metavar="FOLDER", help="a folder of maps, or of such folders")
    parser.add_argument("--all", action="store_true", help="also list what is right")
    text = "fix what can be fixed without loss: sizes, the sign and length of normals, a missing height or normal map"
    parser.add_argument("--fix", action="store_true", help=text)
    text = "folder for the fixed sets; several sets get a folder each; the input is never changed"
    parser.add_argument("--out", type=Path, metavar="DIR", help=text)
    add_colorspace(parser)


def _check(arguments: argparse.Namespace, terminal: Terminal) -> None:
    from ..inspection.inspect import inspect
    from ..inspection.mending import mend

    if arguments.fix != bool(arguments.out):
        raise ParameterError("--fix and --out belong together", "give both, or neither to check only")
    space = color_space_of(arguments)
    sets, failed = _sets(arguments.folders)
    checked: list[CheckedSet] = []
    with terminal.progress() as show:
        for index, ((path, tile), below) in enumerate(zip(sets, _folders(sets), strict=True)):
            try:
                report = inspect(path, tile, part_of_progress(show, index, len(sets)), space)
                can_fix = arguments.fix and any(finding.fix for finding in report.findings)
                fixes, files = mend(report, arguments.out / below) if can_fix else ([], [])
            except ImpastoError as error:
                if len(sets) == 1:
                    raise
                failed.append((path, error))
            else:
                checked.append(CheckedSet(report.found.path, report.verdict, report.findings, fixes, files))
    for path, why in failed:
        terminal.print_error(f"{path}: {why.message}", why.remedy)
    lines = [line for one in checked for line in _lines(one, arguments.all)]
    terminal.say({"sets": checked, "failed": failed_sources(failed)}, lines)
    if arguments.fix and not any(one.files for one in checked):
        terminal.note("nothing to mend was found that loses nothing: no files were written")
    errors = (
        finding.fix not in one.mended for one in checked for finding in one.findings if finding.verdict == "error"
    )
    if failed or any(errors):
        sys.exit(FileError.exit_code)


def _lines(one: CheckedSet, in_full: bool) -> Iterator[object]:
    """Table of the findings of a set, each with its remedy below. Findings without a problem only if `in_full`."""
    listed = [finding for finding in one.findings if in_full or finding.verdict != "ok"]
    right = sum(finding.verdict == "ok" for finding in one.findings)
    yield f"{one.folder}: {one.verdict}, {right} of {len(one.findings)} checks right"
    if listed:
        rows = [(item.verdict, item.map or "all", item.check, item.message) for item in listed]
        head, *lines = table(("verdict", "map", "check", "found"), rows, wraps=False)
        yield f"  {head}"
        for line, finding in zip(lines, listed, strict=True):
            yield f"  {line}"
            if finding.remedy:
                hint = f"to mend it: {finding.remedy}" + (" (--fix does that)" if finding.fix else "")
                yield f"    {'mended' if finding.fix in one.mended else hint}"
    yield from one.files


def _folders(sets: Sequence[tuple[Path, int]]) -> list[Path]:
    """Folder of each fixed set, relative to --out: its path without the part that all sets share; empty for one set."""
    from ..io.map_files import ALL_OF_ONE

    paths = [path.absolute().parts for path, _ in sets]
    if len(paths) == 1:
        return [Path()]
    shared = sum(
        1 for _ in takewhile(lambda same: len(set(same)) == 1, zip(*(parts[:-1] for parts in paths), strict=False))
    )
    ends = [f".{tile}" if tile else "" for _, tile in sets]
    below = [(*parts[shared:-1], parts[-1].removesuffix(ALL_OF_ONE)) for parts in paths]
    return [
        Path(*map(usable_name, folders), usable_name(f"{name}{end}"))
        for (*folders, name), end in zip(below, ends, strict=True)
    ]


def _sets(paths: Sequence[Path]) -> tuple[list[tuple[Path, int]], list[tuple[Path, ImpastoError]]]:
    """Path and tile of each set, and the folders that cannot be checked. An error of a single folder is raised."""
    from ..inspection.map_set import sets_to_check

    found: list[tuple[Path, int]] = []
    failed: list[tuple[Path, ImpastoError]] = []
    for path in paths:
        try:
            found += sets_to_check(path)
        except ImpastoError as error:
            if len(paths) == 1:
                raise
            failed.append((path, error))
    return found, failed
