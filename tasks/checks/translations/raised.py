"""Ids of errors and notes of the core and the plugins: all of them can reach Blender's panels.

Left out are modules that only the command line imports, and texts that no message is made of: log lines, and the
labels and descriptions that tools, parameters, inputs and weights declare, which `visible.of_description` has.
"""

from __future__ import annotations

import ast
import re
import tomllib
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from .. import source
from ..source import ROOT
from .visible import FOREIGN, SENTENCE, TECHNICAL, template

FOLDERS = (ROOT / "core", ROOT / "plugins")
STARTS = ("impasto.engine.worker", "impasto.engine.client", "impasto.library.download", "impasto.library.published")
STARTS += ("impasto.batch.checks", "impasto.batch.cluster", "impasto.batch.contact_sheet", "impasto.batch.running")
STARTS += ("impasto.batch.on_worker", "impasto.batch.engines")
"""Modules that the extension imports, or runs in the engine; plugins are beside them."""
TO_AUTHORS = {"weights.py"}
"""Modules whose PluginErrors tell a plugin's author, in a terminal, why the plugin cannot be loaded."""
PAGES = re.compile(r"impasto_judge\b|impasto_film\.(animation|rows)$|.*\.command$")
"""Modules of pages in English for the browser, of commands and their files; what they import is not shown either."""
IN_TERMINALS = {"declarations.py", "descriptions.py", "installation.py", "interruption.py", "metadata.py", "schemas.py"}
IN_TERMINALS |= {"streams.py", "command.py", "table.py", "fields.py", "units.py", "ranks.py"}
"""Modules whose texts `impasto doctor`, a command's help, an interrupted command or `torchrun` shows; or that write no
message.

Of tables written by hand and of options too: the extension writes its tables itself."""
DECLARING = {"Field", "Input", "Weights", "Slider", "getLogger", "debug", "info", "warning", "error", "exception"}
DECLARING |= {"compile", "GraphInput", "_input"}
"""Calls whose texts are declared, logged or patterns, not raised."""
DRAWING = "impasto_procedural"
"""Plugin whose modules name their random numbers: only what they raise, note, and tell of their progress is shown."""
DECLARED = {"label", "description", "__all__", "example"}
WHY = re.compile(r"(is|has|contains|lacks|lies|begins|shows) \S")
"""The end of a message, which is put behind what it is about, or follows its name and a colon."""
COMMAND = re.compile("`[^`]*`")
SAYING = re.compile(
    r"(Impasto|Parameter|File|Plugin|Model|Device|Worker|Protocol)Error|[Mm]essage|note|progress|sentence"
)
"""Functions whose first texts are messages."""
NOT_SHOWN = {
    *(
        "1, 2, 3, … in order; {index:04} writes 0001",
        "the first step's tool",
        "the recipe's seed",
        "Object Index",
        "the file is open",
    ),
    *("the recipe's file, without its ending", "the row's name, or that of its source"),
    *("upper right", "upper left", "lower left", "lower right"),
    *("model name", "no frame", "no marker"),
    *("the files of a set lie in one folder", "the name of the files", "read or write"),
    *("PNG, 8 bits a channel", "PNG, 16 bits a channel", "OpenEXR, half float"),
}
"""Names, help of the command, and exceptions that are caught where they are raised."""
KINDS = (
    *("bark", "bricks", "concrete", "fabric", "grass", "gravel", "ground", "marble", "metal", "paving"),
    *("plaster", "plastic", "rock", "roof", "rust", "sand", "snow", "stones", "tiles", "wood"),
)
PLACES = ("upper left", "top", "upper right", "left", "middle", "right", "lower left", "bottom", "lower right")
OF_SEVERAL = {
    "looks like {}": tuple(f"looks like {kind}" for kind in KINDS),
    "unsure at the {}": tuple(f"unsure at the {place}" for place in PLACES),
    "{} is {}": ("{} is nan", "{} is inf", "{} is -inf"),
    "{} above {}": ("a number above {}",),
    "{} from {} to {}": ("a number from {} to {}", "a whole number from {} to {}"),
    "{} from {}": ("a number from {}",),
    "cannot {} {}: {}": ("cannot read {}: {}", "cannot write {}: {}", "cannot read or write {}: {}"),
    "{} does not fit {}: it {} the tensor {}": (
        "{} does not fit {}: it lacks the tensor {}",
        "{} does not fit {}: it does not know the tensor {}",
    ),
}
"""F-strings with one of few words in them, and their ids."""
OF_SYSTEMS = (
    *("No such file or directory", "Permission denied", "Is a directory", "Not a directory", "File exists"),
    *("No space left on device", "Read-only file system", "File name too long"),
)
"""Reasons that Linux and macOS give in errors of files; others stay in English, as pydantic's do."""

SIGNATURES = ROOT / "core" / "impasto" / "io" / "signatures.toml"
"""A table with names of formats that are not read, and ways to convert them."""


