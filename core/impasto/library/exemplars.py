"""The exemplar of a model: the picture, or the map set, that it learned, for the detail of its results.

It is a file beside the model and no part of it: whoever passes a model on passes no piece of a photograph on. The
model's card has its SHA-256, so that no other picture is taken for it.
"""

from __future__ import annotations

import hashlib
import json
from functools import lru_cache
from pathlib import Path

import numpy as np

from ..data.parts import window_of
from ..errors import ImpastoError, ModelError
from ..io.cards import read_embedded
from ..system.untrusted import excerpt, is_there, read_bytes
from ..texture import COLOR_MAPS, Maps
from .tensors import read_tensors, tensor_file

EXEMPLAR_SUFFIX = ".exemplar"
"""Suffix of the file beside a model."""
MOST_PX = 2048
"""Longest side that is kept, of the middle of a larger picture: pieces of more surface are hardly more varied."""
LARGEST_BYTES = 2**26
ABOUT = "impasto"
"""Name of the metadata with the width and the range of heights in metres, as JSON."""


def exemplar_file(maps: Maps) -> bytes:
    """The content of an exemplar's file: 8 bits for each value of colours, 16 for those of other maps."""
    starts = [max(0, side - MOST_PX) // 2 for side in maps.size_px]
    maps = window_of(maps, tuple(slice(start, start + MOST_PX) for start in starts))
    tensors = {}
    for name in maps:
        kind = np.uint8 if name in COLOR_MAPS else np.uint16
        tensors[name] = np.round(maps[name].pixels.clip(0, 1) * np.iinfo(kind).max).astype(kind)
    about = {"width_m": maps.width_m, "height_range_m": maps.height_range_m}
    return tensor_file(tensors, {ABOUT: json.dumps({key: value for key, value in about.items() if value is not None})})


def read_exemplar(model: Path, sha256: str) -> Maps:
    """The exemplar beside a model's file, with this SHA-256. ModelError says why there is none."""
    path = model.with_suffix(EXEMPLAR_SUFFIX)
    if not is_there(path):
        raise ModelError(f"the picture that {model.stem} learned is not kept beside it here", "give it as the exemplar")
    return _read(path, sha256, path.stat().st_mtime_ns)


@lru_cache(maxsize=2)
def _read(path: Path, sha256: str, _changed_ns: int) -> Maps:
    """The exemplar in a file, kept in memory for the next picture of a live preview."""
    try:
        if hashlib.sha256(read_bytes(path, LARGEST_BYTES)).hexdigest() != sha256:
            raise ModelError("it is of another model, or was changed", "")
        tensors, metadata = read_tensors(path)
        arrays = {name: tensor / np.float32(np.iinfo(tensor.dtype).max) for name, tensor in tensors.items()}
        about = read_embedded(metadata[ABOUT], path)
        scale = {name: about[name] for name in ("width_m", "height_range_m") if name in about}
        return Maps.from_arrays({"base_color": arrays.pop("base_color"), **arrays}, **scale)
    except (ImpastoError, KeyError, ValueError, TypeError) as error:
        said = error.message if isinstance(error, ImpastoError) else "it is damaged"
        remedy = "give the picture that the model learned as the exemplar"
        raise ModelError(f"{excerpt(path)} cannot be used: {said}", remedy) from error
