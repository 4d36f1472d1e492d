"""Results of the command as lines of text, for people."""

from __future__ import annotations

import io
import shutil
import sys
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ..batch.units import readable_bytes
from ..descriptions import GROUPS
from ..library.models import Model, was_a_loss
from ..schemas import conditions_of, limits_of, readable, readable_default
from ..system.untrusted import printable

if TYPE_CHECKING:
    from ..inspection.behaviour import BehaviourFinding

LISTED_FIGURES = ("fine_swd_of_floor", "wavelets_of_floor", "spectrum_db")
LOSS_MARK = "*"
UNLIMITED_WIDTH = 10**6


def table(head: Sequence[str], rows: Sequence[Sequence[str]], *, wraps: bool = True) -> Iterator[str]:
    """Lines of a left-aligned table. On a terminal, cells wrap at its width; otherwise each row is one line.

    wraps: False for one line per row on a terminal as well.
    """
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    columns = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False, show_header=False)
    for index in range(len(head)):
        columns.add_column(overflow="fold", no_wrap=index == 0)  # names stay whole
    for row in (head, *rows):
        columns.add_row(*(Text(printable(cell)) for cell in row))
    width = shutil.get_terminal_size().columns if wraps and sys.stdout.isatty() else UNLIMITED_WIDTH
    console = Console(file=io.StringIO(), width=width, color_system=None)
    with console.capture() as lines:
        console.print(columns)
    yield from (line.rstrip() for line in lines.get().splitlines())


