"""`inspect`: all checks of a map set."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from ..surface.wrapping import border_step
from .finding import ORDER, Finding, Verdict, worst
from .map_set import InspectedSet, read_map_set
from .normals import checked_normals
from .values import checked_values

SEAM_RATIO, SEAM_STEP = 2.0, 3 / 255
"""Limits of the step across a border, above both of which a seam is visible: relative to the largest step inside, and
absolute."""
SMALLEST_PX = 32
RELIEF = ("normal", "height")


@dataclass(frozen=True)
class Report:
    """Findings in a map set, worst first."""

    found: InspectedSet
    findings: tuple[Finding, ...]

    @property
    def verdict(self) -> Verdict:
        """The worst verdict of the findings."""
        return worst(self.findings)


def inspect(
    path: Path,
    tile: int = 0,
    on_progress: Callable[[float, str], None] = lambda fraction, message: None,
    color_space: str = "",
) -> Report:
    """Inspect a map set, or one of its UDIM tiles. The worst findings come first. Raise FileError without maps."""
    found, findings = read_map_set(
        path, tile, lambda fraction, message: on_progress(0.3 * fraction, message), color_space
    )
    if found.textures:
        on_progress(0.3, "Comparing sizes and borders")
        findings += [*_sizes(found), *_seams(found), *_missing(found)]
        on_progress(0.5, "Checking normals")
        findings += checked_normals(found)
        on_progress(0.7, "Checking colours and values")
        findings += checked_values(found)
    return Report(found, tuple(sorted(findings, key=lambda finding: ORDER.index(finding.verdict))))


def _sizes(found: InspectedSet) -> Iterator[Finding]:
    """A finding about the sizes and aspect ratios of the maps."""
    sizes = {name: texture.size_px for name, texture in found.textures.items()}
    rows, columns = found.largest_px
    listed = ", ".join(f"{name} {width}x{height}" for name, (height, width) in sizes.items())
    if any(abs(h * columns - w * rows) > 0.01 * rows * w for h, w in sizes.values()):
        yield Finding("size", "", "error", f"the maps have different shapes: {listed}", "export them in one size")
    elif len(set(sizes.values())) > 1:
        remedy = f"resize them to {columns}x{rows} px"
        yield Finding("size", "", "error", f"the maps have different sizes: {listed}", remedy, "resize")
    elif min(rows, columns) < SMALLEST_PX:
        message = f"{columns}x{rows} px are too few to judge relief and seams"
        yield Finding("size", "", "warning", message, "use larger maps")
    else:
        yield Finding("size", "", "ok", f"all maps are {columns}x{rows} px")


def _seams(found: InspectedSet) -> Iterator[Finding]:
    """A finding for each map about seams at its borders."""
    for name, texture in found.textures.items():
        if min(texture.size_px) < SMALLEST_PX:
            continue
        visible = {}
        for axis, border in (("x", "left to right"), ("y", "top to bottom")):
            ratio, step = border_step(texture.pixels if axis == "x" else texture.pixels.swapaxes(0, 1))
            visible[border] = (ratio, ratio > SEAM_RATIO and step > SEAM_STEP)
        figures = {f"step {border}": ratio for border, (ratio, _) in visible.items()}
        borders = [border for border, (_, is_visible) in visible.items() if is_visible]
        if borders:
            largest = max(visible[border][0] for border in borders)
            message = f"a seam shows {' and '.join(borders)}: its step is {largest:.1f} times the largest inside"
            remedy = "`impasto seamless` makes a picture seamless, and photo-maps its other maps"
            yield Finding("seam", name, "warning", message, remedy, figures=figures)
        else:
            yield Finding("seam", name, "ok", "no seam shows", figures=figures)


def _missing(found: InspectedSet) -> Iterator[Finding]:
    """Notes about missing maps that can be derived."""
    has = [name in found.maps for name in RELIEF]
    if not has[1] and "normal" in found.textures:
        remedy = "derive it from the normals: `impasto apply normal-to-height`"
        yield Finding("missing", "height", "note", "there is no height", remedy, "derive height")
    if not has[0] and "height" in found.textures:
        remedy = "derive them from the height: `impasto apply height-to-normal`"
        yield Finding("missing", "normal", "note", "there are no normals", remedy, "derive normal")
    if not any(has):
        remedy = "`impasto maps` estimates relief"
        yield Finding("missing", "normal", "note", "there are neither normals nor height", remedy)
    if "roughness" not in found.maps:
        yield Finding("missing", "roughness", "note", "there is no roughness", "`impasto maps` estimates it")
