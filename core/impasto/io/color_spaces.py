"""Colour spaces of stored RGB: from ICC profiles, PNG chunks and EXR chromaticities, or by OpenColorIO's name.

A space converts stored values to light in its own primaries, and that light to linear sRGB, which may exceed [0, 1].
"""

from __future__ import annotations

import functools
import struct
import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np

from ..errors import FileError, ParameterError, did_you_mean
from ..surface.color import linear_to_srgb, srgb_to_linear
from ..system.untrusted import excerpt

Curve = Callable[[np.ndarray], np.ndarray]
OCIO_CONFIG, LINEAR_SRGB = "ocio://default", "lin_rec709"
"""OpenColorIO's built-in configuration, and linear sRGB in it."""
NEAR = 2e-3
"""Smaller differences of chromaticities, and of white from 1, are rounding errors."""
TABLES = tomllib.loads(Path(__file__).with_suffix(".toml").read_text(encoding="utf-8"))
PRIMARIES: Mapping[str, Sequence[float]] = TABLES["primaries"]
"""Chromaticities x, y of red, green, blue and white."""
BRADFORD = np.array([[0.8951, 0.2664, -0.1614], [-0.7502, 1.7135, 0.0367], [0.0389, -0.0685, 1.0296]])
"""Matrix from XYZ to cone responses, in which colours are adapted to another white (Lam 1985; Lindbloom)."""
D50_TO_LINEAR = np.array(
    [[3.1338561, -1.6168667, -0.4906146], [-0.9787684, 1.9161415, 0.0334540], [0.0719453, -0.2289914, 1.4052427]]
)
"""Matrix from XYZ under D50 to linear sRGB (Lindbloom). ICC profiles, and Lab in TIFF and PSD, use D50."""
SRGB_GAMMA = 45455
"""PNG's gAMA for 1/2.2. It stands for sRGB's own curve unless other primaries are given (PNG 3, 11.3.2.5)."""


class StoredSpace(Protocol):
    """A colour space: stored values (n, W, 1 or 3) -> light in its own primaries, where 1 is white, and linear sRGB."""

    def __call__(self, values: np.ndarray, /) -> tuple[np.ndarray, np.ndarray]: ...


@dataclass(frozen=True)
class RGBSpace:
    """Curves to light, one for all channels or one each, and a matrix (3, 3) to linear sRGB; None for the identity."""

    curves: tuple[Curve, ...]
    matrix: np.ndarray | None = None

    def __call__(self, values: np.ndarray, /) -> tuple[np.ndarray, np.ndarray]:
        """Light (n, W, 1 or 3) in the space's primaries, and linear sRGB of the same shape."""
        if len(self.curves) == values.shape[2]:
            light = np.stack([curve(values[..., index]) for index, curve in enumerate(self.curves)], 2)
        else:
            light = self.curves[0](values)
        light = light.astype(np.float32, copy=False)
        if self.matrix is None or light.shape[2] == 1:
            return light, light
        return light, light @ self.matrix.T.astype(np.float32)


@dataclass(frozen=True)
class NamedSpace:
    """A space of OpenColorIO's built-in configuration."""

    name: str

    def __call__(self, values: np.ndarray, /) -> tuple[np.ndarray, np.ndarray]:
        """Stored values (linear sRGB instead if white exceeds 1), and linear sRGB (n, W, 3)."""
        linear = _linear_srgb(values, self.name)
        return (values if self._white < 1 + NEAR else linear), linear

    @functools.cached_property
    def _white(self) -> float:
        return float(_linear_srgb(np.ones((1, 1, 1), np.float32), self.name).max())


def _linear_srgb(values: np.ndarray, name: str) -> np.ndarray:
    """Linear sRGB (n, W, 3) from values (n, W, 1 or 3) in one of OpenColorIO's spaces."""
    import OpenImageIO as oiio

    rgb = np.ascontiguousarray(np.broadcast_to(values, (*values.shape[:2], 3)), np.float32)
    source = oiio.ImageBuf(rgb)
    result = oiio.ImageBufAlgo.colorconvert(source, name, LINEAR_SRGB, False, colorconfig=OCIO_CONFIG)
    if result.has_error:
        message = "OpenColorIO cannot convert {}: {}"
        raise ParameterError(message, "choose another colour space", name, result.geterror())
    return np.asarray(result.get_pixels(oiio.FLOAT))


def gamma(exponent: float) -> Curve:
    """The curve of a pure power."""
    return lambda values: np.maximum(values, 0) ** np.float32(exponent)


def identity(values: np.ndarray) -> np.ndarray:
    """The curve of values that are already light."""
    return values


