"""Map sets of any origin are recognised by their files' names; exports name and pack them as engines expect it."""

from __future__ import annotations

import csv
import json
from functools import partial
from pathlib import Path
from xml.etree import ElementTree

import MaterialX as materialx
import numpy as np
import OpenImageIO as oiio
import pytest
from cases import CASES, each_case
from PIL import Image

from impasto import Maps, Recipe, RunOptions, Step, read_maps, read_recipe, run, write_maps
from impasto.cli.main import main
from impasto.data.pictures import find_pictures, pictures_in
from impasto.errors import FileError, ParameterError
from impasto.inspection.inspect import inspect
from impasto.io import map_files
from impasto.io.gltf import Gltf, Placement, placement_of
from impasto.io.gltf_maps import maps_in
from impasto.io.map_files import CONVENTIONS, conventions, pictures_among, sets_among
from impasto.io.packing import NEUTRAL, parse_pictures
from impasto.io.presets import PRESETS, packing_of
from impasto.io.udim import tile_number
from impasto.options import Sink
from impasto.plugins.registry import registry
from impasto.surface.heights import normal_from_slopes, slopes_from_height
from impasto.texture import MAP_CHANNELS

SIZE = 64
RNG = np.random.default_rng(7)
HEIGHT = RNG.random((9, 9)).repeat(8, 0).repeat(8, 1)[:SIZE, :SIZE]
for _ in range(3):  # smooth hills, which fit one sign of normals only
    HEIGHT = (HEIGHT + np.roll(HEIGHT, 2, 0) + np.roll(HEIGHT, 2, 1) + np.roll(HEIGHT, (3, 3), (0, 1))) / 4
NORMAL = np.pad(normal_from_slopes(slopes_from_height(8 * HEIGHT)), ((1, 1), (1, 1), (0, 0)), "edge")[:SIZE, :SIZE]
FLAT = (128, 128, 255)
LISTS = list(csv.DictReader(Path(__file__).with_name("map_sets.tsv").open(encoding="utf-8"), delimiter="\t"))
"""Files of folders in public repositories, and the maps in them as a reader of the names would say."""


def save(folder: Path, **pictures: object) -> Path:
    """Pictures by name: a colour, a grey value, or pixels from 0 to 1."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in pictures.items():
        stem, suffix = name.rsplit("__", 1) if "__" in name else (name, "png")
        if isinstance(content, np.ndarray):
            picture = Image.fromarray(np.round(content * 255).astype(np.uint8))
        else:
            picture = Image.new("L" if isinstance(content, int) else "RGB", (SIZE, SIZE), content)
        picture.save(folder / f"{stem}.{suffix}")
    return folder


def random_maps(*names: str) -> Maps:
    arrays = {name: RNG.integers(0, 256, (SIZE, SIZE, MAP_CHANNELS[name])) / np.float32(255) for name in names}
    return Maps.from_arrays(arrays)


@pytest.fixture
def exported(said):
    """Export a folder: the command's answer."""

    def run(path: Path) -> dict:
        preset = ("--preset", "maps=base_color", "--json", "--out", path.parent / "out", "--force")
        return json.loads(said("export", path, *preset)[1])

    return run


def test_folders_from_public_repositories_are_recognised(monkeypatch):
    """All of them in one test; normals of short names (`_n`) look like some where the reader says that they are."""
    wrong = {}
    for row in LISTS:
        files = pictures_among(map(Path, row["files"].split(" | ")))
        wanted = dict(item.split("=") for item in row["maps"].split(" ; ")) if row["maps"] != "-" else {}
        looks = partial(lambda of, file, name: of.get(name, "").startswith(str(file)), wanted)
        monkeypatch.setattr(map_files, "_looks_like", looks)
        tile = min({tile_number(file) for file in files} - {0}, default=0)
        sets, _ = sets_among(file for file in files if tile_number(file) == tile)
        found = [{name: one.text(name).split(":opengl")[0] for name, one in each.maps.items()} for each in sets]
        found = [{name: text.split(":directx")[0] for name, text in each.items()} for each in found]
        is_right = wanted in found if wanted else not any("base_color" in each and len(each) > 1 for each in found)
        if not is_right:
            wrong[row["source"]] = (wanted, found)
    assert not wrong


