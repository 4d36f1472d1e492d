"""JPEG of every kind that other programs write: read with the values that it holds, or refused for its cost."""

from __future__ import annotations

import struct
import sys

import imagecodecs
import numpy as np
import pytest
from PIL import Image
from stored_pictures import HEIGHT, INK, INK_SEEN, LOSSY, RGB8, TWELVE_BIT, WIDTH, check, colors, grey, stored

from impasto import read_maps
from impasto.errors import FileError
from impasto.io import decode


def test_jpeg_of_ink_and_progressive(tmp_path):
    Image.fromarray(INK, "CMYK").save(tmp_path / "ink.jpg", quality=100, subsampling=0)  # Pillow inverts as Adobe does
    check(tmp_path / "ink.jpg", INK_SEEN, tolerance=LOSSY)
    Image.fromarray(RGB8).save(tmp_path / "progressive.jpg", quality=100, subsampling=0, progressive=True)
    check(tmp_path / "progressive.jpg", RGB8 / 255, tolerance=LOSSY)


def segment(marker: int, *parts: bytes) -> bytes:
    body = b"".join(parts)
    return struct.pack(">BBH", 0xFF, marker, len(body) + 2) + body


def coded_jpeg(
    values: np.ndarray, *extra: bytes, bits: int = 12, channels: int = 1, progressive: bool = False
) -> bytes:
    """A JPEG whose blocks of 8x8 have these values (rows, columns) in all channels, by ITU-T T.81. extra: segments.

    The first coefficient of a block has a Huffman code of 4 bits for its length; "0" ends the block. Each channel has
    a scan of its own; a progressive one has one channel.
    """
    coded = ""
    ends = "" if progressive else "0"
    for difference in np.diff(values.astype(int).ravel(), prepend=2 ** (bits - 1)):
        length = int(abs(difference)).bit_length()
        amplitude = difference if difference > 0 else difference + 2**length - 1
        coded += f"{length:04b}" + (f"{amplitude:0{length}b}" if length else "") + ends
    lengths = segment(0xC4, b"\0", bytes([0, 0, 0, 13, *[0] * 12]), bytes(range(13)))
    end_of_block = segment(0xC4, b"\x10", bytes([1, *[0] * 15]), b"\0")
    size = struct.pack(">BHHB", bits, 8 * values.shape[0], 8 * values.shape[1], channels)
    numbers = range(1, channels + 1)
    frame = segment(0xC2 if progressive else 0xC1, size, *(bytes([number, 0x11, 0]) for number in numbers))
    head = b"\xff\xd8" + b"".join(extra) + segment(0xDB, b"\0", b"\x08" * 64) + frame + lengths + end_of_block
    if not progressive:
        return head + b"".join(scan(coded, 0, 63, number) for number in numbers) + b"\xff\xd9"
    return head + scan(coded, 0, 0) + scan("0" * values.size, 1, 63) + b"\xff\xd9"


def scan(bits: str, first: int, last: int, number: int = 1) -> bytes:
    """A scan of the coefficients from `first` to `last` of the channel of this number."""
    bits += "1" * (-len(bits) % 8)
    data = int(bits, 2).to_bytes(len(bits) // 8, "big").replace(b"\xff", b"\xff\0")
    return segment(0xDA, bytes([1, number, 0, first, last, 0])) + data


BLOCKS = np.random.default_rng(0).integers(0, 4096, (HEIGHT // 8, WIDTH // 8))


@pytest.mark.parametrize("progressive", [False, True], ids=["sequential", "progressive"])
def test_jpeg_of_12_bits_has_all_of_them(progressive, tmp_path):
    (tmp_path / "a.jpg").write_bytes(coded_jpeg(BLOCKS, progressive=progressive))
    check(tmp_path / "a.jpg", grey(np.kron(BLOCKS, np.ones((8, 8))), 4095), tolerance=TWELVE_BIT)


def test_jpeg_of_12_bits_in_colour_and_of_ink(tmp_path):
    options = {"level": 100, "subsampling": "444", "bitspersample": 12}
    (tmp_path / "rgb.jpg").write_bytes(imagecodecs.jpeg8_encode(stored(12), **options))
    check(tmp_path / "rgb.jpg", colors(), tolerance=4 / 4095)  # as far as the cosine transform's rounding goes
    inverted = (255 - INK).astype(np.uint16) * 16
    options |= {"colorspace": "cmyk", "outcolorspace": "cmyk"}
    (tmp_path / "ink.jpg").write_bytes(imagecodecs.jpeg8_encode(inverted, **options))
    ink = 1 - inverted / 4095
    check(tmp_path / "ink.jpg", (1 - ink[..., :3]) * (1 - ink[..., 3:]), tolerance=4 / 4095)


def test_jpeg_of_12_bits_is_turned_as_its_exif_data_says(tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6
    (tmp_path / "a.jpg").write_bytes(coded_jpeg(BLOCKS, segment(0xE1, exif.tobytes())))
    turned = read_maps(tmp_path / "a.jpg")["base_color"].pixels[..., 0]
    assert decode.read_size(tmp_path / "a.jpg") == turned.shape == (WIDTH, HEIGHT)
    assert np.abs(turned[0, 0] - BLOCKS[-1, 0] / 4095) < TWELVE_BIT


def test_jpeg_of_12_bits_without_the_extra_says_how_to_convert_it(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "imagecodecs", None)
    (tmp_path / "a.jpg").write_bytes(coded_jpeg(BLOCKS))
    (tmp_path / "b.jpg").write_bytes(coded_jpeg(BLOCKS).replace(b"\xff\xc1\0\x0b\x0c", b"\xff\xc1\0\x0b\x10"))
    with pytest.raises(FileError, match=r"16 bits a channel.*save it as 16-bit PNG or TIFF"):
        read_maps(tmp_path / "b.jpg")
    said = r"12 bits a channel.*impasto\[formats\].*save it as 16-bit PNG .*pip install imagecodecs"
    with pytest.raises(FileError, match=said):
        read_maps(tmp_path / "a.jpg")


def test_jpeg_with_a_restart_marker_before_its_frame(tmp_path):
    Image.fromarray(RGB8).save(tmp_path / "a.jpg", quality=100, subsampling=0)
    data = (tmp_path / "a.jpg").read_bytes()
    (tmp_path / "a.jpg").write_bytes(data[:2] + b"\xff\xd0" + data[2:])
    check(tmp_path / "a.jpg", RGB8 / 255, tolerance=LOSSY)
