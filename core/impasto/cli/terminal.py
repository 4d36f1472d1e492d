"""What the command says: a progress bar on a terminal, silence in a pipe, JSON for scripts, errors on stderr."""

from __future__ import annotations

import contextlib
import json
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import ImpastoError, ParameterError
from ..library.models import Model
from ..system.outside import printable
from ..system.streams import screen
from ..tools import Result
from . import tables
from .printed import (
    Again,
    Answer,
    Completion,
    DamagedModel,
    Evaluation,
    FailedSource,
    Failure,
    Findings,
    Installed,
    ModelEntry,
    Models,
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
    from ..data.dataset import Dataset
    from ..evaluation.behaviour import Finding
    from ..io.rerun import Rerun

REJECTED_SHOWN = 20
PROGRESS_INTERVAL_S = 0.25


class Terminal:
    """Prints results to stdout, everything else to stderr: `quiet` leaves out all of that but errors.

    json: results and errors are those of `printed`, a line each. warnings: what was warned of so far.
    """

    def __init__(self, json: bool = False, quiet: bool = False) -> None:
        self.json, self.quiet = json, quiet
        self.warnings: list[str] = []

    @contextlib.contextmanager
    def progress(self, in_json: bool = False) -> Iterator[Callable[[float, str], None]]:
        """A progress bar on stderr while a recipe runs; nothing where stderr is no terminal.

        in_json: with --json, lines of JSON on stdout instead, a few a second, for a host that waits for the command.
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
        from tqdm import tqdm

        layout = "{desc:<32} {percentage:3.0f}% |{bar}| {elapsed}"
        with screen() as stream, tqdm(total=100, bar_format=layout, leave=False, file=stream) as bar:

            def show(fraction: float, message: str) -> None:
                bar.set_description_str(printable(message)[:32], refresh=False)
                bar.update(round(fraction * 100, 2) - bar.n)

            yield show

    def _progress_lines(self) -> Callable[[float, str], None]:
        last_s = -PROGRESS_INTERVAL_S

        def show(fraction: float, message: str) -> None:
            nonlocal last_s
            if time.monotonic() - last_s >= PROGRESS_INTERVAL_S or fraction == 1:
                last_s = time.monotonic()
                self._answer(Progress(progress=round(fraction, 4), message=message))

        return show

    def agrees(self, question: str) -> bool:
        """Whether who sits there says yes. ParameterError where nobody does."""
        if sys.stdin is None or not sys.stdin.isatty():
            raise ParameterError("nothing is downloaded without being asked for", "add --yes to agree to the download")
        print(f"{question} [y/N] ", end="", file=sys.stderr, flush=True)
        return sys.stdin.readline().strip().lower() in ("y", "yes")

    def note(self, text: str) -> None:
        """Something beside the result, on stderr; nothing where that is JSON."""
        if not (self.json or self.quiet):
            print(text, file=sys.stderr)

    def warn(self, text: str) -> None:
        """Something that was given in vain or left out; the answer lists it, too."""
        self.warnings.append(text)
        self.note(f"warning: {text}")

    def written(
        self, paths: Sequence[Path], results: Sequence[Result], failed: Sequence[tuple[Path, ImpastoError]] = ()
    ) -> None:
        """The files that were written, and the sources that nothing was made of."""
        for path, error in failed:
            self._fail(f"{path}: {error.message}", error.remedy)
        about = self._about(paths, results)
        sources = [FailedSource(source=str(path), **_failure(error)) for path, error in failed]
        self._say(Written(**about, failed=sources), about["files"])
        self._note_all(results)

    def made_again(self, again: Rerun) -> None:
        """The files that were written, and what differs from the first time."""
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

    def data(self, paths: Sequence[Path], dataset: Dataset) -> None:
        """What is used of training data, what is left out, and the files that show it."""
        files = [str(path) for path in paths]
        self._say(Prepared(files=files, manifest=dataset.manifest()), files)
        self.learned_from(dataset)

    def learned_from(self, dataset: Dataset) -> None:
        """On stderr: how many pictures are used, of which classes and licences, and why the others are not."""
        licences = ", ".join(sorted({sample.licence for sample in dataset.samples}))
        labels = f"; classes: {', '.join(dataset.labels)}" if dataset.labels else ""
        self.note(f"pictures used: {len(dataset.samples)}; licence: {licences}{labels}")
        for item in dataset.rejected[:REJECTED_SHOWN]:
            self.note(f"left out: {item.name}: {item.reason}")
        if len(dataset.rejected) > REJECTED_SHOWN:
            self.note(f"left out: {len(dataset.rejected) - REJECTED_SHOWN} more, see the manifest")

    def tools(self, described: Sequence[Mapping[str, Any]], in_detail: bool) -> None:
        """The tools, one a line, or all that is known of one."""
        lines = (line for tool in described for line in tables.tool(tool, in_detail))
        self._say(Tools.model_validate({"tools": described}), lines)

    def models(self, folder: Path, models: Sequence[Model], damaged: Mapping[Path, ImpastoError]) -> None:
        """The models, one a line, and the files that are none."""
        broken = [DamagedModel(file=str(path), error=error.message) for path, error in damaged.items()]
        answer = Models(folder=str(folder), models=[_entry(model) for model in models], damaged=broken)
        self._say(answer, tables.models(models) if models else [f"no models yet in {folder}"])
        for error in damaged.values():
            self.note(f"damaged: {error.message}\n  {error.remedy}")
        for note in [note for model in models for note in model.notes]:
            self.note(f"warning: {note}")

    def model(self, model: Model) -> None:
        """One model's card."""
        self._say(_entry(model), tables.model(model))
        for note in model.notes:
            self.note(f"warning: {note}")

    def weights_list(self, folder: Path, listed: Sequence[Mapping[str, Any]]) -> None:
        """The weights that there are, one a line."""
        self._say(WeightsList.model_validate({"folder": str(folder), "weights": listed}), tables.all_weights(listed))
        for one in listed:
            if one["error"]:
                self.note(f"damaged: {one['error']}")

    def weights(self, about: Mapping[str, Any]) -> None:
        """All that is known of some weights."""
        self._say(WeightsDetails.model_validate(about), tables.weights(about))

    def evaluation(
        self, about: Mapping[str, Any], rows: Sequence[Sequence[Sequence[str]]], written: Sequence[Path]
    ) -> None:
        """A table for each case: figures, their goals, and which are missed."""
        files = [str(path) for path in written]
        answer = Evaluation.model_validate({**about, "files": files})
        self._say(answer, [*tables.evaluation(about, rows), *files])

    def installed(self, path: Path) -> None:
        """A file that came into a library."""
        self._say(Installed(installed=str(path)), [f"installed {path}"])

    def removed(self, path: Path) -> None:
        """A file that went out of a library."""
        self._say(Removed(removed=str(path)), [f"removed {path}"])

    def completion(self, shell: str, script: str) -> None:
        """A script for a shell."""
        self._say(Completion(shell=shell, script=script), [script])

    def checked(self, findings: Sequence[Finding]) -> None:
        """Print the findings of the checks of a plugin's tools."""
        answer = PluginChecks.model_validate({"checks": [asdict(finding) for finding in findings]})
        self._say(answer, tables.checks(findings))

    def findings(self, found: Mapping[str, Any]) -> None:
        """What `impasto doctor` found."""
        self._say(Findings.model_validate(found), tables.findings(found))

    def fail(self, kind: str, message: str, remedy: str) -> None:
        """An error, on stderr; as JSON on stdout too where that was asked for."""
        if self.json:
            self._answer(Failure(error=kind, message=message, remedy=remedy))
        self._fail(message, remedy)

    def _fail(self, message: str, remedy: str) -> None:
        print(f"impasto: {message}" + (f"\n  {remedy}" if remedy else ""), file=sys.stderr)

    def _say(self, answer: Answer, lines: Iterable[str]) -> None:
        """A result: the answer where JSON was asked for, else its lines."""
        if self.json:
            self._answer(answer)
            return
        for line in lines:
            print(line)

    def _answer(self, answer: Answer) -> None:
        # in ASCII: right in any encoding, and nothing a terminal acts on
        print(json.dumps(answer.model_dump(mode="json", exclude_unset=True)), flush=True)


def _failure(error: ImpastoError) -> dict[str, str]:
    return {"error": type(error).__name__, "message": error.message, "remedy": error.remedy}


def _notes(results: Sequence[Result]) -> list[str]:
    return list(dict.fromkeys(note for result in results for note in result.notes))


def _entry(model: Model) -> ModelEntry:
    about = {"name": model.name, "bytes": model.size_bytes, "shipped": model.shipped, "card": model.card}
    return ModelEntry.model_validate(about | {"notes": list(model.notes)})
