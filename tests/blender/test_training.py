"""Training beside the rest, with a real worker of its own: the panel, the call for scripts, the library of models.

Timers never fire without a window, so the tests call what the timer calls.
"""

from __future__ import annotations

import json
import subprocess
import sys

import bpy
import numpy as np
import pytest
from blends import reopen
from conftest import MODULE, cases, coordinates, half_plain, packed_image, pixels_of, png, refused
from drawing import drawn
from styling import wait_until

MEAN_COLOR = half_plain().mean((0, 1))


def train(name: str, **given: object) -> None:
    """Train a model of this name for two steps, unless the parameters say else."""
    given.setdefault("parameters", '{"steps": 2}')
    assert bpy.ops.impasto.train(tool="learn", name=name, **given) == {"FINISHED"}


@pytest.fixture
def begin(extension, training_jobs, wall_file):
    """Starts a training as a click on Train does, without waiting for it."""

    def begin_training(name: str, steps: int = 10000, **given: object):
        parameters = {"name": name, "steps": steps}
        task = extension.train.request.TrainingRequest("learn", wall_file, parameters, "CC0-1.0", **given).task()
        training_jobs.start(task)
        wait_until(lambda: task.fraction > 0 or task.is_ended)
        return task

    return begin_training


def finish_training(training_jobs) -> object:
    """Tick, as the timer does, until the training has ended; what it reported."""

    def is_done() -> bool:
        training_jobs.tick()
        return not training_jobs.training

    wait_until(is_done)
    return training_jobs.reports.get("training")


def names(extension) -> set[str]:
    return {model["name"] for model in extension.engine.catalogue.catalogue.models}


@pytest.mark.essential
@pytest.mark.any_blender
def test_the_panel_and_a_script_train_and_the_generator_uses_the_new_model(
    training_jobs, scene, models_library, wall_file, extension
):
    settings, parameters, catalogue = scene.impasto_training, scene.impasto_parameters.learn, extension.engine.catalogue
    settings.tool, settings.filepath, settings.licence = "learn", str(wall_file), "CC-BY-4.0"
    parameters.name, parameters.steps = "panel", 2
    assert bpy.ops.impasto.train() == {"FINISHED"}
    assert catalogue.catalogue.model("recall", "panel")["licence"] == "CC-BY-4.0"
    train("script", data=str(wall_file), licence="CC0")
    told = json.loads(bpy.context.window_manager.impasto_made)
    assert (told["models"], told["files"]) == (["script"], [str(models_library / "script.safetensors")])
    assert (models_library / "script.safetensors").exists()
    assert scene.impasto_parameters.recall.model == "script"
    model = catalogue.catalogue.model("recall", "script")
    assert (model["licence"], model["bundled"]) == ("CC0", False)
    scene.impasto.tool, scene.impasto.source_kind, scene.impasto.estimator = "recall", "NONE", "none"
    bpy.ops.impasto.generate(width_px=8, height_px=8)
    made = pixels_of(bpy.data.images["script_base_color"])[0, 0, :3]
    np.testing.assert_allclose(made / made[0], MEAN_COLOR / MEAN_COLOR[0], atol=0.03)


@pytest.mark.parametrize("is_float", [False, True])
def test_an_image_of_the_blend_is_learned_from(training_jobs, scene, models_library, extension, is_float):
    """Its pixels are sent to the trainer as a PNG: the model is their mean colour."""
    name, pixels = f"image-{is_float}", half_plain()
    if is_float:
        image = bpy.data.images.new("wall", 96, 80, float_buffer=True, is_data=True)
        image.pixels.foreach_set(np.pad(pixels / np.float32(255), ((0, 0), (0, 0), (0, 1)), constant_values=1).ravel())
    else:
        packed_image("wall", pixels)
    train(name, image="wall")
    bpy.ops.impasto.run(tool="recall", parameters=json.dumps({"model": name}), width_px=8, height_px=8, name=name)
    made = pixels_of(bpy.data.images[f"{name}_base_color"])[0, 0, :3]
    np.testing.assert_allclose(made / made[0], MEAN_COLOR / MEAN_COLOR[0], atol=0.03)
    assert not (extension.engine.engine.user_folder() / "training").exists()  # which another Blender would empty


