"""The command as a script meets it: files, JSON, exit codes, stylize with styles and masks; and `impasto check`."""

from __future__ import annotations

import hashlib
import json
import signal
import subprocess
import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from worker_jobs import OnTerminal

from impasto import Maps, read_maps, read_recipe, texture, write_maps
from impasto.cli import tools
from impasto.cli.main import main
from impasto.inspection.finding import Finding
from impasto.inspection.inspect import inspect
from impasto.io.files import BUILTIN_EXPORTERS
from impasto.surface.color import linear_to_srgb, srgb_to_linear
from impasto.surface.heights import normal_from_slopes, slopes_from_height
from impasto.surface.orientation import flip
from impasto.surface.relief import occlusion_from_height


@pytest.fixture(scope="module")
def picture(tmp_path_factory) -> Path:
    rng = np.random.default_rng(0)
    path = tmp_path_factory.mktemp("source") / "wall.png"
    Image.fromarray(rng.integers(60, 200, (96, 128, 3), np.uint8)).save(path)
    return path


@pytest.mark.essential
def test_seamless_and_maps_write_the_set_and_replace_nothing_without_force(impasto, picture, tmp_path):
    made = impasto("seamless", picture, "--size", "160x96", "--out", tmp_path)
    assert "relief" in made.stderr
    names = ("base_color", "roughness", "metallic", "normal", "height", "ambient_occlusion", "confidence")
    assert made.stdout.split() == [str(tmp_path / f"wall_{name}.png") for name in names]
    assert read_maps(tmp_path / "wall_base_color.png").size_px == (96, 160)
    refused = impasto("seamless", picture, "--out", tmp_path, code=3)
    assert "--force" in refused.stderr
    alone = impasto("seamless", picture, "--size", "160x96", "--estimator", "none", "--out", tmp_path, "--force")
    assert alone.stdout.split() == [str(tmp_path / "wall_base_color.png")]
    made = impasto("maps", tmp_path / "wall_base_color.png", "--out", tmp_path / "maps", "--format", "png16", "--json")
    names = {Path(file).name for file in json.loads(made.stdout)["files"]}
    assert {"wall_base_color.png", "wall_normal.png", "wall_height.png", "wall_roughness.png"} <= names


def test_a_result_is_named_by_the_first_step_that_is_enabled(impasto, tmp_path):
    steps = [{"tool": "marble", "enabled": False}, {"tool": "bricks", "parameters": {"width_px": 32, "height_px": 32}}]
    (tmp_path / "r.json").write_text(json.dumps({"steps": steps}))
    made = impasto("run", tmp_path / "r.json", "--out", tmp_path / "out").stdout.split()
    assert tmp_path / "out" / "bricks_base_color.png" in map(Path, made)


def test_large_sources_are_streamed_without_maps_that_need_the_whole(monkeypatch, picture, tmp_path):
    monkeypatch.setattr(texture, "LARGE_PX", 96 * 128 - 1)
    tool = ["generate", "histogram-blending", "--source", str(picture), "--out"]
    main([*tool, str(tmp_path / "large")])
    assert [path.name for path in (tmp_path / "large").glob("*.png")] == ["wall_base_color.png"]
    main([*tool, str(tmp_path / "small"), "--size", "64"])
    assert (tmp_path / "small" / "wall_normal.png").exists()


def test_oversized_results_are_refused_with_their_memory_and_a_smaller_size(monkeypatch, said, picture, tmp_path):
    monkeypatch.setattr(texture, "LARGE_PX", 96 * 128 - 1)
    monkeypatch.setattr(tools, "LARGE_PX", 96 * 64)
    monkeypatch.setattr(tools, "PX_BYTES", 1e6)
    line = ("seamless", picture, "--estimator", "none", "--out", tmp_path / "o")
    warned = "'wall.png' becomes 128x96 px in one piece, which takes about 12 GB of memory: --size 90x67 takes 6 GB"
    assert warned in said(*line)[2]
    assert "in one piece" not in said(*line, "--size", "64", "--force")[2]


