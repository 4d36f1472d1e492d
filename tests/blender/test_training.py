"""Training beside the rest, with a real worker of its own: the panel, the call for scripts, the library of models.

Timers never fire without a window, so the tests call what the timer calls.
"""

from __future__ import annotations

import base64
import json
import subprocess
import sys
import time
from pathlib import Path

import bpy
import numpy as np
import pytest
from conftest import MODULE, coordinates, half_plain, packed_image, pixels_of, png
from drawing import drawn

LIMIT_S = 120.0
MEAN_COLOR = half_plain().mean((0, 1))


@pytest.fixture(scope="module")
def library(tmp_path_factory, extension):
    """A library of models for this file's tests, so that the workers need not start anew for each."""
    folder = tmp_path_factory.mktemp("models")
    extension.engine.engine.preferences().models_folder = str(folder)
    yield folder
    extension.engine.engine.preferences().models_folder = ""
    extension.jobs.session.jobs.close()


@pytest.fixture
def jobs(extension, scene, library):
    yield extension.jobs.session.jobs
    extension.jobs.session.jobs.reports.clear()


@pytest.fixture
def photo(tmp_path):
    (tmp_path / "wall.png").write_bytes(png(half_plain()))
    return tmp_path / "wall.png"


@pytest.fixture
def begin(extension, jobs, photo):
    """Starts a training as a click on Train does, without waiting for it."""

    def begin_training(name: str, steps: int = 10000, **given: object):
        parameters = {"name": name, "steps": steps}
        task = extension.train.request.TrainingRequest("learn", photo, parameters, "CC0-1.0", **given).task()
        jobs.start(task)
        wait_until(lambda: task.fraction > 0 or task.ended)
        return task

    return begin_training


def wait_until(condition, limit_s: float = LIMIT_S) -> None:
    deadline = time.monotonic() + limit_s
    while not condition():
        assert time.monotonic() < deadline, "it took too long"
        time.sleep(0.01)


def finish_training(jobs) -> object:
    """Tick, as the timer does, until the training has ended; what it reported."""

    def is_done() -> bool:
        jobs.tick()
        return not jobs.training

    wait_until(is_done)
    return jobs.training_report


def train(name: str, **given: object) -> None:
    given.setdefault("parameters", '{"steps": 2}')
    assert bpy.ops.impasto.train(tool="learn", name=name, **given) == {"FINISHED"}


def names(extension) -> set[str]:
    return {model["name"] for model in extension.engine.catalogue.catalogue.models}


@pytest.mark.any_blender
def test_a_script_trains_and_the_generator_uses_the_new_model(jobs, scene, library, photo, extension):
    train("script", data=str(photo), licence="CC0")
    assert (library / "script.safetensors").exists()
    assert scene.impasto_parameters.recall.model == "script"
    model = extension.engine.catalogue.catalogue.model("recall", "script")
    assert (model["licence"], model["shipped"]) == ("CC0", False)
    scene.impasto.tool, scene.impasto.source_kind, scene.impasto.estimator = "recall", "NONE", "none"
    bpy.ops.impasto.generate(width_px=8, height_px=8)
    made = pixels_of(bpy.data.images["script_base_color"])[0, 0, :3]
    np.testing.assert_allclose(made / made[0], MEAN_COLOR / MEAN_COLOR[0], atol=0.03)


def test_the_panels_settings_train(jobs, scene, extension, photo):
    settings = scene.impasto_training
    settings.tool, settings.filepath = "learn", str(photo)
    parameters = scene.impasto_parameters.learn
    settings.licence = "CC-BY-4.0"
    parameters.name, parameters.steps = "panel", 2
    assert bpy.ops.impasto.train() == {"FINISHED"}
    assert extension.engine.catalogue.catalogue.model("recall", "panel")["licence"] == "CC-BY-4.0"


@pytest.mark.parametrize("is_float", [False, True])
def test_an_image_of_the_blend_is_learned_from(jobs, scene, library, extension, is_float):
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


def test_the_artist_generates_while_a_training_runs(jobs, begin, scene):
    task = begin("beside")
    assert bpy.ops.impasto.run(tool="checker", width_px=16, height_px=16, estimator="none") == {"FINISHED"}
    assert task.state == "running"
    assert jobs.clients["long"].pid != jobs.clients["interactive"].pid
    assert not bpy.ops.impasto.cancel.poll()
    bpy.ops.impasto.cancel_training()
    assert finish_training(jobs).level == "CANCELLED"


