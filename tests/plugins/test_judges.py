"""Pictures that judge what a task trains: under another name, recompressed, resized or mirrored, they teach nothing."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable
from importlib import import_module
from pathlib import Path

import match_classifier
import numpy as np
import pytest
from match_pictures import divided
from PIL import Image, ImageOps
from tasks import models, phrase_model
from tasks.judges import Judges
from tasks.photo_maps.__main__ import materials
from tasks.photo_maps.kinds import thumbnails
from tasks.photo_maps.sets import JUDGES, RELIEF_JUDGES, judges, pictures
from tasks.style_encoder.pictures import pictures as pictures_of_styles
from tasks.style_kinds import pictures as pictures_of_kinds

from impasto.cli.main import main

ROOT = Path(__file__).parents[2]
WRITES = re.compile(r"\bsave_model\(|\bwrite_tensors\(|\"train\", ?\"train-|fitted\(.*\.save\(")
"""A task writes a model that it has trained."""


def picture(seed: int, tint: tuple[float, float, float], px: int = 256) -> Image.Image:
    """Soft noise; blue judges, red teaches."""
    noise = Image.fromarray(np.random.default_rng(seed).integers(40, 255, (16, 16)).astype(np.uint8)).resize((px, px))
    return Image.fromarray((np.asarray(noise)[..., None] * np.array(tint)).astype(np.uint8))


JUDGE, TEACHER = picture(1, (0.6, 0.8, 1)), picture(2, (1, 0.8, 0.6))
CHANGED = {
    "same": JUDGE,
    "small": JUDGE.resize((180, 140)),
    "large": JUDGE.resize((500, 500)),
    "mirrored": ImageOps.mirror(JUDGE),
    "turned": JUDGE.transpose(Image.Transpose.ROTATE_90),
    "moved": Image.fromarray(np.roll(np.asarray(JUDGE), (70, 100), (0, 1))),
    "pale": Image.fromarray((np.asarray(JUDGE) * 0.6 + 60).astype(np.uint8)),
}


def save(folder: Path, images: dict[str, Image.Image], quality: int = 60) -> None:
    """Write pictures at paths in a folder; a path without a suffix is a set of maps."""
    for name, image in images.items():
        path = folder / name
        path = path if path.suffix else path / "albedo.jpg"
        path.parent.mkdir(parents=True, exist_ok=True)
        image.save(path, quality=quality)
        if path.stem == "albedo":
            Image.new("RGB", image.size, (128, 128, 255)).save(path.with_name("normal.jpg"))


def red(seed: int) -> Image.Image:
    """Another picture that teaches."""
    return picture(seed, (1, 0.8, 0.6))


def save_sheet(folder: Path) -> None:
    """A contact sheet of the judge and the teacher."""
    sheet = Image.new("RGB", (256, 128))
    for left, one in ((0, JUDGE), (128, TEACHER)):
        sheet.paste(one.resize((128, 128)), (left, 0))
    save(folder, {"Wood.webp": sheet}, 80)
    (folder / "index.json").write_text(json.dumps({"tile": 128, "boxes": {"Wood.webp": [[0, 0], [128, 0]]}}))


@pytest.mark.parametrize("name", CHANGED)
def test_judging_pictures_are_recognised_after_changes(name, tmp_path):
    save(tmp_path, {"any.jpg": CHANGED[name]}, 30)
    judged = Judges([np.asarray(JUDGE, np.float32) / 255])
    with Image.open(tmp_path / "any.jpg") as changed:
        assert not judged.may_teach(np.asarray(changed, np.float32) / 255)
    assert judged.may_teach(np.asarray(TEACHER, np.float32) / 255)
    assert Judges().may_teach(np.asarray(JUDGE, np.float32) / 255)


def photo_maps(data: Path) -> list[np.ndarray]:
    save(data, {"pbr/brick_brick_wall_08": JUDGE, "pbr512/wood_a": CHANGED["small"], "pbr512/wood_b": TEACHER})
    save(data, {"textures/wood/c.jpg": CHANGED["large"], "textures/wood/d.jpg": red(3)})
    save_sheet(data / "texture_sheets")
    judged = judges(data)
    sets, folders = materials(data, judged)
    assert [path.name for path in folders.values()] == ["wood_b"]
    found = [*(one.surface.color for one in sets.values()), *pictures(data / "textures", judged)]
    return [np.asarray(one) for one in (*found, *(part for part, _ in thumbnails(data / "texture_sheets", judged)))]


def style_encoder(data: Path) -> list[np.ndarray]:
    save(data, {"photos/coffee.jpg": JUDGE, "photos/mug.jpg": CHANGED["large"], "paintings/painting.jpg": TEACHER})
    save(data, {"paintings/other.jpg": CHANGED["mirrored"], "textures/wood/c.jpg": CHANGED["small"]})
    save(data, {"textures/wood/d.jpg": red(3), "pbr/wood_b": red(4), "texture_sheets/wood/e.jpg": red(5)})
    found, sources = pictures_of_styles(data)
    assert len(sources) == len(found) == 4
    return [np.asarray(one.pixels) for one in found]


def phrases(data: Path) -> list[np.ndarray]:
    save(data, {"pbr/brick_judge": JUDGE, "pbr/brick_other": CHANGED["small"], "pbr/brick_teacher": TEACHER})
    about = {"labels": {"brick": "bricks"}, "held_out": ["brick_judge"]}
    phrase_model.copy_sets(about, data, data / "learned", data / "held", Path(sys.executable))
    assert [path.name for path in (data / "held").glob("*/*")] == ["brick_judge"]
    return [np.asarray(Image.open(path)).transpose(2, 0, 1) for path in (data / "learned").rglob("albedo.jpg")]


def many_materials(data: Path) -> list[np.ndarray]:
    """A quarter of each set judges: the first one of two that show the same stays."""
    save(data, {"one": TEACHER, "same": TEACHER.resize((300, 200)), "two": red(3)})
    about = {"data": {"a": "one", "b": "same", "c": "two"}, "procedural": []}
    models.gathered(about, data, data / "learned", Path(sys.executable))
    found = sorted((data / "learned").rglob("albedo.jpg"))
    assert [path.parent.name for path in found] == ["one", "two"]
    return [np.asarray(Image.open(path)).transpose(2, 0, 1) for path in found]


def style_kinds(_: Path) -> list[np.ndarray]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pictures_of_kinds, "PHOTOGRAPHS", (("chelsea", "rocket"), ("cat", "coffee")))
        pictures_of_kinds.unseen.cache_clear()
        assert [pictures_of_kinds.unseen(way) for way in (0, 1)] == [("rocket",), ("coffee",)]  # a cat of two names
    pictures_of_kinds.unseen.cache_clear()
    assert [pictures_of_kinds.unseen(way) for way in range(3)] == [*pictures_of_kinds.PHOTOGRAPHS]
    return []


def classifier(data: Path) -> list[np.ndarray]:
    images = {"a": TEACHER, "b": JUDGE, "c": CHANGED["small"], "d": picture(6, (1, 1, 1))}
    save(data / "wood", {f"{name}.jpg": image for name, image in images.items()})
    save_sheet(data / "sheets")
    parts = divided([data])
    assert [path.stem for _, path in parts["judge"]] == ["b", "d"]
    assert len(list(match_classifier.photographs(parts))) == 6  # views of "a"
    assert len(list(match_classifier.thumbnails(data / "sheets", parts["judge"]))) == 3
    return []


TASKS: dict[str, Callable[[Path], list[np.ndarray]]] = {
    "tasks/photo_maps": photo_maps,
    "tasks/style_encoder": style_encoder,
    "tasks/style_kinds": style_kinds,
    "tasks/phrase_model.py": phrases,
    "tasks/models.py": many_materials,
    "benchmarks/match_classifier.py": classifier,
}


@pytest.mark.parametrize("task", TASKS)
def test_trainings_exclude_judging_pictures(task, tmp_path):
    for channels in TASKS[task](tmp_path):
        red, _, blue = channels.reshape(3, -1).mean(1)
        assert red > blue


def test_each_task_that_trains_is_tested():
    paths = [*(ROOT / "tasks").rglob("*.py"), *(ROOT / "benchmarks").glob("match_*.py")]
    trains = {path.relative_to(ROOT) for path in paths if WRITES.search(path.read_text("utf-8"))}
    assert {"/".join(path.parts[:2]) for path in trains} == set(TASKS)


def test_the_card_of_photo_maps_names_each_source_and_judges_that_it_saw(capsys):
    main(["models", "show", "photo-maps"])
    said = capsys.readouterr().out
    sources = re.findall("^trained on (.+), licence (.+), SHA-256 ([0-9a-f]{64})$", said, re.MULTILINE)
    assert len(sources) > 300
    assert len({name for name, _, _ in sources}) == len({sha256 for *_, sha256 in sources}) == len(sources)
    assert {licence for _, licence, _ in sources} == {"CC0-1.0", "MIT AND BSD-2-Clause"}
    (note,) = (line for line in said.splitlines() if "judge" in line)
    assert all(name in note for name in ("snow015", "tiles074", "wood067", "brick", "grass", "gravel"))
    assert not {name for name, _, _ in sources} & {*JUDGES, *RELIEF_JUDGES}


IN_BLENDER = {"bake", "film_in_blender", "layers_in_blender", "objects_in_blender"}


@pytest.mark.parametrize("script", sorted({path.stem for path in (ROOT / "benchmarks").glob("*.py")} - IN_BLENDER))
def test_what_a_benchmark_imports_is_still_there(script):
    import_module(script)