LINEAR = RGBSpace((identity,))
"""Linear sRGB."""


def primaries_to_srgb(primaries: Sequence[float]) -> np.ndarray | None:
    """Matrix (3, 3) from these primaries to linear sRGB, with white adapted by Bradford; None for sRGB's primaries.

    Raise ValueError for primaries that span no colours.
    """
    if np.abs(np.subtract(primaries, PRIMARIES["srgb"])).max() < NEAR:
        return None
    return np.linalg.inv(_to_xyz(PRIMARIES["srgb"])) @ _to_xyz(primaries)


def _to_xyz(primaries: Sequence[float]) -> np.ndarray:
    """Matrix (3, 3) from linear RGB to XYZ, relative to white and adapted to D65 (Lindbloom, RGB to XYZ)."""
    x, y = np.reshape(primaries, (4, 2)).astype(np.float64).T
    if not np.isfinite([x, y]).all() or y[3] < NEAR or abs(np.linalg.det([x[:3], y[:3], np.ones(3)])) < NEAR:
        raise ValueError
    columns = np.stack([x, y, 1 - x - y])
    white, d65 = columns[:, 3] / y[3], np.array([0.3127, 0.329, 0.3583]) / 0.329
    adapted = np.linalg.inv(BRADFORD) @ np.diag((BRADFORD @ d65) / (BRADFORD @ white)) @ BRADFORD
    return adapted @ columns[:, :3] * np.linalg.solve(columns[:, :3], white)


ADOBE_RGB = RGBSpace((gamma(563 / 256),), primaries_to_srgb(PRIMARIES["adobe"]))


@functools.cache
def _names() -> dict[str, str]:
    """All known names of spaces in lower case, with the name in `OWN` or of OpenColorIO that each stands for."""
    import OpenImageIO as oiio

    config = oiio.ColorConfig(OCIO_CONFIG)
    own = config.getColorSpaceNames()
    known = {one.lower(): name for name in own for one in (name, *config.getAliases(name))}
    aliases = {other.lower(): known[name] for other, name in TABLES["names"].items() if name in known}
    return known | aliases | {name.lower(): name for name in OWN}


OWN: Mapping[str, RGBSpace] = {
    "Display P3": RGBSpace((srgb_to_linear,), primaries_to_srgb(PRIMARIES["display-p3"])),
    "ProPhoto RGB": RGBSpace((gamma(1.8),), primaries_to_srgb(PRIMARIES["prophoto"])),
    "Rec.2020": RGBSpace((gamma(2.4),), primaries_to_srgb(PRIMARIES["rec-2020"])),
}
"""Spaces that OpenColorIO's built-in configuration lacks, or names differently in its versions."""


def check_color_space(name: str) -> str:
    """The name under which a colour space is recorded. Raise ParameterError for an unknown name."""
    known = _names()
    if name.strip().lower() not in known:
        names = sorted(set(known.values()))
        message = "there is no colour space called {}"
        raise ParameterError(message, "{}choose from {}", excerpt(name), did_you_mean(name, names), ", ".join(names))
    return known[name.strip().lower()]


def named_space(name: str) -> StoredSpace | None:
    """The space of this name; None for sRGB and raw data, which need no conversion. Raise ParameterError if unknown."""
    known, own = _names(), check_color_space(name)
    if own in (known["srgb"], known["raw"]):
        return None
    return OWN.get(own) or (LINEAR if own == known[LINEAR_SRGB] else NamedSpace(own))


def srgb_of(values: np.ndarray, space: StoredSpace) -> np.ndarray:
    """sRGB in [0, 1] (H, W, 3) from values (H, W, 3) in a space."""
    return linear_to_srgb(np.clip(space(values)[1], 0, 1))


def icc_space(profile: bytes) -> RGBSpace | None:
    """The space of an ICC profile (ICC.1:2022, 7 to 10) of grey, or of RGB with a matrix and curves; else None.

    Little CMS prefers tables (A2B, D2B) to the matrix, so a profile that has both gives None.
    """
    try:
        (count,) = struct.unpack_from(">I", profile, 128)
        places = (struct.unpack_from(">4sII", profile, 132 + 12 * index) for index in range(min(count, 100)))
        tags = {name: profile[start : start + length] for name, start, length in places}
        if profile[20:24] != b"XYZ " or any(name[:3] in (b"A2B", b"D2B") for name in tags):
            return None
        if profile[16:20] == b"GRAY":
            return RGBSpace((_icc_curve(tags[b"kTRC"]),))
        columns = [np.array(struct.unpack_from(">3i", tags[one + b"XYZ"], 8)) / 65536 for one in (b"r", b"g", b"b")]
        curves = tuple(_icc_curve(tags[one + b"TRC"]) for one in (b"r", b"g", b"b"))
        return RGBSpace(curves, D50_TO_LINEAR @ np.stack(columns, 1)) if profile[16:20] == b"RGB " else None
    except (struct.error, KeyError, ValueError, OverflowError):
        return None


