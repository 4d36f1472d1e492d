"""What the command says: a progress bar on a terminal, silence in a pipe, JSON for scripts, errors on stderr."""

from __future__ import annotations

import contextlib
import json
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .errors import ImpastoError, ParameterError
from .models import Model
from .outside import printable
from .schemas import conditions_of, limits_of, readable_default
from .streams import screen
from .tools import Result

if TYPE_CHECKING:
    from .dataset import Dataset

REJECTED_SHOWN = 20
PROGRESS_INTERVAL_S = 0.25


class Terminal:
    """Prints results to stdout, everything else to stderr. `json` is set once the options are known."""

    json = False

    @contextlib.contextmanager
    def progress(self, in_json: bool = False) -> Iterator[Callable[[float, str], None]]:
        """A progress bar on stderr while a recipe runs; nothing where stderr is no terminal.

        in_json: with --json, lines of JSON on stdout instead, a few a second, for a host that waits for the command.
        """
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
                self._print_json({"progress": round(fraction, 4), "message": message})

        return show

    def agrees(self, question: str) -> bool:
        """Whether who sits there says yes. ParameterError where nobody does."""
        if sys.stdin is None or not sys.stdin.isatty():
            raise ParameterError("nothing is downloaded without being asked for", "add --yes to agree to the download")
        print(f"{question} [y/N] ", end="", file=sys.stderr, flush=True)
        return sys.stdin.readline().strip().lower() in ("y", "yes")

    def written(
        self, paths: Sequence[Path], result: Result, differences: Sequence[str] = (), identical: bool | None = None
    ) -> None:
        """The files that were written, and for a rerun what differs."""
        about: dict[str, Any] = {"files": [str(path) for path in paths], "figures": dict(result.figures)}
        about |= {"notes": list(result.notes)} if result.notes else {}
        if identical is not None:
            about |= {"identical": identical, "differences": list(differences)}
        if self.json:
            self._print_json(about)
            return
        for path in paths:
            print(path)
        for note in result.notes:
            print(f"note: {note}", file=sys.stderr)
        for difference in differences:
            print(f"differs: {difference}", file=sys.stderr)
        if identical is not None:
            print("the same bytes as before" if identical else "not the same bytes as before", file=sys.stderr)

    def data(self, paths: Sequence[Path], dataset: Dataset) -> None:
        """What is used of training data, what is left out, and the files that show it."""
        if self.json:
            self._print_json({"files": [str(path) for path in paths], "manifest": dataset.manifest()})
            return
        for path in paths:
            print(path)
        self.learned_from(dataset)

    def learned_from(self, dataset: Dataset) -> None:
        """On stderr: how many pictures are used, of which classes and licences, and why the others are not."""
        if self.json:
            return
        licences = ", ".join(sorted({sample.licence for sample in dataset.samples}))
        labels = f"; classes: {', '.join(dataset.labels)}" if dataset.labels else ""
        print(f"pictures used: {len(dataset.samples)}; licence: {licences}{labels}", file=sys.stderr)
        for item in dataset.rejected[:REJECTED_SHOWN]:
            print(f"left out: {item.name}: {item.reason}", file=sys.stderr)
        if len(dataset.rejected) > REJECTED_SHOWN:
            print(f"left out: {len(dataset.rejected) - REJECTED_SHOWN} more, see the manifest", file=sys.stderr)

    def tools(self, described: Sequence[Mapping[str, Any]], in_detail: bool) -> None:
        """The tools, one a line, or all that is known of one."""
        if self.json:
            self._print_json({"tools": list(described)})
            return
        for tool in described:
            print(f"{tool['name']:<16} {tool['kind']:<10} {tool['description']}")
            if not in_detail:
                continue
            for item in tool["inputs"]:
                print(f"  input {item['name']}: {item['description']}")
            for name, schema in tool["parameters"].get("properties", {}).items():
                about = ", ".join(filter(None, (_range(schema), conditions_of(schema))))
                shown = readable_default(schema) + (f" ({about})" if about else "")
                print(f"  {name} = {shown}\n      {schema['description']}")

    def models(self, folder: Path, models: Sequence[Model], damaged: Mapping[Path, ImpastoError]) -> None:
        """The models, one a line, and the files that are none."""
        if self.json:
            listed = [_as_json(model) for model in models]
            broken = [{"file": str(path), "error": error.message} for path, error in damaged.items()]
            self._print_json({"folder": str(folder), "models": listed, "damaged": broken})
            return
        rows = [_row(model) for model in models]
        if rows:
            self.table(("name", "material", "tool", "MiB", "licence", "SWD/floor", "whose"), rows)
        for error in damaged.values():
            print(f"damaged: {error.message}\n  {error.remedy}", file=sys.stderr)
        for note in [note for model in models for note in model.notes]:
            print(f"warning: {note}", file=sys.stderr)
        if not models:
            print(f"no models yet in {folder}")

    def table(self, head: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
        """Columns as wide as they must be, the first to the left; nothing after the last."""
        widths = [max(map(len, column)) for column in zip(head, *rows, strict=True)]
        for row in (head, *rows):
            cells = [cell.ljust(width) for cell, width in zip(row, widths, strict=True)]
            print("  ".join(cells).rstrip())

    def model(self, model: Model) -> None:
        """One model's card."""
        if self.json:
            self._print_json(_as_json(model))
            return
        card = model.card
        whose = "shipped" if model.shipped else "your own"
        print(f"{model.name}, {model.size_bytes / 2**20:.1f} MiB, for {card['tool']} ({card['architecture']}), {whose}")
        for item in card["data"]:
            part = "" if item.get("part", "all") == "all" else f" ({item['part']} half)"
            print(f"trained on {item['name']}{part}, licence {item['licence']}, SHA-256 {item['sha256']}")
        if card.get("classes"):
            print(f"classes: {', '.join(card['classes'])}")
        for slider in card.get("sliders", ()):
            print(f"slider {slider['name']}")
        for name, value in card["figures"].items():
            print(f"  {name} = {value:g}")
        for note in model.notes:
            print(f"warning: {note}", file=sys.stderr)

    def weights_list(self, folder: Path, listed: Sequence[Mapping[str, Any]]) -> None:
        """The weights that there are, one a line."""
        if self.json:
            self._print_json({"folder": str(folder), "weights": list(listed)})
            return
        self.table(("name", "MiB", "licence", "state", "what it is"), [_weights_row(one) for one in listed])
        for one in listed:
            if one["error"]:
                print(f"damaged: {one['error']}", file=sys.stderr)

    def weights(self, about: Mapping[str, Any]) -> None:
        """All that is known of some weights."""
        if self.json:
            self._print_json(about)
            return
        print(f"{about['label']}: {about['description']}\nlicence {about['licence']}, see {about['page']}")
        for file in about["files"]:
            checked = f"{file['bytes']} bytes, SHA-256 {file['sha256']}" if file["sha256"] else "no hash is published"
            print(f"published at {file['url']}: {checked}")
        if not about["installed"]:
            print(about["error"] or f"not installed: {about['how_to_get']}")
            return
        same = {
            True: "as published",
            False: "not the published file",
            None: "not to be compared with the published file",
        }
        print(f"installed at {about['file']}, SHA-256 {about['sha256']}: {same[about['as_published']]}")
        print(f"it came from {about['source']}, licence {about['installed_licence']}")

    def evaluation(
        self, about: Mapping[str, Any], rows: Sequence[Sequence[Sequence[str]]], written: Sequence[Path]
    ) -> None:
        """A table for each case: figures, their goals, and which are missed."""
        if self.json:
            self._print_json({**about, "files": [str(path) for path in written]})
            return
        for case, lines in zip(about["cases"], rows, strict=True):
            beside = "" if case["held_out"] else ", which the model learned from"
            print(f"{about['model']} {case['label']}".rstrip() + f" beside {', '.join(case['data'])}{beside}")
            print("floor: " + ", ".join(f"{name} {value:.3g}" for name, value in case["floor"].items()))
            self.table(("figure", "mean", "", "goal", ""), lines)
        for path in written:
            print(path)

    def changed(self, what: str, path: Path) -> None:
        """A file of the library that came or went."""
        if self.json:
            self._print_json({what: str(path)})
        else:
            print(f"{what} {path}")

    def findings(self, found: Mapping[str, Any]) -> None:
        """What `impasto doctor` found."""
        if self.json:
            self._print_json(found)
            return
        print(f"impasto {found['impasto']}, Python {found['python']} ({found['executable']})\n{found['platform']}")
        for name, version in found["packages"].items():
            print(f"  {name:<12} {version or 'MISSING'}")
        for device in found["devices"]:
            print(f"device {device['name']}: {device['label']}")
        for plugin in found["plugins"]:
            state = plugin["error"] or "works"
            print(f"plugin {plugin['name']} ({plugin['distribution']} {plugin['version']}): {state}")
        print(f"tools: {', '.join(found['tools'])}")
        for problem in found["problems"]:
            print(f"PROBLEM {problem['what']}\n  to mend it: {problem['remedy']}")
        if not found["problems"]:
            print("all is well")

    def fail(self, kind: str, message: str, remedy: str) -> None:
        """An error, on stderr; as JSON on stdout too where that was asked for."""
        if self.json:
            self._print_json({"error": kind, "message": message, "remedy": remedy})
        print(f"impasto: {message}" + (f"\n  {remedy}" if remedy else ""), file=sys.stderr)

    def _print_json(self, data: Mapping[str, Any]) -> None:
        print(json.dumps(data), flush=True)  # in ASCII: right in any encoding, and nothing a terminal acts on


def _as_json(model: Model) -> dict[str, Any]:
    about = {"name": model.name, "bytes": model.size_bytes, "shipped": model.shipped, "card": model.card}
    return about | ({"notes": list(model.notes)} if model.notes else {})


def _row(model: Model) -> tuple[str, ...]:
    classes = model.card.get("classes", ())
    material = model.material or (f"{len(classes)} classes" if classes else "-")
    fine_swd = model.card["figures"].get("fine_swd_of_floor")
    return (
        model.name,
        material,
        model.card["tool"],
        f"{model.size_bytes / 2**20:.1f}",
        model.licence,
        "-" if fine_swd is None else f"{fine_swd:.2f}",
        "shipped" if model.shipped else "own",
    )


def _weights_row(listed: Mapping[str, Any]) -> tuple[str, ...]:
    size = f"{listed['bytes'] / 2**20:.0f}" if listed["downloadable"] else "-"
    state = "damaged" if listed["error"] else "installed" if listed["installed"] else "-"
    return listed["name"], size, listed["licence"], state, listed["label"]


def _range(schema: Mapping[str, Any]) -> str:
    return f"one of {', '.join(map(str, schema['enum']))}" if "enum" in schema else limits_of(schema)
