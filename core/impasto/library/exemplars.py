"""The exemplar of a model: the picture or map set that it learned, which adds detail to its results.

It is a file of its own in the model's folder, so that a model can be passed on without any piece of a photograph. The
model's card has its SHA-256, so that no other picture is mistaken for it.
"""

from __future__ import annotations

import hashlib
import io
import json
from functools import lru_cache
from pathlib import Path

import numpy as np

from ..data.parts import window_of
from ..errors import ImpastoError, ModelError
from ..io.cards import read_embedded
from ..system.untrusted import excerpt, is_there, read_bytes
from ..texture import MAP_CHANNELS, Maps
from .tensors import read_tensors, tensor_file

EXEMPLAR_SUFFIX = ".exemplar"
"""Suffix of an exemplar's file."""
MOST_PX = 2048
"""Longest side that is kept, from the middle of a larger picture. A larger piece has hardly more variety."""
LARGEST_BYTES = 2**26
DEEP_MAPS, LOWER_BITS, DEEP = ("height",), 4, 2**12 - 1
"""Maps of 12 bits, because slopes are their differences; the number of lower bits, in green; and the largest value."""
ABOUT = "impasto"
"""Name of the metadata that holds the width and the range of heights in metres, as JSON."""


def exemplar_file(maps: Maps) -> bytes:
    """The content of an exemplar's file: each map as a lossless WebP image of 8 bits, or of 12 bits for heights."""
    starts = [max(0, side - MOST_PX) // 2 for side in maps.size_px]
    maps = window_of(maps, tuple(slice(start, start + MOST_PX) for start in starts))
    tensors = {name: _webp_bytes(maps[name].pixels.clip(0, 1), name) for name in maps}
    about = {"width_m": maps.width_m, "height_range_m": maps.height_range_m}
    return tensor_file(tensors, {ABOUT: json.dumps({key: value for key, value in about.items() if value is not None})})


def _webp_bytes(pixels: np.ndarray, name: str) -> np.ndarray:
    """The bytes (N,) of an image of pixels (H, W, C) in [0, 1]. For heights, green has the lower bits."""
    from PIL import Image

    whole = np.round(pixels * (DEEP if name in DEEP_MAPS else 255)).astype(np.uint16)
    if name in DEEP_MAPS:
        whole = np.concatenate([whole >> LOWER_BITS, whole % (1 << LOWER_BITS), 0 * whole], 2)
    image = Image.fromarray(np.broadcast_to(whole.astype(np.uint8), (*whole.shape[:2], 3)))
    stream = io.BytesIO()
    image.save(stream, "WEBP", lossless=True, quality=80)
    return np.frombuffer(stream.getvalue(), np.uint8)


def _pixels(data: np.ndarray, name: str) -> np.ndarray:
    """Pixels (H, W, C) in [0, 1], as float32, from the bytes that `_webp_bytes` made."""
    from PIL import Image

    with Image.open(io.BytesIO(data.tobytes()), formats=["WEBP"]) as image:
        if max(image.size) > MOST_PX:
            raise ValueError(image.size)
        pixels = np.asarray(image.convert("RGB"))
    if name in DEEP_MAPS:
        high, low = pixels[..., :1].astype(np.float32), pixels[..., 1:2]
        return (high * (1 << LOWER_BITS) + low) / DEEP
    return pixels[..., : MAP_CHANNELS[name]] / np.float32(255)


def read_exemplar(model: Path, sha256: str) -> Maps:
    """The exemplar of a model's file, which must have this SHA-256. ModelError says why there is none."""
    path = model.with_suffix(EXEMPLAR_SUFFIX)
    if not is_there(path):
        message = "the picture that {} learned is not kept beside it here"
        raise ModelError(message, "give it as the exemplar", model.stem)
    return _read(path, sha256, path.stat().st_mtime_ns)


@lru_cache(maxsize=2)
def _read(path: Path, sha256: str, _changed_ns: int) -> Maps:
    """The exemplar in a file. It is cached for the next picture of a live preview."""
    try:
        if hashlib.sha256(read_bytes(path, LARGEST_BYTES)).hexdigest() != sha256:
            raise ModelError("it is of another model, or was changed", "")
        tensors, metadata = read_tensors(path)
        arrays = {name: _pixels(tensor, name) for name, tensor in tensors.items()}
        about = read_embedded(metadata[ABOUT], path)
        scale = {name: about[name] for name in ("width_m", "height_range_m") if name in about}
        return Maps.from_arrays({"base_color": arrays.pop("base_color"), **arrays}, **scale)
    except (ImpastoError, KeyError, ValueError, TypeError, OSError) as error:
        said = error.message if isinstance(error, ImpastoError) else "it is damaged"
        remedy = "give the picture that the model learned as the exemplar"
        raise ModelError("{} cannot be used: {}", remedy, excerpt(path), said) from error