@pytest.mark.parametrize("files", CASES["sets-by-their-files"])
def test_map_words_are_found_anywhere_in_file_names(files, monkeypatch):
    monkeypatch.setattr(map_files, "_looks_like", lambda file, name: True)
    sets, rest = sets_among(Path(f"{name.replace('·', ' ')}.png") for name in files.split(" "))
    wanted = {name.replace("·", " "): set(maps.split()) for name, maps in CASES["sets-by-their-files"][files].items()}
    found = {one.name: {of: map_.text(of).rpartition(".png")[2] for of, map_ in one.maps.items()} for one in sets}
    assert {of: {n + s if n == "normal" else n for n, s in maps.items()} for of, maps in found.items()} == wanted
    assert not rest


@each_case("no-maps")
def test_pictures_named_by_chance_like_maps_are_photographs(names, tmp_path):
    pixels = RNG.random((SIZE, SIZE, 3)) * (1, 0.7, 0.4)
    save(tmp_path, **dict.fromkeys(names.split(), pixels))
    pictures, unused = find_pictures(tmp_path, "CC0-1.0")
    assert [set(one.maps) for one in pictures] == [{"base_color"}] * len(names.split())
    assert not unused
    assert len(pictures_in(tmp_path)) == len(names.split())


@pytest.mark.parametrize("mark", [".", "_"])
def test_tiles_of_painter_and_mari_are_one_tiled_set(mark, tmp_path):
    for number in (1001, 1002):
        maps = {f"c_Base_Color{mark}{number}": (90, 70, 60), f"c_Normal{mark}{number}": FLAT}
        save(tmp_path, **maps, **{f"c_OcclusionRoughnessMetallic{mark}{number}": (10, 20, 30)}, c=(1, 2, 3))
    read = read_maps(tmp_path)
    assert read.sheet is not None
    assert (len(read), len(read.sheet.numbers)) == (5, 2)
    assert "c.png" in " ".join(read.notes)
    pictures, unused = find_pictures(tmp_path, "CC0-1.0")
    assert [(one.name, len(one.maps)) for one in pictures] == [("c.1001", 5), ("c.1002", 5)]
    assert [Path(name).name for name, _ in unused] == ["c.png"]


def test_rows_of_the_conventions_name_known_maps_and_a_source():
    rows = [line.split("\t") for line in CONVENTIONS.read_text(encoding="utf-8").splitlines()]
    assert all(len(row) == 3 and row[2] for row in rows)
    names = {name for meaning in conventions().values() for name in meaning.places}
    assert names - {"bump"} <= set(MAP_CHANNELS)


def test_library_folders_are_read_with_one_note_on_unused_files(tmp_path, exported):
    folder = save(tmp_path / "Bricks102_1K-JPG", Bricks102=(90, 70, 60))
    grey = dict.fromkeys(("Roughness", "Displacement", "AmbientOcclusion"), 128)
    maps = {"Color": (90, 70, 60), "NormalGL": FLAT, "NormalDX": (128, 100, 255), **grey}
    save(folder, **{f"{folder.name}_{name}__jpg": content for name, content in maps.items()})
    (folder / "readme.txt").write_text("CC0")
    (folder / "._Bricks102_1K-JPG_Color.jpg").write_bytes(b"\0\5\x16\7\0\2\0\0Mac OS X        " + bytes(4000))
    read = read_maps(folder)
    assert set(read) == {"base_color", "normal", "roughness", "height", "ambient_occlusion"}
    assert abs(float(read["normal"].pixels[..., 1].mean()) - 128 / 255) < 0.01
    (note,) = read.notes
    assert all(name in note for name in ("Bricks102.png", "NormalDX", "readme.txt", "._Bricks102"))
    assert exported(folder)["notes"] == [note]


@each_case("packed-channels")
def test_packed_channels_are_unpacked(name, channels, tmp_path):
    pixels = RNG.integers(0, 256, (SIZE, SIZE, len(channels))) / 255
    save(tmp_path, **{name: pixels.squeeze(), "x_BaseColor": (90, 70, 60), "x_Normal": FLAT})
    read = read_maps(tmp_path)
    for index, channel in enumerate(channels):
        if channel:
            wanted = 1 - pixels[..., index] if channel.startswith("1-") else pixels[..., index]
            assert np.abs(read[channel.removeprefix("1-")].pixels[..., 0] - wanted).max() < 1 / 255


