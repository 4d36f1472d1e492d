"""Results of steps are used again: only what has changed is computed, and the pixels are the same as without."""

from dataclasses import replace

import numpy as np
import pytest

from impasto import Maps, Recipe, Step, run
from impasto.errors import ParameterError
from impasto.plugins.registry import registry
from impasto.running.kept import KeptSteps
from impasto.tools import Field, Filter, Input, Parameters

pytestmark = pytest.mark.usefixtures("misbehaving")
LIMIT_BYTES = 2**26


class Counts(Filter):
    """Adds random numbers and says so; counts how often it was run."""

    class Given(Parameters):
        strength: float = Field(0.1, ge=0, le=1, description="Of the noise")
        size_px: int = Field(40, ge=2, description="A length")

    name, label, description, parameters = "counts", "Counts", "Adds noise", Given
    inputs = (Input("mask", "where", required=False, on_subject=True),)

    def __init__(self):
        self.runs = []

    def apply(self, subject, parameters, inputs, context):
        self.runs.append((parameters, subject.size_px, inputs.get("mask")))
        noise = context.rng.random((*subject.size_px, 1)).astype(np.float32)
        context.note(f"noise {parameters.strength}")
        context.decide(parameters.model_copy(update={"size_px": 7}))
        return subject.with_arrays({"base_color": subject["base_color"].pixels * (1 - parameters.strength * noise)})


@pytest.fixture
def counts(monkeypatch):
    tool = Counts()
    monkeypatch.setitem(registry().tools, "counts", tool)
    return tool


def stack(*strengths: float, seed: int = 4) -> Recipe:
    return Recipe(tuple(Step("counts", {"strength": strength}) for strength in strengths), seed)


def same(one: Maps, other: Maps) -> bool:
    return one.sha256() == other.sha256()


@pytest.mark.parametrize(("place", "again"), [(0, 3), (1, 2), (2, 1)])
def test_only_the_changed_step_and_those_after_it_are_run(counts, photo, place, again):
    kept, strengths = KeptSteps(LIMIT_BYTES), [0.1, 0.2, 0.3]
    first = run(stack(*strengths), {"source": photo}, kept=kept)
    assert (len(counts.runs), first.reused) == (3, (False, False, False))
    strengths[place] = 0.9
    made = run(stack(*strengths), {"source": photo}, kept=kept)
    assert len(counts.runs) == 3 + again
    assert made.reused == tuple(index < place for index in range(3))
    assert same(made.maps, run(stack(*strengths), {"source": photo}).maps)
    again = run(stack(*strengths), {"source": photo}, kept=kept)
    assert again.reused == (True, True, True)
    assert (again.seconds, again.notes, again.recipe) == (made.seconds, made.notes, made.recipe)
    assert made.notes[0] == f"noise {strengths[0]}"
    assert made.recipe.steps[1].parameters["size_px"] == 7


@pytest.mark.parametrize("change", ["pixels", "width", "seed", "mask", "order"])
def test_anything_that_it_depends_on_counts(counts, photo, change):
    kept, mask = KeptSteps(LIMIT_BYTES), Maps.from_arrays({"base_color": np.ones((48, 64, 3))})
    recipe, inputs = stack(0.1, 0.2), {"source": photo}
    run(recipe, inputs, kept=kept)
    if change == "pixels":
        inputs = {"source": photo.with_arrays({"base_color": photo["base_color"].pixels * 0.5})}
    elif change == "width":
        inputs = {"source": replace(photo, width_m=2.0)}
    elif change == "mask":
        first = replace(recipe.steps[0], inputs={"mask": "mask"})
        recipe, inputs = replace(recipe, steps=(first, recipe.steps[1])), {**inputs, "mask": mask}
    else:
        recipe = stack(0.1, 0.2, seed=5) if change == "seed" else stack(0.2, 0.1)
    assert run(recipe, inputs, kept=kept).reused == (False, False)


def test_what_is_kept_stays_below_its_limit_and_the_latest_stays(counts, photo):
    one_step = photo["base_color"].pixels.nbytes
    kept = KeptSteps(2 * one_step)
    for strength in (0.1, 0.2, 0.3, 0.4):
        run(stack(0.5, strength), {"source": photo}, kept=kept)
        assert kept.size_bytes == 2 * one_step
    assert run(stack(0.5, 0.4), {"source": photo}, kept=kept).reused == (True, True)
    assert run(stack(0.5, 0.1), {"source": photo}, kept=kept).reused == (True, False)
    small = KeptSteps(one_step - 1)
    run(stack(0.1), {"source": photo}, kept=small)
    assert small.size_bytes == 0


