"""Picture files to textures. 8-bit files go through Pillow (EXIF rotation, palettes, CMYK, colour profiles),
16-bit and float ones through OpenImageIO. Only what the signature says is trusted, never the extension."""

from __future__ import annotations

import io
import warnings
from pathlib import Path
from typing import Any

import numpy as np

from .cards import read_embedded
from .color import linear_to_srgb
from .errors import FileError
from .outside import explained, open_file
from .texture import COLOR_MAPS, MAP_CHANNELS, Maps, Texture, standard_color_space

SIGNATURES = {
    b"\x89PNG\r\n\x1a\n": "PNG",
    b"\xff\xd8\xff": "JPEG",
    b"II*\0": "TIFF",
    b"MM\0*": "TIFF",
    b"RIFF": "WEBP",
    b"\x76\x2f\x31\x01": "EXR",
}
EXTENSIONS = (".png", ".jpg", ".jpeg", ".tif", ".tiff", ".webp", ".exr")
MAX_PIXELS = 178_956_970
"""Where Pillow too refuses to decode; about 13,377 squared."""


def read_picture(path: Path) -> Maps:
    """A picture as base_color (sRGB-encoded, [0, 1]) and, where it has alpha, opacity."""
    pixels = _decode(path)
    channels = pixels.shape[2]
    color = pixels[..., :3] if channels >= 3 else np.repeat(pixels[..., :1], 3, axis=2)
    arrays = {"base_color": np.clip(color, 0.0, 1.0)}
    if channels in (2, 4):
        arrays["opacity"] = np.clip(pixels[..., -1:], 0.0, 1.0)
    return Maps.from_arrays(arrays)


def read_map(path: Path, name: str) -> Texture:
    """One map of the kind `name` from a file: a grey map from an RGB file is its first channel."""
    pixels = _decode(path, raw=name not in COLOR_MAPS)
    wanted = MAP_CHANNELS[name]
    if pixels.shape[2] < wanted:
        pixels = np.repeat(pixels[..., :1], wanted, axis=2)
    pixels = np.clip(pixels[..., :wanted], 0.0, 1.0)
    return Texture(np.ascontiguousarray(pixels, np.float32), standard_color_space(name))


def read_size(path: Path) -> tuple[int, int]:
    """(height, width) of a picture, from its header."""
    spec = _open(path).spec()
    return spec.height, spec.width


def read_metadata(path: Path) -> dict[str, Any]:
    """What Impasto wrote into a file: `recipe`, `width_m`, `height_range_m`; empty where it wrote none."""
    kind = _signature(path)
    if kind == "EXR":
        text = _open(path).spec().getattribute("impasto")
    elif kind == "PNG":
        text = _text_of_png(path)
    else:
        with _opened_by_pillow(path) as image:
            text = image.info.get("impasto")
    return read_embedded(text, path) if text else {}


def _text_of_png(path: Path) -> str | None:
    """What is said in front of the pixels, in a picture of any size: none is decoded."""
    from PIL import PngImagePlugin

    try:
        with PngImagePlugin.PngImageFile(path) as image:
            return image.info.get("impasto")
    except Exception as error:  # as above: a damaged file
        raise FileError(f"{path} is damaged: {error}", "export it again, or use another file") from error


def _decode(path: Path, raw: bool = False) -> np.ndarray:
    """Pixels (H, W, C) float32, sRGB-encoded if colour. FileError for anything that cannot be used."""
    if _signature(path) != "EXR":
        _opened_by_pillow(path).close()  # refuses a header that claims too much with its size
    spec = _open(path).spec()
    if spec.width * spec.height > MAX_PIXELS:
        raise FileError(
            f"{path} claims {spec.width}x{spec.height} pixels, more than {MAX_PIXELS:,}", "scale it down, or crop it"
        )
    if spec.format == "uint8" or spec.format.basetype == 0 or spec.get_int_attribute("oiio:BitsPerSample") in (1, 2, 4):
        return _decode_8_bit(path, raw)
    return _decode_deep(path, raw)