@each_case("signs-of-normals")
def test_directx_normals_are_converted_to_opengl(name, is_directx, said, tmp_path):
    stored = np.stack([NORMAL[..., 0], 1 - NORMAL[..., 1], NORMAL[..., 2]], 2) if is_directx else NORMAL
    base = "T_w" if name.startswith("T_") else "w"
    save(tmp_path, **{name: stored, f"{base}_height": HEIGHT, f"{base}_BaseColor": (90, 70, 60)})
    read = read_maps(tmp_path)
    assert np.abs(read["normal"].pixels - NORMAL).max() < 2 / 255
    assert (said in " ".join(read.notes)) if said else not read.notes
    (sign,) = (finding.verdict for finding in inspect(tmp_path).findings if finding.check == "sign")
    is_named = name != "w_normal" and name != "w_normal_gl"
    assert sign == ("ok" if is_named == is_directx else "warning" if is_named else "error")


def test_maps_are_resized_to_one_size_unless_their_aspect_differs(tmp_path):
    folder = save(tmp_path, w_color=(90, 70, 60), w_roughness=128)
    Image.new("RGB", (128, 128), FLAT).save(folder / "w_normal.png")
    Image.new("L", (128, 32), 9).save(folder / "w_height.png")
    read = read_maps(folder)
    assert (set(read), read.size_px) == ({"base_color", "roughness", "normal"}, (128, 128))
    assert "64x64" in " ".join(read.notes)
    assert "height is left out" in " ".join(read.notes)


def test_photographs_stay_photographs_and_previews_are_ignored(tmp_path):
    photos = save(tmp_path / "photos", photo_M=(9, 99, 9), wall_n=(99, 9, 9), IMG_D=(9, 9, 99), wall=(5, 60, 5))
    save(photos / "set", Brick_Color=(90, 70, 60), Brick_Normal=FLAT, Brick=(1, 2, 3), Material_1234=(3, 2, 1))
    pictures, unused = find_pictures(photos, "CC0-1.0")
    assert {one.name for one in pictures} == {"IMG_D.png", "photo_M.png", "wall.png", "wall_n.png", "set"}
    assert {Path(name).name for name, _ in unused} == {"Brick.png", "Material_1234.png"}


def test_several_sets_in_one_folder_are_each_made(tmp_path, exported):
    folder = save(
        tmp_path / "both", **{f"{one}_{map_}": 99 for one in ("brick", "wall") for map_ in ("color", "rough")}
    )
    save(folder, notes=(1, 2, 3))
    files = exported(folder)["files"]
    assert {Path(file).name for file in files} == {"brick_maps.png", "wall_maps.png"}
    with pytest.raises(FileError, match="several map sets"):
        read_maps(folder)
    assert read_maps(folder / "wall_*").name == "wall"


def test_a_download_with_a_folder_of_textures_is_read_from_there(tmp_path, exported):
    save(tmp_path / "bricks_1k" / "textures", bricks_diff_1k=(90, 70, 60), bricks_nor_gl_1k=FLAT, bricks_arm_1k=FLAT)
    (tmp_path / "bricks_1k" / "bricks_1k.blend").write_bytes(b"")
    assert set(read_maps(tmp_path / "bricks_1k")) > {"base_color", "normal", "roughness"}
    assert [Path(file).name for file in exported(tmp_path / "bricks_1k")["files"]] == ["bricks_maps.png"]


def test_maps_can_be_named_by_hand(tmp_path):
    folder = save(
        tmp_path / "odd", farbe=(90, 70, 60), pack=np.dstack([np.full((SIZE, SIZE), v) for v in (0.2, 0.4, 0.8)])
    )
    save(folder, n1=np.stack([NORMAL[..., 0], 1 - NORMAL[..., 1], NORMAL[..., 2]], 2))
    given = ("normal", "n1.png:directx"), ("roughness", "pack.png:g"), ("metallic", "pack.png:1-b")
    options = [item for name, file in given for item in ("--map", f"{name}={folder / file}")]
    export = ["--preset", "materialx", "--json", "--out", str(tmp_path / "o")]
    main(["export", str(folder / "farbe.png"), *options, *export])
    read = read_maps(tmp_path / "o")
    assert np.abs(read["normal"].pixels - NORMAL).max() < 2 / 255
    assert [round(float(read[name].pixels.mean()), 1) for name in ("roughness", "metallic")] == [0.4, 0.2]


