"""Judging pictures by their source, and `impasto evaluate gallery`, which a photograph that fails does not stop."""

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from impasto import Maps, write_maps
from impasto.cli.main import main
from impasto.errors import ParameterError
from impasto_judge import sheets
from impasto_judge.controls import random_phase_noise
from impasto_judge.metrics.copies import verbatim_copies
from impasto_judge.metrics.landmarks import layout_correlation, repeats, salience
from impasto_judge.metrics.two_sample import two_sample_auc
from impasto_judge.pictures import judge_picture
from impasto_judge.real_texture import RealTexture

NAMES = ("base_color",)


def leaves(seed: int, side: int = 512) -> np.ndarray:
    """Dead leaves (H, W, 3) with some grain: discs of many sizes and colours that hide each other, on a torus."""
    rng = np.random.default_rng(seed)
    picture = np.zeros((side, side, 3), np.float32)
    for _ in range(side * side // 50):
        radius = 4 / rng.uniform(0.2, 1)
        reach = np.arange(-int(radius) - 1, int(radius) + 2)
        rows, columns = (reach + place for place in rng.integers(0, side, 2))
        inside = reach[:, None] ** 2 + reach**2 < radius**2
        y, x = (index[inside] % side for index in np.broadcast_arrays(rows[:, None], columns[None]))
        picture[y, x] = rng.uniform(0.2, 0.8) * np.array([1, 0.8, 0.6]) + rng.uniform(-0.1, 0.1, 3)
    return (picture + 0.02 * rng.standard_normal((side, side, 1), np.float32)).clip(0, 1)


def surface(pixels: np.ndarray, **about) -> Maps:
    return Maps.from_arrays({"base_color": pixels}, **about)


@pytest.fixture(scope="module")
def source() -> np.ndarray:
    return leaves(0)


@pytest.fixture(scope="module")
def fresh() -> np.ndarray:
    """A tile of the same texture."""
    return leaves(1, 256)


@pytest.fixture(scope="module")
def real(source) -> RealTexture:
    return RealTexture(surface(source), NAMES, (256, 256))


@pytest.fixture(scope="module")
def fresh_figures(real, fresh) -> dict[str, float]:
    return real.figures(surface(fresh))


@pytest.fixture(scope="module")
def crop_figures(real) -> dict[str, float]:
    return real.crop_figures()


def blurred(pixels: np.ndarray) -> np.ndarray:
    for axis in (0, 1):
        pixels = sum(np.roll(pixels, shift, axis) for shift in (-1, 0, 1)) / 3
    return pixels.astype(np.float32)


@pytest.mark.slow
@pytest.mark.parametrize("flaw", ["blurred", "noise", "coarser", "recoloured"])
def test_a_tile_with_a_flaw_has_other_statistics(real, source, fresh, fresh_figures, flaw):
    assert fresh_figures["statistics_of_crop"] < 1.3
    bad = {
        "blurred": blurred(fresh),
        "noise": random_phase_noise(surface(source), (256, 256), NAMES)["base_color"].pixels,
        "coarser": fresh[:128, :128].repeat(2, 0).repeat(2, 1),
        "recoloured": fresh[..., ::-1],
    }[flaw]
    assert real.figures(surface(bad))["statistics_of_crop"] > 1.6


@pytest.mark.slow
@pytest.mark.parametrize("flips", [(), (1,)], ids=["repeated", "mirrored"])
def test_a_texture_with_a_repeated_half_is_found(real, fresh, fresh_figures, crop_figures, flips):
    half = fresh[:, :128]
    twice = np.concatenate([half, np.flip(half, flips)], 1)
    assert real.figures(surface(twice))["repeated_share"] > 0.8
    assert fresh_figures["repeated_share"] == crop_figures["repeated_share"] == 0


def test_a_landmark_is_more_salient_than_anything_in_real_crops(source, fresh):
    y, x = np.mgrid[:256, :256]
    spot = np.exp(-((y - 100) ** 2 + (x - 60) ** 2) / (2 * 25**2))[..., None]
    marked = fresh * (1 - 0.9 * spot)
    found, real = salience(marked, source)
    usual, _ = salience(fresh, source)
    assert usual / real < 1.3
    assert found / real > 1.5


def test_repeated_landmarks_are_counted(source):
    """All of them in a photograph that is tiled, turned or not; none in a part of it, nor in noise of its spectrum."""
    photograph = source[:192, :192]
    tiled, turned = np.tile(photograph, (2, 2, 1)), np.rot90(np.tile(photograph, (1, 2, 1)))[:, ::-1]
    landmarks = repeats(photograph, photograph, 20).landmarks
    assert landmarks >= 5
    assert repeats(tiled, photograph, 20) == (landmarks, landmarks, 4, 192)
    assert repeats(turned, photograph, 20) == (landmarks, landmarks, 2, 192)
    assert repeats(photograph[32:160, 32:160], photograph, 20)[1:] == (0, 1, np.inf)
    noise = random_phase_noise(surface(photograph), (192, 192), NAMES, 0)["base_color"].pixels
    assert repeats(noise, photograph, 20)[1:] == (0, 0, np.inf)


def test_a_verbatim_paste_is_measured(source, fresh):
    pasted = fresh.copy()
    pasted[40:200, 60:220] = source[240:400, 300:460]
    found = verbatim_copies(pasted, source)
    assert 140**2 < found.share * 256**2 < 165**2  # windows of 11 px blur its border
    assert 140 <= found.block_px <= 160
    assert found.shift == (200, 240)
    assert found.in_place == 0
    assert verbatim_copies(fresh, source).share < 0.02
    rolled = verbatim_copies(np.roll(pasted, (-100, -100), (0, 1)), source)
    assert rolled.share == pytest.approx(found.share, abs=0.05), "also across the tile's border"
    in_place = verbatim_copies(source[:256, :256], source)
    assert in_place.in_place == in_place.share > 0.9


def test_a_kept_layout_is_found_without_copied_pixels():
    y, x = np.mgrid[:256, :256] / 256 * 2 * np.pi
    layout = (0.6 * np.sin(2 * x + np.cos(y)) * np.cos(3 * y))[..., None].astype(np.float32)
    source, kept, other = leaves(4, 256) + layout, leaves(2, 256) + layout, leaves(3, 256) + np.roll(layout, 70, 1)
    assert layout_correlation(kept, source) > 0.6
    assert layout_correlation(other, source) < 0.5
    stretched = kept.reshape(128, 2, 128, 2, 3).mean((1, 3))
    laid_out = RealTexture(surface(source), NAMES, (128, 128))
    assert laid_out.figures(surface(stretched))["layout_correlation"] > 0.6


@pytest.mark.slow
def test_a_classifier_tells_a_flaw_and_not_another_crop(source, fresh):
    crop, flawed = (two_sample_auc(source[:256], one, steps=60) for one in (fresh, blurred(fresh)))
    assert crop < 0.75
    assert flawed > 0.9
    assert len({two_sample_auc(source[:256], fresh, steps=2) for _ in range(2)}) == 1


@pytest.mark.parametrize(
    ("picture", "how", "said"),
    [
        (Maps.from_arrays({"height": np.zeros((300, 300))}, name="relief"), {}, "picture relief has no base colour"),
        (Maps.from_arrays({"base_color": np.zeros((256, 48, 3))}), {}, "picture is 48x256 px"),
        (Maps.from_arrays({"base_color": np.zeros((128, 128, 3))}), {"classifiers": 1}, "a classifier needs 160x80 px"),
    ],
)
def test_a_picture_that_cannot_be_judged_is_refused(picture, how, said, source):
    with pytest.raises(ParameterError, match=said):
        judge_picture(picture, surface(source), **how)


def save(path, pixels: np.ndarray) -> str:
    Image.fromarray(np.uint8(255 * pixels)).save(path)
    return str(path)


@pytest.mark.slow
def test_the_command_shows_the_result_beside_its_controls(tmp_path, capsys, source, fresh):
    with pytest.raises(SystemExit) as end:
        main(["evaluate", "picture", str(tmp_path / "none.png"), save(tmp_path / "tile.png", fresh)])
    assert end.value.code == 3
    files = save(tmp_path / "tile.png", fresh[:128, :128]), save(tmp_path / "leaves.png", source[:256, :256])
    main(["evaluate", "picture", *files])
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("tile.png beside leaves.png, 128x128")
    assert lines[1].split() == ["figure", "result", "crop", "quilt", "noise", "goal"]
    rows = {line.split()[0]: line for line in lines[2:]}
    assert "MISSED" in rows["seam_z_high"]  # a quarter of a tile does not tile
    main(["evaluate", "picture", *files, "--no-controls", "--json", "--sheet", str(tmp_path / "sheet.png")])
    answer = json.loads(capsys.readouterr().out)
    assert list(answer["figures"]) == ["result", "crop"]
    assert "seam_z_high" in answer["missed"]
    with Image.open(tmp_path / "sheet.png") as sheet:
        assert sheet.width > 4 * 512


TABLE = ["source", "tool", "statistics_of_crop", "salience_of_crop", "repeated_share"]


@pytest.fixture
def photos(tmp_path, monkeypatch) -> Path:
    """Two photographs, one of them in a folder of its class, and a set of maps."""
    monkeypatch.setattr(sheets, "CELL_PX", 64)
    folder = tmp_path / "photos"
    (folder / "walls").mkdir(parents=True)
    rng = np.random.default_rng(0)
    Image.fromarray(rng.integers(60, 200, (256, 256, 3), np.uint8)).save(folder / "walls" / "brick.png")
    Image.fromarray(rng.integers(60, 200, (40, 56, 3), np.uint8)).save(folder / "walls" / "plaster.png")
    color = rng.random((48, 48, 3))
    write_maps(Maps.from_arrays({"base_color": color, "height": color[..., 0]}), folder / "sets" / "sand", "sand")
    return folder


def gallery(*arguments: object) -> int:
    """Exit code of the command."""
    try:
        main(["evaluate", "gallery", *map(str, arguments)])
    except SystemExit as end:
        return int(end.code or 0)
    return 0


def entries(folder: Path) -> dict[tuple[str, str], dict]:
    listed = json.loads((folder / "gallery.json").read_text())["entries"]
    return {(entry["source"], entry["method"]): entry for entry in listed}


@pytest.mark.slow
def test_each_photograph_is_shown_with_each_tool_and_judged(photos, tmp_path, capsys):
    out = tmp_path / "out"
    assert gallery(photos, "--tools", "quilt", "tint:strength=0.5", "--size", "80x64", "--out", out) == 0
    said = capsys.readouterr().out.splitlines()
    assert said[0].split()[:5] == TABLE
    assert said[-1] == str(out / "index.html")
    made = entries(out)
    assert made.keys() == {
        (name, tool) for name in ("brick", "plaster", "sand") for tool in ("quilt", "tint:strength=0.5")
    }
    page = (out / "index.html").read_text()
    for entry in made.values():
        with Image.open(out / entry["sheet"]) as sheet:
            assert sheet.size == (4 * (64 + 4), 64 + 16 + 4)
        assert entry["sheet"].replace(" ", "%20").replace(":", "%3A").replace("=", "%3D") in page
        assert entry["cpu_seconds"] >= 0
    step = made["brick", "quilt"]["recipe"]["steps"][0]
    assert (step["parameters"]["height_px"], step["parameters"]["width_px"]) == (64, 80)
    assert made["brick", "tint:strength=0.5"]["recipe"]["steps"][0]["parameters"] == {"strength": 0.5}
    assert 0 < made["brick", "quilt"]["figures"]["statistics_of_crop"] < 3
    assert "statistics_of_crop" in made["brick", "tint:strength=0.5"]["missed"]  # another colour
    assert "no figures: the source is 56x40 px" in made["plaster", "quilt"]["notes"][0]


def test_existing_results_are_kept_and_missing_ones_made(photos, tmp_path):
    out, line = tmp_path / "out", ("--no-figures", "--out", tmp_path / "out")
    gallery(photos, "--tools", "tint", *line)
    times = {name: (out / entry["sheet"]).stat().st_mtime_ns for (name, _), entry in entries(out).items()}
    (out / entries(out)["sand", "tint"]["sheet"]).unlink()
    Image.fromarray(np.zeros((40, 56, 3), np.uint8)).save(photos / "walls" / "plaster.png")
    gallery(photos, "--tools", "tint", "tint:strength=0.1", *line)
    made = entries(out)
    assert len(made) == 6
    again = {name for name, before in times.items() if (out / made[name, "tint"]["sheet"]).stat().st_mtime_ns != before}
    assert again == {"sand", "plaster"}
    gallery(photos / "walls", "--tools", "tint", "--seed", "1", *line)
    assert len(entries(out)) == 6  # those of other folders stay on the page
    assert entries(out)["brick", "tint"]["recipe"]["seed"] == 1


@pytest.mark.slow
def test_a_photograph_or_a_model_that_fails_does_not_stop_the_others(photos, tmp_path, capsys):
    (photos / "walls" / "broken.png").write_bytes(b"no picture")
    code = gallery(photos, "--tools", "torus:model={name}", "tint", "--no-figures", "--out", tmp_path / "out")
    assert code == 3
    said = capsys.readouterr().err
    assert "broken, tint: " in said
    assert "there is no model 'brick'" in said
    made = entries(tmp_path / "out")
    assert [name for (name, tool), entry in made.items() if tool == "tint" and not entry["error"]] == [
        *("sand", "brick", "plaster"),
    ]
    assert "there is no model &#x27;brick&#x27;" in (tmp_path / "out" / "index.html").read_text()
