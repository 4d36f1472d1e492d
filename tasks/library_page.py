"""Writes the reference of the Python library from docstrings: `python -m tasks.library_page`, in the core's Python."""

from __future__ import annotations

import ast
import inspect
import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from types import ModuleType
from typing import Any

import impasto
from impasto import context, errors, generators, matchers, parameters, text_encoders, tools
from impasto.io import formats
from impasto.library import weights
from impasto.plugins import hookspecs

from .markdown import MADE, REFERENCE, paragraph, put, table

PAGE = REFERENCE / "library.md"
HEAD = f"""# Python library

{MADE}

[In Python](../guide.md#in-python) shows how to begin; [plugins](../how-to/plugins.md) explains how to add a tool.
Arrays are NumPy float32 (H, W, C), row 0 at the top.
"""
WIDTH = 100
"""Longest call that stands on one line."""
SECTIONS: Mapping[str, Mapping[ModuleType, Sequence[str]]] = {
    "Read, run and write": {impasto: impasto.__all__},
    "Tools and their parameters": {tools: [name for name in tools.__all__ if name not in impasto.__all__]},
    "Context of a running tool": {context: ["Context"]},
    "Matchers and text encoders": {matchers: ["Match", "Matcher"], text_encoders: ["TextEncoder"]},
    "Generators with models": {generators: []},
    "Formats and weights": {formats: ["Exporter"], weights: ["PublishedFile", "Conversion", "Weights"]},
    "Errors": {errors: []},
    "Hooks": {hookspecs: []},
}
"""Names of each module; none: its classes, or its hooks."""
Definition = ast.FunctionDef | ast.ClassDef


def lines() -> Iterator[str]:
    """Parts of the page."""
    yield HEAD
    for heading, modules in SECTIONS.items():
        yield f"## {heading}\n"
        if hookspecs in modules:
            yield "A plugin implements any of these functions, each decorated with `impasto.hookimpl`.\n"
        for module, names in modules.items():
            for name in names or _usual(module):
                yield f"### {name}\n\n`from {module.__name__} import {name}`\n"
                yield from _described(getattr(module, name), name, module)


def _usual(module: ModuleType) -> list[str]:
    is_hook = module is hookspecs
    items = ((name, item) for name, (item, _) in _defined(module).items())
    return [
        name for name, item in items if (name.startswith("impasto_") if is_hook else isinstance(item, ast.ClassDef))
    ]


@cache
def _defined(module: ModuleType) -> Mapping[str, tuple[ast.stmt, str]]:
    """The public definitions in a module's body, each with its docstring."""
    return _public(ast.parse(inspect.getsource(module)).body)


def _public(body: Sequence[ast.stmt]) -> dict[str, tuple[ast.stmt, str]]:
    found: dict[str, tuple[ast.stmt, str]] = {}
    for item, after in zip(body, [*body[1:], None], strict=True):
        said = after.value.value if isinstance(after, ast.Expr) and isinstance(after.value, ast.Constant) else ""
        if isinstance(item, Definition):
            found[item.name] = item, ast.get_docstring(item) or ""
        elif isinstance(item, ast.AnnAssign | ast.Assign):
            target = item.target if isinstance(item, ast.AnnAssign) else item.targets[0]
            found[ast.unparse(target)] = item, str(said)
    return {name: one for name, one in found.items() if name.isidentifier() and name[0] != "_"}


def _described(one: Any, name: str, module: ModuleType) -> Iterator[str]:
    """A function with its call; a class with its attributes and methods; or a value."""
    home = inspect.getmodule(one) if inspect.isfunction(one) or inspect.isclass(one) else None
    places = [place for place in (home, module, parameters) if place and place.__name__.startswith("impasto")]
    item, said = next((_defined(place)[name] for place in places if name in _defined(place)), (None, ""))
    if isinstance(item, ast.FunctionDef):
        yield f"```\n{_call(item)}\n```\n"
    elif isinstance(item, ast.Assign | ast.AnnAssign) and item.value:
        yield f"```\n{ast.unparse(item)}\n```\n"
    yield f"{paragraph(said or f'A function of {one.__module__.partition(chr(46))[0]}')}\n"
    if isinstance(item, ast.ClassDef):
        yield from _members(item, tools if one is tools.Tool else None)


def _members(cls: ast.ClassDef, bases: ModuleType | None) -> Iterator[str]:
    """Attributes, for a tool those that its bases declare, then public methods with a docstring."""
    above = [_defined(bases)[name][0] for name in ("Listing", "Contract")] if bases else []
    members = {name: one for part in (*above, cls) for name, one in _public(part.body).items()}  # type: ignore[attr-defined]
    rows = [
        (f"`{name}`", f"`{ast.unparse(item.annotation)}`", f"`{ast.unparse(item.value)}`" if item.value else "", said)
        for name, (item, said) in members.items()
        if isinstance(item, ast.AnnAssign)
    ]
    if rows:
        yield table(("attribute", "type", "default", "meaning"), rows)
    methods = [(item, said) for item, said in members.values() if isinstance(item, ast.FunctionDef) and said]
    for item, said in methods:
        is_property = any("property" in ast.unparse(one) for one in item.decorator_list)
        call = f"`{item.name}`, a property" if is_property else f"`{' '.join(_call(item, 10**4).split())}`"
        yield f"- {call}: {' '.join(paragraph(said).split())}"
    yield "" if methods else "\n"


def _call(function: ast.FunctionDef, width: int = WIDTH) -> str:
    """A function's call, without the instance or class that a method is of; a parameter a line if it is long."""
    after = f" -> {ast.unparse(function.returns)}" if function.returns else ""
    given = function.args
    given.args = [one for one in given.args if one.arg not in ("self", "cls")]
    whole = f"{function.name}({ast.unparse(given)}){after}"
    if len(whole) <= width:
        return whole
    parts = ast.unparse(given)
    named = [one.arg for one in (*given.args, *given.kwonlyargs)]
    for name in named[1:]:
        parts = parts.replace(f", {name}:", f",\n    {name}:", 1)
    return f"{function.name}(\n    {parts},\n){after}".replace(", *,", ",\n    *,")


def page() -> str:
    """The page with all parts."""
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines())).rstrip() + "\n"


if __name__ == "__main__":
    put({PAGE: page()})
