"""Conversion of stored values to sRGB: integers, CMYK, Lab, colour spaces, scene-linear floats, associated alpha."""

from __future__ import annotations

import io
import struct
from typing import Any

import numpy as np

from ..errors import FileError
from ..surface.color import linear_to_srgb, srgb_to_linear
from ..system.untrusted import excerpt
from .color_spaces import (
    ADOBE_RGB,
    D50_TO_LINEAR,
    LINEAR,
    UNKNOWN,
    RGBSpace,
    StoredSpace,
    cicp_space,
    icc_space,
    named_space,
    png_space,
    primaries_to_srgb,
)
from .scanlines import Scanlines

EXIF_ADOBE_RGB, UNCALIBRATED, INTEROPERABILITY = 2, 65535, 0xA005
"""EXIF's numbers of colour spaces other than sRGB, and the EXIF directory that identifies Adobe RGB."""
MAX_PROFILE_BYTES = 2**24
D50 = np.array([0.9642, 1.0, 0.8249])
LEAST_ALPHA = 1e-4
"""Alpha below which a colour cannot be recovered from its associated value."""
TOLERANCE = 1 / 256
"""Rounding may move a float this far beyond 0 to 1."""
MOST_LIGHT = float(srgb_to_linear(np.array(1 + TOLERANCE)))


class ColorConversion:
    """Conversion of rows of `lines`, (n, W, C) as stored -> colour (n, W, 1 or 3) and alpha (n, W, 1) or None.

    Colour is sRGB-encoded if `is_color`. Otherwise it is the stored values, integers scaled to [0, 1] or [-1, 1].
    color_space: name of a colour space that overrides what the file says; "" for what it says. Counted meanwhile are
    `invalid` values (NaN and infinite), values `beyond` the range, and `negative` ones; `largest` is the maximum.
    """

    def __init__(self, lines: Scanlines, is_color: bool, color_space: str = "") -> None:
        self._lines, self._is_color = lines, is_color
        self._count = len(lines.channels)
        is_white_zero = lines.spec.get_int_attribute("tiff:PhotometricInterpretation", -1) == 0
        self._is_inverted = is_white_zero and str(lines.spec.format) != "uint8"  # OpenImageIO inverts bytes alone
        self._is_unbounded = lines.is_float or lines.is_signed
        self.space: StoredSpace | None = None
        self._profile: _ByteTransform | None = None
        if is_color and color_space:
            self.space = _given_space(lines, color_space)
        elif is_color and lines.color in ("rgb", "cmyk"):
            self.space, self._profile = _stored_space(lines)
        self.invalid, self.beyond, self.negative, self.largest = 0, 0, 0, 1.0

    @property
    def is_plain(self) -> bool:
        """Whether colours equal the stored values, so that the picture may be a data map as well."""
        return self.space is None and self._profile is None and self._lines.color == "rgb"

    def __call__(self, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray | None]:
        stored = rows[..., : self._count]
        alpha = None if self._lines.alpha is None else unit(rows[..., self._count :])
        if self._lines.color in ("lab", "icclab"):
            return _lab_to_srgb(stored, self._lines.color == "icclab"), alpha
        values = unit(stored)
        if self._is_inverted:
            values = 1 - values
        if alpha is not None and self._lines.is_associated:
            values = np.divide(values, alpha, out=values.copy(), where=alpha > LEAST_ALPHA)
        if self._profile is not None:
            self._watch(values, alpha, -np.inf, 1 + TOLERANCE)
            return self._profile(values), alpha
        if self._lines.color == "cmyk":
            values = (1 - values[..., :3]) * (1 - values[..., 3:])
        if not self._is_color or self.space is None:
            self._watch(values, alpha, -TOLERANCE, 1 + TOLERANCE)
            return values, alpha
        light, linear = self.space(values)
        self._watch(light, alpha, -np.inf, MOST_LIGHT)
        return linear_to_srgb(linear), alpha

    def _watch(self, values: np.ndarray, alpha: np.ndarray | None, least: float, most: float) -> None:
        """Count values that cannot be kept. Unsigned integers have none."""
        if not self._is_unbounded:
            return
        finite = np.isfinite(values)
        self.invalid += finite.size - int(np.count_nonzero(finite))
        if alpha is not None:
            self.invalid += alpha.size - int(np.count_nonzero(np.isfinite(alpha)))
        self.beyond += int(np.count_nonzero(((values < least) | (values > most)) & finite))
        self.negative += int(np.count_nonzero(values < -TOLERANCE))
        self.largest = max(self.largest, float(np.max(values, where=finite, initial=1.0)))