def tools(described: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """A line about each tool, below headings of groups and subgroups. The tools are sorted by group."""
    width, group, subgroup = max((len(tool["name"]) for tool in described), default=0), "", ""
    for tool in described:
        if tool["group"] != group:
            yield f"{tool['group']}: {GROUPS[tool['group']]}"
        if (tool["group"], tool["subgroup"]) != (group, subgroup) and tool["subgroup"]:
            yield f"  {tool['subgroup']}"
        group, subgroup = tool["group"], tool["subgroup"]
        yield f"    {tool['name']:<{width}}  {tool['kind']:<9}  {tool['description']}"


def tool(described: Mapping[str, Any]) -> Iterator[str]:
    """Lines about a tool, its inputs and its parameters."""
    yield f"{described['name']}: {described['description']}"
    yield f"  {described['kind']}, listed under {' / '.join(filter(None, (described['group'], described['subgroup'])))}"
    for item in described["inputs"]:
        yield f"  input {item['name']}: {item['description']}"
    for name, schema in described["parameters"].get("properties", {}).items():
        about = ", ".join(filter(None, (_range(schema), conditions_of(schema))))
        yield f"  {name} = {readable_default(schema)}" + (f" ({about})" if about else "")
        yield f"      {schema['description']}"
    for named in described["settings"]:
        values = ", ".join(f"{name} {readable(value)}" for name, value in named["values"].items())
        yield f"  settings {named['name']}: {named['about']} {values}"


def _range(schema: Mapping[str, Any]) -> str:
    return f"one of {', '.join(map(str, schema['enum']))}" if "enum" in schema else limits_of(schema)


def plan_table(answer: Mapping[str, Any]) -> Iterator[str]:
    """Table of the jobs of a batch, and a line about the remaining ones."""
    rows = [
        (job.name, job.recipe, "x".join(map(str, job.size_px or "-")), "done" if job.done else "to make")
        for job in answer["jobs"]
    ]
    yield from table(("name", "recipe", "size", "state"), rows)
    size = f"{answer['pixels'] / 1e6:,.1f} megapixels, up to {readable_bytes(answer['bytes'])} before compression"
    unknown = f"; the size of {answer['unknown']} is not known" if answer["unknown"] else ""
    yield f"{answer['to_make']} to make, {len(rows) - answer['to_make']} done already; {size}{unknown}"


def models(listed: Sequence[Model]) -> Iterator[str]:
    """Table of models, with their scores relative to those of real pictures."""
    head = ("name", "material", "tool", "MiB", "licence", "SWD/floor", "wavelets/floor", "spectrum dB", "whose")
    rows = [_row(one) for one in listed]
    yield from table(head, rows)
    if any(cell.endswith(LOSS_MARK) for row in rows for cell in row):
        yield f"{LOSS_MARK} was also a loss of the training, so the other figures say more"


def _row(model: Model) -> tuple[str, ...]:
    material = model.material or (f"{len(model.classes)} classes" if model.classes else "-")
    figures = [_figure(model.card["figures"], name) for name in LISTED_FIGURES]
    return (
        model.name,
        material,
        model.card["tool"],
        f"{model.size_bytes / 2**20:.1f}",
        model.licence,
        *figures,
        "bundled" if model.bundled else "own",
    )


def _figure(figures: Mapping[str, float], name: str) -> str:
    """A figure of a card, marked if it was also a loss of the training; "-" if it was not measured."""
    if name not in figures:
        return "-"
    return f"{figures[name]:.2f}" + (LOSS_MARK if was_a_loss(name, figures) else "")


def model(entry: Model) -> Iterator[str]:
    """Lines about a model, from its card."""
    card = entry.card
    whose = "bundled" if entry.bundled else "your own"
    yield f"{entry.name}, {entry.size_bytes / 2**20:.1f} MiB, for {card['tool']} ({card['architecture']}), {whose}"
    for item in card["data"]:
        part = "" if item.get("part", "all") == "all" else f" ({item['part']} half)"
        yield f"trained on {item['name']}{part}, licence {item['licence']}, SHA-256 {item['sha256']}"
    if card.get("note"):
        yield card["note"]
    if card.get("exemplar"):
        is_here = "is kept beside it" if entry.description()["exemplar"] else "was kept beside it, and is not here"
        yield f"what it learned {is_here}: results are made of pieces of that, unless --no-texture-transfer is given"
    if entry.classes:
        yield f"classes: {', '.join(entry.classes)}"
    for slider in entry.description()["sliders"]:
        about = f"slider {slider['name']} = {readable(slider['default'])}"
        yield f"{about} ({readable(slider['low'])} to {readable(slider['high'])})"
    for name, value in card["figures"].items():
        also = " (was also a loss of the training)" if was_a_loss(name, card["figures"]) else ""
        yield f"  {name} = {value:g}{also}"


def all_weights(listed: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """Table of published weights."""
    return table(("name", "MiB", "licence", "state", "what it is"), [_weights_row(one) for one in listed])


def _weights_row(listed: Mapping[str, Any]) -> tuple[str, ...]:
    size = f"{listed['bytes'] / 2**20:.0f}" if listed["downloadable"] else "-"
    state = "damaged" if listed["error"] else "installed" if listed["installed"] else "-"
    return listed["name"], size, listed["licence"], state, listed["label"]


def weights(about: Mapping[str, Any]) -> Iterator[str]:
    """Lines about published weights: licence, files, and whether they are installed."""
    yield f"{about['label']}: {about['description']}"
    yield f"licence {about['licence']}, see {about['page']}"
    for file in about["files"]:
        checked = f"{file['bytes']} bytes, SHA-256 {file['sha256']}" if file["sha256"] else "no hash is published"
        yield f"published at {file['url']}: {checked}"
    if not about["installed"]:
        yield about["error"] or f"not installed: {about['how_to_get']}"
        return
    same = {True: "as published", False: "not the published file", None: "not to be compared with the published file"}
    yield f"installed at {about['file']}, SHA-256 {about['sha256']}: {same[about['as_published']]}"
    yield f"it came from {about['source']}, licence {about['installed_licence']}"


def checks(found: Sequence[BehaviourFinding]) -> Iterator[str]:
    """A line for each check, and the number of failures."""
    for finding in found:
        state = f"skipped, {finding.skipped}" if finding.skipped else "holds"
        yield f"{finding.tool}: {finding.behaviour}: {f'PROBLEM {finding.problem}' if finding.problem else state}"
    problems = sum(bool(finding.problem) for finding in found)
    yield f"{problems} of {len(found)} checks failed" if problems else "all is well"


def findings(found: Mapping[str, Any]) -> Iterator[str]:
    """Versions, devices, plugins, warnings and problems."""
    yield f"impasto {found['impasto']}, Python {found['python']} ({found['executable']})"
    yield found["platform"]
    for name, version in found["packages"].items():
        yield f"  {name:<12} {version or 'MISSING'}"
    for device in found["devices"]:
        yield f"device {device['name']}: {device['label']}"
    for plugin in found["plugins"]:
        state = plugin["error"] or "works"
        yield f"plugin {plugin['name']} ({plugin['distribution']} {plugin['version']}): {state}"
    yield f"tools: {', '.join(found['tools'])}"
    for warning in found["warnings"]:
        yield f"WARNING {warning['what']}"
        yield f"  better: {warning['remedy']}"
    for problem in found["problems"]:
        yield f"PROBLEM {problem['what']}"
        yield f"  to mend it: {problem['remedy']}"
    if not found["problems"]:
        yield "all is well"
