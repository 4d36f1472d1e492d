"""Output of the command: a progress bar on a terminal, none in a pipe, JSON for scripts, errors on stderr."""

from __future__ import annotations

import contextlib
import json
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..about import VERSION
from ..data.class_warnings import class_warnings
from ..errors import ImpastoError, ParameterError, error_fields
from ..library.models import Model
from ..system.streams import screen
from ..system.untrusted import printable, shorten
from ..tools import Result
from . import tables
from .json_answers import (
    Again,
    Answer,
    Batched,
    CheckedSets,
    Completion,
    DamagedModel,
    Evaluation,
    FailedJob,
    FailedSource,
    Failure,
    Findings,
    Gallery,
    GalleryResult,
    Installed,
    MapEvaluation,
    ModelEntry,
    Models,
    PictureEvaluation,
    Planned,
    PluginChecks,
    Prepared,
    Progress,
    Removed,
    Tools,
    WeightsDetails,
    WeightsList,
    Written,
)

if TYPE_CHECKING:
    from rich.progress import Progress as ProgressBar

    from ..batch.progress import BatchProgress
    from ..data.dataset import Dataset
    from ..evaluation.behaviour import BehaviourFinding
    from ..evaluation.gallery import Entry
    from ..evaluation.maps import MapFigures
    from ..evaluation.pictures import PictureJudgement
    from ..running.rerun import Rerun

REJECTED_SHOWN = 20
PROGRESS_INTERVAL_S = 0.25