def test_a_training_pauses_resumes_and_keeps_what_it_has(jobs, begin, scene, library):
    task = begin("kept")
    assert not bpy.ops.impasto.resume_training.poll()
    bpy.ops.impasto.pause_training()
    wait_until(lambda: task.state == "paused")
    assert not bpy.ops.impasto.pause_training.poll()
    bpy.ops.impasto.resume_training()
    wait_until(lambda: task.state == "running")
    bpy.ops.impasto.stop_training()
    assert finish_training(jobs).text == "The model kept is ready"
    assert (library / "kept.safetensors").exists()
    assert (library / "kept.report.html").exists()
    scene.impasto_training.tool = "learn"
    assert drawn(bpy.types.IMPASTO_PT_train_view_3d).operators("impasto.use_model")[0].name == "kept"


def test_a_cancelled_training_leaves_a_checkpoint(jobs, begin, library):
    begin("half")
    bpy.ops.impasto.cancel_training()
    assert finish_training(jobs).level == "CANCELLED"
    assert (library / "half.checkpoint").exists()
    assert not (library / "half.safetensors").exists()


def test_a_second_training_is_refused_while_one_runs(jobs, begin, photo):
    begin("first")
    with pytest.raises(RuntimeError, match=r"runs already: Training first.*wait for it"):
        bpy.ops.impasto.train(tool="learn", data=str(photo), name="second")


def test_a_model_for_another_file_is_kept_in_the_library_alone(jobs, begin, library):
    task = begin("elsewhere", steps=20)
    bpy.ops.wm.read_homefile(use_empty=True)
    assert finish_training(jobs).level == "INFO", task.message
    assert bpy.context.scene.impasto_parameters.recall.model == ""
    assert (library / "elsewhere.safetensors").exists()


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"tool": "checker"}, "checker is no trainer.*choose from"),
        ({"tool": "learn", "data": "/nowhere"}, "no file called /nowhere"),
        ({"tool": "learn", "data": ""}, "nothing to learn from"),
        ({"tool": "learn", "parameters": '{"steps": 0}'}, "steps got 0.*greater than or equal"),
        ({"tool": "learn", "name": "no/name"}, "cannot be a model's name"),
    ],
)
def test_a_training_that_cannot_work_says_why(jobs, scene, photo, given, message):
    scene.impasto_training.tool = "learn"
    with pytest.raises(RuntimeError, match=message):
        bpy.ops.impasto.train(**{"data": str(photo), **given})


def test_the_panel_shows_the_training_and_its_preview(jobs, begin, scene):
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


def test_the_panel_warns_of_classes_while_there_is_time_to_stop(jobs, extension, scene, tmp_path):
    rng = np.random.default_rng(0)
    for name in ("many/a.png", "many/b.png", "one/c.png", "loose.png"):
        (tmp_path / "classes" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "classes" / name).write_bytes(png(rng.integers(0, 255, half_plain().shape, np.uint8)))
    request = extension.train.request.TrainingRequest("learn", tmp_path / "classes", {"name": "warned", "steps": 10000})
    task = request.task()
    jobs.start(task)
    wait_until(lambda: task.warnings or task.ended)
    texts = " ".join(
        options.get("text", "")
        for what, _, options in drawn(bpy.types.IMPASTO_PT_train_view_3d).drawn
        if what == "label"
    )
    assert "There is one picture of one" in texts
    assert "loose.png lies in no folder of a class" in texts.lower()


def test_models_are_listed_installed_used_and_removed(jobs, extension, scene, library, photo, tmp_path):
    train("guest", data=str(photo))
    file = library / "guest.safetensors"
    moved = file.rename(tmp_path / file.name)
    bpy.ops.impasto.refresh_tools()
    assert "guest" not in names(extension)
    assert bpy.ops.impasto.install_model(filepath=str(moved)) == {"FINISHED"}
    assert "guest" in names(extension)
    layout = drawn(bpy.types.IMPASTO_PT_train_view_3d)
    assert "guest" in [options.get("text") for what, _, options in layout.drawn if what == "label"]
    scene.impasto_parameters.recall.model = ""
    bpy.ops.impasto.use_model(name="guest")
    assert extension.generate.request.why_incomplete(bpy.context) == ""  # it needs no source
    assert (scene.impasto.tool, scene.impasto_parameters.recall.model) == ("recall", "guest")
    assert bpy.ops.impasto.remove_model(name="guest") == {"FINISHED"}
    assert "guest" not in names(extension)
    with pytest.raises(RuntimeError, match=r"no model 'guest'.*models list"):
        bpy.ops.impasto.remove_model(name="guest")


