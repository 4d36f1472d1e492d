"""Packed channels hold the values of the maps exactly; presets name files as engines expect them."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import OpenImageIO as oiio
import pytest
from cases import CASES, each_case

from impasto import Maps, Recipe, RunOptions, Step, read_maps, read_recipe, run, write_maps
from impasto.cli.main import main
from impasto.errors import FileError, ParameterError
from impasto.io.gltf import Gltf, Placement, placement_of
from impasto.io.gltf_maps import maps_in
from impasto.io.packing import NEUTRAL, parse_pictures
from impasto.io.presets import PRESETS, packing_of
from impasto.options import Sink
from impasto.plugins.registry import registry
from impasto.texture import MAP_CHANNELS

SIZE = (12, 20)
RECIPE = Recipe((Step("checker"),))


def some(*names: str) -> Maps:
    """Maps of random 8-bit values."""
    rng = np.random.default_rng(5)
    arrays = {name: rng.integers(0, 256, (*SIZE, MAP_CHANNELS[name])) / np.float32(255) for name in names}
    return Maps.from_arrays(arrays, width_m=2.0, height_range_m=0.03)


def stored(path: Path) -> np.ndarray:
    """Integers as they are in the file, whatever its alpha means."""
    hints = oiio.ImageSpec()
    hints.attribute("oiio:UnassociatedAlpha", 1)
    file = oiio.ImageInput.open(str(path), hints)
    return file.read_image(file.spec().format)


def bytes_of(maps: Maps, name: str) -> np.ndarray:
    return np.round(maps[name].pixels * 255).astype(int)


def written(maps: Maps, folder: Path, export: str, format_: str = "png", **how) -> dict[str, Path]:
    paths = write_maps(maps, folder, "brick", registry().exporter(format_), packing=packing_of(export), **how)
    return {path.name: path for path in paths}


@pytest.mark.parametrize("preset", PRESETS)
def test_each_preset_writes_the_files_of_its_engine_with_the_values_of_the_maps(preset, tmp_path):
    maps = some(*MAP_CHANNELS)
    files = written(maps, tmp_path, preset, recipe=RECIPE)
    names = {Path(name).stem.replace("T_brick_", "brick_T_").removeprefix("brick_") for name in files}
    assert names - {"brick"} == set(CASES["files-of-presets"][preset].split())
    for picture in packing_of(preset).pictures:
        path = files[f"{picture.pattern.format(name='brick')}.png"]
        values = stored(path).astype(int).reshape(*SIZE, -1)
        for index, channel in enumerate(picture.channels):
            own = 255
            if channel.map_name:
                own = bytes_of(maps, channel.map_name)[..., channel.index]
                own = 255 - own if channel.is_inverted else own
            assert np.array_equal(values[..., index], np.broadcast_to(own, SIZE)), (path.name, index)
        assert read_recipe(path) == RECIPE
    read = read_maps(tmp_path)
    assert set(read) == {one.map_name for picture in packing_of(preset).pictures for one in picture.channels} - {""}
    assert all(np.abs(read[name].pixels - maps[name].pixels).max() <= 1 / 255 for name in read)


def test_a_gltf_material_shows_the_files_and_repeats_them_where_it_is_told(tmp_path):
    maps = some("base_color", "roughness", "ambient_occlusion", "normal", "emission")
    (tmp_path / "in").mkdir()
    written(maps, tmp_path / "in", "")
    arguments = ["export", str(tmp_path / "in"), "--name", "brick wall", "--preset", "gltf", "--out", str(tmp_path)]
    main([*arguments, "--transform=0.5,0,0.25,2,3"])
    found = Gltf.at(tmp_path / "brick wall.gltf")
    back = maps_in(found, 0)
    assert set(back) == {*maps, "metallic"}
    for name in maps:
        assert np.array_equal(bytes_of(back, name), bytes_of(maps, name)), name
    placement = placement_of(found.json["materials"][0])
    assert placement == Placement(0, (0.5, 0), 0.25, (2, 3))
    assert found.json["extensionsUsed"] == ["KHR_texture_transform"]
    assert not list(written(maps, tmp_path / "exr", "gltf", "exr")["brick_normal.exr"].parent.glob("*.gltf"))


def test_engines_get_the_channels_that_their_manuals_name(tmp_path):
    maps = some("base_color", "roughness", "metallic", "ambient_occlusion", "normal", "opacity")
    hdrp = stored(written(maps, tmp_path, "unity-hdrp")["brick_MaskMap.png"]).astype(int)
    assert np.array_equal(hdrp[..., 0], bytes_of(maps, "metallic")[..., 0])
    assert np.array_equal(hdrp[..., 1], bytes_of(maps, "ambient_occlusion")[..., 0])
    assert np.array_equal(255 - hdrp[..., 3], bytes_of(maps, "roughness")[..., 0])
    orm = stored(written(maps, tmp_path, "gltf")["brick_occlusionRoughnessMetallic.png"]).astype(int)
    names = ("ambient_occlusion", "roughness", "metallic")
    assert all(np.array_equal(orm[..., i], bytes_of(maps, name)[..., 0]) for i, name in enumerate(names))
    unreal = stored(written(maps, tmp_path, "unreal")["T_brick_N.png"]).astype(int)
    normal = bytes_of(maps, "normal")
    assert np.array_equal(unreal, np.stack([normal[..., 0], 255 - normal[..., 1], normal[..., 2]], 2))
    urp = stored(written(maps, tmp_path, "unity-urp")["brick_BaseMap.png"]).astype(int)
    assert np.array_equal(urp, np.concatenate([bytes_of(maps, "base_color"), bytes_of(maps, "opacity")], 2))


def test_missing_maps_have_neutral_values_and_pictures_without_any_are_left_out(tmp_path):
    files = written(some("base_color", "roughness"), tmp_path, "gltf")
    assert set(files) == {"brick_baseColor.png", "brick_occlusionRoughnessMetallic.png", "brick.gltf"}
    assert stored(files["brick_baseColor.png"]).shape == (*SIZE, 3)
    orm = stored(files["brick_occlusionRoughnessMetallic.png"])
    assert (orm[..., 0] == 255).all()
    assert (orm[..., 2] == 0).all()
    mask = stored(written(some("metallic"), tmp_path, "unity-hdrp")["brick_MaskMap.png"])
    assert np.array_equal(np.unique(mask[..., 3]), [128])
    assert {len(values) for name, values in NEUTRAL.items()} == set(MAP_CHANNELS.values())


def test_own_pictures_are_packed_from_maps_components_constants_and_their_inverse(tmp_path):
    maps = some("base_color", "roughness", "height", "normal")
    export = "smooth=1-roughness,0.25,normal.g,1-height albedo=base_color,height one=1-normal.b"
    files = written(maps, tmp_path, export)
    assert set(files) == {"brick_smooth.png", "brick_albedo.png", "brick_one.png"}
    smooth = stored(files["brick_smooth.png"]).astype(int)
    assert np.array_equal(smooth[..., 0], 255 - bytes_of(maps, "roughness")[..., 0])
    assert (smooth[..., 1] == 64).all()
    assert np.array_equal(smooth[..., 2], bytes_of(maps, "normal")[..., 1])
    assert np.array_equal(smooth[..., 3], 255 - bytes_of(maps, "height")[..., 0])
    assert [one.layout.is_color for one in parse_pictures(export)] == [False, True, False]
    both = written(maps, tmp_path / "both", "godot smooth=1-roughness")
    assert {"brick_albedo.png", "brick_smooth.png"} <= set(both)


@each_case("wrong-exports")
def test_a_wrong_export_says_what_is_wrong(export, said, tmp_path):
    with pytest.raises(ParameterError, match=said):
        run(Recipe((Step("marble"),)), {}, RunOptions(sink=Sink(tmp_path / "out", "x", export=export)))
    with pytest.raises(ParameterError, match="gltf shows none of these maps: height"):
        written(some("height"), tmp_path, "gltf")
    assert not list(tmp_path.iterdir())


def test_16_bits_keep_the_values_of_16_bits(tmp_path):
    height = (np.arange(240).reshape(SIZE) * 257 + 3) / np.float32(65535)
    maps = Maps.from_arrays({"height": height, "roughness": height})
    files = written(maps, tmp_path, "p=1-height,0,0,roughness", "png16")
    values = stored(files["brick_p.png"]).astype(int)
    exact = np.arange(240).reshape(SIZE) * 257 + 3
    assert np.array_equal(values[..., 0], 65535 - exact)
    assert np.array_equal(values[..., 3], exact)


def test_png_auto_has_16_bits_where_8_would_show(tmp_path):
    maps = some("base_color", "opacity", "roughness", "metallic", "normal", "height", "bent_normal", "emission")
    files = written(maps, tmp_path, "unreal own=normal.r,roughness,0", "png-auto")
    fine = {name.removesuffix(".png") for name, path in files.items() if stored(path).dtype == np.uint16}
    assert fine == {"T_brick_N", "T_brick_H", "T_brick_BN", "brick_own"}


def check_materialx(path: Path) -> ElementTree.Element:
    """Check names, types and references of a document, as MaterialX's own `validate` does."""
    root = ElementTree.parse(path).getroot()
    nodes = {node.get("name"): node for node in root}
    assert len(nodes) == len(root)
    for node in root:
        assert CASES["types-of-materialx"][node.tag] in (node.get("type"), "")
        assert str(node.get("name")).isidentifier()
        for input_ in node:
            if source := input_.get("nodename"):
                assert nodes[source].get("type") == input_.get("type"), (node.tag, input_.attrib)
            if input_.get("type") == "filename":
                assert (path.parent / str(input_.get("value"))).is_file()
    return root


