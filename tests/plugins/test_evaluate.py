"""A model is judged by what it did not learn from: good ones pass, and each way to be bad shows in its figure."""

import json
from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from PIL import Image

from impasto import Maps
from impasto.cli.main import main
from impasto.data.dataset import dataset_of, read_dataset
from impasto.errors import ParameterError
from impasto.library.models import read_model, save_model
from impasto.plugins.registry import registry
from impasto.surface.heights import normal_from_slopes, slopes_from_height
from impasto.tools import Field, Generator, SizeParameters, model_field
from impasto_judge.cases import EvaluationCase, cases
from impasto_judge.comparison import compare_model
from impasto_judge.controls import CROP, MEAN, MODEL, crops, quilt_control, random_phase_noise
from impasto_judge.figures import compared_maps, figures_of
from impasto_judge.generation import network_share
from impasto_judge.independent import IndependentFigures
from impasto_judge.metrics.pattern_salience import PatternSalience
from impasto_judge.metrics.precision_recall import precision_recall

SIDE = 192


def surface(seed: int, height: int = SIDE, width: int = SIDE, period_px: float = 24) -> Maps:
    """Grains of one size, seamless: base colour, height, roughness and the normals that belong to it."""
    random = np.random.default_rng(seed)
    frequency = np.hypot(np.fft.fftfreq(height)[:, None], np.fft.fftfreq(width)) * period_px
    spectrum = np.fft.fft2(random.standard_normal((height, width))) * np.exp(-((frequency - 1) ** 2) * 2)
    grains = np.abs(np.fft.ifft2(spectrum).real)  # creases are structure: no mere noise
    h = np.clip(0.2 + 0.2 * grains / grains.std(), 0, 1)
    color = np.clip(h[..., None] * [0.9, 0.7, 0.5] + 0.03 * random.standard_normal((height, width, 1)), 0, 1)
    normal = normal_from_slopes(4 * slopes_from_height(h))
    arrays = {"base_color": color, "height": h, "roughness": 1 - h / 2, "normal": normal}
    return Maps.from_arrays(arrays, name=f"grains {seed}")


PHOTO = surface(100, SIDE, 2 * SIDE)


class StubParameters(SizeParameters):
    model: str = model_field()
    material: str = Field("fine", description="Class")
    flaw: str = Field("", description="What is wrong with the result")


class Stub(Generator):
    """Makes the surface anew, or with a flaw."""

    name = "stub"
    label = "Stub"
    description = "Makes grains"
    parameters = StubParameters

    def apply(self, subject, parameters, inputs, context):
        context.load_model(parameters.model, "stub")
        height, width = parameters.size_px(subject)
        seed = 7 if parameters.flaw == "one picture" else int(context.rng.integers(100))
        made = surface(seed, height, width, 24 if parameters.material == "fine" else 48)
        arrays = {name: made[name].pixels for name in made}
        if "copy" in parameters.flaw:
            arrays["base_color"] = PHOTO["base_color"].pixels[:height, :width]
        if "blur" in parameters.flaw:
            arrays["base_color"] = np.mean([np.roll(arrays["base_color"], s, (0, 1)) for s in range(-2, 3)], 0)
        if "seam" in parameters.flaw:
            arrays["height"] = surface(seed, height, 2 * width)["height"].pixels[:, :width]
        if "normals" in parameters.flaw:
            arrays["normal"] = arrays["normal"] * [1, -1, 1] + [0, 1, 0]
        return Maps.from_arrays(arrays, name="made")


RUNNING = tuple(f"impasto.running.{name}" for name in ("runner", "preparing", "recording", "inputs"))


@pytest.fixture(scope="module")
def stubbed(tmp_path_factory):
    """The stub among the tools, with few samples for each figure; the folder of the library of models."""
    known, folder = replace(registry(), tools={**registry().tools, "stub": Stub()}), tmp_path_factory.mktemp("models")
    with pytest.MonkeyPatch.context() as patch:
        for module in ("impasto_judge.generation", "impasto.plugins.registry", *RUNNING):
            patch.setattr(f"{module}.registry", lambda: known)
        patch.setattr("impasto_judge.figures.SWD_DIRECTIONS", 32)
        patch.setattr("impasto_judge.figures.NOVELTY_PATCHES", 48)
        patch.setattr("impasto_judge.metrics.two_sample.STEPS", 20)
        patch.setattr("impasto_judge.metrics.two_sample.TESTED_PATCHES", 32)
        patch.setenv("IMPASTO_MODELS", str(folder))
        yield folder


