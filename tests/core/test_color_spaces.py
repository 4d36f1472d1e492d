"""Colours are what a file says they are, however many bits it has, and what the user says in its place."""

from __future__ import annotations

import json
import struct
import zlib
from pathlib import Path

import numpy as np
import OpenImageIO as oiio
import pytest
from PIL import Image
from stored_pictures import EIGHT_BIT, HEIGHT, RGB8, chunk, colors, exr, stored, write_image
from test_pictures import big_endian, png, psd

from impasto import Recipe, Step, read_maps, read_recipe
from impasto.batch.table import Table
from impasto.engine.messages import JobInput
from impasto.errors import FileError
from impasto.io import decode
from impasto.running.rerun import rerun
from impasto.surface.color import linear_to_srgb, srgb_to_linear

STEP = 1 / 255
RGB16 = RGB8 * np.uint16(257)
FINE = stored(16)
ADOBE = (0.64, 0.33, 0.21, 0.71, 0.15, 0.06, 0.3127, 0.329)
SRGB = (0.64, 0.33, 0.3, 0.6, 0.15, 0.06, 0.3127, 0.329)
WIDE = {"ACEScg": (0.713, 0.293, 0.165, 0.83, 0.128, 0.044, 0.32168, 0.33767)}
WIDE["Rec.2020"] = (0.708, 0.292, 0.17, 0.797, 0.131, 0.046, 0.3127, 0.329)
WIDE["P3"] = (0.68, 0.32, 0.265, 0.69, 0.15, 0.06, 0.3127, 0.329)
WIDE["ACES2065-1"] = (0.7347, 0.2653, 0.0, 1.0, 0.0001, -0.077, 0.32168, 0.33767)


def s15(*numbers: float) -> bytes:
    return struct.pack(f">{len(numbers)}i", *(round(number * 65536) for number in numbers))


def para(kind: int, *parameters: float) -> bytes:
    return b"para\0\0\0\0" + struct.pack(">HH", kind, 0) + s15(*parameters)


CURVES = {
    "power": b"curv\0\0\0\0" + struct.pack(">IH", 1, round(2.2 * 256)) + b"\0\0",
    "light": b"curv\0\0\0\0" + struct.pack(">I", 0),
    "table": b"curv\0\0\0\0"
    + struct.pack(">I1024H", 1024, *np.round(np.linspace(0, 1, 1024) ** 1.8 * 65535).astype(int)),
    "parametric 0": para(0, 1.8),
    "parametric 1": para(1, 2.2, 1.05, -0.05),
    "parametric 3": para(3, 2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045),
}
"""Curves of profiles, each as a tag."""
PRO_PHOTO = (0.79767, 0.28804, 0.0), (0.13519, 0.71188, 0.0), (0.03134, 0.00009, 0.82491)
"""XYZ of ProPhoto's red, green and blue under D50 (Lindbloom)."""


def profile(curve: bytes, space: bytes = b"RGB ", table: bytes = b"") -> bytes:
    """A monitor's profile of version 4: ProPhoto's primaries, or grey, with one curve; of version 2 with a table."""
    tags = {b"wtpt": b"XYZ \0\0\0\0" + s15(0.9642, 1, 0.8249), b"desc": b"mluc\0\0\0\0" + struct.pack(">II", 0, 12)}
    tags |= {
        name: b"XYZ \0\0\0\0" + s15(*xyz) for name, xyz in zip((b"rXYZ", b"gXYZ", b"bXYZ"), PRO_PHOTO, strict=True)
    }
    tags |= dict.fromkeys((b"rTRC", b"gTRC", b"bTRC") if space == b"RGB " else (b"kTRC",), curve)
    tags |= {b"A2B0": table} if table else {}
    index, body, start = b"", b"", 132 + 12 * len(tags)
    for name, data in tags.items():
        index += name + struct.pack(">II", start + len(body), len(data))
        body += data + bytes(-len(data) % 4)
    size = struct.pack(">I", start + len(body))
    head = size + bytes(4) + (b"\x02\x20" if table else b"\x04\x20") + b"\0\0mntr" + space
    head += (b"Lab " if table else b"XYZ ") + bytes(12) + b"acsp" + bytes(28) + s15(0.9642, 1, 0.8249)
    return head.ljust(128, b"\0") + struct.pack(">I", len(tags)) + index + body


