"""Every text of the extension that a user may see: of its classes, of its source, and of the tools' descriptions.

In the id of a text with values, {} stands for each of them.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from impasto.errors import FIELD

NOT_SHOWN = {
    "engine.py": {"PROBE", "RUN_MODULE"},
    "overlay.py": {"TINT", "VERTEX"},
    "pip.py": {"AUDIT", "NETWORK", "PRINT_VERSION", "RUN_PIP"},
    "command_line.py": {"HELP"},
}
"""Constants that are programs, patterns and help in the terminal."""
IN_TERMINALS = {"headless.py"}
"""Modules whose texts are shown in the terminal only."""
SHOWING = {"text", "name", "description", "title", "message", "label", "heading"}
"""Keyword arguments whose value is shown, though it may be a single word."""
SENTENCE = re.compile(r"[^\W\d_]{2,}[,.:;]? [^\W_{(]|[^\W\d_]{2,}[,.:]? [{(]|\} [^\W\d_]{2,}")
"""Two words, or a word and a value: no identifier, path or format."""
TECHNICAL = re.compile(r"[\\^$]|^\w+\[|\n|^\s*--|^(bpy|bl_ext)\.|^[\w-]+/[\w.-]+$")
WORD = re.compile(r"[A-Z][a-z]+( [A-Z]?[a-z]+)?")
"""A label of one or two words."""
NAMES = {
    *("live style", "pixel buffer", "Render Result", "Impasto Displacement"),
    *("Red", "Green", "Blue", "Alpha", "Distance", "Value", "Location", "Displacement", "Midlevel", "Object", "Vector"),
    *("Anisotropy", "Attribute", "Bevel"),
    *("Math", "Float", "Int", "Linear", "Closest", "Cell", "Slot", "Group"),
    *("Impasto Film", "Impasto Endless", "Impasto Endless Piece", "Impasto Sliders", "Impasto Preview"),
    "Impasto Painting",
    *("Color Factor", "Color Term", "Relief Factor", "Normal Term", "Height Term", "Roughness Term", "Height Map"),
    *("Occlude", "Coordinates", "Mapping", "Darwin", "Windows", "Linux", "Operator"),
}
"""Names by which something is found again: of data, of nodes and their sockets, of systems."""
FOREIGN = {
    "No space left on device",
    "Permission denied",
    "Access is denied",
    "not enough space on the disk",
    "Python has no pip",
    "Using cached ",
    "Errno 13",
    "Errno 28",
}
"""Texts of other programs, which are searched for in their output."""


def of_description(description: Mapping[str, Any], label_of: Any, choices_of: Any) -> set[str]:
    """Labels, descriptions and headings of the tools, matchers, models and weights of a description."""
    found: set[str] = set()
    for tool in description["tools"]:
        found |= {tool["label"], tool["description"], tool["group"], tool["subgroup"]}
        found |= {one["name"] for one in tool["settings"]}
        for name, schema in tool["parameters"]["properties"].items():
            found |= {label_of(name, schema), schema.get("description", "")}
            found |= {schema["zero"][:1].upper() + schema["zero"][1:]} if "zero" in schema else set()
            found |= {component.get("title", "") for component in schema.get("prefixItems", ())}
            found |= {str(choice).replace("-", " ").replace("_", " ").capitalize() for choice in choices_of(schema)}
        for item in tool["inputs"]:
            found |= {label_of(item["name"], {}), item["description"]}
    for model in description["models"]:
        found |= {text for slider in model["sliders"] for text in (slider["label"], slider["description"])}
    found |= {text for item in description["matchers"] for text in (item["label"], item["description"])}
    found |= {item["description"] for item in description["weights"]}
    return {text for text in found if is_words(text)}


def is_words(text: str) -> bool:
    return bool(re.search(r"[^\W\d_]{2,}", text or "")) and not text.isupper()


def of_source(folder: Path) -> tuple[dict[str, str], set[str]]:
    """Texts in the extension's modules, each with where it stands; and all constants, which may be shown alone."""
    found: dict[str, str] = {}
    constants: set[str] = set()
    for path in sorted(folder.rglob("*.py")):
        place = path.relative_to(folder)
        if place.parts[0] not in ("core", "translations", "bundled"):
            nodes = list(ast.walk(ast.parse(path.read_text(encoding="utf-8"))))
            constants |= {template(node) for node in nodes if isinstance(node, ast.Constant | ast.JoinedStr)}
            for line, text in _of_module(nodes, NOT_SHOWN.get(path.name, set())):
                if path.name not in IN_TERMINALS and is_words(text) and text.strip("{}.,:() "):
                    found.setdefault(text.strip(), f"{place}:{line}")
    return found, constants


def _of_module(nodes: Sequence[ast.AST], not_shown: set[str]) -> Iterator[tuple[int, str]]:
    skipped, shown = set(), set()
    for node in nodes:
        body = getattr(node, "body", None)
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef):
            docstrings = [item for item in body if isinstance(item, ast.Expr) and isinstance(item.value, ast.Constant)]
            is_operator = getattr(node, "name", "").startswith("IMPASTO_OT_")
            (shown if is_operator else skipped).update(id(item.value) for item in docstrings)
        if isinstance(node, ast.Assign) and any(isinstance(to, ast.Name) and to.id in not_shown for to in node.targets):
            skipped |= {id(inner) for inner in ast.walk(node)}
        if isinstance(node, ast.JoinedStr):
            skipped |= {
                id(inner) for value in node.values for inner in ast.walk(value) if isinstance(value, ast.Constant)
            }
            specs = [value.format_spec for value in node.values if isinstance(value, ast.FormattedValue)]
            skipped |= {id(inner) for spec in filter(None, specs) for inner in ast.walk(spec)}
        if isinstance(node, ast.Dict):
            skipped |= {id(key) for key in node.keys}
        if isinstance(node, ast.Call):
            shown |= {id(option.value) for option in node.keywords if option.arg in SHOWING}
    for node in nodes:
        if isinstance(node, ast.Constant) and id(node) not in skipped:
            text = template(node)
            if text in NAMES | FOREIGN or TECHNICAL.search(text):
                continue
            if id(node) in shown or SENTENCE.search(text) or WORD.fullmatch(text):
                yield node.lineno, text


def template(node: ast.Constant | ast.JoinedStr) -> str:
    """A constant's text with {} for its fields; an f-string's with {} also for what is formatted into it."""
    parts = node.values if isinstance(node, ast.JoinedStr) else [node]
    texts = [part.value if isinstance(part, ast.Constant) else "{}" for part in parts]
    return FIELD.sub("{}", "".join(text for text in texts if isinstance(text, str)))