def stub_model(folder, dataset, **card):
    size = {"size_px": list(dataset.samples[0].size_px[::-1])}
    data = [{**source, **size, "part": card.pop("part", "left")} for source in dataset.sources()]
    about = {"name": "stub", "architecture": "none", "tool": "stub", "data": data, "figures": {"steps": 1.0}}
    return save_model(folder / "stub.safetensors", {"a": np.zeros(1)}, {**about, **card})


@pytest.fixture(scope="module")
def compared(stubbed):
    """A function that compares results of some seeds, with flaws or without, with what the model did not learn."""
    dataset = dataset_of(PHOTO, licence="CC0-1.0")

    @cache
    def comparison(flaw: str = "", seeds: int = 1, brief: bool = True):
        how = {"seeds": seeds, "brief": brief, "size_px": SIDE, "device": "cpu"}
        return compare_model(stub_model(stubbed, dataset), dataset, parameters={"flaw": flaw}, **how)[0]

    return comparison


@pytest.mark.essential
def test_a_good_model_meets_every_goal(compared):
    comparison = compared(seeds=2, brief=False)
    assert comparison.missed_goals() == []
    mean = comparison.rows[MODEL]
    assert mean["fine_swd_of_floor"] < 1.3
    assert mean["wavelets_of_floor"] < 1.3
    assert mean["novelty"] > 0.9
    assert mean["normal_correlation"] > 0.99
    assert comparison.rows[CROP]["fine_swd_of_floor"] == pytest.approx(1)
    assert MEAN not in comparison.rows  # this tool cannot separate its network
    assert comparison.network_share == {}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("how", "figures"),
    [
        ({"flaw": "copy", "brief": False}, {"novelty", "near_copies", "copied_block_px"}),
        ({"flaw": "blur, normals"}, {"contrast_low", "spectrum_db"}),
        ({"flaw": "seam"}, {"seam_z_high"}),
        ({"flaw": "one picture", "seeds": 2}, {"largest_correlation"}),
    ],
    ids=lambda value: value.get("flaw") if isinstance(value, dict) else "",
)
def test_every_flaw_shows_in_its_figure(how, figures, compared):
    bad = compared(**how)
    assert figures <= set(bad.missed_goals())
    if "blur" in how["flaw"]:
        good = compared(seeds=2, brief=False).rows[MODEL]
        assert bad.rows[MODEL]["normal_correlation"] < 0.5
        for name in ("fine_swd_of_floor", "wavelets_of_floor", "spectrum_db"):
            assert bad.rows[MODEL][name] > 1.2 * good[name], name


