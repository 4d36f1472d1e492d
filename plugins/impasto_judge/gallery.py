"""Gallery: the results of several tools for many photographs, with figures and seconds, as pictures and a page.

All entries are stored in `gallery.json`, which is written after each result. So an interrupted gallery, or one with new
photographs or tools, resumes where it stopped.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from html import escape
from itertools import groupby
from pathlib import Path
from typing import Any
from urllib.parse import quote

from impasto.about import VERSION
from impasto.errors import FileError, ImpastoError, ParameterError, ProtocolError
from impasto.io.files import read_maps
from impasto.options import RunOptions
from impasto.plugins.registry import registry
from impasto.recipe import Recipe, Step
from impasto.running.inputs import SOURCE
from impasto.running.runner import run
from impasto.system.names import usable_name
from impasto.system.transaction import replace_files
from impasto.system.typed_json import as_kind
from impasto.system.untrusted import is_there, read_json
from impasto.texture import Maps
from impasto.tools import SizeParameters

from . import web_page
from .goals import DECLARED
from .pictures import BriefJudge
from .sheets import tile_sheet

FILE, PAGE = "gallery.json", "index.html"
NAME = "{name}"
"""Placeholder for the source's name in a parameter, for example in the name of a model for each photograph."""
STYLE = "img { display: block; max-width: 100%; height: auto }"


@dataclass(frozen=True)
class GalleryMethod:
    """A tool with parameters; label: its name in the gallery."""

    label: str
    tool: str
    parameters: Mapping[str, Any] = field(default_factory=dict)

    def recipe(self, name: str, size_px: tuple[int, int], seed: int) -> Recipe:
        """The recipe for the source called `name`, of (height, width) pixels where the tool has a size."""
        parameters = {
            key: value.replace(NAME, name) if isinstance(value, str) else value
            for key, value in self.parameters.items()
        }
        if issubclass(registry().tool(self.tool).parameters, SizeParameters):
            parameters = {"height_px": size_px[0], "width_px": size_px[1], **parameters}
        return Recipe((Step(self.tool, parameters),), seed)


@dataclass(frozen=True)
class GalleryEntry:
    """The result of one method for one source.

    sha256: of the source. seconds, cpu_seconds: time of the tool alone. sheet: file in the gallery's folder. notes:
    reasons why figures are missing. error: reason why there is no result.
    """

    source: str
    method: str
    recipe: dict[str, Any]
    sha256: str
    impasto: str = VERSION
    seconds: float = 0.0
    cpu_seconds: float = 0.0
    figures: Mapping[str, float] = field(default_factory=dict)
    missed: Sequence[str] = ()
    notes: Sequence[str] = ()
    sheet: str = ""
    error: str = ""
    remedy: str = ""

    @property
    def key(self) -> tuple[str, str]:
        return self.source, self.method

    def is_of(self, other: GalleryEntry) -> bool:
        """Whether both are results of the same recipe for the same source."""
        return (self.recipe, self.sha256, self.impasto) == (other.recipe, other.sha256, other.impasto)


@dataclass(frozen=True)
class GalleryRecord:
    """The content of gallery.json."""

    entries: list[GalleryEntry]


def make_gallery(
    sources: Mapping[str, Path],
    methods: Sequence[GalleryMethod],
    folder: Path,
    *,
    size_px: tuple[int, int],
    seed: int = 0,
    figures: bool = True,
    device: str = "auto",
    on_progress: Callable[[float, str], None] = lambda fraction, message: None,
) -> list[GalleryEntry]:
    """Make the missing results of the gallery in `folder`, and return its entries.

    sources: by name. If a source or a method fails, its entry has an error, and is tried again next time.
    """
    for method in methods:
        registry().tool(method.tool)
    known = _read(folder)
    entries: dict[tuple[str, str], GalleryEntry] = {}
    for index, (name, path) in enumerate(sources.items()):

        def report(done: float, text: str, index: int = index, name: str = name) -> None:
            on_progress((index + done) / len(sources), f"{name}: {text}")

        wanted = [GalleryEntry(name, each.label, each.recipe(name, size_px, seed).to_dict(), "") for each in methods]
        for entry in _entries(path, wanted, known, folder, figures, device, report):
            entries[entry.key] = entry
            _write(folder, [*entries.values(), *(old for key, old in known.items() if key not in entries)])
    return list(entries.values())