@pytest.mark.any_blender
def test_a_training_ends_with_a_report_that_a_button_opens(jobs, begin, scene, library, photo, monkeypatch):
    opened: list[str] = []
    monkeypatch.setattr("webbrowser.open", lambda url, *_: opened.append(url))
    photo.write_bytes(png(coordinates(80, 96)))  # of which all can be judged
    begin("judged", steps=5)
    assert finish_training(jobs).level == "INFO"
    scene.impasto_training.tool = "learn"
    buttons = drawn(bpy.types.IMPASTO_PT_train_view_3d).operators("impasto.open_report")
    assert [button.name for button in buttons].count("judged") == 2  # where the training ended, and in the list
    assert bpy.ops.impasto.open_report(name="judged") == {"FINISHED"}
    file = library / "judged.report.html"
    assert opened == [file.as_uri()]
    page = file.read_text(encoding="utf-8")
    assert "What to try next" in page
    assert "noise of its spectrum" in page  # beside which it was judged
    file.unlink()
    with pytest.raises(RuntimeError, match="report of judged is gone"):
        bpy.ops.impasto.open_report(name="judged")
    bpy.ops.impasto.refresh_tools()
    layout = drawn(bpy.types.IMPASTO_PT_train_view_3d)
    assert "judged" not in [button.name for button in layout.operators("impasto.open_report")]
    with pytest.raises(RuntimeError, match=r"judged has no report.*models report judged DATA"):
        bpy.ops.impasto.open_report(name="judged")
    with pytest.raises(RuntimeError, match="no model 'nowhere'"):
        bpy.ops.impasto.open_report(name="nowhere")


def test_the_report_of_another_machine_is_not_opened_here(jobs, scene, extension, library, photo, monkeypatch):
    train("distant", data=str(photo))
    far = extension.engine.engine.Engine("ssh://farm/python")
    monkeypatch.setattr(extension.engine.engine, "find", lambda: far)
    scene.impasto_training.tool = "learn"
    assert not drawn(bpy.types.IMPASTO_PT_train_view_3d).operators("impasto.open_report")
    with pytest.raises(RuntimeError, match="on the machine of the engine"):
        bpy.ops.impasto.open_report(name="distant")


def test_a_file_that_is_no_model_is_refused(jobs, photo):
    with pytest.raises(RuntimeError, match="is not a model file"):
        bpy.ops.impasto.install_model(filepath=str(photo))


def test_sliders_are_the_chosen_models(jobs, extension, scene, library, photo):
    """A slider of another model is neither shown nor sent."""
    train("warm", data=str(photo))
    train("cold", data=str(photo), parameters='{"steps": 1, "sliders": "frost"}')
    properties, tool = extension.parameters.properties, extension.engine.catalogue.catalogue["recall"]
    group = scene.impasto_parameters.recall
    group.model = "warm"
    group.model_warm.slider_warmth, group.model_cold.slider_frost = 1.5, 2.5
    about = group.model_warm.bl_rna.properties["slider_warmth"]
    assert (about.name, about.description) == ("Warmth", "More warmth")
    assert (about.hard_min, about.hard_max, about.default) == (-3, 3, 0)
    assert properties.is_visible(group, tool, "sliders")
    assert properties.parameters_of(scene, tool) == {"model": "warm", "sliders": {"warmth": 1.5}}
    group.model = "unknown"
    assert not properties.is_visible(group, tool, "sliders")
    assert properties.parameters_of(scene, tool) == {"model": "unknown"}


def test_the_panel_draws_the_sliders_of_the_chosen_model(jobs, scene, library, photo):
    train("rock", data=str(photo), parameters='{"steps": 1, "sliders": "moss cracks"}')
    scene.impasto.tool, scene.impasto_parameters.recall.model = "recall", "rock"
    props = drawn(bpy.types.IMPASTO_PT_view_3d).props()
    assert [name for name in props if name.startswith("slider_")] == ["slider_moss", "slider_cracks"]


