"""Values in messages: `excerpt` quotes at most 80 characters and no control character; {value!r} would quote all."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from .source import PRODUCT, modules

OURS = {"core/impasto/__init__.py", "core/impasto/batch/__init__.py"}
"""Modules whose AttributeErrors are of Python code."""
KNOWN = ("near[0]", "matcher.example", "self.example")
"""Values of our own, which are short."""


def problems() -> Iterator[str]:
    for path, tree in modules(*PRODUCT):
        for node in ast.walk(tree):
            if isinstance(node, ast.FormattedValue) and node.conversion == ord("r") and path.as_posix() not in OURS:
                value = ast.unparse(node.value)
                if not value.endswith(KNOWN):
                    yield f"{path}:{node.lineno} quotes {value} by !r: use excerpt"
