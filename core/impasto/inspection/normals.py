"""Checks of a normal map: encoding, length, lean, sign, and agreement with the height."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import numpy as np

from ..surface.color import linear_to_srgb, srgb_to_linear
from ..surface.heights import normal_height_consistency, normal_length_error, slopes_from_normal
from ..surface.orientation import height_correlations, is_flat, orientation, with_blue
from ..surface.resizing import resized_map
from .finding import Finding, Fix
from .map_set import InspectedSet

LENGTH_ERROR = 0.03
"""Limit of the mean length error of normals. 8 bits and JPEG cause 0.002 to 0.03 in measured sets at full size."""
LEAN_DEGREES = 5.0
POINTS_DOWN = 0.01
"""Limit of the share of normals that point down. JPEG causes some at steep edges, up to 0.0013 in measured sets."""
EMPTY_BLUE = 0.02
"""The blue channel is empty if its range is below this, and its mean error for normals of unit length above this."""
CURVE_OFFSET, CURVE_REST = 0.1, 0.03
"""Offset of the median normal above which sRGB's curve is tried, and limit of the offset without that curve."""
AGREES = 0.2
"""Lower limit of the correlation between slopes of normals and height. Measured sets have 0.38 to 0.98."""
NAMES = {"opengl": "OpenGL", "directx": "DirectX"}


def checked_normals(found: InspectedSet) -> Iterator[Finding]:
    """Findings about the normal map, if there is one."""
    normal = found.pixels("normal")
    if normal is None:
        return
    if finding := _encoding(normal):
        yield finding
        return
    slopes = slopes_from_normal(normal)
    if is_flat(slopes):
        yield Finding("normals", "normal", "note", "the normals are flat everywhere", "leave the map out")
        return
    yield _length(normal)
    yield from _lean(normal)
    height = _height_like(found, normal)
    yield _sign_finding(found, slopes, height)
    if height is not None:
        yield _against_height(normal, slopes, height)


def _encoding(normal: np.ndarray) -> Finding | None:
    """An error if the map, as it is stored, is no tangent-space normal map; None if it is one."""
    blue = normal[..., 2]
    missing = float(np.abs(with_blue(normal)[..., 2] - blue).mean())
    if float(np.ptp(blue)) < EMPTY_BLUE < missing:
        message = "the blue channel is empty, as in maps of two channels"
        return Finding("encoding", "normal", "error", message, "compute it from red and green", "restore blue")
    offset = _median_offset(normal)
    decodings: tuple[tuple[Fix, np.ndarray], ...] = (
        ("undo sRGB", srgb_to_linear(normal)),
        ("apply sRGB", linear_to_srgb(normal)),
    )
    for fix, decoded in decodings:
        if offset > CURVE_OFFSET and _median_offset(decoded) < CURVE_REST:
            how = "was encoded as a colour" if fix == "undo sRGB" else "was read as a colour and stored as linear light"
            remedy = "export it as non-colour data"
            return Finding("colour space", "normal", "error", f"it {how} in sRGB", remedy, fix, {"offset": offset})
    share = float((blue < 0.5).mean())
    if share > POINTS_DOWN:
        message = f"{share:.1%} of the normals point into the surface"
        remedy = "bake a tangent-space normal map; this is another kind, or a damaged file"
        return Finding("encoding", "normal", "error", message, remedy, figures={"share": share})
    return None


def _median_offset(normal: np.ndarray) -> float:
    """Distance of the median normal's x and y from 0."""
    return float(np.hypot(*(2 * np.median(normal[..., :2], (0, 1)) - 1)))


def _length(normal: np.ndarray) -> Finding:
    error = normal_length_error(normal)
    mean = float(np.linalg.norm(2 * normal - 1, axis=2).mean())
    figures = {"error": error, "mean_length": mean}
    if error <= LENGTH_ERROR:
        return Finding("length", "normal", "ok", f"unit length within {error:.3f}", figures=figures)
    why = "averaging when it was shrunk makes them shorter" if mean < 1 else "they are longer than 1"
    message = f"normals are {mean:.2f} long on average: {why}"
    remedy = "renormalise them; most renderers do that when they use them"
    return Finding("length", "normal", "note", message, remedy, "renormalise", figures)