def test_names_that_scripts_cannot_use_still_have_sliders_of_their_own(jobs, extension, scene, library, photo):
    train("old-rock", data=str(photo), parameters='{"steps": 1, "sliders": "green-moss green_moss"}')
    scene.impasto_parameters.recall.model = "old-rock"
    tool = extension.engine.catalogue.catalogue["recall"]
    parameters = extension.parameters.properties.parameters_of(scene, tool)
    assert parameters["sliders"] == {"green-moss": 0.0, "green_moss": 0.0}


@pytest.fixture
def two_models(jobs, scene, photo):
    """Two models in whose sliders the same number means different things; the group of the tool that runs them."""
    train("rock", data=str(photo), parameters='{"steps": 1, "sliders": "moss cracks"}')
    train("cloth", data=str(photo), parameters='{"steps": 1, "sliders": "folds moss"}')
    group = scene.impasto_parameters.recall
    group.model = "rock"
    return group


def test_another_model_has_its_own_values_back(two_models):
    two_models.model_rock.slider_moss = 1.5
    two_models.model = "cloth"
    assert two_models.model_cloth.slider_moss == 0
    two_models.model_cloth.slider_moss = 2.0
    two_models.model = "rock"
    assert (two_models.model_rock.slider_moss, two_models.model_cloth.slider_moss) == (1.5, 2.0)


def test_values_of_models_are_kept_in_the_file(two_models, scene, tmp_path):
    two_models.model_rock.slider_moss = 1.5
    two_models.model = "cloth"
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "kept.blend"))
    bpy.ops.wm.open_mainfile(filepath=str(tmp_path / "kept.blend"))
    assert bpy.context.scene.impasto_parameters.recall.model_rock.slider_moss == 1.5


def test_a_model_trained_anew_with_other_sliders_keeps_values_by_their_names(two_models, photo, library):
    two_models.model_rock.slider_moss, two_models.model_rock.slider_cracks = 1.5, -0.5
    (library / "rock.safetensors").unlink()
    train("rock", data=str(photo), parameters='{"steps": 1, "sliders": "cracks wear moss"}')
    rock = bpy.context.scene.impasto_parameters.recall.model_rock
    assert (rock.slider_cracks, rock.slider_wear, rock.slider_moss) == (-0.5, 0, 1.5)


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


def test_the_search_offers_the_models_of_the_tool(jobs, extension, scene, photo):
    train("found", data=str(photo))
    search = extension.parameters.properties.property_of(
        "model", {"type": "string", "format": "model", "default": ""}, extension.engine.catalogue.catalogue["recall"]
    ).keywords["search"]
    group = scene.impasto_parameters.recall
    assert "found" in search(group, bpy.context, "FOU")
    assert search(group, bpy.context, "nothing") == []


@pytest.mark.any_blender
def test_the_command_trains_too(extension, jobs, library, photo):
    assert extension.command_line.run(["train", "learn", str(photo), "--name", "command", "--steps", "2"]) == 0
    assert (library / "command.safetensors").exists()


@pytest.mark.parametrize("is_kept", [pytest.param(True, marks=pytest.mark.any_blender), False])
def test_a_training_ends_or_goes_on_when_blender_closes(extension, library, photo, tmp_path, is_kept):
    """In a Blender of its own, which is closed in the midst of a training."""
    name = f"closing-{is_kept}"
    script = tmp_path / "close.py"
    script.write_text(
        "import bpy, addon_utils, time, pathlib\n"
        f"module = addon_utils.enable({MODULE!r}, default_set=True)\n"
        "preferences = module.engine.engine.preferences()\n"
        f"preferences.models_folder, preferences.keep_training = {str(library)!r}, {is_kept}\n"
        f"training = module.train.request.TrainingRequest('learn', pathlib.Path({str(photo)!r}), "
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
    assert not (library / f"{name}.safetensors").exists()
    if is_kept:
        wait_until((library / f"{name}.safetensors").exists)
    else:
        assert (library / f"{name}.checkpoint").exists()


def test_the_thumbnail_of_a_model_is_written_for_blender_once(extension, scene):
    """Icons have numbers in windows only."""
    picture = png(coordinates(8, 8))
    model = {"name": "any", "thumbnail": base64.b64encode(picture).decode()}
    before = set(Path(bpy.app.tempdir).iterdir())
    for _ in range(2):
        extension.interface.previews.icon_of_model(model)
    (made,) = set(Path(bpy.app.tempdir).iterdir()) - before
    assert made.read_bytes() == picture
    assert extension.interface.previews.icon_of_model({"name": "any", "thumbnail": ""}) == 0