def test_check_reads_tiles_and_continues_after_a_bad_folder(tmp_path, said):
    tiles = {f"w_color.{number}": (90, 70, 60) for number in (1001, 1002)}
    save(tmp_path / "s", **tiles, **{f"w_rough.{number}": 128 for number in (1001, 1002)})
    (tmp_path / "empty").mkdir()
    answer = json.loads(said("check", tmp_path / "empty", tmp_path / "s", "--json")[1])
    assert [one["folder"] for one in answer["sets"]] == [
        str(tmp_path / "s" / f"*.{number}.*") for number in (1001, 1002)
    ]
    assert [Path(one["source"]).name for one in answer["failed"]] == ["empty"]


def test_alpha_of_a_sets_colour_is_its_opacity_and_normals_without_blue_get_it(tmp_path):
    color = np.dstack([np.full((SIZE, SIZE, 3), 0.5), HEIGHT])
    save(tmp_path, x_BaseColor=color, x_Normal=NORMAL * (1, 1, 0), x_Mask=(9, 99, 199))
    read = read_maps(tmp_path)
    assert "x_Mask.png (its name names no map)" in " ".join(read.notes)
    assert np.abs(read["normal"].pixels - NORMAL).max() < 2 / 255
    assert "has two channels" in " ".join(read.notes)
    assert np.abs(read["opacity"].pixels[..., 0] - HEIGHT).max() < 1 / 255
    assert np.abs(read["base_color"].pixels - 0.5).max() < 1 / 255


def test_rerun_warns_that_a_folder_may_be_read_differently(tmp_path, said):
    save(tmp_path / "set", x_BaseColor=(90, 70, 60), x_Normal=FLAT)
    said("apply", "transform", tmp_path / "set", "--out", tmp_path / "o")
    save(tmp_path / "set", x_BaseColor=np.dstack([np.full((SIZE, SIZE, 3), 0.5), HEIGHT]))
    again = json.loads(said("rerun", tmp_path / "o" / "set_base_color.png", "--out", tmp_path / "again", "--json")[1])
    assert any("read otherwise now" in line for line in again["differences"])


def test_results_of_a_batch_can_be_exported_checked_and_exported_again(tmp_path, said):
    for name in ("a", "b"):
        save(tmp_path / "in" / "both", **{f"{name}_Albedo": (90, 70, 60), f"{name}_Normal": FLAT, f"{name}_ORM": FLAT})
    tiles = {f"c_{map_}_{number}": FLAT for map_ in ("Color", "Normal") for number in (1001, 1002)}
    save(tmp_path / "in" / "c", **tiles)
    save(tmp_path / "in", IMG_1=(9, 99, 9), IMG_2=(99, 9, 9))
    said("batch", "transform", tmp_path / "in", "--out", tmp_path / "made", "--workers", "1")
    for of, preset in (("made", "unreal"), ("unreal", "godot")):
        said("export", tmp_path / of, "--preset", preset, "--out", tmp_path / preset)
    checked = json.loads(said("check", tmp_path / "unreal", "--json")[1])["sets"]
    assert len(checked) == 4
    assert not any(one["verdict"] == "error" for one in checked)
    files = {file.name for file in (tmp_path / "godot").iterdir()}
    wanted = {f"T_{name}_{map_}.png" for name in ("a", "b") for map_ in ("albedo", "normal", "orm")}
    wanted |= {f"T_c_{map_}.{number}.png" for map_ in ("albedo", "normal") for number in (1001, 1002)}
    assert files == wanted | {"T_IMG_1_BC_albedo.png", "T_IMG_2_BC_albedo.png"}


SHAPE = (12, 20)
RECIPE = Recipe((Step("checker"),))


def some(*names: str) -> Maps:
    """Maps of random 8-bit values."""
    rng = np.random.default_rng(5)
    arrays = {name: rng.integers(0, 256, (*SHAPE, MAP_CHANNELS[name])) / np.float32(255) for name in names}
    return Maps.from_arrays(arrays, width_m=2.0, height_range_m=0.03)


def stored(path: Path) -> np.ndarray:
    """Integers as they are in the file, whatever its alpha means."""
    hints = oiio.ImageSpec()
    hints.attribute("oiio:UnassociatedAlpha", 1)
    file = oiio.ImageInput.open(str(path), hints)
    return file.read_image(file.spec().format)


def bytes_of(maps: Maps, name: str) -> np.ndarray:
    return np.round(maps[name].pixels * 255).astype(int)