def test_the_materialx_document_joins_the_files_to_a_surface(tmp_path):
    files = written(some(*MAP_CHANNELS), tmp_path, "materialx")
    root = check_materialx(files["brick.mtlx"])
    (shader,) = root.findall("standard_surface")
    inputs = "base_color specular_roughness metalness emission_color emission transmission opacity normal"
    assert {input_.get("name") for input_ in shader} == set(inputs.split())
    assert root.find("displacement/input[@name='scale']").get("value") == "0.03"
    assert root.find("image[@name='base_color_image']/input").get("colorspace") == "srgb_texture"
    few = written(some("base_color", "roughness"), tmp_path / "few", "materialx", "exr")
    small = check_materialx(few["brick.mtlx"])
    assert {node.tag for node in small} == {"standard_surface", "surfacematerial", "image"}
    assert 'colorspace="lin_rec709"' in few["brick.mtlx"].read_text()


def test_the_command_exports_sets_and_results(tmp_path, said):
    write_maps(some("base_color", "roughness", "normal"), tmp_path / "brick", "brick", recipe=RECIPE)
    line = ["export", str(tmp_path / "brick"), "--preset", "unity-hdrp", "--out", str(tmp_path / "game")]
    main(line)
    names = {"brick_BaseMap.png", "brick_MaskMap.png", "brick_Normal.png"}
    assert {path.name for path in (tmp_path / "game").iterdir()} == names
    assert read_recipe(tmp_path / "game" / "brick_MaskMap.png") == RECIPE
    code, _, stderr = said(*line)
    assert (code, "is there already" in stderr) == (FileError.exit_code, True)
    said(*line, "--force")
    out = str(tmp_path / "made")
    main(["apply", "tint", str(tmp_path / "brick"), "--export", "unreal", "--out", out])
    assert {path.name for path in Path(out).iterdir()} == {"T_brick_BC.png", "T_brick_ORM.png", "T_brick_N.png"}
    far = said("apply", "tint", tmp_path / "brick", "--engine", "ssh://x", "--export", "gltf", "--out", out)
    assert "another machine cannot pack" in far[2]
