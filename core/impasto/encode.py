"""Textures to the bytes of PNG and EXR files, metadata included. The same texture gives the same bytes."""

from __future__ import annotations

import struct
import tempfile
import zlib
from collections.abc import Mapping
from pathlib import Path
from xml.sax.saxutils import quoteattr

import numpy as np

from .color import linear_to_srgb, srgb_to_linear
from .errors import FileError
from .texture import COLOR_MAPS, Texture

PNG_HEADER_BYTES = 33
"""Signature and IHDR chunk: text chunks may follow right after."""


def encode_png(map_name: str, texture: Texture, metadata: Mapping[str, str], *, bits: int) -> bytes:
    """PNG of 8 or 16 bits a channel, sRGB-encoded for colour, with `metadata` in iTXt chunks and XMP."""
    pixels = linear_to_srgb(texture.pixels) if texture.color_space == "linear" else texture.pixels
    attributes = {"oiio:ColorSpace": "srgb" if map_name in COLOR_MAPS else "Raw", "png:compressionLevel": 6}
    data = _write(pixels, ".png", f"uint{bits}", attributes)
    chunks = b""
    if "impasto" in metadata:
        chunks += _text_chunk("impasto", metadata["impasto"])
    if "source_type" in metadata:
        chunks += _text_chunk("XML:com.adobe.xmp", _xmp(metadata["source_type"]))
    return data[:PNG_HEADER_BYTES] + chunks + data[PNG_HEADER_BYTES:]


def encode_exr(map_name: str, texture: Texture, metadata: Mapping[str, str]) -> bytes:
    """Half-float EXR, scene-linear for colour (as compositors expect), with `metadata` as attributes."""
    pixels = srgb_to_linear(texture.pixels) if texture.color_space == "srgb" else texture.pixels
    attributes: dict[str, str | int] = {"compression": "zip", "DateTime": "1970:01:01 00:00:00"}
    if "impasto" in metadata:
        attributes["impasto"] = metadata["impasto"]
    if "source_type" in metadata:
        attributes["IPTC:DigitalSourceType"] = metadata["source_type"]
    return _write(pixels, ".exr", "half", attributes)


def _write(pixels: np.ndarray, suffix: str, kind: str, attributes: Mapping[str, str | int]) -> bytes:
    import OpenImageIO as oiio

    height, width, channels = pixels.shape
    spec = oiio.ImageSpec(width, height, channels, kind)
    for name, value in attributes.items():
        spec.attribute(name, value)
    with tempfile.TemporaryDirectory(prefix="impasto-") as folder:
        path = Path(folder) / f"map{suffix}"
        output = oiio.ImageOutput.create(str(path))
        if output is None:
            raise FileError(f"cannot encode {suffix}: {oiio.geterror()}", "install OpenImageIO again")
        written = output.open(str(path), spec) and output.write_image(np.ascontiguousarray(pixels))
        if not (output.close() and written):
            raise FileError(
                f"cannot encode a {width}x{height} picture: {output.geterror()}", "check the free disk space"
            )
        return path.read_bytes()


def _text_chunk(keyword: str, text: str) -> bytes:
    """A PNG iTXt chunk, not deflated, so that any reader finds it (PNG specification 11.3.3.4)."""
    body = b"iTXt" + keyword.encode("latin-1") + b"\0\0\0\0\0" + text.encode()
    return struct.pack(">I", len(body) - 4) + body + struct.pack(">I", zlib.crc32(body))


def _xmp(source_type: str) -> str:
    return (
        '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
        '<rdf:Description rdf:about="" xmlns:Iptc4xmpExt="http://iptc.org/std/Iptc4xmpExt/2008-02-29/"'
        f" Iptc4xmpExt:DigitalSourceType={quoteattr(source_type)}/></rdf:RDF></x:xmpmeta>"
    )
