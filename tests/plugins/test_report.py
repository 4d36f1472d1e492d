"""The report of a training: what its page shows and says, and that it never costs the model."""

import re
from dataclasses import replace
from html import unescape
from pathlib import Path

import numpy as np
import pytest
from cases import CASES, each_case

from impasto import Host, Maps, Recipe, Result, RunOptions, Step, run
from impasto.cli.main import main
from impasto.data.dataset import Dataset, dataset_of
from impasto.errors import Cancelled
from impasto.library.models import REPORT_SUFFIX, read_model
from impasto.surface.thumbnail import grid
from impasto.training.reporting import add_report
from impasto_judge import report
from impasto_judge.cases import EvaluationCase
from impasto_judge.comparison import CaseResult
from impasto_judge.generation import Generation
from impasto_judge.report import write_report
from impasto_judge.report_charts import charts
from impasto_judge.verdict import UNKNOWN, verdict

NAME = 'a <script>alert("1")</script> & more.png'
TINY = {"name": "wall", "canvas_px": 64, "crop_px": 48, "batch": 1, "width": 0.125}
FINE = {"statistics_of_crop": 1.1, "spectrum_db": 2, "contrast_low": 0.9, "seam_z_high": 1, "repeated_share": 0}
NOISE = {"statistics_of_crop": 2.0}


