"""The report that is written next to a model at the end of its training.

A model is worth more than its report. So any failure here becomes a note, and the model stays.
"""

from __future__ import annotations

import logging
from dataclasses import replace
from pathlib import Path

from ..data.dataset import Dataset
from ..errors import Cancelled, ImpastoError, Message
from ..host import NOBODY, Host
from ..library.models import REPORT_SUFFIX, Model, read_model
from ..plugins.registry import registry
from ..system.untrusted import is_there
from ..tools import Result

log = logging.getLogger(__name__)

MESSAGE = "Writing the report"


def unreported_model(path: Path, training: str) -> Model | None:
    """The model of a training (by its hash) that should have a report and has none; None if there is no such model."""
    try:
        model = read_model(path) if is_there(path) else None
    except ImpastoError:
        return None
    is_same = model is not None and model.card.get("training") == training
    return model if model and is_same and _has_reports(model) and not model.description()["report"] else None


def _has_reports(model: Model) -> bool:
    """Whether models of this kind have reports, which compare the results of generators with their data."""
    return registry().tool(str(model.card["tool"])).kind == "generator"


def add_report(result: Result, data: Dataset, device: str = "auto", host: Host = NOBODY) -> Result:
    """The result of a training, with a report for each model and its verdict as a note.

    If a report fails or is cancelled, a note says so instead. Models of stylizers have no reports.
    """
    reports: list[Path] = []
    notes: list[str] = []

    def progress(fraction: float, _message: str) -> None:
        if host.is_cancelled():
            raise Cancelled
        host.on_progress(fraction, MESSAGE)

    for path in result.models:
        file, again = path.with_suffix(REPORT_SUFFIX), Message("`impasto models report {} DATA` writes one", path.stem)
        try:
            model = read_model(path)
            if not _has_reports(model):
                continue
            said = registry().write_report(model, data, file, device, progress)
        except Cancelled:
            notes.append(Message("the model is saved, its report was cancelled; {}", again))
        except ImpastoError as error:
            notes.append(Message("the model is saved, it has no report: {}; {}", error.message, error.remedy))
        except Exception as error:  # a training of hours must not be lost by a mistake in its report
            log.exception("no report of %s", path.name)
            note = "the model is saved, its report failed: {}: {}; {}"
            notes.append(Message(note, type(error).__name__, error, again))
        else:
            reports.append(file)
            notes.append(said)
    return replace(result, reports=tuple(reports), notes=(*result.notes, *notes))
