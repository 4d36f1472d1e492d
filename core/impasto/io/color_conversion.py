"""Conversion of stored values to sRGB: integers, CMYK, Lab, colour profiles, scene-linear floats, associated alpha."""

from __future__ import annotations

import io
from typing import Any

import numpy as np

from ..errors import FileError
from ..surface.color import linear_to_srgb
from ..system.untrusted import excerpt
from .scanlines import Scanlines

MAX_PROFILE_BYTES = 2**24
D50_TO_LINEAR = np.array(
    [
        [3.1338561, -1.6168667, -0.4906146],
        [-0.9787684, 1.9161415, 0.0334540],
        [0.0719453, -0.2289914, 1.4052427],
    ]
)
"""Matrix from XYZ under D50, the white of TIFF's and Photoshop's Lab, to linear sRGB (Bradford-adapted; Lindbloom)."""
D50 = np.array([0.9642, 1.0, 0.8249])
LEAST_ALPHA = 1e-4
"""Alpha below which a colour cannot be recovered from its associated value."""


class ColorConversion:
    """Conversion of rows of `lines`, (n, W, C) as stored -> colour (n, W, 1 or 3) and alpha (n, W, 1) or None.

    Colour is sRGB-encoded if `is_color`, otherwise the stored values scaled to [0, 1].
    """

    def __init__(self, lines: Scanlines, is_color: bool) -> None:
        self._lines, self._is_color = lines, is_color
        self._count = len(lines.channels)
        is_white_zero = lines.spec.get_int_attribute("tiff:PhotometricInterpretation", -1) == 0
        self._is_inverted = is_white_zero and str(lines.spec.format) != "uint8"  # OpenImageIO inverts bytes alone
        self._profile = _transform(lines) if is_color and lines.color in ("rgb", "cmyk") and self._count > 1 else None

    def __call__(self, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray | None]:
        stored = rows[..., : self._count]
        alpha = None if self._lines.alpha is None else unit(rows[..., self._count :])
        if self._profile is not None:
            return unit(self._by_profile(stored)), alpha
        if self._lines.color in ("lab", "icclab"):
            return _lab_to_srgb(stored, self._lines.color == "icclab"), alpha
        values = unit(stored)
        if self._is_inverted:
            values = 1 - values
        if self._lines.color == "cmyk":
            values = (1 - values[..., :3]) * (1 - values[..., 3:])
        if alpha is not None and self._lines.is_associated:
            values = np.divide(values, alpha, out=values.copy(), where=alpha > LEAST_ALPHA)
        if self._lines.is_float and self._is_color:
            values = linear_to_srgb(values)
        return values, alpha

    def _by_profile(self, stored: np.ndarray) -> np.ndarray:
        from PIL import Image, ImageCms

        bytes_ = (stored >> 8).astype(np.uint8) if stored.dtype == np.uint16 else np.ascontiguousarray(stored)
        mode = "CMYK" if self._lines.color == "cmyk" else "RGB"
        assert self._profile is not None
        return np.asarray(ImageCms.applyTransform(Image.fromarray(bytes_, mode), self._profile))


def unit(stored: np.ndarray) -> np.ndarray:
    """Integers scaled to [0, 1]; floats unchanged."""
    if stored.dtype.kind == "u":
        return np.divide(stored, np.float32(np.iinfo(stored.dtype).max), dtype=np.float32)
    return stored


def _transform(lines: Scanlines) -> Any:
    """Transform from the embedded profile to sRGB; None for no profile, an unsuitable one, and RGB over 8 bits."""
    from PIL import ImageCms

    profile, mode = lines.profile, "CMYK" if lines.color == "cmyk" else "RGB"
    if not profile or (mode == "RGB" and str(lines.spec.format) != "uint8"):
        return None
    if len(profile) > MAX_PROFILE_BYTES:
        message = f"{excerpt(lines.path)} has a colour profile of {len(profile) >> 20} MiB"
        raise FileError(message, "export it again as sRGB, without metadata")
    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        return ImageCms.buildTransform(source, ImageCms.createProfile("sRGB"), mode, "RGB")
    except (ImageCms.PyCMSError, OSError, TypeError, ValueError):  # a damaged profile, or one of other channels
        return None


def _lab_to_srgb(stored: np.ndarray, is_icc: bool) -> np.ndarray:
    """L*a*b* of 8 or 16 bits to sRGB; a* and b* are signed (TIFF 6.0, 23), or offset by half their range (ICC)."""
    bits = 8 * stored.dtype.itemsize
    values = stored.astype(np.float32)
    signed = values[..., 1:] - 2 ** (bits - 1) if is_icc else stored[..., 1:].view(f"i{bits // 8}").astype(np.float32)
    lightness = values[..., :1] * (100 / (2**bits - 1))
    a, b = np.moveaxis(signed / 2 ** (bits - 8), -1, 0)
    y = (lightness[..., 0] + 16) / 116
    roots = np.stack([y + a / 500, y, y - b / 200], -1)
    xyz = np.where(roots > 6 / 29, roots**3, (roots - 4 / 29) * 3 * (6 / 29) ** 2) * D50
    return linear_to_srgb(np.clip(xyz @ D50_TO_LINEAR.T, 0, 1))