@pytest.mark.any_blender
def test_results_can_be_made_while_a_training_runs(training_jobs, begin, scene, models_library, wall_file):
    task = begin("beside")
    refused(r"runs already: Training beside.*wait for it", "train", tool="learn", data=str(wall_file), name="second")
    assert bpy.ops.impasto.run(tool="checker", width_px=16, height_px=16, estimator="none") == {"FINISHED"}
    assert task.state == "running"
    assert training_jobs.clients["long"].pid != training_jobs.clients["interactive"].pid
    assert not bpy.ops.impasto.cancel.poll()
    bpy.ops.impasto.cancel_training()
    assert finish_training(training_jobs).level == "CANCELLED"
    assert (models_library / "beside.checkpoint").exists()
    assert not (models_library / "beside.safetensors").exists()


@pytest.mark.any_blender
def test_a_training_pauses_resumes_and_keeps_what_it_has(training_jobs, begin, scene, models_library):
    task = begin("kept")
    assert not bpy.ops.impasto.resume_training.poll()
    bpy.ops.impasto.pause_training()
    wait_until(lambda: task.state == "paused")
    assert not bpy.ops.impasto.pause_training.poll()
    bpy.ops.impasto.resume_training()
    wait_until(lambda: task.state == "running")
    bpy.ops.impasto.stop_training()
    assert finish_training(training_jobs).text == "The model kept is ready"
    assert (models_library / "kept.safetensors").exists()
    assert (models_library / "kept.report.html").exists()
    scene.impasto_training.tool = "learn"
    assert drawn(bpy.types.IMPASTO_PT_train_view_3d).operators("impasto.use_model")[0].name == "kept"


def test_a_model_for_another_file_is_kept_in_the_library_alone(training_jobs, begin, models_library):
    task = begin("elsewhere", steps=20)
    bpy.ops.wm.read_homefile(use_empty=True)
    assert finish_training(training_jobs).level == "INFO", task.message
    assert bpy.context.scene.impasto_parameters.recall.model == ""
    assert (models_library / "elsewhere.safetensors").exists()


@pytest.mark.any_blender
@pytest.mark.parametrize(("given", "message"), cases("training"))
def test_hopeless_trainings_say_why(training_jobs, scene, wall_file, given, message):
    scene.impasto_training.tool = "learn"
    refused(message, "train", **{"data": str(wall_file), **given})


def test_the_panel_shows_the_training_and_its_preview(training_jobs, begin, scene):
    scene.impasto_training.tool = "learn"
    panel = bpy.types.IMPASTO_PT_train_view_3d
    before = drawn(panel)
    assert before.operators("impasto.train")
    assert {"name", "licence", "steps", "seed"} <= set(before.props())
    task = begin("shown")
    wait_until(lambda: task.preview is not None)
    layout = drawn(panel)
    texts = [options.get("text", "") for what, _, options in layout.drawn if what in ("label", "progress")]
    assert any("loss" in text for text in texts)
    for name in ("pause_training", "stop_training", "cancel_training"):
        assert layout.operators(f"impasto.{name}")
    bpy.ops.impasto.pause_training()
    assert drawn(panel).operators("impasto.resume_training")


@pytest.mark.any_blender
def test_the_panel_warns_of_classes_while_there_is_time_to_stop(training_jobs, extension, scene, tmp_path):
    rng = np.random.default_rng(0)
    for name in ("many/a.png", "many/b.png", "one/c.png", "loose.png"):
        (tmp_path / "classes" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "classes" / name).write_bytes(png(rng.integers(0, 255, half_plain().shape, np.uint8)))
    request = extension.train.request.TrainingRequest("learn", tmp_path / "classes", {"name": "warned", "steps": 10000})
    task = request.task()
    training_jobs.start(task)
    wait_until(lambda: task.warnings or task.is_ended)
    texts = " ".join(drawn(bpy.types.IMPASTO_PT_train_view_3d).labels())
    assert "There is one picture of one" in texts
    assert "loose.png lies in no folder of a class" in texts.lower()