def color(path: Path, **how: str) -> np.ndarray:
    return read_maps(path, **how)["base_color"].pixels


@pytest.mark.parametrize("space", [b"RGB ", b"GRAY"])
@pytest.mark.parametrize("curve", CURVES)
def test_a_profile_means_the_same_in_every_depth(curve, space, tmp_path):
    icc, pixels = profile(CURVES[curve], space), RGB8 if space == b"RGB " else RGB8[..., :1]
    expected = color(write_image(tmp_path / "8.tif", pixels, "uint8", icc))
    assert space == b"GRAY" or np.abs(expected - pixels / 255).mean() > 0.01
    for name, kind, values in (
        ("16.png", "uint16", pixels * np.uint16(257)),
        ("16.tif", "uint16", pixels * np.uint16(257)),
        ("float.tif", "float", (pixels / 255).astype(np.float32)),
    ):
        assert np.abs(color(write_image(tmp_path / name, values, kind, icc)) - expected).max() < STEP, name


def lookup_table() -> bytes:
    """A profile that only has a table: colours go through Lab, in which Little CMS writes one."""
    table = np.linspace(0, 1, 9)
    red, green, blue = np.meshgrid(table, table, table, indexing="ij")
    grid = np.stack([50 + 50 * green, 128 + 90 * (red - green), 128 + 90 * (green - blue)], -1)
    clut = np.round(grid * np.array([655.35, 257, 257])).astype(">u2").tobytes()
    ramps = struct.pack(">2H", 0, 65535) * 3
    matrix = s15(1, 0, 0, 0, 1, 0, 0, 0, 1)
    tag = b"mft2\0\0\0\0" + bytes([3, 3, 9, 0]) + matrix + struct.pack(">HH", 2, 2) + ramps + clut + ramps
    return profile(CURVES["power"], table=tag)


def test_a_profile_with_a_table_means_the_same_in_every_depth(tmp_path):
    icc = lookup_table()
    expected = color(write_image(tmp_path / "8.tif", RGB8, "uint8", icc))
    assert np.abs(expected - RGB8 / 255).mean() > 0.05
    assert np.abs(color(write_image(tmp_path / "16.png", RGB16, "uint16", icc)) - expected).max() < STEP / 2
    between = np.round((RGB16.astype(float) + np.roll(RGB16, 1, 1)) / 2).astype(np.uint16)
    finer = color(write_image(tmp_path / "between.png", between, "uint16", icc))
    coarse = color(write_image(tmp_path / "coarse.tif", np.round(between / 257).astype(np.uint8), "uint8", icc))
    assert np.abs(finer - coarse).max() < 8 * STEP


def test_a_profile_in_a_psd_of_16_bits(tmp_path):
    icc = profile(CURVES["power"])
    resource = b"8BIM" + struct.pack(">HHI", 1039, 0, len(icc)) + icc + bytes(len(icc) % 2)
    for depth, pixels in ((8, RGB8), (16, RGB16)):
        (tmp_path / f"{depth}.psd").write_bytes(psd(np.moveaxis(pixels, 2, 0), 3, depth, resource))
    expected = color(write_image(tmp_path / "8.tif", RGB8, "uint8", icc))
    assert np.abs(color(tmp_path / "8.psd") - expected).max() < STEP
    assert np.abs(color(tmp_path / "16.psd") - expected).max() < STEP


