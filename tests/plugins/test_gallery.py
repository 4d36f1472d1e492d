"""`impasto evaluate gallery`: what it makes, goes on with, and does not lose by a photograph that fails."""

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from impasto import Maps, write_maps
from impasto.cli.main import main
from impasto_judge import sheets

TABLE = ["source", "tool", "statistics_of_crop", "salience_of_crop", "repeated_share"]


@pytest.fixture(autouse=True)
def small_cells(monkeypatch):
    monkeypatch.setattr(sheets, "CELL_PX", 64)


@pytest.fixture
def photos(tmp_path) -> Path:
    """Two photographs, one of them in a folder of its class, and a set of maps."""
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


def test_what_is_there_is_kept_and_what_is_missing_is_made(photos, tmp_path):
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
