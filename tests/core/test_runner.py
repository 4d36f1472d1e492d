"""`run` folds tools over the subject, each with a generator of its own, and records how."""

import pickle

import numpy as np
import pytest

from impasto import Maps, Recipe, Step, run
from impasto.errors import Cancelled, ParameterError
from impasto.plugins.registry import registry
from impasto.tools import Filter, Parameters

pytestmark = pytest.mark.usefixtures("misbehaving")
CHECKER = Step("checker", {"width_px": 32, "height_px": 16})


def test_the_same_recipe_gives_the_same_maps_and_another_seed_others():
    one, two, other = (run(Recipe((CHECKER,), seed)).maps.sha256() for seed in (4, 4, 5))
    assert one == two != other


def test_a_step_does_not_change_the_randomness_of_the_ones_before():
    alone = run(Recipe((CHECKER,), 4)).maps
    followed = run(Recipe((CHECKER, Step("tint", {"strength": 0.0})), 4)).maps
    assert np.allclose(alone["height"].pixels, followed["height"].pixels)


def test_what_was_made_is_recorded_with_defaults_versions_and_inputs(photo):
    recipe = run(Recipe((CHECKER,), 4), {"source": photo}).recipe
    assert recipe.steps[0].parameters["squares"] == 4
    assert recipe.made_with["versions"]["impasto-misbehaving"]
    assert recipe.made_with["device"] == "cpu"
    assert recipe.inputs["source"]["sha256"] == photo.sha256()


class Decides(Filter):
    """Chooses its strength by itself, unless it is given."""

    class Given(Parameters):
        strength: float = -1.0

    name, label, description, parameters = "decides", "Decides", "Chooses its strength", Given

    def apply(self, subject, parameters, inputs, context):
        strength = parameters.strength if parameters.strength >= 0 else float(context.rng.random())
        context.decide(parameters.model_copy(update={"strength": strength}))
        return subject.with_arrays({"height": np.full((*subject.size_px, 1), strength)})


def test_what_a_tool_decides_is_recorded_in_its_own_step(photo, monkeypatch):
    monkeypatch.setitem(registry().tools, "decides", Decides())
    recipe = Recipe((Step("decides"), Step("decides", {"strength": 0.25}), Step("decides")), 4)
    made = run(recipe, {"source": photo})
    first, given, last = (step.parameters["strength"] for step in made.recipe.steps)
    assert first != last
    assert given == 0.25
    assert min(first, last) >= 0
    assert made.maps["height"].pixels[0, 0, 0] == pytest.approx(last)
    assert run(made.recipe, {"source": photo}).maps.sha256() == made.maps.sha256()
    assert recipe.steps[0].parameters == {}


def test_a_source_that_a_tool_does_not_look_at_is_not_named(photo):
    made = run(Recipe((Step("slow", {"seconds": 0}),)), {"source": photo})
    assert made.recipe.inputs == {}
    assert run(made.recipe).maps.size_px == photo.size_px


def test_named_inputs_reach_the_tool(photo):
    style = Maps.from_arrays({"base_color": np.full((4, 4, 3), 1.0)}, name="white")
    result = run(Recipe((Step("blend", inputs={"style": "painting"}),)), {"source": photo, "painting": style})
    assert np.allclose(result.maps["base_color"].pixels, (photo["base_color"].pixels + 1) / 2)
    assert result.recipe.inputs["painting"]["name"] == "white"


def test_progress_covers_all_steps_in_order(photo):
    seen = []
    run(Recipe((CHECKER, Step("tint"))), {"source": photo}, on_progress=lambda *said: seen.append(said))
    fractions = [fraction for fraction, _ in seen]
    assert fractions == sorted(fractions)
    assert (fractions[0], fractions[-1]) == (0.0, 1.0)
    assert {"Checker", "Tint"} <= {message for _, message in seen}


@pytest.mark.parametrize(
    ("step", "said"),
    [
        (Step("blend"), "blend needs the input style"),
        (Step("blend", inputs={"style": "nowhere"}), "'nowhere', which was not given"),
        (Step("blend", inputs={"stile": "source"}), "no input 'stile'; did you mean 'style'\\? choose from style"),
        (Step("nothing"), "no tool called 'nothing'"),
        (Step("checker", {"squares": 0}), "squares got 0"),
    ],
)
def test_mistakes_are_found_before_anything_runs(step, said, photo):
    ran = []
    with pytest.raises(ParameterError, match=said):
        run(Recipe((CHECKER, step)), {"source": photo}, on_progress=lambda *said: ran.append(said))
    assert not ran


@pytest.mark.parametrize("tool", ["photo-maps", "quilt", "cnn-texture", "tint", "patches-style"])
def test_a_tool_that_needs_a_picture_names_the_input_before_anything_runs(tool):
    ran = []
    with pytest.raises(ParameterError, match=f"{tool} needs the input source"):
        run(Recipe((Step(tool),)), on_progress=lambda *said: ran.append(said))
    assert not ran


@pytest.mark.parametrize("given", [Maps(), {}, None], ids=["no maps", "an object", "nothing"])
@pytest.mark.parametrize("tool", ["quilt", "checker"])
def test_an_input_without_maps_is_named(tool, given):
    with pytest.raises(ParameterError, match="the input source has no maps"):
        run(Recipe((Step(tool),)), {"source": given})


@pytest.mark.parametrize("tool", ["quilt", "checker"])
def test_an_input_by_another_name_is_named_with_the_name_that_was_meant(tool, photo):
    with pytest.raises(ParameterError, match="the recipe has no input 'src'; did you mean 'source'"):
        run(Recipe((Step(tool),)), {"src": photo})


def test_a_map_that_no_step_made_is_named(photo):
    with pytest.raises(ParameterError, match="photo-maps needs base_color; give a source"):
        run(Recipe((Step("photo-maps"),)), {"source": Maps.from_arrays({"height": photo["base_color"].pixels[..., 0]})})


def test_cancelling_raises_what_no_plugin_can_swallow(photo):
    asked = iter([False] * 5)
    with pytest.raises(Cancelled):
        run(Recipe((Step("swallow"),)), {"source": photo}, is_cancelled=lambda: next(asked, True))


def test_it_can_be_sent_to_another_process(photo):
    function, recipe, inputs = pickle.loads(pickle.dumps((run, Recipe((CHECKER,), 4), {"source": photo})))
    result = pickle.loads(pickle.dumps(function(recipe, inputs)))
    assert result.maps.sha256() == run(Recipe((CHECKER,), 4)).maps.sha256()