def test_a_profile_does_not_change_other_maps(tmp_path):
    icc = profile(CURVES["power"])
    (tmp_path / "set").mkdir()
    write_image(tmp_path / "set" / "wall_roughness.png", RGB16, "uint16", icc)
    write_image(tmp_path / "set" / "wall_base_color.png", RGB16, "uint16", icc)
    maps = read_maps(tmp_path / "set")
    assert np.abs(maps["roughness"].pixels - colors()[..., :1]).max() < EIGHT_BIT
    assert np.abs(maps["base_color"].pixels - colors()).mean() > 0.01


def to_srgb(light: np.ndarray, primaries: tuple[float, ...]) -> np.ndarray:
    """sRGB of light in these primaries, by OpenImageIO's own spaces."""
    name = next(own for own, given in WIDE.items() if given == primaries)
    name = {"Rec.2020": "lin_rec2020", "P3": "lin_p3d65"}.get(name, name)
    linear = oiio.ImageBufAlgo.colorconvert(
        oiio.ImageBuf(np.ascontiguousarray(light, np.float32)), name, "lin_rec709", False, colorconfig="ocio://default"
    )
    return linear_to_srgb(np.clip(linear.get_pixels(oiio.FLOAT), 0, 1))


@pytest.mark.parametrize("name", WIDE)
def test_chromaticities_of_an_exr(name, tmp_path):
    light = srgb_to_linear(colors())
    attribute = oiio.TypeDesc("float[8]"), WIDE[name]
    found = color(write_image(tmp_path / "a.exr", light, "float", chromaticities=attribute))
    assert np.abs(found - to_srgb(light, WIDE[name])).max() < EIGHT_BIT
    assert np.abs(found - colors()).mean() > 0.02
    grey = color(write_image(tmp_path / "grey.exr", light[..., :1], "float", chromaticities=attribute))
    assert np.abs(grey - colors()[..., :1]).max() < EIGHT_BIT


def test_impossible_chromaticities_and_chroma_in_an_exr_are_refused(tmp_path):
    attribute = oiio.TypeDesc("float[8]"), (0.3, 0.3) * 4
    with pytest.raises(FileError, match="chromaticities that are no colours"):
        color(write_image(tmp_path / "a.exr", srgb_to_linear(colors()), "float", chromaticities=attribute))
    exr(tmp_path / "a.exr", (srgb_to_linear(colors()), ["Y", "RY", "BY"]))
    with pytest.raises(FileError, match=r"luminance and chroma.*save it as RGB|subsampling"):
        color(tmp_path / "a.exr")


def test_adobe_rgb_in_exif_data_alone_is_applied(tmp_path):
    for interoperability, expected in (("R03", ADOBE_SEEN), ("R98", colors())):
        exif = Image.Exif()
        exif.get_ifd(0x8769).update({0xA001: 65535, 0xA005: {1: interoperability, 2: b"0100"}})
        Image.fromarray(RGB8).save(tmp_path / "a.jpg", quality=100, subsampling=0, exif=exif)
        assert np.abs(color(tmp_path / "a.jpg") - expected).max() < 0.05
        assert np.abs(color(tmp_path / "a.jpg") - expected).mean() < 0.01


def gamma_chunk(value: int) -> bytes:
    return chunk(b"gAMA", struct.pack(">I", value))


def primaries_chunk(primaries: tuple[float, ...]) -> bytes:
    ordered = (*primaries[6:], *primaries[:6])
    return chunk(b"cHRM", struct.pack(">8I", *(round(number * 100000) for number in ordered)))


def cicp(*codes: int) -> bytes:
    return chunk(b"cICP", bytes(codes))