def _lean(normal: np.ndarray) -> Iterator[Finding]:
    """A warning if the surface leans as a whole, which a surface that tiles cannot do."""
    along_x, along_rows = slopes_from_normal(normal).mean((0, 1))
    degrees = float(np.degrees(np.arctan(np.hypot(along_x, along_rows))))
    if degrees > LEAN_DEGREES:
        message = f"the surface leans by {degrees:.0f}° as a whole"
        remedy = "bake it on a level plane, or make a height of it (normal-to-height), and normals of that"
        yield Finding("lean", "normal", "warning", message, remedy, figures={"degrees": degrees})


def _height_like(found: InspectedSet, normal: np.ndarray) -> np.ndarray | None:
    """The height (H, W) at the size of the normals. None if it is missing or flat, or has another aspect ratio."""
    height = found.textures.get("height")
    if height is None or float(np.ptp(height.pixels)) == 0:
        return None
    rows, columns = normal.shape[:2]
    if abs(height.size_px[0] * columns - height.size_px[1] * rows) > 0.01 * rows * height.size_px[1]:
        return None
    return resized_map("height", height, (rows, columns)).pixels[..., 0]


def _sign_finding(found: InspectedSet, slopes: np.ndarray, height: np.ndarray | None) -> Finding:
    evidence = orientation(slopes, height)
    figures = {"correlation": evidence.correlation, "confidence": evidence.confidence}
    finding = partial(Finding, "sign", "normal", figures=figures)
    by = "as the height says" if evidence.by == "height" else "as they fit together"
    if height is not None:
        along_x, along_y = height_correlations(slopes, height)
        if along_x <= -AGREES and along_y >= AGREES:
            message = "red has the wrong sign: bumps are dents from left to right"
            return finding("error", message, "invert red", "flip red", figures={"correlation": along_x})
    if found.is_directx:
        if evidence.sign == "directx":
            return finding("warning", f"OpenGL, {by}, although its name says DirectX", "rename it")
        return finding("ok", "DirectX, as its name says: turned to OpenGL when it is read")
    if evidence.sign is None:
        message = "OpenGL and DirectX fit equally, so the sign is not known"
        return finding("note", message, "look at it under a light from above")
    said = f"{NAMES[evidence.sign]}, {by} (confidence {evidence.confidence:.0%})"
    if evidence.sign == "directx":
        return finding("error", said, "invert green: Blender and Impasto use OpenGL's sign", "flip green")
    return finding("ok", said)


def _against_height(normal: np.ndarray, slopes: np.ndarray, height: np.ndarray) -> Finding:
    """A finding about whether normals and height show one surface, from the correlation of slopes at two scales."""
    angle, fine = normal_height_consistency(normal, height[..., None])
    half = np.hypot(*height_correlations(_halve(slopes), _halve(height[..., None])[..., 0])) / 2**0.5
    along_x, along_y = height_correlations(slopes, height)
    correlation = max(fine, float(half)) if fine > 0 else fine
    figures = {"correlation": correlation, "angle": angle}
    said = f"slopes correlate by {correlation:.2f}, {angle:.1f}° apart at the best scale"
    if along_x <= -AGREES and along_y <= -AGREES:
        message = "the height is upside down for these normals: bumps of one are dents of the other"
        return Finding("normal and height", "height", "error", message, "invert the one that is wrong", "", figures)
    if max(abs(along_x), abs(along_y), correlation) < AGREES:
        message = f"normals and height seem to be of different surfaces: {said}"
        remedy = "keep the better one, and derive the other: `impasto apply normal-to-height` or `height-to-normal`"
        return Finding("normal and height", "height", "warning", message, remedy, "", figures)
    return Finding("normal and height", "height", "ok", said, figures=figures)


def _halve(x: np.ndarray) -> np.ndarray:
    """x (H, W, C) at half its size, by averages."""
    rows, columns = (max(side // 2, 1) for side in x.shape[:2])
    if min(x.shape[:2]) < 2:
        return x
    return x[: 2 * rows, : 2 * columns].reshape(rows, 2, columns, 2, -1).mean((1, 3))