def exported_files(maps: Maps, folder: Path, export: str, format_: str = "png", **how) -> dict[str, Path]:
    paths = write_maps(maps, folder, "brick", registry().exporter(format_), packing=packing_of(export), **how)
    return {path.name: path for path in paths}


@pytest.mark.parametrize("preset", PRESETS)
def test_each_preset_writes_the_files_of_its_engine_with_the_values_of_the_maps(preset, tmp_path):
    maps = some(*MAP_CHANNELS)
    files = exported_files(maps, tmp_path, preset, recipe=RECIPE)
    names = {Path(name).stem.replace("T_brick_", "brick_T_").removeprefix("brick_") for name in files}
    assert names - {"brick"} == set(CASES["files-of-presets"][preset].split())
    for picture in packing_of(preset).pictures:
        path = files[f"{picture.pattern.format(name='brick')}.png"]
        values = stored(path).astype(int).reshape(*SHAPE, -1)
        for index, channel in enumerate(picture.channels):
            own = 255
            if channel.map_name:
                own = bytes_of(maps, channel.map_name)[..., channel.index]
                own = 255 - own if channel.is_inverted else own
            assert np.array_equal(values[..., index], np.broadcast_to(own, SHAPE)), (path.name, index)
        assert read_recipe(path) == RECIPE
    read = read_maps(tmp_path)
    assert set(read) == {one.map_name for picture in packing_of(preset).pictures for one in picture.channels} - {""}
    assert all(np.abs(read[name].pixels - maps[name].pixels).max() <= 1 / 255 for name in read)


def test_exported_gltf_materials_show_the_files_with_their_transform(tmp_path):
    maps = some("base_color", "roughness", "ambient_occlusion", "normal", "emission")
    (tmp_path / "in").mkdir()
    exported_files(maps, tmp_path / "in", "")
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
    assert not list(exported_files(maps, tmp_path / "exr", "gltf", "exr")["brick_normal.exr"].parent.glob("*.gltf"))


def test_engines_get_the_channels_that_their_manuals_name(tmp_path):
    maps = some("base_color", "roughness", "metallic", "ambient_occlusion", "normal", "opacity")
    hdrp = stored(exported_files(maps, tmp_path, "unity-hdrp")["brick_MaskMap.png"]).astype(int)
    assert np.array_equal(hdrp[..., 0], bytes_of(maps, "metallic")[..., 0])
    assert np.array_equal(hdrp[..., 1], bytes_of(maps, "ambient_occlusion")[..., 0])
    assert np.array_equal(255 - hdrp[..., 3], bytes_of(maps, "roughness")[..., 0])
    orm = stored(exported_files(maps, tmp_path, "gltf")["brick_occlusionRoughnessMetallic.png"]).astype(int)
    names = ("ambient_occlusion", "roughness", "metallic")
    assert all(np.array_equal(orm[..., i], bytes_of(maps, name)[..., 0]) for i, name in enumerate(names))
    unreal = stored(exported_files(maps, tmp_path, "unreal")["T_brick_N.png"]).astype(int)
    normal = bytes_of(maps, "normal")
    assert np.array_equal(unreal, np.stack([normal[..., 0], 255 - normal[..., 1], normal[..., 2]], 2))
    urp = stored(exported_files(maps, tmp_path, "unity-urp")["brick_BaseMap.png"]).astype(int)
    assert np.array_equal(urp, np.concatenate([bytes_of(maps, "base_color"), bytes_of(maps, "opacity")], 2))


def test_missing_maps_are_neutral_and_empty_pictures_are_left_out(tmp_path):
    files = exported_files(some("base_color", "roughness"), tmp_path, "gltf")
    assert set(files) == {"brick_baseColor.png", "brick_occlusionRoughnessMetallic.png", "brick.gltf"}
    assert stored(files["brick_baseColor.png"]).shape == (*SHAPE, 3)
    orm = stored(files["brick_occlusionRoughnessMetallic.png"])
    assert (orm[..., 0] == 255).all()
    assert (orm[..., 2] == 0).all()
    mask = stored(exported_files(some("metallic"), tmp_path, "unity-hdrp")["brick_MaskMap.png"])
    assert np.array_equal(np.unique(mask[..., 3]), [128])
    assert {len(values) for name, values in NEUTRAL.items()} == set(MAP_CHANNELS.values())


