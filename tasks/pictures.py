"""Marks in the documentation's pictures: the commit that made them, and recipes where they can be carried.

`python -m tasks.pictures` marks those that have no mark by the commit that is checked out, and those whose commit is
gone, as after a rebase, by the one that brought them.
"""

from __future__ import annotations

import json
import re
import struct
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from PIL import Image

from .environments import ROOT

from impasto.io.metadata import PNG_HEAD_BYTES, png_text  # isort: skip - .environments made the core importable

PICTURES = ROOT / "docs" / "pictures"
KEY = "impasto-picture"
DESCRIPTION = 0x010E
"""EXIF's tag ImageDescription."""
EXIF_FLAG, ALPHA_FLAG = 0x08, 0x10
"""Of the header of an extended WebP."""
SYNTHESIS = ("plugins/impasto_synthesis", "core/impasto/patterns")
CODE: Mapping[str, tuple[str, ...]] = {
    "brick_preview": (*SYNTHESIS, "plugins/impasto_photo_maps"),
    "dask_dashboard": ("core/impasto/batch/cluster.py",),
    "endless*": SYNTHESIS,
    "fast_style": ("plugins/impasto_style/fast",),
    "film*": ("plugins/impasto_style", "plugins/impasto_film"),
    "finish": ("plugins/impasto_finish",),
    "generators_stackgan": ("plugins/impasto_phrase/stackgan",),
    "generators_vae": ("plugins/impasto_classroom/vae",),
    "generators_*": ("plugins/impasto_classroom/gan",),
    "groups": ("core/impasto/running/fold.py", "core/impasto/running/masks.py"),
    "maps_*": ("plugins/impasto_photo_maps",),
    "match": ("plugins/impasto_phrase", "plugins/impasto_procedural"),
    "material_presets": ("plugins/impasto_procedural",),
    "models*": ("plugins/impasto_gan/torus", "plugins/impasto_gan/models"),
    "objects_covered": ("plugins/impasto_objects",),
    "overview": (*SYNTHESIS, "plugins/impasto_photo_maps", "plugins/impasto_phrase", "plugins/impasto_style"),
    "panel": ("blender_addon/generate", "blender_addon/layers", "blender_addon/stylize"),
    "photo_to_material": ("plugins/impasto_photograph", *SYNTHESIS, "plugins/impasto_photo_maps"),
    "photometric_stereo": ("plugins/impasto_photometric_stereo",),
    "preparation": ("plugins/impasto_photograph",),
    "procedural": ("plugins/impasto_procedural",),
    "repair_*": SYNTHESIS,
    "style_*": ("plugins/impasto_style",),
    "synthesis_*": SYNTHESIS,
    "text_*": ("plugins/impasto_phrase", "plugins/impasto_procedural"),
    "weathering": ("plugins/impasto_finish",),
    "window_batch": ("blender_addon/batch",),
    "window_described": ("blender_addon/match",),
    "window_hour_assets": ("blender_addon/assets",),
    "window_hour_history": ("blender_addon/history",),
    "window_hour_layers": ("blender_addon/layers",),
    "window_hour_words": ("blender_addon/match",),
    "window_generated": ("blender_addon/generate",),
    "window_relight": ("blender_addon/relight",),
    "window_repair": ("blender_addon/region",),
    "window_straighten": ("blender_addon/points",),
}
"""Code that a picture shows, by its name: the first pattern that matches counts. That of a tool shows the tool."""


def pictures() -> Iterator[Path]:
    """The documentation's pictures."""
    yield from sorted(path for path in PICTURES.rglob("*.*") if path.is_file())


def code_of(path: Path) -> tuple[str, ...]:
    """Files and folders of the code that made a picture, from the root; () if no pattern matches it."""
    if path.parent.name == "tools":
        from impasto.plugins.registry import registry

        tool = registry().tools.get(path.stem)
        return ("/".join(["plugins", *type(tool).__module__.split(".")[:-1]]),) if tool else ()
    return next((code for pattern, code in CODE.items() if Path(path.stem).match(pattern)), ())


SHORT = 10
"""Digits of a commit in a mark: always as many, so that one can take another's place."""