def test_a_disabled_step_is_skipped_and_recorded_and_changes_no_other(counts, photo):
    recipe = stack(0.1, 0.2, 0.3)
    middle = replace(recipe.steps[1], enabled=False, name="my noise", inputs={"mask": "spare"})
    mask = Maps.from_arrays({"base_color": np.ones((48, 64, 3))}, name="spare.png")
    without = replace(recipe, steps=(recipe.steps[0], middle, recipe.steps[2]))
    made = run(without, {"source": photo, "spare": mask})
    assert [parameters.strength for parameters, *_ in counts.runs] == [0.1, 0.3]
    assert made.recipe.steps[1] == middle
    assert made.recipe.inputs["spare"]["name"] == "spare.png"
    assert run(Recipe.from_json(made.recipe.to_json()), {"source": photo, "spare": mask}).maps.sha256() == (
        made.maps.sha256()
    )
    alone = run(replace(recipe, steps=(recipe.steps[0], replace(middle, inputs={}))), {"source": photo})
    noise_of_third = made.maps["base_color"].pixels / alone.maps["base_color"].pixels
    whole = run(replace(recipe, steps=(*recipe.steps[:2], recipe.steps[2])), {"source": photo})
    two = run(replace(recipe, steps=recipe.steps[:2]), {"source": photo})
    np.testing.assert_allclose(
        noise_of_third, whole.maps["base_color"].pixels / two.maps["base_color"].pixels, rtol=1e-4
    )


def test_disabled_steps_need_no_tool_and_no_input_but_one_step_must_run(counts, photo):
    recipe = Recipe((Step("not-there", inputs={"style": "night"}, name="warm", enabled=False), Step("counts")))
    assert run(recipe, {"source": photo}).reused == (False,)
    named, plain = recipe.to_dict()["steps"]
    assert plain.keys() == {"tool", "parameters", "inputs"}
    assert (named["name"], named["enabled"]) == ("warm", False)
    with pytest.raises(ParameterError, match="all steps"):
        run(Recipe((Step("tint", enabled=False),)), {"source": photo})
    for step in ('{"tool": "x", "name": 3}', '{"tool": "x", "enabled": "no"}'):
        with pytest.raises(ParameterError, match=r"name of a step|enabled must be"):
            Recipe.from_json(f'{{"steps": [{step}]}}')


def test_a_preview_runs_every_step_at_its_size_with_lengths_in_pixels_to_match(counts):
    large = Maps.from_arrays({"base_color": np.full((512, 1024, 3), 0.5)}, name="large")
    step = Step("counts", {"size_px": 40}, {"mask": "mask"})
    recipe = Recipe((Step("checker", {"width_px": 0}), step))
    made = run(recipe, {"source": large, "mask": large}, preview_px=256)
    assert made.maps.size_px == (128, 256)
    ((parameters, size_px, mask),) = counts.runs
    assert (parameters.size_px, size_px, mask.size_px) == (10, (128, 256), (128, 256))


def test_inputs_of_previews_are_shrunk_once(counts):
    large = Maps.from_arrays({"base_color": np.linspace(0, 1, 512 * 512 * 3).reshape(512, 512, 3)}, name="large")
    kept, inputs = KeptSteps(LIMIT_BYTES), {"source": large, "mask": large}
    for strength in (0.1, 0.2):
        step = Step("counts", {"strength": strength}, {"mask": "mask"})
        made = run(Recipe((step,)), inputs, kept=kept, preview_px=128)
        assert same(made.maps, run(Recipe((step,)), inputs, preview_px=128).maps)
    (*_, first), _, (*_, second), _ = counts.runs
    assert first["base_color"] is second["base_color"]
    half = {"source": replace(large, name="other"), "mask": large.with_arrays({"base_color": np.ones((512, 512, 3))})}
    run(Recipe((step,)), half, kept=kept, preview_px=128)
    assert counts.runs[-1][2]["base_color"].pixels.min() > 0.99
    assert run(Recipe((step,)), inputs, kept=kept).reused == (False,), "a preview is no result"