@pytest.mark.essential
def test_generate_makes_a_whole_material_and_the_seed_matters(impasto, picture, tmp_path):
    for seed in (1, 2):
        impasto("generate", "quilt", "--source", picture, "--seed", seed, "--width-m", 2, "--out", tmp_path / str(seed))
    one, other = read_maps(tmp_path / "1"), read_maps(tmp_path / "2")
    assert {"base_color", "normal", "height", "roughness", "ambient_occlusion"} <= set(one)
    assert one.width_m == 2
    assert one.sha256() != other.sha256()
    assert read_recipe(tmp_path / "1" / "wall_normal.png").seed == 1
    impasto("generate", "asphalt", "--settings", "old-road", "--worn", 0.5, "--size", "32", "--out", tmp_path / "road")
    (step,) = read_recipe(tmp_path / "road" / "asphalt_normal.png").steps
    assert [step.parameters[name] for name in ("worn", "smoothness", "width_m")] == [0.5, 0.2, 2]
    refused = impasto("generate", "asphalt", "--settings", "oldroad", "--out", tmp_path, code=2)
    assert "did you mean 'Old road'?" in refused.stderr


@pytest.mark.essential
def test_rerun_makes_the_same_bytes_from_a_file_and_its_source(impasto, picture, tmp_path):
    source = tmp_path / "wall.png"
    source.write_bytes(picture.read_bytes())
    impasto("generate", "quilt", "--source", source, "--seed", 9, "--out", tmp_path, "--format", "png16")
    again = impasto("rerun", tmp_path / "wall_height.png", "--out", tmp_path / "again", "--json")
    said = json.loads(again.stdout)
    assert said["identical"] is True
    assert said["differences"] == []
    assert len(said["files"]) >= 5
    for file in map(Path, said["files"]):
        assert file.read_bytes() == (tmp_path / file.name).read_bytes(), file.name
    other = tmp_path / "other.png"
    Image.fromarray(255 - np.asarray(Image.open(picture))).save(other)
    differs = impasto("rerun", tmp_path / "wall_height.png", "--input", f"source={other}", "--out", tmp_path / "c")
    assert "other.png is not the wall.png" in differs.stderr
    refused = impasto("rerun", tmp_path / "wall_height.png", "--out", tmp_path, code=3)
    assert "never replaces" in refused.stderr
    source.unlink()
    lost = impasto("rerun", tmp_path / "wall_height.png", "--out", tmp_path / "b", code=3)
    assert "--input source=FILE" in lost.stderr


def test_run_takes_a_recipe_file_and_named_inputs_and_shows_the_traceback_of_a_bug(impasto, picture, tmp_path):
    (tmp_path / "r.json").write_text('{"steps": [{"tool": "tint"}, {"tool": "quilt", "parameters": {"width_px": 64}}]}')
    done = impasto("run", tmp_path / "r.json", "--input", f"source={picture}", "--out", tmp_path / "o", "--json")
    assert [step.tool for step in read_recipe(json.loads(done.stdout)["files"][0]).steps] == ["tint", "quilt"]
    (tmp_path / "r.json").write_text('{"steps": [{"tool": "raises"}]}')
    bug = impasto("run", tmp_path / "r.json", "--out", tmp_path / "o", code=1)
    assert "ZeroDivisionError" in bug.stderr


def test_parameters_are_options_with_ranges_and_defaults(impasto):
    shown = impasto("generate", "checker", "--help").stdout
    assert "--squares" in shown
    assert "1 to 64, default: 4" in " ".join(shown.split())
    assert "--diagonal, --no-diagonal" in shown
    assert "{checker,stripes}" in shown
    assert "Turn the stripes by 45 degrees (default: off, only with --pattern stripes)" in " ".join(shown.split())
    assert "Colour of the light squares (default: #cc331a)" in " ".join(shown.split())
    assert "diagonal = off (only with pattern stripes)" in impasto("tools", "checker").stdout
    painting = " ".join(impasto("stylize", "--help").stdout.split())
    for option in ("--style FILE", "--mask FILE", "--start FILE", "--strokes", "--color {style", "--from {picture"):
        assert option in painting
    assert "stylizer that paints (default: patches-style)" in painting
    assert "--stream" not in painting
    assert "--mask" not in impasto("stylize", "--tool", "blend", "--help").stdout


