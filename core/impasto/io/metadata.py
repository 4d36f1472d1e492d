"""Metadata of the files that Impasto writes: the recipe as JSON, and the IPTC source type as XMP, in PNG chunks.

Standard library only, since Blender writes baked maps itself.
"""

from __future__ import annotations

import json
import struct
import zlib
from collections.abc import Iterator, Mapping
from typing import Any
from xml.sax.saxutils import quoteattr

from ..descriptions import MESH
from ..recipe import Recipe

PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"
PNG_HEAD_BYTES = len(PNG_SIGNATURE) + 25
"""Length of the signature and the first chunk. That chunk is IHDR, with 13 bytes of data."""


def metadata_of(
    recipe: Recipe | None, width_m: float | None = None, height_range_m: float | None = None, film: str | None = None
) -> dict[str, str]:
    """A file's metadata by name: `impasto` (recipe, real-world scale and film, as JSON) and the IPTC `source_type`."""
    about: dict[str, Any] = {"width_m": width_m, "height_range_m": height_range_m, "film": film}
    about = {key: value for key, value in about.items() if value is not None}
    if recipe is None:
        return {"impasto": json.dumps(about)} if about else {}
    about["recipe"] = recipe.to_dict()
    return {
        "impasto": json.dumps(about, ensure_ascii=False, sort_keys=True, separators=(",", ":")),
        "source_type": source_type(recipe),
    }


def source_type(recipe: Recipe) -> str:
    """IPTC's digital source type (a NewsCodes vocabulary) for the results of a recipe."""
    trained = any(recipe.made_with.get(kind) for kind in ("models", "weights"))
    pictures = recipe.inputs.keys() - {MESH} or recipe.made_with.get("exemplars")
    from_pictures = bool(pictures) or "sha256" in recipe.matched
    if trained:
        kind = "compositeWithTrainedAlgorithmicMedia" if from_pictures else "trainedAlgorithmicMedia"
    else:
        kind = "algorithmicallyEnhanced" if from_pictures else "algorithmicMedia"
    return f"http://cv.iptc.org/newscodes/digitalsourcetype/{kind}"


def png_texts(metadata: Mapping[str, str]) -> bytes:
    """PNG chunks that hold the metadata: the JSON and the XMP, each as iTXt."""
    chunks = png_text("impasto", metadata["impasto"]) if "impasto" in metadata else b""
    return chunks + (png_text("XML:com.adobe.xmp", _xmp(metadata["source_type"])) if "source_type" in metadata else b"")


def png_text(keyword: str, text: str) -> bytes:
    """An iTXt chunk, uncompressed (PNG specification 11.3.3.4)."""
    return png_chunk(b"iTXt", keyword.encode("latin-1") + b"\0\0\0\0\0" + text.encode())


def png_chunk(kind: bytes, data: bytes) -> bytes:
    """A chunk with its length and checksum."""
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png_chunks(png: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Kind and data of each chunk of a PNG, up to the first IDAT. Other bytes have none."""
    position = len(PNG_SIGNATURE)
    while png.startswith(PNG_SIGNATURE) and position + 8 <= len(png):
        length, kind = struct.unpack(">I4s", png[position : position + 8])
        yield kind, png[position + 8 : position + 8 + length]
        if kind == b"IDAT":
            return
        position += length + 12


def in_png(png: bytes, metadata: Mapping[str, str]) -> bytes:
    """The PNG with metadata inserted before its pixels."""
    return png[:PNG_HEAD_BYTES] + png_texts(metadata) + png[PNG_HEAD_BYTES:]


def _xmp(source_type: str) -> str:
    return (
        '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
        '<rdf:Description rdf:about="" xmlns:Iptc4xmpExt="http://iptc.org/std/Iptc4xmpExt/2008-02-29/"'
        f" Iptc4xmpExt:DigitalSourceType={quoteattr(source_type)}/></rdf:RDF></x:xmpmeta>"
    )