def test_own_pictures_are_packed_from_maps_components_constants_and_their_inverse(tmp_path):
    maps = some("base_color", "roughness", "height", "normal")
    export = "smooth=1-roughness,0.25,normal.g,1-height albedo=base_color,height one=1-normal.b"
    files = exported_files(maps, tmp_path, export)
    assert set(files) == {"brick_smooth.png", "brick_albedo.png", "brick_one.png"}
    smooth = stored(files["brick_smooth.png"]).astype(int)
    assert np.array_equal(smooth[..., 0], 255 - bytes_of(maps, "roughness")[..., 0])
    assert (smooth[..., 1] == 64).all()
    assert np.array_equal(smooth[..., 2], bytes_of(maps, "normal")[..., 1])
    assert np.array_equal(smooth[..., 3], 255 - bytes_of(maps, "height")[..., 0])
    assert [one.layout.is_color for one in parse_pictures(export)] == [False, True, False]
    both = exported_files(maps, tmp_path / "both", "godot smooth=1-roughness")
    assert {"brick_albedo.png", "brick_smooth.png"} <= set(both)


@each_case("wrong-exports")
def test_errors_of_exports_name_the_cause(export, said, tmp_path):
    with pytest.raises(ParameterError, match=said):
        run(Recipe((Step("marble"),)), {}, RunOptions(sink=Sink(tmp_path / "out", "x", export=export)))
    with pytest.raises(ParameterError, match="gltf shows none of these maps: height"):
        exported_files(some("height"), tmp_path, "gltf")
    assert not list(tmp_path.iterdir())


def test_16_bits_keep_the_values_of_16_bits(tmp_path):
    height = (np.arange(240).reshape(SHAPE) * 257 + 3) / np.float32(65535)
    maps = Maps.from_arrays({"height": height, "roughness": height})
    files = exported_files(maps, tmp_path, "p=1-height,0,0,roughness", "png16")
    values = stored(files["brick_p.png"]).astype(int)
    exact = np.arange(240).reshape(SHAPE) * 257 + 3
    assert np.array_equal(values[..., 0], 65535 - exact)
    assert np.array_equal(values[..., 3], exact)


def test_png_auto_has_16_bits_where_8_would_show(tmp_path):
    maps = some("base_color", "opacity", "roughness", "metallic", "normal", "height", "bent_normal", "emission")
    files = exported_files(maps, tmp_path, "unreal own=normal.r,roughness,0", "png-auto")
    fine = {name.removesuffix(".png") for name, path in files.items() if stored(path).dtype == np.uint16}
    assert fine == {"T_brick_N", "T_brick_H", "T_brick_BN", "brick_own"}


def check_materialx(path: Path) -> ElementTree.Element:
    """The root of a document that MaterialX's own library finds valid, with each node known and each file there."""
    document = materialx.createDocument()
    materialx.loadLibraries(materialx.getDefaultDataLibraryFolders(), materialx.getDefaultDataSearchPath(), document)
    materialx.readFromXmlFile(document, str(path))
    assert document.validate() == (True, "")
    assert all(node.getNodeDef() for node in document.getNodes())
    root = ElementTree.parse(path).getroot()
    assert all((path.parent / str(file.get("value"))).is_file() for file in root.iterfind("*/input[@type='filename']"))
    return root


def test_the_materialx_document_joins_the_files_to_a_surface(tmp_path):
    files = exported_files(some(*MAP_CHANNELS), tmp_path, "materialx")
    root = check_materialx(files["brick.mtlx"])
    (shader,) = root.findall("open_pbr_surface")
    inputs = "base_color specular_roughness base_metalness emission_color emission_luminance transmission_weight"
    inputs += " geometry_opacity geometry_normal"
    assert {input_.get("name") for input_ in shader} == set(inputs.split())
    assert root.find("displacement/input[@name='scale']").get("value") == "0.03"
    assert root.find("image[@name='base_color_image']/input").get("colorspace") == "srgb_texture"
    few = exported_files(some("base_color", "roughness"), tmp_path / "few", "materialx", "exr")
    small = check_materialx(few["brick.mtlx"])
    assert {node.tag for node in small} == {"open_pbr_surface", "surfacematerial", "image"}
    assert 'colorspace="lin_rec709"' in few["brick.mtlx"].read_text()


def test_the_command_exports_sets_and_results(tmp_path, said):
    write_maps(some("base_color", "height"), tmp_path / "set", "set")
    stderr = said("export", tmp_path / "set", "--preset", "gltf", "--out", tmp_path)[2]
    assert "note: gltf has no file for height" in stderr
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