def _entries(
    path: Path,
    wanted: Sequence[GalleryEntry],
    known: Mapping[tuple[str, str], GalleryEntry],
    folder: Path,
    figures: bool,
    device: str,
    report: Callable[[float, str], None],
) -> Iterator[GalleryEntry]:
    """The entries of one source: known ones, or else new results."""
    try:
        source = read_maps(path)
        if "base_color" not in source:
            raise ParameterError("{} has no base colour", "give a picture, or a folder of maps that has one", path)
    except ImpastoError as error:
        yield from (replace(entry, error=error.message, remedy=error.remedy) for entry in wanted)
        return
    judge, sha256 = BriefJudge(source), source.sha256()
    for index, entry in enumerate(wanted):
        report(index / len(wanted), entry.method)
        entry = replace(entry, sha256=sha256)
        old = known.get(entry.key)
        if old and _is_done(old, entry, folder, figures):
            yield old
            continue
        try:
            yield _make(entry, source, judge if figures else None, folder, device)
        except ImpastoError as error:
            yield replace(entry, error=error.message, remedy=error.remedy)


def _is_done(old: GalleryEntry, wanted: GalleryEntry, folder: Path, figures: bool) -> bool:
    judged = bool(old.figures or old.notes)
    return old.is_of(wanted) and not old.error and is_there(folder / old.sheet) and (judged or not figures)


def _make(entry: GalleryEntry, source: Maps, judge: BriefJudge | None, folder: Path, device: str) -> GalleryEntry:
    """Make the result, write its sheet, and return the finished entry."""
    started, cpu_started = time.monotonic(), time.process_time()
    result = run(Recipe.from_dict(entry.recipe), {SOURCE: source}, RunOptions(device=device)).maps
    seconds, cpu_seconds = time.monotonic() - started, time.process_time() - cpu_started
    sheet = f"{usable_name(f'{entry.source} {entry.method}')}.png"
    replace_files({folder / sheet: tile_sheet(result, source, entry.method, device=device)})
    entry = replace(entry, seconds=round(seconds, 2), cpu_seconds=round(cpu_seconds, 2), sheet=sheet)
    if judge is None:
        return entry
    try:
        figures, missed = judge.judge(result)
    except ParameterError as error:
        return replace(entry, notes=[f"no figures: {error.message}"])
    return replace(entry, figures={name: round(value, 4) for name, value in figures.items()}, missed=missed)


def _read(folder: Path) -> dict[tuple[str, str], GalleryEntry]:
    """The entries of the gallery in a folder. Raise FileError if its file is damaged."""
    path = folder / FILE
    if not is_there(path):
        return {}
    data = read_json(path)
    try:
        entries = as_kind(GalleryRecord, data, FILE).entries
    except ProtocolError as error:
        raise FileError("{} is no gallery: {}", "choose another --out, or remove it", path, error.message) from error
    return {entry.key: entry for entry in entries}


def _write(folder: Path, entries: Sequence[GalleryEntry]) -> None:
    about = {"impasto": VERSION, "entries": [asdict(entry) for entry in entries]}
    replace_files({folder / FILE: json.dumps(about, indent=1).encode(), folder / PAGE: _page(entries).encode()})


def _page(entries: Sequence[GalleryEntry]) -> str:
    """The HTML page, with a section for each source. It refers to the pictures in its folder, and to nothing else."""
    ordered = sorted(entries, key=lambda entry: entry.source)
    sections = [
        f"<section><h2>{escape(source)}</h2>{''.join(map(_result, group))}</section>"
        for source, group in groupby(ordered, lambda entry: entry.source)
    ]
    return web_page.page("Gallery", f"{_legend()}{''.join(sections)}", STYLE)


def _legend() -> str:
    legend = [(escape(name), escape(text)) for name, text in DECLARED["gallery"].items()]
    return f"<h1>Gallery</h1>{web_page.table(legend)}"


def _result(entry: GalleryEntry) -> str:
    label = f"<b>{escape(entry.method)}</b>"
    if entry.error:
        return f"<p>{label} <span class=error>{escape(entry.error)}; {escape(entry.remedy)}</span></p>"
    about = [f"{entry.seconds:.1f} s ({entry.cpu_seconds:.1f} s of processor time)", *_figures(entry)]
    about += map(escape, entry.notes)
    picture = f'<img src="{quote(entry.sheet)}" alt="{escape(entry.method)}" loading="lazy">'
    return f"{picture}<p>{label} {' · '.join(about)}</p>"


def _figures(entry: GalleryEntry) -> list[str]:
    """The figures as HTML; those that miss their goals are marked."""
    found = entry.figures
    if not found:
        return []
    cells = {
        "statistics": (f"{found['statistics_of_crop']:.2f}", ["statistics_of_crop"]),
        "salience": (f"{found['salience_of_crop']:.2f}", ["salience_of_crop"]),
        "repeated": (f"{found['repeated_share']:.0%}", ["repeated_share"]),
        "contrast": (f"{found['contrast_low']:.2f} to {found['contrast_high']:.2f}", ["contrast_low", "contrast_high"]),
        "seam": (f"{found['seam']:.2f}", ["seam"]),
    }
    return [
        f"<span{' class=missed' if set(names) & set(entry.missed) else ''}>{name} {text}</span>"
        for name, (text, names) in cells.items()
    ]