def test_held_out_data_judge_and_learned_data_are_said_to_be_no_test(stubbed):
    dataset = dataset_of(PHOTO)
    pixels = dataset.samples[0].load()["base_color"].pixels
    (case,) = cases(stub_model(stubbed, dataset), dataset)
    assert case.held_out
    assert np.array_equal(case.judged[0]["base_color"].pixels, pixels[:, SIDE:])
    assert np.array_equal(case.trained[0]["base_color"].pixels, pixels[:, :SIDE])
    model = stub_model(stubbed, dataset)
    entry = {**model.card["data"][0], "size_px": [SIDE, SIDE // 2]}
    (coarse,) = cases(replace(model, card={**model.card, "data": [entry]}), dataset)
    assert coarse.judged[0].size_px == (SIDE // 2, SIDE // 2), "the texel size of the training"
    data = [{key: value for key, value in entry.items() if key != "part"}]
    for parameters, held_out in (({"hold_out": True}, True), ({}, False)):
        card = {**model.card, "data": data, "parameters": parameters}
        assert cases(replace(model, card=card), dataset)[0].held_out == held_out
    dataset, other = dataset_of(PHOTO), dataset_of(surface(3))
    model = stub_model(stubbed, dataset, part="all")
    assert not cases(model, dataset)[0].held_out
    (held,) = cases(model, other)
    assert held.held_out
    assert held.trained == ()
    assert len(cases(model, other, trained_on=dataset)[0].trained) == 1
    assert held.judged[0].size_px == held.others[0].size_px == (SIDE, SIDE // 2)


def test_only_held_out_pictures_of_a_folder_judge(stubbed):
    trained, other, sand = surface(1), surface(2), surface(3)
    labelled = dataset_of(trained, other, sand)
    samples = [replace(s, label="sand" if s.name == "grains 3" else "rock") for s in labelled.samples]
    folder = replace(labelled, samples=tuple(samples))
    model = stub_model(stubbed, dataset_of(trained))

    def judges(model, data):
        return [maps.name for case in cases(model, data) for maps in case.judged]

    assert judges(model, folder) == ["grains 1"]  # the other half of what it learned
    rocky = replace(model, card={**model.card, "material": "rock"})
    assert judges(rocky, replace(folder, samples=tuple(samples[1:]))) == ["grains 2"]
    whole = stub_model(stubbed, dataset_of(trained), part="all", classes=["rock"])
    (case,) = cases(whole, folder)
    assert ([maps.name for maps in case.judged], case.held_out) == (["grains 2"], True)
    assert [maps.name for maps in case.trained] == ["grains 1"]


def test_parts_that_share_blocks_are_refused(stubbed):
    left = surface(1)
    pixels = {name: np.tile(left[name].pixels, (1, 2, 1)) for name in left}
    repeated = dataset_of(Maps.from_arrays(pixels, name="repeated"))
    with pytest.raises(ParameterError, match="% of its pixels in common with what the model learned"):
        cases(stub_model(stubbed, repeated), repeated)
    copy = surface(2)
    copy = copy.with_arrays({"base_color": np.roll(left["base_color"].pixels, 40, 1)})
    model = stub_model(stubbed, dataset_of(left), part="all")
    with pytest.raises(ParameterError, match="in common"):
        cases(model, dataset_of(copy), trained_on=dataset_of(left))


@pytest.mark.slow
def test_each_class_is_judged_by_its_own_pictures(stubbed):
    pictures = [surface(seed, period_px=period) for seed, period in ((1, 24), (2, 24), (3, 48), (4, 48))]
    labelled = dataset_of(*pictures)
    samples = [replace(s, label="fine" if s.name in ("grains 1", "grains 2") else "coarse") for s in labelled.samples]
    labelled = replace(labelled, samples=tuple(samples))
    model = stub_model(stubbed, dataset_of(PHOTO), classes=["coarse", "fine", "absent"])
    options = {"seeds": 1, "size_px": SIDE, "device": "cpu", "brief": True}
    comparisons = compare_model(model, labelled, **options)
    assert [comparison.label for comparison in comparisons] == ["coarse", "fine"]
    for comparison in comparisons:  # each is made as its own class
        assert comparison.rows[MODEL]["wavelets_of_floor"] < 1.5
    coarse = replace(labelled, samples=tuple(sample for sample in samples if sample.label == "coarse"))
    (swapped,) = compare_model(model, coarse, parameters={"material": "fine"}, **options)
    assert swapped.rows[MODEL]["wavelets_of_floor"] > 1.5
    with pytest.raises(ParameterError, match="none of the classes"):
        cases(model, dataset_of(PHOTO))


@pytest.mark.slow
def test_the_command_prints_writes_and_records(stubbed, capsys):
    file = stubbed / "photo.png"
    Image.fromarray(np.round(PHOTO["base_color"].pixels * 255).astype(np.uint8)).save(file)
    stub_model(stubbed, read_dataset(file))
    command = ["evaluate", "model", "stub", str(file), "--seeds", "1", "--size", str(SIDE), "--device", "cpu"]
    main([*command, "--set", "flaw=copy", "--out", str(stubbed / "out")])
    told = capsys.readouterr().out
    assert tuple(told.splitlines()[1].split()[1:]) == ("model", "crop", "quilt", "noise", "goal")
    row = next(line for line in told.splitlines() if line.startswith("copied_block_px"))
    assert row.endswith("MISSED: give more pictures, or vary them (--augment)")
    about = json.loads((stubbed / "out" / "evaluation.json").read_text())
    assert about["cases"][0]["rows"][MODEL]["copied_block_px"] > 64
    assert (stubbed / "out" / "contact_sheet.png").stat().st_size > 1000
    main([*command, "--record", "--brief", "--json"])
    printed = json.loads(capsys.readouterr().out)
    assert printed["cases"][0]["held_out"] is True
    recorded = read_model(stubbed / "stub.safetensors").card["figures"]
    assert recorded["steps"] == 1.0
    assert recorded["fine_swd_of_floor"] == pytest.approx(
        printed["cases"][0]["rows"][MODEL]["fine_swd_of_floor"], abs=1e-3
    )


LARGE = 256


@pytest.fixture(scope="module")
def case() -> EvaluationCase:
    real = [surface(seed, LARGE, LARGE) for seed in (1, 2, 3)]
    return EvaluationCase("", (real[0],), (real[1],), True, tuple(real[1:]))


@pytest.mark.slow
def test_noise_is_further_from_real_crops_than_a_quilt_and_both_than_another_crop(case):
    names = compared_maps(case, case.judged[0])
    independent = IndependentFigures(case, names)
    rows = {
        "crop": [independent.of(maps, tiles=False) for maps in crops(case)],
        "quilt": [independent.of(quilt_control(case.others[0], (LARGE, LARGE)))],
        "noise": [independent.of(random_phase_noise(case.others[0], (LARGE, LARGE), names))],
    }
    for figure in ("statistics", "phases"):
        crop, quilt, noise = (np.mean([one[figure] for one in figures]) for figures in rows.values())
        assert crop < quilt < noise, figure
        assert noise > 1.2 * crop, figure
    assert rows["quilt"][0]["relief_ratio"] == pytest.approx(1, abs=0.2)


def test_a_tile_with_a_landmark_or_with_a_patch_of_other_contrast_is_more_salient_than_a_crop():
    def noise(seed):
        return np.random.default_rng(seed).standard_normal((LARGE, LARGE, 1)).astype(np.float32)

    salience = PatternSalience([noise(seed) for seed in range(4)])
    usual, drift = np.mean([salience.of_crop(noise(seed)) for seed in range(4, 8)], 0)
    assert usual == pytest.approx(1, abs=0.15)
    assert drift < 1.1
    patch = (slice(100, 140), slice(60, 100))
    brighter, rougher = noise(9), noise(9)
    brighter[patch] += 1
    rougher[patch] *= 1.6
    assert salience.of_crop(brighter)[0] > 1.5
    assert salience.of_crop(rougher)[0] > 1.5
    waves = np.sin(4 * np.pi * np.arange(LARGE) / LARGE)[:, None, None] / 8  # no patch of them stands out
    assert salience.of_crop(noise(9) + waves)[1] > 1.3


def test_the_networks_share_of_variance_is_0_to_1():
    made, flat = surface(1, 64, 64), Maps.from_arrays({"base_color": np.full((64, 64, 3), 0.5)})
    assert network_share([made], [made], ["base_color", "height"]) == {"base_color": 0, "height": 0, "all": 0}
    assert network_share([made], [flat], ["base_color"])["all"] == pytest.approx(1)
    assert network_share([made], [], ["base_color"]) == {}
    color = made["base_color"].pixels
    halved = Maps.from_arrays({"base_color": color.mean((0, 1)) + (color - color.mean((0, 1))) / 2})
    assert network_share([made], [halved], ["base_color"])["all"] == pytest.approx(0.75, abs=1e-4)


def test_precision_falls_with_unreal_results_and_recall_with_missing_ones():
    real, made = np.random.default_rng(0).standard_normal((2, 200, 4))
    same, strange, missing = (precision_recall(scale * made, real) for scale in (1, 3, 0.3))
    assert min(same) > 0.6
    assert strange[0] < 0.5 * same[0]
    assert missing[1] < 0.5 * same[1]
    assert missing[0] > 0.9


@pytest.mark.slow
def test_heights_are_compared_in_metres_not_in_parts_of_their_ranges(monkeypatch):
    monkeypatch.setattr("impasto_judge.figures.SWD_DIRECTIONS", 32)
    real, trained, made = (replace(surface(seed, 128, 128), width_m=1.0, height_range_m=0.02) for seed in (1, 2, 3))
    case = EvaluationCase("", (real,), (trained,), True, (trained,))
    squeezed = made.with_arrays({"height": 0.4 * made["height"].pixels + 0.3})
    others = {
        "same": replace(squeezed, height_range_m=0.02 / 0.4),
        "half": replace(made, width_m=0.5, height_range_m=0.01),  # said to be half as wide and as high
        "flat": replace(made, height_range_m=0.008),
    }
    plain = figures_of(case, {"made": made})[1]["made"]
    same, half, flat = (figures_of(case, {"made": maps})[1]["made"] for maps in others.values())
    for name in ("fine_swd_of_floor", "wavelets_of_floor", "contrast_low", "height_distance"):
        assert same[name] == pytest.approx(plain[name], rel=1e-3), name
    assert half["contrast_low"] == pytest.approx(plain["contrast_low"], rel=1e-3)
    assert flat["contrast_low"] < plain["contrast_low"] - 0.02
    assert flat["height_distance"] > 3 * plain["height_distance"]
