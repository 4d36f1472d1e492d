"""Training data: what is found in a folder and left out, height that agrees with the normals, captions."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from cases import each_case
from PIL import Image
from test_sources import mounted

from impasto import Maps, Recipe, RunOptions, Step, Texture, run, write_maps
from impasto.cli.main import main
from impasto.data.dataset import Dataset, dataset_of, read_dataset
from impasto.errors import FileError, ParameterError
from impasto.library.models import ModelLibrary
from impasto.surface import heights, resizing
from impasto.surface.heights import normal_height_consistency


def noise(seed: int, size_px: tuple[int, int] = (96, 96)) -> Image.Image:
    """Coarse coloured noise, another for each seed."""
    coarse = np.random.default_rng(seed).integers(0, 256, (12, 12, 3), np.uint8)
    return Image.fromarray(coarse).resize(size_px[::-1], Image.Resampling.BICUBIC)


def hills(size_px: int, is_tiling: bool = True) -> np.ndarray:
    """Height (size_px, size_px) in pixels of a smooth surface, its slopes up to about 0.5."""
    y, x = np.mgrid[0:size_px, 0:size_px] * (2 * np.pi / size_px)
    height = 4 * np.sin(2 * x) * np.cos(3 * y) + 2 * np.cos(5 * x + 4 * y) + np.sin(7 * y)
    return height if is_tiling else height[: size_px * 3 // 5, : size_px * 7 // 10]


def save(path: Path, seed: int, size_px: tuple[int, int] = (96, 96)) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    noise(seed, size_px).save(path)
    return path


def save_set(folder: Path, seed: int, stem: str = "", maps: tuple[str, ...] = ("albedo", "roughness")) -> None:
    for index, name in enumerate(maps):
        save(folder / f"{stem}{name}.png", 100 * seed + index)


def found(dataset) -> dict[str, str | None]:
    return {sample.name: sample.label for sample in dataset.samples}


def test_one_photograph_is_a_dataset(tmp_path):
    dataset = read_dataset(save(tmp_path / "wall.png", 1), licence="CC0-1.0", longest_px=64)
    (sample,) = dataset.samples
    assert (sample.name, sample.label, sample.licence, sample.size_px) == ("wall.png", None, "CC0-1.0", (64, 64))
    assert sample.load()["base_color"].pixels.shape == (64, 64, 3)
    assert sample.load(longest_px=32).size_px == (32, 32)
    wide = save(tmp_path / "wide.png", 1, (80, 200))
    assert read_dataset(wide, longest_px=4096).samples[0].size_px == (80, 200), "never enlarged"
    assert read_dataset(wide, longest_px=160).samples[0].size_px == (64, 160)


def test_only_the_requested_crop_is_used(tmp_path):
    picture = noise(1)
    picture.paste((255, 0, 255), (0, 0, 48, 96))
    picture.save(tmp_path / "half.png")
    (sample,) = read_dataset(tmp_path, crop=(0.5, 0, 1, 1), smallest_px=8, width_m=2.0).samples
    maps = sample.load()
    assert maps.size_px == (96, 48)
    assert maps.width_m == 1.0
    assert np.allclose(maps["base_color"].pixels, np.asarray(picture)[:, 48:] / 255, atol=1e-6)
    with pytest.raises(ParameterError, match="crop got"):
        read_dataset(tmp_path, crop=(0.5, 0, 0.5, 1))


def test_photographs_and_sets_side_by_side(tmp_path):
    save(tmp_path / "wall.png", 1)
    save(tmp_path / "rusty_metal.png", 2)
    save_set(tmp_path, 3, "Bricks059_1K_")
    save_set(tmp_path, 4, "Ground1_")
    save(tmp_path / "Ground1_preview.png", 5)
    Image.new("RGB", (96, 96), (128, 128, 255)).save(tmp_path / "lonely_normal.png")
    dataset = read_dataset(tmp_path)
    assert found(dataset) == dict.fromkeys(["wall.png", "rusty_metal.png", "Bricks059_1K", "Ground1"])
    reasons = {item.name: item.reason for item in dataset.rejected}
    assert "preview" in reasons["Ground1_preview.png"]
    assert "no base colour beside it" in reasons["lonely_normal.png"]


def test_folders_are_classes_and_folders_of_one_set_are_not(tmp_path):
    save(tmp_path / "brick" / "a.png", 1)
    save(tmp_path / "brick" / "deeper" / "b.png", 2)
    save_set(tmp_path / "brick" / "bricks059", 3)
    save_set(tmp_path / "stone", 4, "rock1_")
    save_set(tmp_path / "stone", 5, "rock2_")
    save_set(tmp_path / "wood_planks012", 6)
    dataset = read_dataset(tmp_path)
    assert found(dataset) == {
        "brick/a.png": "brick",
        "brick/b.png": "brick",
        "brick/bricks059": "brick",
        "stone/rock1": "stone",
        "stone/rock2": "stone",
        "wood_planks012": None,
    }
    assert dataset.labels == ("brick", "stone")


def save_sheet(folder: Path) -> None:
    """A contact sheet of three tiles of 64 px, with the index that says where they are."""
    folder.mkdir(parents=True, exist_ok=True)
    sheet = Image.new("RGB", (200, 140))
    boxes = [[4, 6], [74, 6], [130, 70]]
    for seed, place in enumerate(boxes):
        sheet.paste(noise(seed, (64, 64)), tuple(place))
    sheet.save(folder / "Bricks.png")
    (folder / "index.json").write_text(json.dumps({"tile": 64, "boxes": {"Bricks.png": boxes}}))


def test_contact_sheets_may_lie_beside_class_folders_and_boxes_beside_them_are_left_out(tmp_path):
    save_sheet(tmp_path / "thumbnails")
    save_sheet(tmp_path / ".hidden")
    save(tmp_path / "bricks" / "wall.png", 9)
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "index.json").write_text("{}")
    dataset = read_dataset(tmp_path)
    boxes = ["thumbnails/Bricks.png@130,70", "thumbnails/Bricks.png@4,6", "thumbnails/Bricks.png@74,6"]
    assert found(dataset) == dict.fromkeys(["bricks/wall.png", *boxes], "bricks")
    pixels = next(sample for sample in dataset.samples if "74,6" in sample.name).load()["base_color"].pixels
    assert np.allclose(pixels, np.asarray(noise(1, (64, 64))) / 255, atol=1e-6)
    assert "thumbnails/Bricks.png" in {source["name"] for source in dataset.sources()}
    assert [item.name for item in dataset.rejected] == ["other/index.json"]
    assert "index.json does not say" in dataset.rejected[0].reason
    sheets = tmp_path / "thumbnails"
    index = {"tile": 64, "boxes": {"Bricks.png": [[4, 6], [180, 6]], "Gone.png": [[0, 0]]}}
    (sheets / "index.json").write_text(json.dumps(index))
    dataset = read_dataset(sheets)
    assert list(found(dataset)) == ["Bricks.png@4,6"]
    assert {item.name for item in dataset.rejected} == {"Bricks.png@180,6", "Gone.png@0,0"}
    (sheets / "index.json").write_text('{"tile": 64}')
    with pytest.raises(FileError, match="does not say where"):
        read_dataset(sheets)


def test_listed_files_have_their_class_and_licence(tmp_path):
    save(tmp_path / "data" / "a.png", 1)
    save(tmp_path / "data" / "b.png", 2)
    save_set(tmp_path / "data" / "oak", 3)
    rows = ["file\tlicence\tclass", "data/a.png\tCC0-1.0\tbrick", "data/oak\tCC-BY-4.0\twood"]
    (tmp_path / "SOURCES.tsv").write_text("\n".join(rows))
    dataset = read_dataset(tmp_path / "data", licence="own")
    assert found(dataset) == {"a.png": "brick", "b.png": None, "oak": "wood"}
    assert [sample.licence for sample in dataset.samples] == ["CC0-1.0", "own", "CC-BY-4.0"]
    (tmp_path / "SOURCES.tsv").write_text("name\tterms\nx\ty\n")
    with pytest.raises(FileError, match="no columns file and licence"):
        read_dataset(tmp_path / "data")


def test_unusable_files_are_left_out_with_a_reason(tmp_path):
    save(tmp_path / "good.png", 1)
    Image.new("RGB", (96, 96), (90, 90, 90)).save(tmp_path / "grey.png")
    save(tmp_path / "small.png", 2, (96, 40))
    (tmp_path / "torn.png").write_bytes((tmp_path / "good.png").read_bytes()[:600])
    (tmp_path / "text.jpg").write_text("no picture")
    save_set(tmp_path / "uneven", 3)
    save(tmp_path / "uneven" / "roughness.png", 4, (96, 48))
    dataset = read_dataset(tmp_path)
    assert list(found(dataset)) == ["good.png"]
    reasons = {item.name: item.reason for item in dataset.rejected}
    assert reasons.keys() == {"grey.png", "small.png", "torn.png", "text.jpg", "uneven"}
    assert reasons["grey.png"] == "is almost of one colour"
    assert reasons["small.png"] == "is 40x96 px, smaller than 64 px"
    assert "its roughness has another shape" in reasons["uneven"]
    assert not any(str(tmp_path) in reason for reason in reasons.values())


def test_near_duplicates_are_left_out_and_the_largest_is_kept(tmp_path):
    large = noise(1, (192, 192))
    large.save(tmp_path / "b.png")
    large.resize((96, 96)).save(tmp_path / "a.jpg", quality=60)
    shutil.copy(tmp_path / "b.png", tmp_path / "c.png")
    Image.fromarray(255 - np.asarray(large)).save(tmp_path / "negative.png")
    Image.fromarray(np.asarray(large)[..., ::-1]).save(tmp_path / "other_colours.png")
    dataset = read_dataset(tmp_path)
    assert list(found(dataset)) == ["b.png", "negative.png", "other_colours.png"]
    assert {item.name: item.reason for item in dataset.rejected} == dict.fromkeys(
        ["a.jpg", "c.png"], "shows the same as b.png"
    )


def test_a_plain_colour_with_relief_is_not_blank():
    height = hills(96)
    normal = heights.normal_from_slopes(heights.slopes_from_height(height))
    plain = np.full((96, 96, 3), 0.5)
    assert "height" in dataset_of(Maps.from_arrays({"base_color": plain, "normal": normal})).samples[0].maps
    flat = np.broadcast_to(np.float32((0.5, 0.5, 1)), (96, 96, 3))
    with pytest.raises(ParameterError, match="almost of one colour"):
        dataset_of(Maps.from_arrays({"base_color": plain, "normal": flat}))


def test_hopeless_trainings_are_refused(tmp_path, photo):
    with pytest.raises(FileError, match="no such file or folder"):
        read_dataset(tmp_path / "nowhere")
    with pytest.raises(ParameterError, match=r"nothing in .* can be learned from; give a photograph"):
        read_dataset(tmp_path)
    Image.new("RGB", (96, 96)).save(tmp_path / "black.png")
    with pytest.raises(ParameterError, match=r"black\.png: is almost of one colour"):
        read_dataset(tmp_path)
    dataset = dataset_of(photo, smallest_px=32)
    dataset.check(32)
    with pytest.raises(ParameterError, match="too small for crops of 64 px"):
        dataset.check(64)
    save(tmp_path / "black.png", 1, (70, 70))
    with pytest.raises(ParameterError, match="4,900 pixels, little more than one crop of 68 px"):
        read_dataset(tmp_path).check(68)


def test_shrunk_normals_still_belong_to_the_height(tmp_path):
    normal = heights.normal_from_slopes(heights.slopes_from_height(4 * hills(256)))
    Image.fromarray((normal * 255 + 0.5).astype(np.uint8)).save(tmp_path / "a_normal.png")
    save(tmp_path / "a_color.png", 1, (256, 256))
    maps = read_dataset(tmp_path, longest_px=64).samples[0].load()
    assert normal_height_consistency(maps["normal"].pixels, maps["height"].pixels)[0] < 3.0  # of 30
    assert np.allclose(np.linalg.norm(2 * maps["normal"].pixels - 1, axis=2), 1, atol=1e-5)


def test_hash_and_manifest_say_the_same_wherever_the_files_are(tmp_path):
    save(tmp_path / "one" / "data" / "brick" / "a.png", 1)
    save(tmp_path / "one" / "data" / "brick" / "b.png", 2)
    shutil.copytree(tmp_path / "one", tmp_path / "elsewhere")
    first, second = (read_dataset(tmp_path / place / "data") for place in ("one", "elsewhere"))
    assert json.dumps(first.manifest()) == json.dumps(second.manifest())
    assert str(tmp_path) not in json.dumps(first.manifest())
    assert read_dataset(tmp_path / "one" / "data", longest_px=80).sha256() != first.sha256()
    save(tmp_path / "elsewhere" / "data" / "brick" / "b.png", 3)
    assert read_dataset(tmp_path / "elsewhere" / "data").sha256() != first.sha256()
    steps = np.indices((64, 64, 3)).sum(0) % 8 / 8
    (sample,) = dataset_of(Maps.from_arrays({"base_color": steps}, name="steps"), label="stairs").samples
    on_every_machine = "a00b92ce9816aef4cd5390b44b78ca24a3c4a269870bcf750d1f90db1d850962"
    assert Dataset("steps", (sample,)).sha256() == on_every_machine


def test_large_pictures_are_shrunk_in_bands_to_the_same_pixels(monkeypatch):
    """A photograph of 100 megapixels takes 1.4 GiB, as decoded, and not 4.9 GiB."""
    pixels = np.random.default_rng(0).random((333, 177, 3)).astype(np.float32)
    textures = {"base_color": Texture(pixels, "srgb"), "normal": Texture(pixels, "data")}
    whole = {name: resizing.resized_map(name, texture, (111, 59)) for name, texture in textures.items()}
    heights: list[int] = []
    to_linear = resizing.srgb_to_linear
    monkeypatch.setattr(resizing, "LARGE_PIXELS", 1000)
    monkeypatch.setattr(resizing, "BAND_PX", 40)
    monkeypatch.setattr(resizing, "srgb_to_linear", lambda band: heights.append(len(band)) or to_linear(band))
    for name, texture in textures.items():
        in_bands = resizing.resized_map(name, texture, (111, 59))
        np.testing.assert_allclose(in_bands.pixels, whole[name].pixels, atol=1e-5)
    assert max(heights) <= 42


@pytest.mark.usefixtures("misbehaving")
def test_a_trainer_gets_the_dataset_and_the_recipe_names_it(tmp_path):
    dataset = read_dataset(save(tmp_path / "wall.png", 1))
    recipe = Recipe((Step("learn", {"name": "wall", "steps": 1}, {"dataset": "walls"}),))
    result = run(recipe, {"walls": dataset}, RunOptions(models_folder=tmp_path))
    assert result.recipe.inputs == {"walls": {"name": "wall.png", "sha256": dataset.sha256()}}


@pytest.mark.any_numpy
def test_the_command_writes_the_manifest_and_the_preview_and_warns_of_classes(tmp_path, said):
    data, out = tmp_path / "data", tmp_path / "out"
    for seed, (name, size_px) in enumerate({"a/1": 96, "a/2": 96, "b/1": 96, "c/1": 16, "loose": 96}.items()):
        save(data / f"{name}.png", seed, (size_px, size_px))
    told = said("prepare", data, "--out", out, "--licence", "own", "--longest-px", "80")[2]
    lines = ("pictures used: 4; licence: own", "left out: c/1.png", "no picture of c can be used", "one picture of b:")
    for line in (*lines, "loose.png lies in no folder of a class"):
        assert line in told
    manifest = json.loads((out / "manifest.json").read_text(encoding="utf-8"))
    assert manifest["samples"][0]["width_px"] == 80
    assert [item["name"] for item in manifest["rejected"]] == ["c/1.png"]
    assert Image.open(out / "preview.png").width > 80
    _, answer, told = said("prepare", data / "a", "--out", tmp_path, "--json")
    assert json.loads(answer)["manifest"]["samples"]
    assert "warning" not in told


@pytest.mark.usefixtures("misbehaving")
def test_a_training_writes_its_data_and_manifest_beside_the_model(tmp_path, monkeypatch):
    monkeypatch.setattr("signal.signal", lambda *_: None)
    save(tmp_path / "data" / "wall.png", 1)
    train = ["train", "learn", str(tmp_path / "data"), "--name", "wall", "--steps", "1", "--no-report"]
    train += ["--licence", "own", "--colorspace", "Display P3"]
    main([*train, "--out", str(tmp_path / "models")])
    assert {path.name for path in (tmp_path / "models").iterdir()} >= {"wall.manifest.json", "wall.data.png"}
    written = (tmp_path / "models" / "wall.manifest.json").read_text(encoding="utf-8")
    assert json.loads(written)["samples"][0]["licence"] == "own"
    of_p3 = read_dataset(tmp_path / "data", licence="own", color_space="Display P3")
    assert json.loads(written)["sha256"] == of_p3.sha256() != read_dataset(tmp_path / "data", licence="own").sha256()
    assert ModelLibrary(tmp_path / "models").all()[0].licence == "own"
    save(tmp_path / "data" / "other.png", 2)
    main([*train, "--out", str(tmp_path / "models")])
    assert (tmp_path / "models" / "wall.manifest.json").read_text(encoding="utf-8") == written


@pytest.mark.usefixtures("misbehaving")
@pytest.mark.parametrize("has_checkpoint", [False, True])
def test_a_full_disk_leaves_no_file_of_a_fresh_training(tmp_path, monkeypatch, said, has_checkpoint):
    """The data files fit, and nothing else; they stay beside a checkpoint, from which the same command goes on."""
    monkeypatch.setattr("signal.signal", lambda *_: None)
    save(tmp_path / "data" / "wall.png", 1)
    train = ["train", "learn", str(tmp_path / "data"), "--name", "wall", "--steps", "1", "--no-report"]
    main([*train, "--out", str(tmp_path / "models")])
    needed = sum(4 * (1 + path.stat().st_size // 4096) for path in (tmp_path / "models").glob("wall.[dm]*"))
    with mounted(tmp_path / "disk", f"size={needed + 8}k") as disk:  # and the pages of locks
        if has_checkpoint:
            (disk / "wall.checkpoint").touch()
        told = said(*train, "--out", disk)[2]
        files = {path.name for path in disk.iterdir()}
    assert "check the disk and its free space" in told
    assert files == ({"wall.checkpoint", "wall.manifest.json", "wall.data.png"} if has_checkpoint else set())


def test_private_folder_names_are_not_recorded(tmp_path):
    private = tmp_path / "client-secret"
    save(private / "brick" / "project-x" / "a.png", 1)
    save(private / "brick" / "project-y" / "a.png", 2)
    save(private / "brick" / "b.png", 3)
    (private / "brick" / "project-z").mkdir()
    (private / "brick" / "project-z" / "broken.png").write_bytes(b"no picture")
    dataset = read_dataset(private)
    assert found(dataset) == dict.fromkeys(["brick/a.png", "brick/a.png (2)", "brick/b.png"], "brick")
    save_set(tmp_path / "secret", 5)  # a set without a name is not called like its folder
    one_set = read_dataset(tmp_path / "secret")
    assert [(sample.name, sample.label) for sample in one_set.samples] == [("set", None)]
    said = json.dumps([dataset.manifest(), dataset.sources(), one_set.manifest(), one_set.sources()])
    assert "broken.png" in said
    assert not [word for word in ("secret", "project") if word in said]


@pytest.mark.parametrize("is_tiling", [True, False])
def test_height_comes_back_from_normals(is_tiling):
    height = hills(128, is_tiling)
    base_color = np.asarray(noise(1, height.shape), np.float32) / 255
    dy, dx = np.gradient(np.pad(height, 2, mode="wrap" if is_tiling else "edge"))
    normal = heights.normal_from_slopes(np.stack([dx, dy], 2)[2:-2, 2:-2])
    maps = dataset_of(Maps.from_arrays({"base_color": base_color, "normal": normal})).samples[0].load()
    found_px = maps["height"].pixels[..., 0] * (maps.height_range_m / maps.width_m * maps.size_px[1])
    again = heights.normal_from_slopes(heights.slopes_from_height(found_px))
    vectors, wanted = (2 * encoded[2:-2, 2:-2] - 1 for encoded in (again, maps["normal"].pixels))
    angles = np.degrees(np.arccos(np.clip((vectors * wanted).sum(2), -1, 1)))
    assert angles.mean() < 0.08 * np.degrees(np.arccos(wanted[..., 2])).mean()  # long waves are damped
    assert np.corrcoef(found_px.ravel(), height.ravel())[0, 1] > 0.98


def test_broad_shapes_come_only_from_a_matching_height():
    height = hills(128) + 12 * np.sin(np.arange(128) * (2 * np.pi / 128))
    normal = heights.normal_from_slopes(heights.slopes_from_height(height))
    own = ((height - height.min()) / np.ptp(height)).astype(np.float32)[..., None]
    wrong = np.asarray(noise(1, (128, 128)).convert("L"), np.float32)[..., None] / 255
    alone, fitting, other = (
        heights.with_agreeing_height(normal, given, (True, True)).height for given in (None, own, wrong)
    )
    assert np.abs(fitting - own).max() < 0.01
    assert np.abs(alone - own).max() > 0.1
    assert np.array_equal(other, alone)


def picture(seed: int) -> Maps:
    pixels = np.kron(np.random.default_rng(seed).random((16, 16, 3)), np.ones((4, 4, 1)))
    return Maps.from_arrays({"base_color": pixels})


def captions(folder) -> dict[str, tuple[str, ...]]:
    return {sample.name: sample.captions for sample in read_dataset(folder, smallest_px=16).samples}


@pytest.mark.parametrize("file", ["moss/moss.txt", "moss/moss_base_color.txt", "moss/stone.txt", "stone.txt"])
def test_a_set_has_the_captions_of_its_name_its_folder_and_its_files(file, tmp_path):
    maps = picture(0)
    maps = maps.with_arrays({"roughness": maps["base_color"].pixels[..., :1]})
    folder = tmp_path / ("stone" if "stone" in file else "moss")
    write_maps(maps, folder, "moss")
    (tmp_path / file.replace("moss/stone", "stone/stone")).write_text("mossy stone")
    assert list(captions(tmp_path).values()) == [("mossy stone",)]


def test_a_table_names_files_below_its_folder(tmp_path):
    for index in range(2):
        write_maps(picture(index), tmp_path / "train", f"photo{index}")
    one = '{"file_name": "train/photo0_base_color.png", "text": "one"}'
    two = '{"file_name": "train/photo1_base_color.png", "text": ["two", "deux"]}'
    (tmp_path / "metadata.jsonl").write_text(f"{one}\n\n{two}\n")
    assert list(captions(tmp_path).values()) == [("one",), ("two", "deux")]


@each_case("captions-that-cannot-be-read")
def test_unreadable_tables_are_refused_with_the_line_number(text, said, tmp_path):
    write_maps(picture(0), tmp_path, "a")
    (tmp_path / "metadata.jsonl").write_bytes(text.encode("latin-1"))
    with pytest.raises(ParameterError, match=said):
        read_dataset(tmp_path, smallest_px=16)


def test_lines_of_a_text_file_beside_a_picture_are_its_captions(tmp_path):
    write_maps(picture(0), tmp_path, "wall")[0].rename(tmp_path / "wall.png")
    hashes = {read_dataset(tmp_path, smallest_px=16).sha256()}
    for text in ("one", "old  red bricks\n\n老旧的红砖墙\nold red bricks\n"):
        (tmp_path / "wall.txt").write_text(text, encoding="utf-8")
        hashes.add(read_dataset(tmp_path, smallest_px=16).sha256())
    assert captions(tmp_path) == {"wall.png": ("old red bricks", "老旧的红砖墙")}
    assert len(hashes) == 3