TO_SRGB = {  # by CSS Color 4
    "P3": [[1.22494, -0.22494, 0.0], [-0.04206, 1.04206, 0.0], [-0.01964, -0.07864, 1.09828]],
    "Adobe": [[1.39836, -0.39836, 0.0], [0.0, 1.0, 0.0], [0.0, -0.04293, 1.04293]],
}
P3 = linear_to_srgb(np.clip(srgb_to_linear(colors()) @ np.transpose(TO_SRGB["P3"]), 0, 1))
ADOBE_SEEN = linear_to_srgb(np.clip(colors() ** 2.2 @ np.transpose(TO_SRGB["Adobe"]), 0, 1))
"""sRGB of Display P3's and Adobe RGB's colours."""
ICC = b"p\0\0" + zlib.compress(profile(CURVES["power"]))
CHUNKS = {
    "linear": ([gamma_chunk(100000)], linear_to_srgb(colors())),
    "old Macintosh": ([gamma_chunk(55556)], linear_to_srgb(colors() ** 1.8)),
    "usual": ([gamma_chunk(45455)], colors()),
    "Adobe RGB": ([gamma_chunk(45455), primaries_chunk(ADOBE)], ADOBE_SEEN),
    "sRGB by its numbers": ([gamma_chunk(45455), primaries_chunk(SRGB)], colors()),
    "P3 without a curve": ([primaries_chunk(WIDE["P3"])], P3),
    "sRGB before gamma": ([chunk(b"sRGB", b"\0"), gamma_chunk(100000), primaries_chunk(ADOBE)], colors()),
    "cICP of P3": ([cicp(12, 13, 0, 1)], P3),
    "cICP of sRGB before all": ([cicp(1, 13, 0, 1), chunk(b"iCCP", ICC), gamma_chunk(100000)], colors()),
    "cICP of light": ([cicp(1, 8, 0, 1)], linear_to_srgb(colors())),
    "unknown cICP": ([cicp(2, 2, 0, 1)], colors()),
    "gamma of 0": ([gamma_chunk(0)], colors()),
    "primaries of nothing": ([chunk(b"cHRM", bytes(32))], colors()),
}
"""Chunks of a PNG about its colours, and what they make of `colors()`."""


@pytest.mark.parametrize("name", CHUNKS)
@pytest.mark.parametrize(("bits", "pixels"), [(8, RGB8), (16, FINE)], ids=["8", "16"])
def test_chunks_of_a_png(name, bits, pixels, tmp_path):
    chunks, expected = CHUNKS[name]
    (tmp_path / "a.png").write_bytes(png(bits, 2, big_endian(pixels.reshape(HEIGHT, -1)), *chunks))
    assert np.abs(color(tmp_path / "a.png") - expected).max() < (EIGHT_BIT if bits == 16 else 0.02)


def test_a_profile_comes_before_gamma(tmp_path):
    rows = big_endian(RGB16.reshape(HEIGHT, -1))
    (tmp_path / "a.png").write_bytes(png(16, 2, rows, gamma_chunk(100000), chunk(b"iCCP", ICC)))
    (tmp_path / "b.png").write_bytes(png(16, 2, rows, chunk(b"iCCP", ICC)))
    assert np.array_equal(color(tmp_path / "a.png"), color(tmp_path / "b.png"))


@pytest.mark.parametrize(("codes", "said"), [((9, 16, 0, 1), "PQ"), ((9, 18, 0, 1), "HLG"), ((1, 13, 0, 0), "unusual")])
def test_unsupported_colour_descriptions_are_refused(codes, said, tmp_path):
    (tmp_path / "a.png").write_bytes(png(8, 2, big_endian(RGB8.reshape(HEIGHT, -1)), cicp(*codes)))
    with pytest.raises(FileError, match=said):
        color(tmp_path / "a.png")
    assert np.abs(decode.read_map(tmp_path / "a.png", "roughness").pixels - colors()[..., :1]).max() < EIGHT_BIT


GIVEN = {
    "ACEScg": (srgb_to_linear(colors()), to_srgb(srgb_to_linear(colors()), WIDE["ACEScg"])),
    "lin_rec2020": (srgb_to_linear(colors()), to_srgb(srgb_to_linear(colors()), WIDE["Rec.2020"])),
    "Display P3": (colors(), P3),
    "Linear Rec.709": (srgb_to_linear(colors()), colors()),
    "sRGB": (colors(), colors()),
    "Non-Color": (colors(), colors()),
}
"""Names of colour spaces, values in them, and what is seen."""


