"""Every method of style transfer over the same pictures and styles, and a sheet for each of the controls.

    python benchmarks/style.py --data DIR --weights DIR --out out/style
    python benchmarks/style.py --tools patches-style --contents 2 --styles 1 --px 192
    python benchmarks/style.py --data DIR --parts pairs --tools wct=style-encoder wct=vgg19-small fast-style=MODEL

DIR/photos and DIR/paintings are what is painted; without them scikit-image's pictures and the demo's painting. Each
method runs in a process of its own, with as many threads as OMP_NUM_THREADS says; TOOL=NAME is a tool with this
backbone, or `fast-style` with this model. How much of the style there is is judged by a network that nothing was
optimised with (see `style_judging`): from 0, the photograph, to 1, another piece of the painting; the score is what is
above that of recolouring alone. Results are kept: what was interrupted goes on where it was; delete a result to have
it made again. Prints a table and writes the sheets.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from paintings import RECOLORED, Painting, paint_all
from pictures import caption_of, contents_and_styles
from sheets import Cell, grid
from style_controls import control_sheets

from impasto import Maps
from impasto.context import Context
from impasto.errors import ImpastoError
from impasto.plugins.registry import registry

JUDGE = "squeezenet"
SECOND_JUDGE = "vgg19-normalised"


def main() -> None:
    options = parse()
    chosen = options.photos or options.contents, options.paintings or options.styles
    contents, styles = contents_and_styles(options.data, *chosen, options.px)
    if "pairs" in options.parts:
        pairs(options, contents, styles)
    if "controls" in options.parts:
        for name, sheet in control_sheets(options, contents, styles).items():
            sheet.save(options.out / f"control_{name}.png", optimize=True)
            print(f"written: {options.out}/control_{name}.png", flush=True)


def parse() -> argparse.Namespace:
    stylizers = [tool.name for tool in registry().tools.values() if tool.kind == "stylizer"]
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, metavar="DIR", help="folder of photos and paintings")
    parser.add_argument("--weights", type=Path, metavar="DIR", help="library of weights (default: the user's)")
    parser.add_argument("--heads", type=Path, metavar="FILE", help="LPIPS' heads for SqueezeNet, as safetensors")
    parser.add_argument("--out", type=Path, default=Path("out/style"), metavar="DIR")
    parser.add_argument("--tools", nargs="+", default=stylizers, metavar="TOOL[=NAME]", help="only these")
    parser.add_argument("--parts", nargs="+", default=("pairs", "controls"), choices=("pairs", "controls"))
    parser.add_argument("--controls", nargs="+", metavar="NAME", help="only the sheets of these controls")
    parser.add_argument("--px", type=int, default=256, help="longer side of pictures and styles (default: 256)")
    parser.add_argument("--contents", type=int, default=6, metavar="N")
    parser.add_argument("--styles", type=int, default=6, metavar="N")
    parser.add_argument("--photos", nargs="+", metavar="NAME", help="these in place of the first of --contents")
    parser.add_argument("--paintings", nargs="+", metavar="NAME", help="these in place of the first of --styles")
    parser.add_argument("--device", default="auto")
    return parser.parse_args()


def pairs(options: argparse.Namespace, contents: Sequence[Maps], styles: Sequence[Maps]) -> None:
    """Every method over every pair: figures, table and sheets."""
    folder = options.out / "pairs" / f"{options.px}px"
    paintings = [
        Painting(folder / tool / f"{content.name}--{style.name}.png", tool, {"source": content, "style": style})
        for tool in (RECOLORED, *options.tools)
        for content in contents
        for style in styles
    ]
    judges = Judges(options.weights, options.heads)
    made = paint_all(paintings, options.weights, options.device, judges.figures)
    summary = [summed_up(tool, [one.row() for one in made if one.tool == tool]) for tool in (RECOLORED, *options.tools)]
    summary = [row for row in summary if row["pairs"]]
    print(table(summary), flush=True)
    found = {(one.tool, one.inputs["source"].name, one.inputs["style"].name): one for one in made}
    for row in summary:
        sheet_of_method(row, found, contents, styles).save(options.out / f"{row['tool']}.png", optimize=True)


class Judges:
    """The networks that judge paintings; without weights there are no scores, only a message."""

    def __init__(self, weights: Path | None, heads: Path | None) -> None:
        from style_judging import read_heads

        from impasto_style.shared.architectures import load_encoder

        context = Context(weights=registry().weights_library(weights))
        self.encoders, self.known = {}, {}
        self.heads = read_heads(heads) if heads else None
        for name in (JUDGE, SECOND_JUDGE):
            try:
                self.encoders[name] = load_encoder(name, context)
            except ImpastoError as error:
                print(f"{name} does not judge: {error}", flush=True)

    def figures(self, painting: Painting) -> dict[str, float]:
        """Scores of a painting by each judge."""
        content, style = painting.inputs["source"], painting.inputs["style"]
        result, found = painting.pixels(), {}
        for name, encoder in self.encoders.items():
            judgement = self._judge(name, encoder, content, style).judge(result)
            prefix = "" if name == JUDGE else f"{name} "
            found |= {f"{prefix}{key}": value for key, value in vars(judgement).items()}
            found[f"{prefix}nearness"] = (judgement.gram + judgement.sliced) / 2
            found[f"{prefix}score"] = judgement.above_recoloring
        return found

    def _judge(self, name: str, encoder: Any, content: Maps, style: Maps) -> Any:
        from style_judging import Judge

        key = name, content.name, style.name
        if key not in self.known:
            pixels = content["base_color"].pixels, style["base_color"].pixels
            self.known[key] = Judge(encoder, *pixels, self.heads if name == JUDGE else None)
        return self.known[key]


def summed_up(tool: str, rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Means of a tool's figures over its pairs, the deviation of its score, and its peak of memory."""
    names = [name for name in (rows[0] if rows else {}) if name != "tool"]
    means = {name: float(np.mean([row[name] for row in rows])) for name in names}
    peak = {"peak_mib": max(row["peak_mib"] for row in rows)} if rows else {}
    spread = {"score_deviation": float(np.std([row["score"] for row in rows]))} if "score" in means else {}
    return {"tool": tool, "pairs": len(rows), **means, **peak, **spread}