def surface(size_px: int) -> Maps:
    coarse = np.random.default_rng(0).random((size_px // 8, size_px // 8, 3))
    return Maps.from_arrays({"base_color": np.kron(coarse, np.ones((8, 8, 1)))}, name=NAME)


@pytest.fixture(scope="module")
def data() -> Dataset:
    return dataset_of(surface(128), licence="CC0-1.0 & co")


@pytest.fixture(scope="module")
def trained(data, tmp_path_factory) -> Result:
    recipe = Recipe((Step("train-torus", {**TINY, "steps": 2, "hold_out": True}, {"dataset": "dataset"}),))
    return run(recipe, {"dataset": data}, RunOptions(models_folder=tmp_path_factory.mktemp("models")))


class Page:
    """Text of a page, its tags, of which each is closed, and addresses of everything that it loads."""

    def __init__(self, file: Path) -> None:
        code = file.read_text(encoding="utf-8")
        found = re.findall(r"<(/?)([a-z]\w*)((?:\"[^\"]*\"|[^>\"])*)>", code)
        self.text, self.tags = unescape(code), [tag for _, tag, _ in found]
        self.addresses = [one for *_, given in found for one in re.findall(r"(?:src|href)=[\"']?([^\"'\s]+)", given)]
        opened = [tag for end, tag, given in found if not end and tag not in ("meta", "img") and given[-1:] != "/"]
        assert sorted(opened) == sorted(tag for end, tag, _ in found if end)


@pytest.mark.slow
def test_reports_show_seeds_beside_data_and_load_nothing(trained, data):
    made = add_report(trained, data)
    assert made.reports == (trained.models[0].with_suffix(REPORT_SUFFIX),)
    page = Page(made.reports[0])
    assert len(page.addresses) == 9  # what was learned, what was not, three seeds, one of them detailed, three controls
    assert all(address.startswith("data:image/jpeg;base64,") for address in page.addresses)
    assert "://" not in made.reports[0].read_text(encoding="utf-8")
    assert "script" not in page.tags
    assert NAME in page.text
    for said in ("seed 2", "what it learned from", "that it has not seen", "Loss: generator", "what to try"):
        assert said in page.text
    assert "seed 0 with detail, which is made of pieces of what it learned from" in page.text
    assert "figures and the other pictures are of the model alone" in page.text


def test_report_figures_describe_the_network_alone(trained, data):
    """Pieces of the data would earn them a score; only the picture that says so shows these."""
    generation = Generation(read_model(trained.models[0]), "", 128, {})
    alone, detailed = generation.make(0), replace(generation, parameters={"texture_transfer": True}).make(0)
    step = Step("torus", {"model": "wall", "width_px": 128, "height_px": 128, "texture_transfer": False})
    folder = trained.models[0].parent
    assert (
        alone.sha256()
        == run(Recipe((step,)), None, RunOptions(models_folder=folder)).maps.sha256()
        != detailed.sha256()
    )


@pytest.mark.slow
def test_larger_data_is_compared_with_controls(tmp_path):
    data = dataset_of(surface(256))
    recipe = Recipe((Step("train-torus", {**TINY, "steps": 1}, {"dataset": "dataset"}),))
    model = read_model(run(recipe, {"dataset": data}, RunOptions(models_folder=tmp_path)).models[0])
    told: list[float] = []
    write_report(model, data, tmp_path / "page.html", on_progress=lambda part, _: told.append(part))
    assert told == sorted(told)
    assert told[-1] <= 1
    page = Page(tmp_path / "page.html")
    for said in ("this model", "another crop", "a quilt", "noise of its spectrum", "copying earns a score"):
        assert said in page.text
    assert "train with --hold-out" in page.text


@pytest.mark.parametrize(
    ("error", "said"),
    [(ZeroDivisionError("oops"), "its report failed: ZeroDivisionError: oops"), (Cancelled(), "was cancelled")],
)
def test_a_failed_report_leaves_the_model_and_a_note(error, said, trained, data, monkeypatch):
    def fail(*_arguments):
        raise error

    monkeypatch.setattr(report, "compare_case", fail)
    made = add_report(trained, data)
    assert made.models == trained.models
    assert made.models[0].is_file()
    assert made.reports == ()
    assert said in made.notes[-1]
    assert "impasto models report wall DATA" in made.notes[-1]
    told = []
    at_once = add_report(trained, data, host=Host(lambda *said: told.append(said), is_cancelled=lambda: True))
    assert (told, at_once.models, at_once.reports) == ([], trained.models, ())


def command(*arguments: object) -> int:
    try:
        main([str(argument) for argument in arguments])
    except SystemExit as end:
        return int(end.code or 0)
    return 0


@pytest.fixture
def library(tmp_path, monkeypatch):
    monkeypatch.setenv("IMPASTO_MODELS", str(tmp_path / "library"))
    opened: list[str] = []
    monkeypatch.setattr("webbrowser.open", opened.append)
    (tmp_path / "wall.png").write_bytes(grid_picture())
    return tmp_path / "library", opened


def grid_picture() -> bytes:
    """PNG of one cell of noise."""
    from PIL import Image

    pixels = np.random.default_rng(0).integers(0, 255, (16, 16, 3), np.uint8)
    return grid([Image.fromarray(pixels).resize((96, 96))], 1)


@pytest.mark.slow
def test_the_command_skips_writes_opens_and_removes_reports(library, tmp_path, capsys):
    folder, opened = library
    small = ("--steps", 1, "--canvas-px", 64, "--crop-px", 48, "--batch", 1, "--width", 0.125)
    file = folder / f"wall{REPORT_SUFFIX}"
    assert command("train", "train-torus", tmp_path / "wall.png", "--name", "wall", *small, "--no-report") == 0
    assert not file.exists()
    assert command("models", "report", "wall") == 5
    assert "models report wall DATA" in capsys.readouterr().err
    assert command("models", "report", "wall", tmp_path / "wall.png") == 0
    assert opened == [file.as_uri()]
    assert command("models", "report", "wall", "--no-open") == 0
    assert capsys.readouterr().out.split()[-1] == str(file)
    assert len(opened) == 1
    assert command("models", "report", "bricks", tmp_path / "wall.png") == 5
    assert command("models", "remove", "wall") == 0
    assert not file.exists()


@pytest.mark.slow
def test_a_training_killed_before_its_report_is_completed_by_the_same_command(library, tmp_path, capsys):
    folder, _ = library
    model, report_file, checkpoint = (
        folder / f"wall{suffix}" for suffix in (".safetensors", REPORT_SUFFIX, ".checkpoint")
    )
    small = ("--canvas-px", 64, "--crop-px", 48, "--batch", 1, "--width", 0.125)
    train = ("train", "train-torus", tmp_path / "wall.png", "--name", "wall", *small, "--steps")
    assert command(*train, 1, "--no-report") == 0  # all that a killed training has written
    checkpoint.write_bytes(b"which it was about to remove")
    before = model.read_bytes()
    assert command(*train, 2) == 5
    assert "there is a model 'wall' already" in capsys.readouterr().err
    assert command(*train, 1) == 0
    assert "wall was trained before, and its report was missing" in capsys.readouterr().err
    assert report_file.exists()
    assert not checkpoint.exists()
    assert model.read_bytes() == before
    assert command(*train, 1) == 5


def compared(model: dict[str, float], held_out: bool = True, **controls: dict[str, float]) -> CaseResult:
    case = EvaluationCase("", (), (), held_out)
    return CaseResult(case, {"model": {**FINE, **model}, "crop": {"repeated_share": 0.0}, **controls})


@each_case("verdicts")
def test_the_verdict_follows_the_figures(model, title, reason):
    found, why = verdict(compared(model, noise=NOISE))
    assert found == title
    assert reason in why
    assert "besides its network" in verdict(compared({"statistics_of_crop": 1.28}, mean={"statistics_of_crop": 1.3}))[1]
    none = verdict(CaseResult(EvaluationCase("", (), (), True), notes=("the picture is too small",)))
    assert none == (UNKNOWN, "the picture is too small")


def test_charts_show_each_curve_and_mark_each_rollback():
    drawn = charts(CASES["curve"])
    assert [re.findall('aria-label="(\\w+)', chart)[0] for chart in drawn] == ["SWD", "Diversity", "Loss"]
    assert [chart.count('class="rollback"') for chart in drawn] == [1, 1, 1]
    assert [chart.count('class="level"') for chart in drawn] == [1, 1, 0]
    assert "went back at step 3" in drawn[0]
    assert 'points="188.0,24.0 330.0,109.2"' in drawn[0]  # 0.5 at step 2 of 4, 0.2 at step 4
    assert re.findall(r">(-?[\d.]+)</text>", drawn[2]) == ["-1", "0", "3", "4"]
    assert charts({}) == []
