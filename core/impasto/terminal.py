"""What the command says: a progress bar on a terminal, silence in a pipe, JSON for scripts, errors on stderr."""

from __future__ import annotations

import contextlib
import json
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from .models import Model
from .tools import Result


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

    def models(self, folder: Path, models: Sequence[Model]) -> None:
        """The models, one a line."""
        if self.json:
            listed = [{"name": item.name, "bytes": item.size_bytes, "card": item.card} for item in models]
            self._print_json({"folder": str(folder), "models": listed})
            return
        for item in models:
            print(f"{item.name:<24} {item.size_bytes / 2**20:6.1f} MiB")
        if not models:
            print(f"no models yet in {folder}")

    def model(self, model: Model) -> None:
        """One model's card."""
        if self.json:
            self._print_json({"name": model.name, "bytes": model.size_bytes, "card": model.card})
            return
        card = model.card
        print(f"{model.name}, {model.size_bytes / 2**20:.1f} MiB, for {card['tool']} ({card['architecture']})")
        for item in card["data"]:
            print(f"trained on {item['name']}, licence {item['licence']}, SHA-256 {item['sha256']}")
        for name, value in card["figures"].items():
            print(f"  {name} = {value:g}")

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


def _limits(schema: Mapping[str, Any]) -> str:
    if "enum" in schema:
        return f" (one of {', '.join(map(str, schema['enum']))})"
    low, high = schema.get("minimum"), schema.get("maximum")
    return f" ({low:g} to {high:g})" if low is not None and high is not None else ""