@pytest.mark.essential
def test_control_c_leaves_nothing_half_written(engine_with_misbehaving, tmp_path):
    arguments = ("--seconds", 60, "--size", 64, "--out", tmp_path / "o")
    running = OnTerminal(engine_with_misbehaving, "-m", "impasto", "generate", "slow", *arguments)
    running.read_until(b"Waiting for")
    running.process.send_signal(signal.SIGINT)
    assert running.ended() == 130
    assert b"%" in running.shown, "a progress bar"
    assert b"nothing was written" in running.shown
    assert not (tmp_path / "o").exists()


def test_a_missing_package_is_named_by_the_command():
    code = "import sys; sys.modules['pydantic'] = None; from impasto.__main__ import main; main()"
    done = subprocess.run([sys.executable, "-P", "-c", code, "doctor"], capture_output=True, text=True, check=False)
    assert done.returncode == 4
    assert "Traceback" not in done.stderr
    assert "pydantic" in done.stderr


@pytest.mark.essential
def test_results_of_a_trained_model_are_marked_as_such(impasto, picture, tmp_path, monkeypatch):
    monkeypatch.setenv("IMPASTO_MODELS", str(tmp_path / "library"))
    small = ("--steps", 2, "--crop-px", 48, "--batch", 1, "--width", 0.125)
    train = ("train", "train-torus", picture, "--name", "wall", "--licence", "CC0-1.0", *small)
    done = impasto(*train, "--out", tmp_path)
    model = tmp_path / "wall.safetensors"
    assert done.stdout.split() == [str(model), str(tmp_path / "wall.report.html")]
    impasto("models", "install", model)
    assert "wall.png, licence CC0-1.0" in impasto("models", "show", "wall").stdout
    impasto("generate", "torus", "--model", "wall", "--size", "80x48", "--seed", 3, "--out", tmp_path / "a")
    maps = read_maps(tmp_path / "a")
    assert maps.size_px == (48, 80)
    assert {"base_color", "height", "normal", "roughness", "ambient_occlusion"} <= set(maps)
    recipe = read_recipe(tmp_path / "a" / "wall_base_color.png")
    assert recipe.made_with["models"] == {"wall": hashlib.sha256(model.read_bytes()).hexdigest()}
    assert b"/compositeWithTrainedAlgorithmicMedia" in (tmp_path / "a" / "wall_base_color.png").read_bytes()
    assert json.loads(impasto("rerun", tmp_path / "a" / "wall_height.png", "--out", tmp_path / "b", "--json").stdout)[
        "identical"
    ]
    by_file = impasto("generate", "torus", "--model", model, "--size", 32, "--out", tmp_path / "c", "--json")
    assert read_recipe(json.loads(by_file.stdout)["files"][0]).steps[0].parameters["model"] == "wall"
    refused = impasto(*train, "--steps", 3, code=5)
    assert "models remove wall" in refused.stderr
    impasto("models", "remove", "wall")
    assert all(model["bundled"] for model in json.loads(impasto("models", "--json").stdout)["models"])


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    """A grey picture, a set of maps, three styles of one colour, and a mask that is white on the left."""
    made = tmp_path_factory.mktemp("pictures")
    for name, color in {"cat": (128, 128, 128), "red": (255, 0, 0), "green": (0, 255, 0), "blue": (0, 0, 255)}.items():
        save(made / f"{name}.png", np.broadcast_to(np.uint8(color), (32, 48, 3)))
    save(made / "left.png", np.broadcast_to(np.where(np.arange(48) < 24, 255, 0).astype(np.uint8), (32, 48)))
    (made / "bricks").mkdir()
    save(made / "bricks" / "wall_base_color.png", np.full((32, 48, 3), 128, np.uint8))
    save(made / "bricks" / "wall_roughness.png", np.full((32, 48), 200, np.uint8))
    return made


