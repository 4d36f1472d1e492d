"""`impasto check`: a good set has no errors, each defect is found by its name, and what can be mended is."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from impasto import Maps, read_maps, write_maps
from impasto.cli.main import main
from impasto.inspection.finding import Finding
from impasto.inspection.inspect import inspect
from impasto.io.files import BUILTIN_EXPORTERS
from impasto.surface.color import linear_to_srgb, srgb_to_linear
from impasto.surface.heights import normal_from_slopes, slopes_from_height
from impasto.surface.orientation import flip
from impasto.surface.relief import occlusion_from_height

PNG16 = next(one for one in BUILTIN_EXPORTERS if one.name == "png16")
SIDE = 128
Arrays = dict[str, np.ndarray]


def waves(seed: int = 0, side: int = SIDE, finest: float = 10) -> np.ndarray:
    """Smooth random values (H, W) in [0, 1] that tile."""
    noise = np.random.default_rng(seed).normal(size=(side, side))
    f = np.hypot(np.fft.fftfreq(side)[:, None], np.fft.rfftfreq(side)[None]) * side
    smooth = np.fft.irfft2(np.fft.rfft2(noise) * np.exp(-np.square(f / finest)), s=noise.shape)
    return (smooth - smooth.min()) / np.ptp(smooth)


def good(side: int = SIDE) -> Arrays:
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


def test_a_good_set_has_nothing_to_mend(tmp_path):
    report = inspect(written(tmp_path / "a", good()))
    assert {one.verdict for one in report.findings} <= {"ok", "note"}
    assert [(one.check, one.map) for one in report.findings if one.verdict == "note"] == []
    assert {one.check for one in report.findings} >= {
        *("size", "seam", "length", "sign", "albedo", "metallic", "range"),
        *("normal and height", "occlusion and height"),
    }


def test_gentle_normals_have_a_blue_channel_although_it_is_nearly_constant(tmp_path):
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


def without_blue(normal: np.ndarray) -> np.ndarray:
    return np.concatenate([normal[..., :2], np.zeros_like(normal[..., :1])], 2)


def red_flipped(normal: np.ndarray) -> np.ndarray:
    return np.concatenate([1 - normal[..., :1], normal[..., 1:]], 2)


def metals(arrays: Arrays) -> Arrays:
    return {**arrays, "metallic": np.ones((SIDE, SIDE)), "base_color": 0.3 * arrays["base_color"]}


OCCLUSION = ("occlusion and height", "ambient_occlusion")
DEFECTS: dict[str, tuple[Callable[[Arrays], Arrays], tuple[str, str], str, str]] = {
    "green": (with_map("normal", flip), ("sign", "normal"), "error", "flip green"),
    "red": (with_map("normal", red_flipped), ("sign", "normal"), "error", "flip red"),
    "short": (with_map("normal", lambda n: 0.5 + 0.7 * (n - 0.5)), ("length", "normal"), "note", "renormalise"),
    "no blue": (with_map("normal", without_blue), ("encoding", "normal"), "error", "restore blue"),
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
def test_each_defect_is_found_and_nothing_else_is_wrong(tmp_path, defect):
    change, where, verdict, fix = DEFECTS[defect]
    findings = found(written(tmp_path / "a", change(good())))
    assert where in findings, findings
    assert (findings[where].verdict, findings[where].fix) == (verdict, fix)
    assert findings[where].remedy
    others = {key for key, one in findings.items() if one.verdict in ("error", "warning") and key != where}
    follow = {"seam": "seam", "normal and height": "occlusion and height"}.get(where[0])  # of a wrong height, too
    assert all(check == follow for check, _ in others), others


@pytest.mark.parametrize("defect", [defect for defect, (*_, fix) in DEFECTS.items() if fix])
def test_what_can_be_mended_is_right_afterwards_and_the_input_is_as_before(tmp_path, defect, capsys):
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


def test_files_that_are_damaged_not_read_or_coloured_where_grey_is_expected_are_told(tmp_path):
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
def test_the_exit_code_is_3_while_an_error_is_left(tmp_path, said):
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
