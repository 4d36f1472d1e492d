"""The guide as pages of HTML that travel in the extension, so that Blender's Online Manual needs no network."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from pathlib import Path

from .environments import ROOT

PAGES = (
    *("guide", "tutorials/training", "how-to/style", "how-to/maps", "how-to/text", "how-to/photographs"),
    *("how-to/finish", "how-to/baking", "how-to/objects", "how-to/film", "reference/tools", "reference/command"),
    *("reference/operators", "reference/settings", "reference/shortcuts", "reference/library"),
    *("reference/benchmarks", "explanation/concepts", "explanation/generators"),
)
"""Pages below docs; their names differ without the folders, too."""
PAGE = """<!doctype html>
<html lang="en"><meta charset="utf-8"><title>{title}</title>
<style>
body {{ font: 16px/1.5 sans-serif; max-width: 46em; margin: 2em auto; padding: 0 1em; color: #222 }}
pre, code {{ background: #f2f2f2; border-radius: 4px }}
pre {{ padding: .8em; overflow-x: auto }}
td, th {{ border: 1px solid #ccc; padding: .2em .6em; text-align: left }}
table {{ border-collapse: collapse }}
</style>
{body}
</html>
"""


def write_manual(folder: Path) -> None:
    """Write the pages without pictures, which would make the extension five times as large."""
    folder.mkdir()
    for name in PAGES:
        text = (ROOT / "docs" / f"{name}.md").read_text(encoding="utf-8")
        title = text.partition("\n")[0].lstrip("# ")
        page = PAGE.format(title=html.escape(title), body="\n".join(_blocks(text)))
        (folder / f"{Path(name).name}.html").write_text(page, encoding="utf-8")


def anchor(heading: str) -> str:
    """A heading's id, as GitHub makes it."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


def _blocks(text: str) -> Iterator[str]:
    """The HTML of each block of Markdown: headings, code, tables, lists, paragraphs."""
    for part in re.split(r"(^```.*?^```$)", text, flags=re.MULTILINE | re.DOTALL):
        if part.startswith("```"):
            yield f"<pre>{html.escape(part.partition(chr(10))[2].removesuffix('```'))}</pre>"
            continue
        for block in filter(None, map(str.strip, part.split("\n\n"))):
            lines = block.split("\n")
            if heading := re.match(r"(#+) (.*)", lines[0]):
                level, title = len(heading[1]), heading[2]
                yield f'<h{level} id="{anchor(title)}">{_inline(title)}</h{level}>'
                lines = lines[1:]
            if lines:
                yield _block(lines)


def _block(lines: list[str]) -> str:
    if lines[0].startswith("|"):
        rows = [
            re.split(r"(?<!\\)\|", line[1:].removesuffix("|")) for line in lines if not re.fullmatch(r"[|:\- ]+", line)
        ]
        cells = [
            "".join(f"<td>{_inline(cell.strip().replace(chr(92) + '|', '|'))}</td>" for cell in row) for row in rows
        ]
        return f"<table>{''.join(f'<tr>{row}</tr>' for row in cells)}</table>"
    if item := re.match(r"(-|\d+\.) ", lines[0]):
        kind = "ul" if item[1] == "-" else "ol"
        items = re.split(r"^(?:-|\d+\.) ", "\n".join(lines), flags=re.MULTILINE)[1:]
        return f"<{kind}>{''.join(f'<li>{_inline(text)}</li>' for text in items)}</{kind}>"
    return f"<p>{_inline(chr(10).join(lines))}</p>"


def _inline(text: str) -> str:
    """The HTML of code, links, bold and italic text. Pictures become captions; links lead to the copied pages."""
    text = re.sub(r"!\[([^\]]*)\]\([^)]*\)", r"*\1*", html.escape(text, quote=False))
    parts = re.split(r"(`[^`]+`)", text)
    for index, part in enumerate(parts):
        if part.startswith("`"):
            parts[index] = f"<code>{part.strip('`')}</code>"
            continue
        part = re.sub(r"\[([^\]]+)\]\(([^)]+)\)", _link, part)
        part = re.sub(r"\*\*(.+?)\*\*", r"<b>\1</b>", part, flags=re.DOTALL)
        parts[index] = re.sub(r"\*(.+?)\*", r"<i>\1</i>", part, flags=re.DOTALL)
    return "".join(parts)


def _link(match: re.Match[str]) -> str:
    page, _, place = match[2].partition("#")
    name = Path(page).stem
    if page and (not page.endswith(".md") or "zh-CN" in page or name not in {Path(one).name for one in PAGES}):
        return match[1]
    target = f"{name}.html" if page else ""
    return f'<a href="{target}{"#" + place if place else ""}">{match[1]}</a>'