def table(summary: Sequence[Mapping[str, Any]]) -> str:
    """The summary in Markdown."""
    lines = [
        "| method | pairs | CPU seconds | seconds | peak memory | score | by the second judge | nearness | content |",
        "|-|-|-|-|-|-|-|-|-|",
    ]
    for row in summary:
        score = f"{row['score']:.2f} ± {row['score_deviation']:.2f}" if "score" in row else ""
        names = f"{SECOND_JUDGE} score", "nearness", "content"
        second, nearness, content = (f"{row[name]:.2f}" if name in row else "" for name in names)
        lines.append(
            f"| {row['tool']} | {row['pairs']} | {row['cpu_s']:.1f} | {row['wall_s']:.1f} | {row['peak_mib']:.0f} MiB "
            f"| {score} | {second} | {nearness} | {content} |"
        )
    return "\n".join(lines) + "\n"


Found = Mapping[tuple[str, str, str], Painting]


def sheet_of_method(row: Mapping[str, Any], found: Found, contents: Sequence[Maps], styles: Sequence[Maps]) -> Any:
    """Sheet of a method's results, with contents in rows and styles in columns."""
    rows = [[Cell(), *(Cell(style["base_color"].pixels, caption_of(style)) for style in styles)]]
    for content in contents:
        results = [result_cell(found.get((row["tool"], content.name, style.name))) for style in styles]
        rows.append([Cell(content["base_color"].pixels, caption_of(content)), *results])
    return grid(rows, title(row))


def title(row: Mapping[str, Any]) -> str:
    """Caption of a method with its means."""
    score = f", score {row['score']:.2f}, content distance {row['content']:.2f}" if "score" in row else ""
    return f"{row['tool']}: {row['cpu_s']:.1f} CPU s a picture, {row['peak_mib']:.0f} MiB{score}"


def result_cell(painting: Painting | None) -> Cell:
    """A result with its seconds and score below."""
    if painting is None:
        return Cell()
    row = painting.row()
    score = f"score {row['score']:.2f}" if "score" in row and painting.tool != RECOLORED else ""
    figures = [f"{row['cpu_s']:.1f} s", score]
    return Cell(painting.pixels(), "  ".join(filter(None, figures)))


if __name__ == "__main__":
    main()