FLAT, RED = ("--tool", "flat"), ("--style", "red.png")


def save(path: Path, pixels: np.ndarray) -> None:
    Image.fromarray(np.ascontiguousarray(pixels)).save(path)


@pytest.mark.essential
def test_stylize_repaints_a_picture_and_rerun_repeats_it(impasto, folder, tmp_path):
    for file in ("cat.png", "red.png"):
        (tmp_path / file).write_bytes((folder / file).read_bytes())
    arguments = ("--strength", 0.5, "--seed", 7, "--out", tmp_path / "painted", "--json")
    done = impasto("stylize", tmp_path / "cat.png", "--tool", "flat", "--style", tmp_path / "red.png", *arguments)
    file = tmp_path / "painted" / "cat_base_color.png"
    assert json.loads(done.stdout)["files"] == [str(file)]
    assert np.asarray(Image.open(file))[0, 0].tolist() == [192, 64, 64]
    recipe = read_recipe(file)
    assert recipe.seed == 7
    assert recipe.steps[0].inputs == {"style": "style"}
    assert recipe.inputs["style"]["name"] == "red.png"
    again = impasto("rerun", file, "--out", tmp_path / "again", "--json")
    assert json.loads(again.stdout)["identical"] is True


@pytest.mark.slow
def test_several_weighted_styles_are_mixed_and_repeated_by_rerun(impasto, folder, tmp_path):
    for file in ("cat.png", "red.png", "green.png", "blue.png", "left.png"):
        (tmp_path / file).write_bytes((folder / file).read_bytes())
    styles = [part for style in ("red", "green", "blue") for part in ("--style", f"{style}.png")]
    given = ("--mask", "-", "--mask", "left.png", "--weight", 0.5, "--weight", 2, "--seed", 3, "--out", "painted")
    impasto("stylize", "cat.png", "--tool=flat", *styles, *given, cwd=tmp_path)
    recipe = read_recipe(tmp_path / "painted" / "cat_base_color.png")
    pixels = np.asarray(Image.open(tmp_path / "painted" / "cat_base_color.png"))
    assert pixels[0, 0].tolist() == pixels[0, -1].tolist() == [0, 0, 255], "the last style has no mask"
    assert recipe.steps[0].parameters["weight"] == [0.5, 2.0, 1.0]
    assert recipe.steps[0].inputs == {"style": ["style", "style-2", "style-3"], "mask": ["", "mask-2"]}
    names = ("cat.png", "red.png", "green.png", "blue.png", "left.png")
    inputs = ("source", "style", "style-2", "style-3", "mask-2")
    assert {name: about["name"] for name, about in recipe.inputs.items()} == dict(zip(inputs, names, strict=True))
    impasto("stylize", "cat.png", "--tool=flat", *styles[:4], *given[:4], "--out", "two", cwd=tmp_path)
    pixels = np.asarray(Image.open(tmp_path / "two" / "cat_base_color.png"))
    assert (pixels[0, 0].tolist(), pixels[0, -1].tolist()) == ([0, 255, 0], [255, 0, 0]), "masks in the styles' order"
    again = impasto("rerun", tmp_path / "painted" / "cat_base_color.png", "--out", tmp_path / "again", "--json")
    assert json.loads(again.stdout)["identical"] is True


@pytest.mark.slow
def test_control_c_keeps_the_partly_painted_result(engine_with_misbehaving, folder, tmp_path):
    pictures = (folder / "cat.png", "--style", folder / "red.png")
    line = ("stylize", *FLAT, *pictures, "--seconds", 300, "--out", tmp_path)
    running = OnTerminal(engine_with_misbehaving, "-m", "impasto", *line)
    running.read_until(b"Painting")
    running.process.send_signal(signal.SIGINT)
    assert running.ended() == 0
    said = running.shown
    assert said.index(b"finishing early; Control-C again cancels") < said.index(b"what was painted is kept")
    file = tmp_path / "cat_base_color.png"
    assert np.asarray(Image.open(file))[0, 0].tolist() == [255, 0, 0]
    assert read_recipe(file).made_with["stopped"] is True