@pytest.mark.slow
def test_models_are_listed_installed_used_and_removed(
    training_jobs, extension, scene, models_library, wall_file, tmp_path
):
    train("guest", data=str(wall_file))
    file = models_library / "guest.safetensors"
    moved = file.rename(tmp_path / file.name)
    bpy.ops.impasto.refresh_tools()
    assert "guest" not in names(extension)
    assert bpy.ops.impasto.install_model(filepath=str(moved)) == {"FINISHED"}
    assert "guest" in names(extension)
    assert "guest" in drawn(bpy.types.IMPASTO_PT_train_view_3d).labels()
    scene.impasto_parameters.recall.model = ""
    bpy.ops.impasto.use_model(name="guest")
    assert extension.generate.request.request_poll_message(bpy.context) == ""  # it needs no source
    assert (scene.impasto.tool, scene.impasto_parameters.recall.model) == ("recall", "guest")
    search = extension.parameters.properties.property_of(
        "model", {"type": "string", "format": "model", "default": ""}, extension.engine.catalogue.catalogue["recall"]
    ).keywords["search"]
    assert "guest" in search(scene.impasto_parameters.recall, bpy.context, "GUE")
    assert search(scene.impasto_parameters.recall, bpy.context, "nothing") == []
    assert bpy.ops.impasto.remove_model(name="guest") == {"FINISHED"}
    assert "guest" not in names(extension)
    refused(r"no model 'guest'.*models list", "remove_model", name="guest")
    refused("is not a model file", "install_model", filepath=str(wall_file))


@pytest.mark.slow
@pytest.mark.any_blender
def test_a_training_ends_with_a_report_that_a_button_opens(
    extension, training_jobs, begin, scene, models_library, wall_file, monkeypatch
):
    opened: list[str] = []
    monkeypatch.setattr("webbrowser.open", lambda url, *_: opened.append(url))
    wall_file.write_bytes(png(coordinates(80, 96)))  # of which all can be judged
    begin("judged", steps=5)
    assert finish_training(training_jobs).level == "INFO"
    scene.impasto_training.tool = "learn"
    buttons = drawn(bpy.types.IMPASTO_PT_train_view_3d).operators("impasto.open_report")
    assert [button.name for button in buttons].count("judged") == 2  # where the training ended, and in the list
    assert bpy.ops.impasto.open_report(name="judged") == {"FINISHED"}
    file = models_library / "judged.report.html"
    assert opened == [file.as_uri()]
    page = file.read_text(encoding="utf-8")
    assert "what to try" in page
    assert "noise of its spectrum" in page  # beside which it was judged
    with monkeypatch.context() as patch:
        far = extension.engine.engine.Engine("ssh://farm/python")
        patch.setattr(extension.engine.engine, "find", lambda: far)
        assert not drawn(bpy.types.IMPASTO_PT_train_view_3d).operators("impasto.open_report")
        refused("on the machine of the engine", "open_report", name="judged")
    file.unlink()
    refused("report of judged is gone", "open_report", name="judged")
    bpy.ops.impasto.refresh_tools()
    layout = drawn(bpy.types.IMPASTO_PT_train_view_3d)
    assert "judged" not in [button.name for button in layout.operators("impasto.open_report")]
    refused(r"judged has no report.*models report judged DATA", "open_report", name="judged")
    refused("no model 'nowhere'", "open_report", name="nowhere")


@pytest.mark.slow
@pytest.mark.any_blender
def test_the_command_trains_too(extension, training_jobs, models_library, wall_file):
    assert extension.command_line.run(["train", "learn", str(wall_file), "--name", "command", "--steps", "2"]) == 0
    assert (models_library / "command.safetensors").exists()


