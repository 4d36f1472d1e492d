"""Sliders of models: drawn for the chosen one, kept for each, in the file and through presets."""

from __future__ import annotations

import bpy
import pytest
from drawing import drawn
from training import train


@pytest.mark.essential
def test_sliders_are_the_chosen_models(training_jobs, extension, scene, models_library, wall_file):
    """A slider of another model is neither shown nor sent."""
    train("warm", data=str(wall_file))
    train("cold", data=str(wall_file), parameters='{"steps": 1, "sliders": "frost green-moss green_moss"}')
    properties, tool = extension.parameters.properties, extension.engine.catalogue.catalogue["recall"]
    group = scene.impasto_parameters.recall
    group.model = "warm"
    group.model_warm.slider_warmth, group.model_cold.slider_frost = 1.5, 2.5
    about = group.model_warm.bl_rna.properties["slider_warmth"]
    assert (about.name, about.description) == ("Warmth", "More warmth")
    assert (about.hard_min, about.hard_max, about.default) == (-3, 3, 0)
    assert properties.is_visible(group, tool, "sliders")
    assert properties.parameters_of(scene, tool) == {"model": "warm", "sliders": {"warmth": 1.5}}
    group.model = "cold"
    sliders = {"frost": 2.5, "green-moss": 0.0, "green_moss": 0.0}  # some have names that scripts cannot use
    assert properties.parameters_of(scene, tool)["sliders"] == sliders
    group.model = "unknown"
    assert not properties.is_visible(group, tool, "sliders")
    assert properties.parameters_of(scene, tool) == {"model": "unknown"}


@pytest.fixture
def two_models(training_jobs, scene, wall_file):
    """Two models in whose sliders the same number means different things; the group of the tool that runs them."""
    train("rock", data=str(wall_file), parameters='{"steps": 1, "sliders": "moss cracks"}')
    train("cloth", data=str(wall_file), parameters='{"steps": 1, "sliders": "folds moss"}')
    group = scene.impasto_parameters.recall
    group.model = "rock"
    return group


def test_another_model_has_its_own_values_back_also_in_the_file(two_models, scene, tmp_path):
    scene.impasto.tool = "recall"
    props = drawn(bpy.types.IMPASTO_PT_view_3d).props()
    assert [name for name in props if name.startswith("slider_")] == ["slider_moss", "slider_cracks"]
    two_models.model_rock.slider_moss = 1.5
    two_models.model = "cloth"
    assert two_models.model_cloth.slider_moss == 0
    two_models.model_cloth.slider_moss = 2.0
    two_models.model = "rock"
    assert (two_models.model_rock.slider_moss, two_models.model_cloth.slider_moss) == (1.5, 2.0)
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "kept.blend"))
    bpy.ops.wm.open_mainfile(filepath=str(tmp_path / "kept.blend"))
    recall = bpy.context.scene.impasto_parameters.recall
    assert (recall.model_rock.slider_moss, recall.model_cloth.slider_moss) == (1.5, 2.0)


def test_a_model_trained_anew_with_other_sliders_keeps_values_by_their_names(two_models, wall_file, models_library):
    two_models.model_rock.slider_moss, two_models.model_rock.slider_cracks = 1.5, -0.5
    (models_library / "rock.safetensors").unlink()
    train("rock", data=str(wall_file), parameters='{"steps": 1, "sliders": "cracks wear moss"}')
    rock = bpy.context.scene.impasto_parameters.recall.model_rock
    assert (rock.slider_cracks, rock.slider_wear, rock.slider_moss) == (-0.5, 0, 1.5)


@pytest.mark.slow
def test_the_model_that_is_taken_by_itself_has_its_own_values_too(two_models, extension, scene):
    """An empty name is the library's first model: another one, once that is removed."""
    tool = extension.engine.catalogue.catalogue["recall"]
    two_models.model = ""
    first = extension.parameters.groups.chosen_model(two_models, tool)["name"]
    getattr(two_models, f"model_{first}").slider_moss = 1.25
    parameters_of = extension.parameters.properties.parameters_of
    assert parameters_of(scene, tool)["sliders"]["moss"] == 1.25
    bpy.ops.impasto.remove_model(name=first)
    assert parameters_of(bpy.context.scene, tool)["sliders"].get("moss", 0) == 0


def test_a_preset_loses_no_values_of_the_model_before(two_models, scene):
    scene.impasto.tool = "recall"
    two_models.model = "cloth"
    two_models.model_cloth.slider_moss = 0.75
    bpy.ops.impasto.preset_add(name="Mine cloth")
    two_models.model = "rock"
    two_models.model_rock.slider_moss, two_models.model_cloth.slider_moss = 1.5, 0.0
    path = next(
        given.filepath
        for given in drawn(bpy.types.IMPASTO_MT_presets).operators("script.execute_preset")
        if "cloth" in given.filepath
    )
    bpy.ops.script.execute_preset(filepath=path, menu_idname="IMPASTO_MT_presets")
    assert (two_models.model, two_models.model_cloth.slider_moss) == ("cloth", 0.75)
    assert two_models.model_rock.slider_moss == 1.5
    bpy.ops.impasto.preset_add(name="Mine cloth", remove_name=True)