PARAMETRIC = {0: 1, 1: 3, 2: 4, 3: 5, 4: 7}
"""Numbers of parameters of ICC's parametric curves, by their type."""


def _icc_curve(tag: bytes) -> Curve:
    """The curve of a tag of the types curv or para (ICC.1:2022, 10.6 and 10.18)."""
    if tag[:4] == b"para":
        kind = struct.unpack_from(">H", tag, 8)[0]
        numbers = np.array(struct.unpack_from(f">{PARAMETRIC[kind]}i", tag, 12)) / 65536
        g, a, b, c, d, e, f = (*map(float, numbers), *(1.0, 0.0, 0.0, 0.0, 0.0, 0.0)[len(numbers) - 1 :])
        if a == 0:
            raise ValueError
        if kind in (1, 2):
            d, e, f, c = -b / a, c, c, 0.0  # a constant below its root
        elif kind == 0:
            d = -np.inf
        return lambda x: np.where(x >= d, np.maximum(a * x + b, 0) ** g + e, c * x + f)
    if tag[:4] != b"curv":
        raise ValueError
    (count,) = struct.unpack_from(">I", tag, 8)
    if count == 0:
        return identity
    if count == 1:
        return gamma(struct.unpack_from(">H", tag, 12)[0] / 256)
    table = np.frombuffer(tag, ">u2", count, 12) / 65535
    return lambda x: np.interp(x, np.linspace(0, 1, count), table)


def png_space(chunks: Mapping[bytes, bytes]) -> RGBSpace | None:
    """The space of a PNG's gAMA and cHRM chunks; None if they are missing, overridden by sRGB, or those of sRGB."""
    if b"sRGB" in chunks or not {b"gAMA", b"cHRM"} & chunks.keys():
        return None
    try:
        white_first = struct.unpack(">8I", chunks[b"cHRM"]) if b"cHRM" in chunks else ()
        (value,) = struct.unpack(">I", chunks.get(b"gAMA", struct.pack(">I", SRGB_GAMMA)))
        matrix = (
            primaries_to_srgb([one / 100000 for one in (*white_first[2:], *white_first[:2])]) if white_first else None
        )
    except (struct.error, ValueError):
        return None
    is_srgb_curve = value == 0 or (abs(value - SRGB_GAMMA) < 100 and (matrix is None or b"gAMA" not in chunks))
    if is_srgb_curve:
        return None if matrix is None else RGBSpace((srgb_to_linear,), matrix)
    return RGBSpace((gamma(100000 / value),), matrix)


def _rec709(values: np.ndarray) -> np.ndarray:
    """Light from values that are encoded by ITU-R BT.709's curve."""
    return np.where(values < 0.081, values / 4.5, ((np.maximum(values, 0) + 0.099) / 1.099) ** (1 / 0.45))


CICP_CURVES: Mapping[int, Curve] = {
    **dict.fromkeys((1, 6, 14, 15), _rec709),
    4: gamma(2.2),
    5: gamma(2.8),
    8: identity,
    13: srgb_to_linear,
}
"""Curves by their number in ITU-T H.273, 8.2."""
UNKNOWN, HDR = 2, {16: "PQ", 18: "HLG"}


def cicp_space(name: str, primaries: int, curve: int, full_range: int) -> RGBSpace | None:
    """The space of a cICP chunk (PNG 3, 11.3.2.6); None for sRGB. Raise FileError, about the file `name`, for HDR."""
    if curve in HDR:
        remedy = "export it as sRGB or Display P3, or as linear EXR with values from 0 to 1"
        raise FileError("{} is encoded in {} for bright screens (HDR), which is not read", remedy, name, HDR[curve])
    if curve not in CICP_CURVES or str(primaries) not in TABLES["cicp-primaries"] or not full_range:
        message = "{} has colours of an unusual kind (cICP {}, {}, {}), which are not read"
        remedy = "export it as sRGB, or name its colour space yourself"
        raise FileError(message, remedy, name, primaries, curve, full_range)
    matrix = primaries_to_srgb(TABLES["cicp-primaries"][str(primaries)])
    return None if matrix is None and CICP_CURVES[curve] is srgb_to_linear else RGBSpace((CICP_CURVES[curve],), matrix)
