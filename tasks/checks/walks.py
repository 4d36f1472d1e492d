"""Names of the extension that walks through windows use: those walks run seldom, and would find a moved name late."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence

from .source import PRODUCT, ROOT, modules

USED = re.compile(r"(?:EXTENSION|extension\(\))((?:\.\w+)+)")


def problems() -> Iterator[str]:
    """A sentence for each name that a scenario expects of a module of the extension that does not have it."""
    for path, tree in modules("tests/windows/scenarios"):
        nodes = (ast.unparse(node) for node in ast.walk(tree) if isinstance(node, ast.Attribute))
        for names in sorted({found[1] for node in nodes if (found := USED.match(node))}):
            if not _exists(names.removeprefix(".").split(".")):
                yield f"{path}: the extension has no {names.removeprefix('.')}"


def _exists(names: Sequence[str]) -> bool:
    """Whether the last module that a path of names leads to has the name that follows it."""
    place = ROOT / PRODUCT[-1]
    for name in names:
        if name == "core":
            place = ROOT / "core" / "impasto"
        elif (place / name).is_dir():
            place /= name
        elif (place / f"{name}.py").is_file():
            place /= f"{name}.py"
        else:
            file = place if place.suffix else place / "__init__.py"
            return bool(re.search(rf"\b{name}\b", file.read_text(encoding="utf-8")))
    return True