def mark(path: Path, recipes: Sequence[Mapping[str, Any]] = (), commit: str = "") -> None:
    """Write a commit, by default the current one, and recipes into a saved picture without changing its pixels."""
    text = json.dumps({"commit": commit or git("rev-parse", "HEAD")[:SHORT], "recipes": list(recipes)})
    path.write_bytes(WRITERS[path.suffix](path.read_bytes(), text))


def mark_of(path: Path) -> dict[str, Any] | None:
    """Commit and recipes of a picture; None if it has no mark."""
    if path.suffix == ".svg":
        found = re.search(f"<!-- {KEY} (.*) -->", path.read_text("utf-8"))
        said = found[1] if found else ""
    else:
        with Image.open(path) as picture:
            comment = picture.info.get("comment", b"")
            said = picture.info.get(KEY) or picture.getexif().get(DESCRIPTION) or comment.decode("utf-8", "replace")
    return json.loads(said) if said.startswith('{"commit"') else None


def git(*words: str) -> str:
    """Output of git; "" if it fails or is not installed."""
    try:
        done = subprocess.run(["git", *words], cwd=ROOT, capture_output=True, text=True, check=False)
    except OSError:
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""


@cache
def has_history() -> bool:
    """Whether the whole history is here, unlike in a shallow clone or an archive."""
    return git("rev-parse", "--is-shallow-repository") == "false"


def is_known(commit: str) -> bool:
    """Whether a commit is in the history of the current commit."""
    return bool(commit) and git("merge-base", commit, "HEAD").startswith(commit)


def changed_since(path: Path, commit: str) -> bool:
    """Whether the code of a picture was changed after a commit."""
    return bool(git("log", "-1", "--format=%h", f"{commit}..HEAD", "--", *code_of(path)))


def _in_jpeg(data: bytes, text: str) -> bytes:
    """JPEG with a comment: a segment behind the start of the image."""
    said = text.encode()
    return data[:2] + b"\xff\xfe" + struct.pack(">H", len(said) + 2) + said + data[2:]


def _in_png(data: bytes, text: str) -> bytes:
    return data[:PNG_HEAD_BYTES] + png_text(KEY, text) + data[PNG_HEAD_BYTES:]


def _in_webp(data: bytes, text: str) -> bytes:
    """WebP with EXIF, which only its extended form has."""
    from io import BytesIO

    exif = Image.Exif()
    exif[DESCRIPTION] = text
    said = exif.tobytes().removeprefix(b"Exif\0\0")
    chunks = data[12:]
    if not chunks.startswith(b"VP8X"):
        with Image.open(BytesIO(data)) as picture:
            width, height = picture.size
            flags = ALPHA_FLAG if picture.mode == "RGBA" else 0
        size = b"".join((side - 1).to_bytes(3, "little") for side in (width, height))
        chunks = b"VP8X" + struct.pack("<IB3x", 10, flags) + size + chunks
    chunks = chunks[:8] + bytes([chunks[8] | EXIF_FLAG]) + chunks[9:]
    chunks += b"EXIF" + struct.pack("<I", len(said)) + said + b"\0" * (len(said) % 2)
    return b"RIFF" + struct.pack("<I", len(chunks) + 4) + b"WEBP" + chunks


def _in_svg(data: bytes, text: str) -> bytes:
    return data.rstrip() + f"\n<!-- {KEY} {text} -->\n".encode()


WRITERS = {".jpg": _in_jpeg, ".png": _in_png, ".webp": _in_webp, ".svg": _in_svg}


def _change(path: Path, old: str, new: str) -> None:
    """Put another commit into a mark."""
    data = path.read_bytes()
    if path.suffix == ".png":  # whose chunk has a checksum
        said = json.dumps(mark_of(path))
        data = data.replace(png_text(KEY, said), png_text(KEY, said.replace(old, new)))
    path.write_bytes(data.replace(old.encode(), new.encode()))


def main() -> None:
    for path in pictures():
        said = mark_of(path)
        if said is None:
            mark(path)
            print(f"marked {path.relative_to(ROOT)}: look at it before you commit it")
        elif has_history() and not is_known(said["commit"]):
            new = git("log", "-1", "--format=%H", "--", str(path.relative_to(ROOT)))[:SHORT]
            _change(path, said["commit"], new)
            print(f"{path.relative_to(ROOT)}: {said['commit']} is gone, {new} brought it")


if __name__ == "__main__":
    main()
