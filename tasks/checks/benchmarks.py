"""Figures of `docs/reference/benchmarks.md`: the commits at which they were measured exist, and are not long past."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from ..pictures import ROOT, git, has_history, is_known

PAGE = ROOT / "docs" / "reference" / "benchmarks.md"
COMMIT = re.compile(r"\bat\s+([0-9a-f]{7,40})\b|\b(?=\w*\d)(?=\w*[a-f])([0-9a-f]{7,40})\b")
"""A commit: hexadecimal digits after "at", or with both letters and digits."""
MOST_COMMITS = 300
"""Number of commits after which a section is stale, if its code was changed meanwhile."""
SYNTHESIS = ("plugins/impasto_synthesis", "core/impasto/patterns")
STYLE = ("plugins/impasto_style",)
CODE: Mapping[str, tuple[str, ...]] = {
    "Speed": ("plugins/impasto_gan/torus", *SYNTHESIS, *STYLE, "plugins/impasto_photo_maps"),
    "Layers": ("blender_addon/layers", "blender_addon/engine", "core/impasto/running"),
    "Blender's main thread": ("blender_addon",),
    "On a GPU": ("core", "plugins"),
    "Procedural materials": ("plugins/impasto_procedural",),
    "Materials from words": ("plugins/impasto_phrase", "plugins/impasto_procedural"),
    "Matches of photographs": ("plugins/impasto_procedural",),
    "Batches": ("core/impasto/batch", "core/impasto/running"),
    "Needs of jobs": ("plugins/impasto_gan/torus", *SYNTHESIS, *STYLE, "plugins/impasto_photo_maps"),
    "Patch synthesis and quilting": SYNTHESIS,
    "Maps from a photograph": ("plugins/impasto_photo_maps",),
    "Light in a photograph": ("plugins/impasto_photo_maps",),
    "Photometric stereo": ("plugins/impasto_photometric_stereo",),
    "Heights from normals": ("plugins/impasto_relief",),
    "Whole objects": ("plugins/impasto_objects", *STYLE, *SYNTHESIS, "blender_addon/bake"),
    "Bundled models": ("plugins/impasto_gan/torus", "plugins/impasto_gan/models"),
    "Textbook generators": ("plugins/impasto_classroom",),
    "Speed of learning": ("core/impasto/training", "plugins/impasto_gan", "plugins/impasto_classroom"),
    "Film": ("plugins/impasto_film", *STYLE),
    "Style transfer": STYLE,
    "Kinds of style": ("plugins/impasto_style/kinds",),
    "Fast styles": ("plugins/impasto_style/fast",),
}
"""Code that each section measures."""


def sections(page: str) -> Iterator[tuple[str, list[str]]]:
    """Titles of a page's sections, with the commits that each names; "" is what stands before the first."""
    parts = re.split(r"^#{2,} (.*)\n", page, flags=re.MULTILINE)
    for title, text in zip(["", *parts[1::2]], parts[::2], strict=True):
        yield title, [one or other for one, other in COMMIT.findall(text)]


def problems(page: str | None = None) -> Iterator[str]:
    """Commits that are not in the history of the one that is checked out, and sections of which no code is known."""
    for title, commits in sections(PAGE.read_text("utf-8") if page is None else page):
        for commit in commits:
            if has_history() and not is_known(commit):
                yield f"{PAGE.name}, {title}: {commit} is no commit here: name the one whose code was measured"
        if commits and title not in CODE:
            yield f"{PAGE.name}, {title}: its code is not known: add it to CODE in tasks/checks/benchmarks.py"
    yield from (
        f"{path} of CODE in {__name__} is gone" for path in sum(CODE.values(), ()) if not (ROOT / path).exists()
    )


def warnings(page: str | None = None) -> Iterator[str]:
    """Sections that are older than `MOST_COMMITS`, and whose code was changed since."""
    if not has_history():
        return
    for title, commits in sections(PAGE.read_text("utf-8") if page is None else page):
        ages = {commit: int(git("rev-list", "--count", f"{commit}..HEAD")) for commit in commits if is_known(commit)}
        oldest = max(ages, key=lambda one: ages[one], default="")
        if oldest and ages[oldest] > MOST_COMMITS:
            changes = git("rev-list", "--count", f"{oldest}..HEAD", "--", *CODE.get(title, ()))
            if changes != "0":
                yield f"{PAGE.name}, {title}: {oldest} is {ages[oldest]} commits old; {changes} changed its code since"