def modules() -> Iterator[tuple[Path, list[ast.AST]]]:
    """Each module of the core and the plugins that Blender or its worker imports, and all nodes of its syntax tree."""
    every = {_dotted(path.relative_to(folder)): path for folder in FOLDERS for path in sorted(folder.rglob("*.py"))}
    reached: set[str] = set()
    waiting = [name for name in every if name.split(".")[0] != "impasto" or name in STARTS]
    while waiting:
        name = waiting.pop()
        if name in every and name not in reached and not PAGES.match(name):
            reached.add(name)
            path = every[name]
            yield path, (nodes := list(ast.walk(ast.parse(path.read_text(encoding="utf-8")))))
            waiting += _imported(name.split(".") if path.name == "__init__.py" else name.split(".")[:-1], nodes)


def _dotted(path: Path) -> str:
    return ".".join(path.with_suffix("").parts).removesuffix(".__init__")


def _imported(package: Sequence[str], nodes: Sequence[ast.AST]) -> Iterator[str]:
    for node in nodes:
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        if isinstance(node, ast.ImportFrom):
            above = package[: len(package) - node.level + 1] if node.level else []
            base = ".".join([*above, *filter(None, [node.module])])
            yield base
            yield from (f"{base}.{alias.name}" for alias in node.names)


def texts() -> tuple[dict[str, str], list[str]]:
    """Each text by its id, and where it stands; and a sentence for each message that values are formatted into."""
    refused = tomllib.loads(SIGNATURES.read_text(encoding="utf-8"))["refused"]
    found = dict.fromkeys((text for about in refused.values() for text in about), str(SIGNATURES.relative_to(ROOT)))
    found |= dict.fromkeys(OF_SYSTEMS, "the system")
    formatted: list[str] = []
    for path, nodes in modules():
        formatted += _formatted(path.relative_to(ROOT), nodes)
        if path.name not in IN_TERMINALS:
            for line, text in _of_module(nodes, path.name in TO_AUTHORS, DRAWING in path.parts):
                for one in OF_SEVERAL.get(text, (text,)):
                    found.setdefault(one, f"{path.relative_to(ROOT)}:{line}")
    formatted += (
        problem for path, tree in source.modules("blender_addon") for problem in _formatted(path, ast.walk(tree))
    )
    return found, formatted


def _formatted(path: Path, nodes: Iterable[ast.AST]) -> Iterator[str]:
    """Messages whose values are formatted into them, so that no translation is found."""
    for node in nodes:
        if isinstance(node, ast.Call) and SAYING.fullmatch(_name(node.func)):
            for text in (one for one in node.args if isinstance(one, ast.JoinedStr)):
                if template(text) not in OF_SEVERAL and template(text).strip("{}; "):
                    yield f"{path}:{text.lineno}: give values after the text: {template(text)}"


def _of_module(nodes: Sequence[ast.AST], is_to_authors: bool, is_drawing: bool) -> Iterator[tuple[int, str]]:
    calls = DECLARING | ({"PluginError"} if is_to_authors else set())
    skipped = {id(inner) for node in nodes for inner in _skipped(node, calls)}
    ends = {id(end) for node in nodes for end in _ends(node)}
    for node in _said(nodes) if is_drawing else nodes:
        if isinstance(node, ast.Constant | ast.JoinedStr) and id(node) not in skipped:
            text = template(node)
            if isinstance(node, ast.JoinedStr) and text not in OF_SEVERAL:
                continue
            if text in FOREIGN | NOT_SHOWN or TECHNICAL.search(text) or COMMAND.fullmatch(text):
                continue
            if text.strip("{}.,:;() ") and (SENTENCE.search(text) or WHY.match(text)):
                yield node.lineno, f"{{}} {text}" if id(node) in ends else text


def _ends(node: ast.AST) -> Iterator[ast.AST]:
    """Ends of messages, to which a function adds what they are about."""
    if isinstance(node, ast.Call) and _name(node.func) in ("refuse", "_RefusedError"):
        yield from node.args[:1]
    if isinstance(node, ast.Assign) and _name(node.targets[0]) == "why":
        yield node.value


def _said(nodes: Sequence[ast.AST]) -> Iterator[ast.AST]:
    """Parts of what a module raises, of its notes, and of its progress."""
    for node in nodes:
        is_text = isinstance(node, ast.Assign) and _name(node.targets[0]) in ("message", "remedy", "note")
        is_call = isinstance(node, ast.Call) and _name(node.func) in ("progress", "note", "Message")
        if isinstance(node, ast.Raise) or is_text or is_call:
            yield from ast.walk(node)


def _skipped(node: ast.AST, calls: set[str]) -> Iterator[ast.AST]:
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):  # a docstring
        yield node.value
    if isinstance(node, ast.Call) and _name(node.func) in calls:
        yield from ast.walk(node)
    if isinstance(node, ast.Assign | ast.AnnAssign):
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        if any(_name(target) in DECLARED for target in targets):
            yield from ast.walk(node)
    if isinstance(node, ast.JoinedStr):
        yield from (value for value in node.values if isinstance(value, ast.Constant))
        specs = [value.format_spec for value in node.values if isinstance(value, ast.FormattedValue)]
        yield from (inner for spec in filter(None, specs) for inner in ast.walk(spec))


def _name(node: ast.expr) -> str:
    return node.id if isinstance(node, ast.Name) else node.attr if isinstance(node, ast.Attribute) else ""