PNG16 = next(one for one in BUILTIN_EXPORTERS if one.name == "png16")
SIDE = 128
Arrays = dict[str, np.ndarray]


def waves(seed: int = 0, side: int = SIDE, finest: float = 10) -> np.ndarray:
    """Smooth random values (H, W) in [0, 1] that tile."""
    noise = np.random.default_rng(seed).normal(size=(side, side))
    f = np.hypot(np.fft.fftfreq(side)[:, None], np.fft.rfftfreq(side)[None]) * side
    smooth = np.fft.irfft2(np.fft.rfft2(noise) * np.exp(-np.square(f / finest)), s=noise.shape)
    return (smooth - smooth.min()) / np.ptp(smooth)


@cache
def good(side: int = SIDE) -> Arrays:
    """A set without a fault, which no test changes in place."""
    import torch

    height = waves(side=side)
    color = 0.3 + 0.4 * np.stack([waves(seed, side) for seed in (1, 2, 3)], 2)
    return {
        "base_color": color,
        "normal": normal_from_slopes(slopes_from_height(12 * height)),
        "height": height,
        "roughness": 0.4 + 0.4 * waves(4, side),
        "metallic": np.zeros((side, side)),
        "ambient_occlusion": occlusion_from_height(torch.from_numpy(24 * height)).numpy(),
    }


def written(folder: Path, arrays: Arrays, sizes: bool = False) -> Path:
    """The folder with the set; sizes: each map in a file of its own size."""
    if sizes:
        for name, array in arrays.items():
            write_maps(Maps.from_arrays({name: array}), folder, "wall", PNG16)
    else:
        write_maps(Maps.from_arrays(arrays), folder, "wall", PNG16)
    return folder


def found(folder: Path, verdicts: tuple[str, ...] = ("error", "warning", "note")) -> dict[tuple[str, str], Finding]:
    """Findings by (check, map), of these verdicts."""
    return {(one.check, one.map): one for one in inspect(folder).findings if one.verdict in verdicts}


def test_a_good_set_has_nothing_to_fix(tmp_path):
    report = inspect(written(tmp_path / "a", good()))
    assert {one.verdict for one in report.findings} <= {"ok", "note"}
    assert [(one.check, one.map) for one in report.findings if one.verdict == "note"] == []
    assert {one.check for one in report.findings} >= {
        *("size", "seam", "length", "sign", "albedo", "metallic", "range"),
        *("normal and height", "occlusion and height"),
    }


def test_nearly_constant_blue_of_gentle_normals_is_accepted(tmp_path):
    arrays = good()
    normal = normal_from_slopes(slopes_from_height(1.5 * arrays["height"]))
    assert np.ptp(normal[..., 2]) < 0.02
    folder = written(tmp_path / "a", {"normal": np.round(normal * 255) / 255, "height": arrays["height"]})
    assert not found(folder, ("error", "warning"))