def _decode_8_bit(path: Path, raw: bool) -> np.ndarray:
    from PIL import ImageOps

    try:
        with _opened_by_pillow(path) as image:
            image = ImageOps.exif_transpose(image)
            has_alpha = "A" in image.mode or "transparency" in image.info
            grey = image.mode in ("1", "L", "LA") and not (image.mode != "LA" and has_alpha)
            mode = ("L" if grey else "RGB") + ("A" if has_alpha else "")
            if not raw:
                image = _to_srgb(image)
            return np.atleast_3d(np.asarray(image.convert(mode), np.float32) / np.float32(255))
    except FileError:
        raise
    except Exception as error:  # decoders raise many kinds for damaged files, all of which mean the same here
        raise FileError(f"{path} is damaged: {error}", "export it again, or use another file") from error


def _to_srgb(image: Any) -> Any:
    """The image converted from its embedded profile; CMYK without one by Pillow's plain formula."""
    from PIL import Image, ImageCms

    profile = image.info.get("icc_profile")
    if not profile or image.mode not in ("RGB", "RGBA", "CMYK", "L"):
        return image
    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        alpha = image.getchannel("A") if image.mode == "RGBA" else None
        plain = image.convert("RGB") if alpha else image
        mode = "L" if image.mode == "L" else "RGB"
        if mode == "L":
            return image
        converted = ImageCms.profileToProfile(plain, source, ImageCms.createProfile("sRGB"), outputMode=mode)
    except ImageCms.PyCMSError:
        return image
    if alpha is not None and isinstance(converted, Image.Image):
        converted.putalpha(alpha)
    return converted


def _decode_deep(path: Path, raw: bool) -> np.ndarray:
    source = _open(path)
    spec = source.spec()
    pixels = source.read_image("float")
    if pixels is None or source.has_error:
        raise FileError(f"{path} is damaged: {source.geterror()}", "export it again, or use another file")
    pixels = _rotate(np.atleast_3d(pixels), spec.get_int_attribute("Orientation", 1))[..., :4]
    bad = int(np.count_nonzero(~np.isfinite(pixels)))
    if bad:
        raise FileError(f"{path} has {bad:,} values that are NaN or infinite", "render or export it again without them")
    if spec.format in ("half", "float", "double") and not raw:
        colors = pixels.shape[2] - (pixels.shape[2] in (2, 4))
        pixels[..., :colors] = linear_to_srgb(np.clip(pixels[..., :colors], 0.0, 1.0))
    return np.ascontiguousarray(pixels, np.float32)


def _rotate(pixels: np.ndarray, orientation: int) -> np.ndarray:
    """Pixels as they are meant to be seen, from the EXIF orientation 1…8."""
    if orientation >= 5:
        pixels = pixels.swapaxes(0, 1)
    flip_rows = orientation in (3, 4, 7, 8)
    flip_columns = orientation in (2, 3, 6, 7)
    return pixels[:: -1 if flip_rows else 1, :: -1 if flip_columns else 1]


def _signature(path: Path) -> str:
    with open_file(path) as stream, explained(path, "read"):
        start = stream.read(16)
    if not start:
        raise FileError(f"{path} is empty", "copy or export it again")
    for signature, kind in SIGNATURES.items():
        if start.startswith(signature) and (kind != "WEBP" or start[8:12] == b"WEBP"):
            return kind
    raise FileError(f"{path} is not a picture that can be read", "use PNG, JPEG, TIFF, WebP or EXR")


def _open(path: Path) -> Any:
    """An OpenImageIO input with its header read, alpha left unassociated."""
    import OpenImageIO as oiio

    _signature(path)
    oiio.attribute("limits:imagesize_MB", 0)  # MAX_PIXELS is checked instead, the same on every machine
    configuration = oiio.ImageSpec()
    configuration.attribute("oiio:UnassociatedAlpha", 1)
    source = oiio.ImageInput.open(str(path), configuration)
    if source is None:
        raise FileError(f"{path} is damaged: {oiio.geterror()}", "export it again, or use another file")
    return source


def _opened_by_pillow(path: Path) -> Any:
    from PIL import Image

    kind = _signature(path)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            return Image.open(path, formats=[kind])
    except Image.DecompressionBombError as error:
        raise FileError(f"{path} claims to be too large: {error}", "scale it down, or crop it") from error
    except Exception as error:  # decoders raise many kinds for damaged files, all of which mean the same here
        raise FileError(f"{path} is damaged: {error}", "export it again, or use another file") from error
