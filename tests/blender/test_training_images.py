"""Images of a .blend that a training learns from: how they are written for it."""

from __future__ import annotations

import zlib

import bpy
import numpy as np
import pytest
from conftest import coordinates, packed_image, pixels_of


def test_a_packed_picture_is_written_as_it_is(extension, scene, tmp_path):
    image = packed_image("odd: name?.png", coordinates(6, 10))
    path = extension.bridge.encode.write(image, tmp_path)
    assert path.suffix == ".png"
    assert path.read_bytes() == image.packed_file.data


@pytest.mark.parametrize("channels", [3, 4])
def test_a_picture_that_was_painted_on_is_written_with_its_pixels(extension, scene, tmp_path, channels):
    pixels = np.dstack([coordinates(6, 10), np.full((6, 10, 1), 128, np.uint8)])[..., :channels]
    image = packed_image("painted.png", pixels)
    changed = pixels_of(image).copy()
    changed[0, 0, 0] = 1.0
    image.pixels.foreach_set(changed[::-1].ravel())
    assert image.is_dirty
    read = pixels_of(bpy.data.images.load(str(extension.bridge.encode.write(image, tmp_path))))
    np.testing.assert_allclose(read[..., :channels], changed[..., :channels], atol=1e-6)


def test_floats_are_written_in_16_bits_with_straight_alpha(extension, scene, tmp_path):
    color, alpha = np.float32([0.2003, 0.4, 0.6]), np.float32(0.5)
    image = bpy.data.images.new("glass", 8, 8, alpha=True, float_buffer=True, is_data=True)
    image.pixels.foreach_set(np.tile(np.append(color * alpha, alpha), (64, 1)).ravel())  # as Blender holds floats
    encode = extension.bridge.encode
    data = encode.write(image, tmp_path).read_bytes()
    chunks = dict(extension.core.io.metadata.png_chunks(data))
    assert chunks[b"IHDR"][8:10] == bytes([16, 6]), "bits, and RGBA"
    first = np.frombuffer(
        zlib.decompress(chunks[b"IDAT"]), ">u2", count=4, offset=1
    )  # no filter changes the first pixel
    np.testing.assert_allclose(first / 65535, [*color, alpha], atol=2 / 65535)
    assert encode.TEMPORARY not in bpy.data.images
