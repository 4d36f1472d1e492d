"""Output of the command: a progress bar on a terminal, none in a pipe, JSON for scripts, errors on stderr."""

from __future__ import annotations

import contextlib
import json
import os
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import is_dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from ..data.dataset import class_warnings
from ..errors import ImpastoError, ParameterError, error_fields, with_ids
from ..system.streams import screen
from ..system.untrusted import printable
from ..tools import Result

if TYPE_CHECKING:
    from rich.progress import Progress as ProgressBar

    from ..batch.running import BatchProgress
    from ..data.dataset import Dataset
    from ..running.rerun import Rerun

REJECTED_SHOWN = 20
PROGRESS_INTERVAL_S = 0.25
FAILED_JOB = ("name", "row", "tries", "error", "message", "remedy")
"""Fields of a failure in the answer of a batch."""


IDS = "IMPASTO_IDS"
"""Environment variable by which Blender asks for messages in JSON with their ids, to translate them."""


class Terminal:
    """Prints results to stdout, and everything else to stderr. quiet: print nothing but errors to stderr.

    json: print results and errors as the objects in `answers.toml`, one per line. warnings: all warnings so far.
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
        if in_json and self.json:
            yield self._progress_lines()
            return
        if self.quiet or not sys.stderr.isatty():
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
            now = {"progress": round(fraction, 4), "message": message}
            if now != last and (time.monotonic() - last_s >= PROGRESS_INTERVAL_S or fraction == 1):
                last_s, last = time.monotonic(), now
                self._answer(now)

        return show

    def agrees(self, question: str) -> bool:
        """Ask the user a question; return whether the answer is yes. Raise ParameterError if stdin is no terminal."""
        if sys.stdin is None or not sys.stdin.isatty():
            raise ParameterError("nothing is downloaded without being asked for", "add --yes to agree to the download")
        print(f"{question} [y/N] ", end="", file=sys.stderr, flush=True)
        return sys.stdin.readline().strip().lower() in ("y", "yes")

    def note(self, text: str) -> None:
        """Print a note on stderr, unless results are JSON."""
        if not (self.json or self.quiet):
            if self._bar:
                self._bar.console.print(text, markup=False, highlight=False)
            else:
                print(text, file=sys.stderr)

    def warn(self, text: str) -> None:
        """Print a warning about an option without effect or an input left out, and add it to the answer."""
        self.warnings.append(text)
        self.note(f"warning: {text}")

    def report_files(
        self, paths: Sequence[Path], results: Mapping[str, Result], failed: Sequence[tuple[Path, ImpastoError]] = ()
    ) -> None:
        """Print the written files, the notes of results by their names, and the sources that failed."""
        for path, error in failed:
            self.print_error(f"{path}: {error.message}", error.remedy)
        about = self._about(paths, results)
        self.say({**about, "failed": failed_sources(failed)}, about["files"])
        self._note_all(results)

    def report_batch(self, progress: BatchProgress, files: Sequence[Path]) -> None:
        """Print how many jobs of a batch succeeded and failed, and the errors of the first failures."""
        notes = [_note_of(name, count, note) for note, (name, count) in progress.notes.items()]
        for note in notes:
            self.note(f"note: {note}")
        for failure in progress.failures:
            place = f" (row {failure.row})" if failure.row else ""
            self.print_error(f"{failure.name}{place}: {failure.message}", failure.remedy)
        if progress.failed > len(progress.failures):
            self.print_error(f"{progress.failed - len(progress.failures)} more jobs failed", "see failures.jsonl")
        failures = [{name: getattr(one, name) for name in FAILED_JOB} for one in progress.failures]
        counts = {"made": progress.made, "done_before": progress.before, "failed": progress.failed}
        rest = {"seconds": round(progress.seconds, 2), "files": files, "warnings": self.warnings}
        self.say({**counts, "failures": failures, "notes": notes, **rest}, [progress.summary, *files])

    def report_rerun(self, again: Rerun) -> None:
        """Print the written files, and the differences from the first run."""
        about = self._about(again.paths, {"": again.result})
        self.say({**about, "identical": again.identical, "differences": again.differences}, about["files"])
        self._note_all({"": again.result})
        for difference in again.differences:
            self.note(f"differs: {difference}")
        self.note("the same bytes as before" if again.identical else "not the same bytes as before")

    def _note_all(self, results: Mapping[str, Result]) -> None:
        for note in _notes(results):
            self.note(f"note: {note}")

    def _about(self, paths: Sequence[Path], results: Mapping[str, Result]) -> dict[str, Any]:
        figures = {
            f"{of}/{name}" if len(results) > 1 else name: float(value)
            for of, result in results.items()
            for name, value in result.figures.items()
        }
        return {"files": paths, "figures": figures, "notes": _notes(results), "warnings": self.warnings}

    def note_dataset(self, dataset: Dataset) -> None:
        """Print the number of pictures of a dataset, its classes and licences, and why others are rejected."""
        licences = ", ".join(sorted({sample.licence for sample in dataset.samples}))
        labels = f"; classes: {', '.join(dataset.labels)}" if dataset.labels else ""
        self.note(f"pictures used: {len(dataset.samples)}; licence: {licences}{labels}")
        for item in dataset.rejected[:REJECTED_SHOWN]:
            self.note(f"left out: {item.name}: {item.reason}")
        if len(dataset.rejected) > REJECTED_SHOWN:
            self.note(f"left out: {len(dataset.rejected) - REJECTED_SHOWN} more, see the manifest")
        for sentence in class_warnings(dataset):
            self.warn(sentence)

    def report_change(self, what: Literal["installed", "removed"], path: Path) -> None:
        """Print the path of a file that was added to a library or removed from it."""
        self.say({what: path}, [f"{what} {path}"])

    def fail(self, kind: str, message: str, remedy: str) -> None:
        """Print an error on stderr, and with --json also on stdout."""
        if self.json:
            self._answer({"error": kind, "message": message, "remedy": remedy})
        self.print_error(message, remedy)

    def print_error(self, message: str, remedy: str) -> None:
        """End the progress bar, and print an error on stderr."""
        if self._bar:
            self._bar.stop()
        print(f"impasto: {message}" + (f"\n  {remedy}" if remedy else ""), file=sys.stderr)

    def say(self, answer: Mapping[str, Any], lines: Iterable[object]) -> None:
        """Print a result: the answer as JSON if requested, else its lines.

        The answer may contain paths and dataclasses.
        """
        if self.json:
            self._answer(answer)
            return
        for line in lines:
            print(line)

    def _answer(self, answer: Mapping[str, Any]) -> None:
        form: Callable[[Any], Any] = with_ids if IDS in os.environ else dict

        def plain(value: Any) -> Any:
            if is_dataclass(value):
                return form(vars(value))
            return str(value) if isinstance(value, Path) else float(value)  # NumPy's numbers

        # in ASCII, which is valid in any encoding and free of control characters
        print(json.dumps(form(answer), default=plain), flush=True)


def _notes(results: Mapping[str, Result]) -> list[str]:
    """Notes of results, with the name of the first, and their number, where a note is not about all."""
    names: dict[str, list[str]] = {}
    for name, result in results.items():
        for note in dict.fromkeys(result.notes):
            names.setdefault(note, []).append(name)
    return [note if len(of) == len(results) else _note_of(of[0], len(of), note) for note, of in names.items()]


def _note_of(name: str, count: int, note: str) -> str:
    return f"{name}{f' and {count - 1} more' if count > 1 else ''}: {note}"


def failed_sources(failed: Sequence[tuple[Path, ImpastoError]]) -> list[dict[str, object]]:
    """Sources that failed, and why, as JSON."""
    return [{"source": path, **error_fields(error)} for path, error in failed]