@pytest.mark.parametrize("name", GIVEN)
def test_a_given_colour_space_overrides_the_file(name, tmp_path):
    values, expected = GIVEN[name]
    icc = profile(CURVES["power"])
    path = write_image(tmp_path / "a.tif", np.round(values * 65535).astype(np.uint16), "uint16", icc)
    maps = read_maps(path, color_space=name)
    assert np.abs(maps["base_color"].pixels - expected).max() < 0.01
    assert maps.color_space == name
    exr = write_image(tmp_path / "a.exr", values.astype(np.float32), "float")
    assert np.abs(color(exr, color_space=name) - expected).max() < EIGHT_BIT


def test_a_colour_space_is_recorded_and_repeated(impasto, tmp_path):
    write_image(tmp_path / "wall.tif", RGB16, "uint16", profile(CURVES["power"]))
    given = ("--colorspace", "Display P3", "--format", "png16", "--out", "o")
    impasto("apply", "transform", "wall.tif", *given, cwd=tmp_path)
    path = tmp_path / "o" / "wall_base_color.png"
    assert np.abs(color(path) - P3).max() < 0.01
    assert read_recipe(path).inputs["source"]["color_space"] == "Display P3"
    again = rerun(path, tmp_path / "again", {"source": tmp_path / "wall.tif"})
    assert again.identical, again.differences


@pytest.mark.slow
def test_check_prepare_and_evaluate_take_a_colour_space(impasto, tmp_path):
    (tmp_path / "set").mkdir()
    Image.fromarray(RGB8).resize((256, 256)).save(tmp_path / "set" / "wall_base_color.png")
    Image.new("L", (48, 48), 100).save(tmp_path / "set" / "wall_roughness.png")
    of_p3 = read_maps(tmp_path / "set", color_space="Display P3")["base_color"].pixels
    space = ("--colorspace", "Display P3", "--out")
    said = impasto("check", "set", "--fix", *space, "mended", cwd=tmp_path).stdout
    assert "wall_base_color.png" in said, said
    mended = read_maps(tmp_path / "mended")["base_color"].pixels
    assert np.abs(mended - of_p3).max() < EIGHT_BIT
    impasto("prepare", "set", "--crop-px", "32", *space, "p3", cwd=tmp_path)
    assert json.loads((tmp_path / "p3" / "manifest.json").read_text())["settings"]["color_space"] == "Display P3"
    distances = []
    for space in ("source=Display P3", "source=sRGB"):
        judge = ("evaluate", "picture", "mended", "set", "--no-controls", "--json", "--colorspace", space)
        judged = json.loads(impasto(*judge, cwd=tmp_path).stdout)
        distances.append(judged["figures"]["result"]["base_color_distance"])
    assert distances[0] < 1e-4 < 0.01 < distances[1], "of the same colours, and of others"


def test_a_batch_and_an_engine_read_a_colour_space(shared_client, tmp_path):
    path = write_image(tmp_path / "a.png", RGB8, "uint8")
    recipe = Recipe((Step("adjust", {"exposure": 0.0, "contrast": 0.0, "saturation": 1.0}),))
    sent = {"path": path, "pixels": JobInput(arrays={"base_color": RGB8}, name="a")}
    for given in sent.values():
        answer = shared_client.submit(recipe, {"source": given}, color_spaces={"source": "Display P3"}).wait()
        assert np.abs(answer.arrays["base_color"] - P3).max() < 0.02
        assert answer.recipe.inputs["source"]["color_space"] == "Display P3"
    rows = list(Table(Path("a.jsonl"), b'{"recipe": "adjust", "source": "a.png", "colorspace": "ACEScg"}\n'))
    assert rows[0][1].color_space == "ACEScg"