def unit(stored: np.ndarray) -> np.ndarray:
    """Integers scaled to [0, 1], signed ones to [-1, 1]; floats unchanged."""
    if stored.dtype.kind in "iu":
        return np.divide(stored, np.float32(np.iinfo(stored.dtype).max), dtype=np.float32)
    return stored


def _given_space(lines: Scanlines, name: str) -> StoredSpace | None:
    """The space that the user names. Raise FileError for a file that is not in RGB."""
    space = named_space(name)
    if lines.color != "rgb":
        message = "{} is in {}, and {} is a space of RGB"
        remedy = "leave the colour space out, or convert the picture to RGB"
        raise FileError(message, remedy, excerpt(lines.path), lines.color.removeprefix("icc").upper(), name)
    return space


def _stored_space(lines: Scanlines) -> tuple[StoredSpace | None, _ByteTransform | None]:
    """The space that a file names, or a transform from its profile; None for both if it is sRGB.

    The order is that of PNG 3: cICP, the profile, sRGB, then gAMA and cHRM. Floats without any of them are linear sRGB.
    """
    if lines.color == "rgb" and (cicp := lines.chunks.get(b"cICP", b"")) and UNKNOWN not in cicp[:2] and len(cicp) == 4:
        return cicp_space(excerpt(lines.path), cicp[0], cicp[1], cicp[3]), None
    if found := _of_profile(lines):
        return found
    if lines.color == "rgb" and (space := png_space(lines.chunks)):
        return space, None
    if not lines.is_float:
        return (ADOBE_RGB if lines.kind == "JPEG" and lines.color == "rgb" and _is_adobe_rgb(lines) else None), None
    matrix = matrix_of(lines)
    return LINEAR if matrix is None else RGBSpace(LINEAR.curves, matrix), None


def matrix_of(lines: Scanlines) -> np.ndarray | None:
    """Matrix (3, 3) from an EXR's light to linear sRGB; None if it has sRGB's primaries, or states none.

    Raise FileError for chromaticities that are no colours.
    """
    try:
        return primaries_to_srgb(lines.chromaticities) if lines.chromaticities else None
    except ValueError as error:
        message = "{} has chromaticities that are no colours"
        raise FileError(message, "export it as sRGB, or name its colour space yourself", excerpt(lines.path)) from error


def _is_adobe_rgb(lines: Scanlines) -> bool:
    """Whether a JPEG's EXIF data say that it is in Adobe RGB (DCF 2.0: R03, uncalibrated)."""
    from PIL import Image

    space = lines.spec.get_int_attribute("Exif:ColorSpace", 1)
    if space != UNCALIBRATED:
        return space == EXIF_ADOBE_RGB
    try:
        with Image.open(lines.path, formats=["JPEG"]) as image:
            return image.getexif().get_ifd(INTEROPERABILITY).get(1) == "R03"
    except (OSError, SyntaxError, ValueError, TypeError, LookupError, struct.error):  # of damaged EXIF data
        return False


