"""What the command says: a progress bar on a terminal, silence in a pipe, JSON for scripts, errors on stderr."""

from __future__ import annotations

import contextlib
import json
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .errors import ModelError
from .models import Model
from .tools import Result

if TYPE_CHECKING:
    from .dataset import Dataset

REJECTED_SHOWN = 20


class Terminal:
    """Prints results to stdout, everything else to stderr. `json` is set once the options are known."""

    json = False

    @contextlib.contextmanager
    def progress(self) -> Iterator[Callable[[float, str], None]]:
        """A progress bar on stderr while a recipe runs; nothing where stderr is no terminal."""
        from tqdm import tqdm

        layout = "{desc:<32} {percentage:3.0f}% |{bar}| {elapsed}"
        with tqdm(total=100, bar_format=layout, disable=not sys.stderr.isatty(), leave=False, file=sys.stderr) as bar:

            def show(fraction: float, message: str) -> None:
                bar.set_description_str(message[:32], refresh=False)
                bar.update(round(fraction * 100, 2) - bar.n)

            yield show

    def written(
        self, paths: Sequence[Path], result: Result, differences: Sequence[str] = (), identical: bool | None = None
    ) -> None:
        """The files that were written, and for a rerun what differs."""
        about: dict[str, Any] = {"files": [str(path) for path in paths], "figures": dict(result.figures)}
        if identical is not None:
            about |= {"identical": identical, "differences": list(differences)}
        if self.json:
            self._print_json(about)
            return
        for path in paths:
            print(path)
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
                print(f"  {name} = {schema['default']}{_limits(schema)}\n      {schema['description']}")

    def models(self, folder: Path, models: Sequence[Model], damaged: Mapping[Path, ModelError]) -> None:
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
        print(json.dumps(data, ensure_ascii=False))


def _as_json(model: Model) -> dict[str, Any]:
    return {"name": model.name, "bytes": model.size_bytes, "shipped": model.shipped, "card": model.card}


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


def _limits(schema: Mapping[str, Any]) -> str:
    if "enum" in schema:
        return f" (one of {', '.join(map(str, schema['enum']))})"
    low, high = schema.get("minimum"), schema.get("maximum")
    return f" ({low:g} to {high:g})" if low is not None and high is not None else ""