class Terminal:
    """Prints results to stdout and everything else to stderr, of which `quiet` keeps only errors.

    json: print results and errors as the objects in `json_answers`, one per line. warnings: all warnings so far.
    """

    def __init__(self, json: bool = False, quiet: bool = False) -> None:
        self.json, self.quiet = json, quiet
        self.warnings: list[str] = []
        self._bar: ProgressBar | None = None

    @contextlib.contextmanager
    def progress(self, in_json: bool = False) -> Iterator[Callable[[float, str], None]]:
        """Show a progress bar on stderr while a recipe runs, if stderr is a terminal.

        in_json: with --json, print lines of JSON on stdout instead, a few per second, for a host that waits.
        """
        if self.quiet and not (in_json and self.json):
            yield lambda fraction, message: None
            return
        if in_json and self.json:
            yield self._progress_lines()
            return
        if not sys.stderr.isatty():
            yield lambda fraction, message: None
            return
        from rich.console import Console
        from rich.progress import BarColumn, TaskProgressColumn, TextColumn, TimeElapsedColumn
        from rich.progress import Progress as ProgressBar

        message = TextColumn("{task.description:<32}", markup=False)
        columns = (message, TaskProgressColumn(), BarColumn(None), TimeElapsedColumn())
        with (
            screen() as stream,
            ProgressBar(
                *columns,
                console=Console(file=stream),
                transient=True,
                redirect_stdout=False,  # or escapes in untrusted text would become colours
                redirect_stderr=False,
            ) as bar,
        ):
            self._bar, task = bar, bar.add_task("", total=1.0)
            try:
                yield lambda done, text: bar.update(task, completed=done, description=printable(text)[:32])
            finally:
                self._bar = None

    def _progress_lines(self) -> Callable[[float, str], None]:
        last_s, last = -PROGRESS_INTERVAL_S, None

        def show(fraction: float, message: str) -> None:
            nonlocal last_s, last
            now = Progress(progress=round(fraction, 4), message=message)
            if now != last and (time.monotonic() - last_s >= PROGRESS_INTERVAL_S or fraction == 1):
                last_s, last = time.monotonic(), now
                self._answer(now)

        return show

    def agrees(self, question: str) -> bool:
        """Ask the user, and return whether the answer is yes. ParameterError if stdin is no terminal."""
        if sys.stdin is None or not sys.stdin.isatty():
            raise ParameterError("nothing is downloaded without being asked for", "add --yes to agree to the download")
        print(f"{question} [y/N] ", end="", file=sys.stderr, flush=True)
        return sys.stdin.readline().strip().lower() in ("y", "yes")

    def note(self, text: str) -> None:
        """Print a note on stderr, unless results are JSON."""
        if not (self.json or self.quiet):
            print(text, file=sys.stderr)

    def warn(self, text: str) -> None:
        """Print a warning about an option without effect or an input left out, and add it to the answer."""
        self.warnings.append(text)
        self.note(f"warning: {text}")

    def report_files(
        self, paths: Sequence[Path], results: Sequence[Result], failed: Sequence[tuple[Path, ImpastoError]] = ()
    ) -> None:
        """Print the written files, and the sources that failed."""
        for path, error in failed:
            self._fail(f"{path}: {error.message}", error.remedy)
        about = self._about(paths, results)
        sources = [FailedSource(source=str(path), **error_fields(error)) for path, error in failed]
        self._say(Written(**about, failed=sources), about["files"])
        self._note_all(results)

    def report_plan(self, answer: Planned) -> None:
        """Print the jobs of a batch, and how large the results of those to be made are."""
        self._say(answer, tables.plan_table(answer))

    def report_batch(self, progress: BatchProgress, files: Sequence[Path]) -> None:
        """Print how many jobs of a batch were made and how many failed, and why the first of these did."""
        for failure in progress.failures:
            place = f" (row {failure.row})" if failure.row else ""
            self._fail(f"{failure.name}{place}: {failure.message}", failure.remedy)
        if progress.failed > len(progress.failures):
            self._fail(f"{progress.failed - len(progress.failures)} more jobs failed", "see failures.jsonl")
        failures = [
            FailedJob(**{key: getattr(one, key) for key in FailedJob.model_fields}) for one in progress.failures
        ]
        answer = Batched(
            made=progress.made,
            done_before=progress.before,
            failed=progress.failed,
            failures=failures,
            seconds=round(progress.seconds, 2),
            files=[str(path) for path in files],
            warnings=self.warnings,
        )
        self._say(answer, [progress.summary, *answer.files])

    def report_rerun(self, again: Rerun) -> None:
        """Print the written files, and the differences from the first time."""
        about = self._about(again.paths, [again.result])
        self._say(Again(**about, identical=again.identical, differences=again.differences), about["files"])
        self._note_all([again.result])
        for difference in again.differences:
            self.note(f"differs: {difference}")
        self.note("the same bytes as before" if again.identical else "not the same bytes as before")

    def _note_all(self, results: Sequence[Result]) -> None:
        for note in _notes(results):
            self.note(f"note: {note}")

    def _about(self, paths: Sequence[Path], results: Sequence[Result]) -> dict[str, Any]:
        figures = {name: value for result in results for name, value in result.figures.items()}
        files = [str(path) for path in paths]
        return {"files": files, "figures": figures, "notes": _notes(results), "warnings": self.warnings}

    def report_data(self, paths: Sequence[Path], dataset: Dataset) -> None:
        """Print the files that `prepare` wrote, and a summary of the dataset."""
        files = [str(path) for path in paths]
        self._say(Prepared(files=files, manifest=dataset.manifest()), files)
        self.note_dataset(dataset)

    def note_dataset(self, dataset: Dataset) -> None:
        """Print on stderr the number of pictures used, their classes and licences, and why others are left out."""
        licences = ", ".join(sorted({sample.licence for sample in dataset.samples}))
        labels = f"; classes: {', '.join(dataset.labels)}" if dataset.labels else ""
        self.note(f"pictures used: {len(dataset.samples)}; licence: {licences}{labels}")
        for item in dataset.rejected[:REJECTED_SHOWN]:
            self.note(f"left out: {item.name}: {item.reason}")
        if len(dataset.rejected) > REJECTED_SHOWN:
            self.note(f"left out: {len(dataset.rejected) - REJECTED_SHOWN} more, see the manifest")
        for sentence in class_warnings(dataset):
            self.warn(sentence)

    def report_tools(self, described: Iterable[Mapping[str, Any]]) -> None:
        """Print the tools, one per line, below the headings of their groups."""
        listed = list(described)
        self._say(Tools.model_validate({"tools": listed}), tables.tools(listed))

    def report_tool(self, described: Mapping[str, Any]) -> None:
        """Print everything about one tool."""
        self._say(Tools.model_validate({"tools": [described]}), tables.tool(described))

    def report_models(self, folder: Path, models: Sequence[Model], damaged: Mapping[Path, ImpastoError]) -> None:
        """Print a table of the models, and the damaged files."""
        broken = [DamagedModel(file=str(path), error=error.message) for path, error in damaged.items()]
        answer = Models(folder=str(folder), models=[_entry(model) for model in models], damaged=broken)
        self._say(answer, tables.models(models) if models else [f"no models yet in {folder}"])
        for error in damaged.values():
            self.note(f"damaged: {error.message}\n  {error.remedy}")
        for note in [note for model in models for note in model.notes]:
            self.note(f"warning: {note}")

    def report_model(self, model: Model) -> None:
        """Print a model's card."""
        self._say(_entry(model), tables.model(model))
        for note in model.notes:
            self.note(f"warning: {note}")

    def report_weights_list(self, folder: Path, listed: Sequence[Mapping[str, Any]]) -> None:
        """Print a table of the weights that tools can use."""
        self._say(WeightsList.model_validate({"folder": str(folder), "weights": listed}), tables.all_weights(listed))
        for one in listed:
            if one["error"]:
                self.note(f"damaged: {one['error']}")

    def report_weights(self, about: Mapping[str, Any]) -> None:
        """Print everything about some weights."""
        self._say(WeightsDetails.model_validate(about), tables.weights(about))

    def report_evaluation(
        self, about: Mapping[str, Any], recorded: Mapping[str, float], written: Sequence[Path]
    ) -> None:
        """Print a table for each case: figures of the model and of controls, goals, and remarks.

        recorded: the figures on the model's card, which tell what was a loss of its training.
        """
        files = [str(path) for path in written]
        answer = Evaluation.model_validate({**about, "files": files})
        self._say(answer, [*tables.evaluation(answer, recorded), *files])

    def report_map_evaluation(
        self,
        judged: Mapping[str, tuple[int, Mapping[str, MapFigures]]],
        without_estimate: Sequence[str],
        without_truth: Sequence[str],
    ) -> None:
        """Print a table of figures of sets and their controls, with the width they are compared at, and of means."""
        sets = [
            tables.set_figures(name, of, [figures], width_px)
            for name, (width_px, rows) in judged.items()
            for of, figures in rows.items()
        ]
        means = [
            tables.set_figures(name, of, found)
            for name, only_relief in (("mean", False), ("mean of relief", True))
            for of in dict.fromkeys(one.of for one in sets)
            if (
                found := [
                    rows[of] for _, rows in judged.values() if of in rows and (rows[of].has_relief or not only_relief)
                ]
            )
        ]
        answer = MapEvaluation(
            impasto=VERSION,
            sets=sets,
            means=means,
            without_estimate=list(without_estimate),
            without_truth=list(without_truth),
        )
        self._say(answer, tables.map_evaluation(answer))

    def report_picture_evaluation(self, result: str, source: str, judgement: PictureJudgement) -> None:
        """Print a table of a result's figures beside those of controls, with goals and remarks."""
        height, width = judgement.size_px
        answer = PictureEvaluation(
            impasto=VERSION,
            result=result,
            source=source,
            size_px=[width, height],
            window_px=judgement.window_px,
            figures={row: dict(figures) for row, figures in judgement.figures.items()},
            details={row: dict(details) for row, details in judgement.details.items()},
            goals={name: list(goal) for name, goal in judgement.goals().items()},
            missed=judgement.missed_goals(),
        )
        self._say(answer, tables.picture_evaluation(answer))

    def report_gallery(self, page: Path, entries: Sequence[Entry]) -> None:
        """Print a table of the results of a gallery, and those that failed."""
        for entry in entries:
            if entry.error:
                self._fail(f"{entry.source}, {shorten(entry.method)}: {entry.error}", entry.remedy)
        results = [
            GalleryResult(**{name: getattr(one, name) for name in GalleryResult.model_fields}) for one in entries
        ]
        answer = Gallery(page=str(page), results=results)
        self._say(answer, [*tables.gallery(answer), str(page)])

    def report_installation(self, path: Path) -> None:
        """Print the path of a file added to a library."""
        self._say(Installed(installed=str(path)), [f"installed {path}"])

    def report_removal(self, path: Path) -> None:
        """Print the path of a file removed from a library."""
        self._say(Removed(removed=str(path)), [f"removed {path}"])

    def report_completion(self, shell: str, script: str) -> None:
        """Print the completion script for a shell."""
        self._say(Completion(shell=shell, script=script), [script])

    def report_plugin_checks(self, findings: Sequence[BehaviourFinding]) -> None:
        """Print the findings of the checks of a plugin's tools."""
        answer = PluginChecks.model_validate({"checks": [asdict(finding) for finding in findings]})
        self._say(answer, tables.checks(findings))

    def report_check(self, answer: CheckedSets, lines: Sequence[str]) -> None:
        """Print the findings of `impasto check`."""
        self._say(answer, lines)

    def report_findings(self, found: Mapping[str, Any]) -> None:
        """Print the findings of `impasto doctor`."""
        self._say(Findings.model_validate(found), tables.findings(found))

    def fail(self, kind: str, message: str, remedy: str) -> None:
        """Print an error on stderr, and with --json also on stdout."""
        if self.json:
            self._answer(Failure(error=kind, message=message, remedy=remedy))
        self._fail(message, remedy)

    def _fail(self, message: str, remedy: str) -> None:
        if self._bar:
            self._bar.stop()
        print(f"impasto: {message}" + (f"\n  {remedy}" if remedy else ""), file=sys.stderr)

    def _say(self, answer: Answer, lines: Iterable[str]) -> None:
        """Print a result: the answer as JSON if requested, else its lines."""
        if self.json:
            self._answer(answer)
            return
        for line in lines:
            print(line)

    def _answer(self, answer: Answer) -> None:
        # in ASCII, which is valid in any encoding and free of control characters
        print(json.dumps(answer.model_dump(mode="json", exclude_unset=True)), flush=True)


def _notes(results: Sequence[Result]) -> list[str]:
    return list(dict.fromkeys(note for result in results for note in result.notes))


def _entry(model: Model) -> ModelEntry:
    about = {"name": model.name, "bytes": model.size_bytes, "shipped": model.shipped, "card": model.card}
    return ModelEntry.model_validate(about | {"notes": list(model.notes)})