def cut(arrays: Arrays) -> Arrays:
    return {name: array[: SIDE * 3 // 4, : SIDE * 2 // 3] for name, array in arrays.items()}


def with_map(name: str, change: Callable[[np.ndarray], np.ndarray]) -> Callable[[Arrays], Arrays]:
    return lambda arrays: {**arrays, name: np.clip(change(arrays[name]), 0, 1)}


def without(*names: str) -> Callable[[Arrays], Arrays]:
    return lambda arrays: {name: arrays[name] for name in arrays if name not in names}


def leaning(normal: np.ndarray) -> np.ndarray:
    vectors = 2 * normal - 1
    return normal_from_slopes(np.stack([0.2 - vectors[..., 0] / vectors[..., 2], vectors[..., 1] / vectors[..., 2]], 2))


def metals(arrays: Arrays) -> Arrays:
    return {**arrays, "metallic": np.ones((SIDE, SIDE)), "base_color": 0.3 * arrays["base_color"]}


OCCLUSION = ("occlusion and height", "ambient_occlusion")
DEFECTS: dict[str, tuple[Callable[[Arrays], Arrays], tuple[str, str], str, str]] = {
    "green": (with_map("normal", flip), ("sign", "normal"), "error", "flip green"),
    "red": (with_map("normal", lambda n: np.abs(n - [1, 0, 0])), ("sign", "normal"), "error", "flip red"),
    "short": (with_map("normal", lambda n: 0.5 + 0.7 * (n - 0.5)), ("length", "normal"), "note", "renormalise"),
    "no blue": (with_map("normal", lambda n: n * [1, 1, 0]), ("encoding", "normal"), "error", "restore blue"),
    "encoded": (with_map("normal", linear_to_srgb), ("colour space", "normal"), "error", "undo sRGB"),
    "decoded": (with_map("normal", srgb_to_linear), ("colour space", "normal"), "error", "apply sRGB"),
    "lean": (with_map("normal", leaning), ("lean", "normal"), "warning", ""),
    "down": (with_map("normal", lambda n: n * [1, 1, 0.3]), ("encoding", "normal"), "error", ""),
    "upside down": (with_map("height", lambda h: 1 - h), ("normal and height", "height"), "error", ""),
    "other height": (with_map("height", lambda h: waves(77)), ("normal and height", "height"), "warning", ""),
    "flat height": (with_map("height", lambda h: 0 * h + 0.5), ("range", "height"), "warning", "derive height"),
    "inverted occlusion": (with_map("ambient_occlusion", lambda a: 1 - a), OCCLUSION, "error", ""),
    "other occlusion": (with_map("ambient_occlusion", lambda a: waves(78)), OCCLUSION, "warning", ""),
    "no height": (without("height", "ambient_occlusion"), ("missing", "height"), "note", "derive height"),
    "no normal": (without("normal"), ("missing", "normal"), "note", "derive normal"),
    "black": (with_map("base_color", lambda c: 0.1 * c), ("albedo", "base_color"), "warning", ""),
    "white": (with_map("base_color", lambda c: 0 * c + 0.99), ("albedo", "base_color"), "warning", ""),
    "dark metal": (metals, ("reflectance", "base_color"), "warning", ""),
    "half metal": (with_map("metallic", lambda m: m + 0.5), ("metallic", "metallic"), "warning", ""),
    "mirror": (with_map("roughness", lambda r: 0 * r), ("range", "roughness"), "error", ""),
    "cut": (cut, ("seam", "base_color"), "warning", ""),
}


@pytest.mark.parametrize("defect", DEFECTS)
def test_each_defect_is_found_without_false_alarms(tmp_path, defect):
    change, where, verdict, fix = DEFECTS[defect]
    findings = found(written(tmp_path / "a", change(good())))
    assert where in findings, findings
    assert (findings[where].verdict, findings[where].fix) == (verdict, fix)
    assert findings[where].remedy
    others = {key for key, one in findings.items() if one.verdict in ("error", "warning") and key != where}
    follow = {"seam": "seam", "normal and height": "occlusion and height"}.get(where[0])  # of a wrong height, too
    assert all(check == follow for check, _ in others), others


@pytest.mark.parametrize("defect", [defect for defect, (*_, fix) in DEFECTS.items() if fix])
def test_fixed_sets_pass_the_check_and_the_input_stays_unchanged(tmp_path, defect, capsys):
    change, where, _, _fix = DEFECTS[defect]
    folder = written(tmp_path / "a", change(good()))
    before = {file: file.read_bytes() for file in folder.iterdir()}
    main(["check", str(folder), "--fix", "--out", str(tmp_path / "b")])
    assert {file: file.read_bytes() for file in folder.iterdir()} == before
    assert "mended" in capsys.readouterr().out
    after = found(tmp_path / "b", ("error", "warning"))
    assert not after
    assert where not in found(tmp_path / "b")
    maps, true = read_maps(tmp_path / "b"), good()
    if defect != "no normal":  # of unknown range
        assert np.abs(maps["normal"].pixels - true["normal"]).max() < 0.01
    if "height" in defect:
        assert np.corrcoef(maps["height"].pixels.ravel(), true["height"].ravel())[0, 1] > 0.99


def test_different_sizes_are_resized_to_the_largest(tmp_path):
    small = good(64)
    arrays = {**good(), "roughness": small["roughness"], "normal": small["normal"]}
    folder = written(tmp_path / "a", arrays, sizes=True)
    (size,) = (one for one in inspect(folder).findings if one.check == "size")
    assert (size.verdict, size.fix) == ("error", "resize")
    assert "roughness 64x64" in size.message
    main(["check", str(folder), "--fix", "--out", str(tmp_path / "b")])
    assert read_maps(tmp_path / "b").size_px == (SIDE, SIDE)
    other_shape = written(tmp_path / "c", {**arrays, "roughness": small["roughness"][:32]}, sizes=True)
    assert found(other_shape)["size", ""].fix == ""
    assert found(written(tmp_path / "d", good(16)))["size", ""].message.startswith("16x16 px are too few")
    assert (tmp_path / "b" / "wall_base_color.png").read_bytes() == (folder / "wall_base_color.png").read_bytes()


def test_damaged_unread_and_wrongly_coloured_files_are_reported(tmp_path):
    folder = written(tmp_path / "a", good())
    packed = np.random.default_rng(0).integers(0, 255, (SIDE, SIDE, 3), np.uint8)
    Image.fromarray(packed).save(folder / "wall_roughness.png")
    assert found(folder)["channels", "roughness"].verdict == "warning"
    (folder / "wall_roughness.png").write_bytes(b"nothing")
    Image.new("RGB", (4, 4)).save(folder / "wall_preview.png")
    Image.new("RGB", (4, 4)).save(folder / "wall_albedo.png")
    findings = [one for one in inspect(folder).findings if one.check == "file"]
    assert {(one.verdict, one.map) for one in findings} == {
        ("error", "roughness"),
        ("note", ""),
        ("note", "base_color"),
    }


@pytest.mark.slow
def test_remaining_errors_give_exit_code_3(tmp_path, said):
    wrong = written(tmp_path / "sets" / "wrong", {**good(), "normal": flip(good()["normal"])})
    fine = written(tmp_path / "sets" / "fine", good())
    for options, shows_what_is_right in (((), False), (("--all",), True)):
        code, out, _ = said("check", fine, *options)
        assert (code, "no seam shows" in out) == (0, shows_what_is_right)
    written(tmp_path / "sets" / "as_wrong", {**good(), "normal": flip(good()["normal"])})
    code, out, _ = said("check", wrong, "--json")
    (one,) = json.loads(out)["sets"]
    sign = next(finding for finding in one["findings"] if finding["check"] == "sign")
    assert (code, one["verdict"], sign["fix"]) == (3, "error", "flip green")
    assert sign["figures"]["confidence"] > 0.5
    assert said("check", tmp_path / "sets")[0] == 3
    assert said("check", tmp_path / "sets", "--fix", "--out", tmp_path / "out")[0] == 0
    assert {path.name for path in (tmp_path / "out").iterdir()} == {"wrong", "as_wrong"}
    upside_down = written(tmp_path / "upside", {**good(), "height": 1 - good()["height"]})
    assert said("check", upside_down)[0] == 3


def test_nothing_is_overwritten(tmp_path, said):
    folder = written(tmp_path / "a", {**good(), "normal": flip(good()["normal"])})
    code, _, stderr = said("check", folder, "--fix", "--out", folder)
    assert (code, "the folder of the set itself" in stderr) == (3, True)
    assert said("check", folder, "--fix", "--out", tmp_path / "b")[0] == 0
    first = (tmp_path / "b" / "wall_normal.png").read_bytes()
    assert said("check", folder, "--fix", "--out", tmp_path / "b")[0] == 3
    assert (tmp_path / "b" / "wall_normal.png").read_bytes() == first
    _, _, stderr = said("check", written(tmp_path / "right", good()), "--fix", "--out", tmp_path / "c")
    assert ("no files were written" in stderr, (tmp_path / "c").exists()) == (True, False)
