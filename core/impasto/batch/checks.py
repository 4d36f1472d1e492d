"""Checks of a batch before it starts, and the list of its jobs for a dry run."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from ..descriptions import MESH
from ..errors import FileError, ImpastoError, Message, ParameterError, series
from ..io.files import read_size
from ..io.meshes import read_mesh
from ..io.presets import packing_of
from ..plugins.registry import registry
from ..running.inputs import SOURCE
from ..system.untrusted import excerpt, files_in
from ..tools import SizeParameters, validate
from .job import BatchJob
from .names import fold
from .plan import Output, Plan
from .record import Record

MISTAKES_COUNTED, MISTAKES_SHOWN, ROWS_SHOWN = 1000, 20, 3
MISTAKE_CHARACTERS = 160
VALUES = re.compile(r"'[^']*'|\"[^\"]*\"|\S*[./\\](?=\S+)|\d+")
"""Pattern of the parts that differ between mistakes of one kind: quotations, file names without suffix, numbers."""


def check_plan(plan: Plan, owned: Callable[[str], bool] = lambda name: False) -> int:
    """Check all jobs and return their number. An ImpastoError lists the mistakes, with one line for similar ones.

    It has at most MISTAKES_SHOWN lines for the first MISTAKES_COUNTED mistakes. owned: whether existing files with a
    name come from this batch, so that it may replace them.
    """
    mistakes: dict[str, _Mistake] = {}
    jobs = _Jobs(plan.output, owned)
    count = 0
    for number, job in plan.numbered_jobs():
        count += 1
        try:
            if isinstance(job, ImpastoError):
                raise job
            jobs.check(job)
        except ImpastoError as error:
            mistakes.setdefault(_common_text(str(error)), _Mistake(error)).rows.append(number)
            if sum(len(mistake.rows) for mistake in mistakes.values()) > MISTAKES_COUNTED:
                break
    if mistakes:
        raise _listing(list(mistakes.values()))
    if not count:
        raise ParameterError("there are no jobs", "give sources, --seeds, or a table with rows")
    return count


@dataclass(frozen=True)
class _Mistake:
    """A mistake, and the rows with similar ones. A job that comes from no table has the row 0."""

    error: ImpastoError
    rows: list[int] = field(default_factory=list)

    def __str__(self) -> str:
        rows, more = ", ".join(map(str, self.rows[:ROWS_SHOWN])), len(self.rows) - ROWS_SHOWN
        if not self.rows[0]:
            text = str(self.error) if len(self.rows) == 1 else Message("{} times: {}", len(self.rows), self.error)
        elif more > 0:
            text = Message("rows {} and {} more: {}", rows, more, self.error)
        else:
            text = Message("rows {}: {}" if len(self.rows) > 1 else "row {}: {}", rows, self.error)
        return text if len(text) <= MISTAKE_CHARACTERS else f"{text[:MISTAKE_CHARACTERS]}…"


def _common_text(text: str) -> str:
    """The text without the parts that differ between mistakes of one kind."""
    return VALUES.sub("", text)


def _listing(mistakes: Sequence[_Mistake]) -> ImpastoError:
    """One error for all mistakes, with the class of the first one."""
    count = sum(len(mistake.rows) for mistake in mistakes)
    first = mistakes[0]
    if count == 1 and not first.rows[0]:
        return first.error
    counted = Message("{} mistake{}", count, "s" * (count > 1))
    if count > MISTAKES_COUNTED:
        counted = Message("more than {:,} mistakes", MISTAKES_COUNTED)
    lines = series("", [Message("\n  {}", mistake) for mistake in mistakes[:MISTAKES_SHOWN]])
    more = f"\n  and {len(mistakes) - MISTAKES_SHOWN} other kinds" if len(mistakes) > MISTAKES_SHOWN else ""
    message = Message("nothing was started, because of {}:{}", counted, Message("{}{}", lines, more))
    return type(first.error)(message, "correct them, and run it again")


class _Jobs:
    """Checks jobs against each other and against existing files."""

    def __init__(self, output: Output, owned: Callable[[str], bool]) -> None:
        self._output, self._owned = output, owned
        self._there = set() if output.replace else {path.name for path in files_in(output.folder)}
        self._readable: set[Path] = set()
        self._names: dict[str, str] = {}

    def check(self, job: BatchJob) -> None:
        """Raise an ImpastoError for a name that is taken, an input that cannot be read, or a missing model."""
        place = Message("row {}", job.row) if job.row else excerpt(job.inputs.get(SOURCE, Path(job.name)))
        if fold(job.name) in self._names:
            other = self._names[fold(job.name)]
            message = Message("the files of {} would be called {}, like those of {}", place, excerpt(job.name), other)
            raise ParameterError(message, "give it another name, or use --pattern '{name}_{index}'")
        self._names[fold(job.name)] = place
        if not self._owned(job.name):
            self._refuse_existing(job)
        for name, path in job.inputs.items():
            if path not in self._readable:
                _ = read_mesh(path) if name == MESH else read_size(path)
                self._readable.add(path)
        if job.special:
            job.special.check(job.action_values)
        job.models()

    def _refuse_existing(self, job: BatchJob) -> None:
        suffix = registry().exporter(job.format).suffix
        files = [job.name] if job.has_folder else packing_of(job.export).file_names(job.name, suffix)
        if found := next((file for file in files if file in self._there), ""):
            message = Message("{} is there already, and not from this batch", excerpt(self._output.folder / found))
            raise FileError(message, "choose another --out or --pattern, or add --force")


@dataclass(frozen=True)
class PlannedJob:
    """A job in the list of a dry run. size_px: (width, height), None if the recipe does not determine it."""

    name: str
    recipe: str
    size_px: tuple[int, int] | None
    done: bool


def dry_run_jobs(plan: Plan, record: Record) -> list[PlannedJob]:
    """The jobs of a batch, and whether each is done. This reads the inputs of all jobs that are recorded as done."""
    planned = []
    for job in plan:
        tools, size_px = "+".join(step.tool for step in job.recipe.steps), size_of(job)
        width_first = size_px and (size_px[1], size_px[0])
        planned.append(PlannedJob(job.name, tools, width_first, record.finished_result(job) is not None))
    return planned


def size_of(job: BatchJob) -> tuple[int, int] | None:
    """(height, width) of the result in pixels; None if the recipe does not determine it."""
    size_px = read_size(job.inputs[SOURCE]) if SOURCE in job.inputs else None
    for index, step in enumerate(job.recipe.steps):
        tool = registry().tool(step.tool)
        parameters = validate(tool, step.parameters)
        if isinstance(parameters, SizeParameters):
            if index and size_px is None and not (parameters.height_px and parameters.width_px):
                return None
            size_px = parameters.size_from(size_px)
        elif tool.kind != "estimator" and not tool.is_pointwise:
            size_px = None
    return size_px
