"""Every Python that is started, or that a page tells to start, keeps off the current folder: by -P or -I."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from .source import PRODUCT, ROOT, modules

UNSAFE = re.compile(r"python[\d.]*(?: +-(?![PI])\S+)* +-m +impasto\S*")
"""Pattern of a Python that is started with -m impasto, and without -P or -I."""
PROBE = "blender_addon/engine/engine.py"
"""May meet a Python that is too old for -P: it leaves the folder by itself."""


def problems() -> Iterator[str]:
    for path, tree in modules(*PRODUCT, "tasks", "docs"):
        for node in ast.walk(tree):
            if _starts_python(node) and path.as_posix() != PROBE:
                yield f"{path}:{node.lineno} starts Python without -P or -I"  # type: ignore[attr-defined]
    for page in (*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("docs/scripts/*.*")):
        for found in UNSAFE.findall(page.read_text(encoding="utf-8")):
            yield f"{page.relative_to(ROOT)} shows {found}: without -P or -I"


def _starts_python(node: ast.AST) -> bool:
    """Whether a list of words, or a call of an engine, has -m or -c with neither -I nor -P before."""
    if isinstance(node, ast.List | ast.Tuple):
        items = node.elts
    elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "run_python":
        items = [node.func.value, *node.args]  # of an engine, which stands first in the command
    else:
        return False
    words = [item.value if isinstance(item, ast.Constant) else None for item in items]
    start = next((index for index, word in enumerate(words) if word in ("-m", "-c")), 0)
    return start > 0 and "sh" not in words and not {"-I", "-P"} & set(words[:start])