@pytest.mark.slow
@pytest.mark.parametrize("is_kept", [pytest.param(True, marks=pytest.mark.any_blender), False])
def test_a_training_ends_or_goes_on_when_blender_closes(extension, wall_file, tmp_path, is_kept):
    """In a Blender of its own, which is closed in the midst of a training."""
    name, models_library = f"closing-{is_kept}", tmp_path / "models"
    models_library.mkdir()
    script = tmp_path / "close.py"
    script.write_text(
        "import bpy, addon_utils, time, pathlib\n"
        f"module = addon_utils.enable({MODULE!r}, default_set=True)\n"
        "preferences = module.engine.engine.preferences()\n"
        f"preferences.models_folder, preferences.keep_training = {str(models_library)!r}, {is_kept}\n"
        f"training = module.train.request.TrainingRequest('learn', pathlib.Path({str(wall_file)!r}), "
        f"{{'name': {name!r}, 'steps': {60 if is_kept else 10000}}})\n"
        "task = training.task()\n"
        "module.jobs.session.jobs.start(task)\n"
        "while not (task.job and task.fraction > 0):\n    time.sleep(0.01)\n"
        f"addon_utils.disable({MODULE!r}, default_set=True)\n"
        "import threading\n"
        "assert threading.enumerate() == [threading.main_thread()], 'the wheel of 4.2 crashes beside a thread'\n"
    )
    done = subprocess.run([sys.executable, script], capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr
    assert not (models_library / f"{name}.safetensors").exists()
    if is_kept:
        wait_until((models_library / f"{name}.safetensors").exists)
    else:
        assert (models_library / f"{name}.checkpoint").exists()


@pytest.mark.slow
def test_sliders_belong_to_the_chosen_model(training_jobs, extension, scene, models_library, wall_file):
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


def test_slider_values_are_stored_per_model(training_jobs, extension, scene, wall_file, models_library, tmp_path):
    """In the sliders of the two, the same number means different things."""
    train("rock", data=str(wall_file), parameters='{"steps": 1, "sliders": "moss cracks"}')
    train("cloth", data=str(wall_file), parameters='{"steps": 1, "sliders": "folds moss"}')
    recall, scene.impasto.tool = scene.impasto_parameters.recall, "recall"
    recall.model = "rock"
    props = drawn(bpy.types.IMPASTO_PT_view_3d).props()
    assert [name for name in props if name.startswith("slider_")] == ["slider_moss", "slider_cracks"]
    recall.model_rock.slider_moss = 1.5
    recall.model = "cloth"
    assert recall.model_cloth.slider_moss == 0
    recall.model_cloth.slider_moss = 0.75
    bpy.ops.impasto.preset_add(name="Mine cloth")
    recall.model, recall.model_cloth.slider_moss = "rock", 2.0
    reopen(tmp_path / "kept.blend")
    recall = bpy.context.scene.impasto_parameters.recall
    assert (recall.model_rock.slider_moss, recall.model_cloth.slider_moss) == (1.5, 2.0)
    bpy.ops.impasto.apply_preset(preset="Mine cloth")
    assert (recall.model, recall.model_cloth.slider_moss, recall.model_rock.slider_moss) == ("cloth", 0.75, 1.5)
    bpy.ops.impasto.preset_add(name="Mine cloth", remove_name=True)

    recall.model_rock.slider_cracks = -0.5
    (models_library / "rock.safetensors").unlink()
    train("rock", data=str(wall_file), parameters='{"steps": 1, "sliders": "cracks wear moss"}')
    recall = bpy.context.scene.impasto_parameters.recall
    rock = recall.model_rock
    assert (rock.slider_cracks, rock.slider_wear, rock.slider_moss) == (-0.5, 0, 1.5)

    tool, parameters_of = extension.engine.catalogue.catalogue["recall"], extension.parameters.properties.parameters_of
    recall.model = ""  # the library's first model: another one, once that is removed
    first = extension.parameters.groups.chosen_model(recall, tool)["name"]
    getattr(recall, f"model_{first}").slider_moss = 1.25
    assert parameters_of(bpy.context.scene, tool)["sliders"]["moss"] == 1.25
    bpy.ops.impasto.remove_model(name=first)
    assert parameters_of(bpy.context.scene, tool)["sliders"].get("moss", 0) != 1.25