def _of_profile(lines: Scanlines) -> tuple[StoredSpace | None, _ByteTransform | None] | None:
    """The space, or else the transform, of the embedded profile; None if none is embedded, or it does not fit."""
    profile, count = lines.profile, len(lines.channels)
    if not profile:
        return None
    if len(profile) > MAX_PROFILE_BYTES:
        message = "{} has a colour profile of {} MiB"
        raise FileError(message, "export it again as sRGB, without metadata", excerpt(lines.path), len(profile) >> 20)
    is_grey = profile[16:20] == b"GRAY"
    if is_grey and count > 1:
        return None
    is_bytes = str(lines.spec.format) == "uint8" and count > 1
    if lines.color == "rgb" and not is_bytes and (space := icc_space(profile)):
        return space, None
    mode = "CMYK" if lines.color == "cmyk" else "L" if is_grey else "RGB"
    transform = _ByteTransform.of(profile, mode)
    return (None, transform) if transform else None


class _ByteTransform:
    """Little CMS's transform of bytes from a profile to sRGB. Values between bytes are interpolated.

    The interpolation is linear on the simplex of the nearest bytes, as on tetrahedra by Kasson et al. (1995). The
    transform of floats in imagecodecs differs by a level in bytes too, and is 44 MB installed.
    """

    def __init__(self, transform: Any, mode: str) -> None:
        self._transform, self._mode = transform, mode

    @classmethod
    def of(cls, profile: bytes, mode: str) -> _ByteTransform | None:
        """The transform; None for a damaged profile, or one of another mode."""
        from PIL import ImageCms

        try:
            source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
            return cls(ImageCms.buildTransform(source, ImageCms.createProfile("sRGB"), mode, "RGB"), mode)
        except (ImageCms.PyCMSError, OSError, TypeError, ValueError):
            return None

    def __call__(self, values: np.ndarray) -> np.ndarray:
        """sRGB (n, W, 3) from values (n, W, C) in [0, 1]."""
        if self._mode == "RGB" and values.shape[2] == 1:
            values = np.broadcast_to(values, (*values.shape[:2], 3))
        scaled = np.clip(values, 0, 1) * 255
        corner = np.floor(scaled + 1e-3)  # bytes, rounded as floats, are themselves
        rest = np.maximum(scaled - corner, 0)
        if not (rest > 1e-3).any():
            return self._of_bytes(corner)
        order = np.argsort(-rest, axis=2)
        shares = np.take_along_axis(rest, order, 2)
        steps = np.concatenate([np.ones_like(shares[..., :1]), shares, np.zeros_like(shares[..., :1])], 2)
        result = np.zeros((*values.shape[:2], 3), np.float32)
        for index in range(values.shape[2] + 1):
            result += (steps[..., index] - steps[..., index + 1])[..., None] * self._of_bytes(corner)
            if index < values.shape[2]:
                chosen = order[..., index : index + 1]
                np.put_along_axis(corner, chosen, np.take_along_axis(corner, chosen, 2) + 1, 2)
        return result

    def _of_bytes(self, values: np.ndarray) -> np.ndarray:
        from PIL import Image, ImageCms

        stored = np.clip(values, 0, 255).astype(np.uint8)
        picture = Image.fromarray(stored[..., 0] if self._mode == "L" else stored, self._mode)
        return unit(np.asarray(ImageCms.applyTransform(picture, self._transform)))


def _lab_to_srgb(stored: np.ndarray, is_icc: bool) -> np.ndarray:
    """sRGB from L*a*b* of 8 or 16 bits. a* and b* are signed (TIFF 6.0, 23), or offset by half their range (ICC)."""
    bits = 8 * stored.dtype.itemsize
    values = stored.astype(np.float32)
    signed = values[..., 1:] - 2 ** (bits - 1) if is_icc else stored[..., 1:].view(f"i{bits // 8}").astype(np.float32)
    lightness = values[..., :1] * (100 / (2**bits - 1))
    a, b = np.moveaxis(signed / 2 ** (bits - 8), -1, 0)
    y = (lightness[..., 0] + 16) / 116
    roots = np.stack([y + a / 500, y, y - b / 200], -1)
    xyz = np.where(roots > 6 / 29, roots**3, (roots - 4 / 29) * 3 * (6 / 29) ** 2) * D50
    return linear_to_srgb(np.clip(xyz @ D50_TO_LINEAR.T, 0, 1))
