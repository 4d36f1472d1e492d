"""Inside a Blender window: what is folded away, the file browsers and the preferences are clicked too."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import bpy

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from fields import (
    BESIDE_LABEL,
    OPEN,
    browses,
    chooses_each,
    chooses_images,
    clicks_and_waits,
    confirms,
    extension,
    opens_and_tries,
    scrolls_up_to,
    sets,
)
from sections import closes, opens, places_of
from walk import Steps, Walk, installed_extension, start, until

OUT, SOURCE, PART = map(Path, sys.argv[sys.argv.index("--") + 1 :])
PART = PART.name
MODEL_COLUMNS = (0.82,)
PREFERENCES = ("PREFERENCES", "WINDOW")
FIELDS = (
    "models_folder",
    "weights_folder",
    "styles_folder",
    "keep_training",
    "device",
    "wheels_folder",
    "pip_arguments",
)
GALLERY_PX = 58
"""From a style's weight, or the button above its box, down to the picture that opens the next one's thumbnails."""
WEIGHTS_PX, SECTION_PX = 34, 40
"""From the last button of the preferences down to the header of the weights, and to it from the left edge."""
REMOVE_PX, OK_PX = 28, 64
"""From the right edge of the preferences to the buttons that remove weights, and to the OK of a dialog there, which
Blender keeps within the window."""
BUILD_PX = 20
"""From one build of PyTorch down to the next."""
STYLES = SOURCE.parent / "styles"
SHIPPED = Path(__file__).resolve().parents[3] / "plugins" / "impasto_gan" / "models"
installed_extension()


def scenario(walk: Walk) -> Steps:
    if PART != "preferences":
        extension().engine.engine.preferences().styles_folder = str(STYLES)
    yield walk.show_panel("VIEW_3D", "Impasto")
    yield from {"textures": textures, "styles": styles, "models": models, "preferences": preferences}[PART](walk)
    bpy.ops.preferences.addon_disable(module="bl_ext.user_default.impasto")


def textures(walk: Walk) -> Steps:
    """Bake with the bake itself; Result."""
    bake = bpy.context.scene.impasto_bake
    yield walk.choose("BAKE")
    walk.screenshot("bake.png")
    _, found = yield from opens_and_tries(walk, "bake", "impasto_bake_options")
    walk.record("opened", (yield from browses(walk, found["buttons.directory_browse()"][0])))
    bake.width_px = bake.height_px = 32
    bake.samples = 1
    yield 0.5
    yield from clicks_and_waits(walk, "impasto.bake", "VIEW_3D", "bake")
    report = extension().jobs.session.jobs.reports["bake"]
    walk.record("baked", [report.level, report.text])
    yield 0.5
    walk.screenshot("baked.png")
    yield walk.choose("PHOTO")
    yield from opens_and_tries(walk, "result", "impasto_result")


def styles(walk: Walk) -> Steps:
    """An image is opened; the stylizers; More Styles with its galleries, Masks, Start, and a stylizer's own section.

    Every image is chosen from its list.
    """
    yield walk.choose("RESTYLE")
    scene = bpy.context.scene
    place = yield walk.find("impasto.open_picture", "VIEW_3D")
    walk.record("opened", (yield from browses(walk, place)))
    bpy.data.images.load(str(STYLES / "chelsea.png"))
    yield 0.5
    yield from chooses_images(walk, top=place[1] + 20, height=220, columns=BESIDE_LABEL)
    yield from opens(walk, "impasto_style_method")
    yield from chooses_each(walk, "tool", scene.impasto_style, "stylizer")
    yield from opens_and_tries(walk, "method", "impasto_style_method")
    yield from opens_and_tries(walk, "start", "impasto_style_start")
    where = yield from places_of(walk, "impasto_style_start")
    yield from chooses_images(walk, **where, columns=BESIDE_LABEL)
    _, found = yield from opens_and_tries(walk, "masks", "impasto_masks")
    walk.record(
        "opened_mask",
        (yield from browses(walk, [places[0] for name, places in found.items() if name.startswith(OPEN)][-1])),
    )
    where = yield from places_of(walk, "impasto_masks")
    yield from chooses_images(walk, **where, columns=BESIDE_LABEL)
    yield from closes(walk, "impasto_masks")
    yield from opens(walk, "impasto_more_styles")
    yield walk.click("impasto.add_image", "VIEW_3D")
    yield 0.5
    (x, y), _ = yield from opens_and_tries(walk, "more", "impasto_more_styles")
    group = scene.impasto_parameters.patches_style
    where = yield from places_of(walk, "impasto_more_styles")
    yield from chooses_images(walk, **where, columns=BESIDE_LABEL)
    walk.record("listed", chosen_inputs(group) | {"image": scene.impasto_style.image.name})
    walk.record("second", chosen_inputs(group.more_style[0]))
    found = yield walk.buttons("VIEW_3D", top=y, height=60, columns=BESIDE_LABEL)
    weight_y = next(places[0][1] for name, places in found.items() if name.endswith("weight"))
    yield walk.tap((x + 100, weight_y - GALLERY_PX))
    yield 1.0
    walk.screenshot("thumbnails.png")
    region = walk.region(walk.area("VIEW_3D"), "UI")
    yield walk.tap((region.x + region.width - 60, weight_y - GALLERY_PX - 100))
    yield 0.5
    walk.record("gallery", chosen_inputs(group.more_style[0]))
    yield walk.click("impasto.remove_image", "VIEW_3D")
    walk.record("left", len(group.more_style))


def chosen_inputs(holder: bpy.types.PropertyGroup) -> dict[str, str]:
    """The names of the images that something holds, by what they are for."""
    pointers = [item.identifier for item in holder.bl_rna.properties if item.identifier.startswith("input_")]
    chosen = {name: getattr(holder, name) for name in pointers}
    return {name.removeprefix("input_"): image.name for name, image in chosen.items() if image}


def models(walk: Walk) -> Steps:
    """The parameters of a training; the buttons of each model, and those below them; one's own is removed."""
    library = OUT / "models"
    shutil.rmtree(library, ignore_errors=True)
    library.mkdir()
    shutil.copy(SHIPPED / "wood.safetensors", library)
    extension().engine.engine.preferences().models_folder = str(library)
    bpy.ops.impasto.refresh_tools("EXEC_DEFAULT")
    yield walk.choose("MORE")
    yield walk.open_panel("train")
    yield from opens_and_tries(walk, "parameters", "impasto_training_parameters")
    yield from closes(walk, "impasto_training_parameters")
    where = yield from places_of(walk, "impasto_models")
    walk.screenshot("models.png")
    found = yield walk.buttons("VIEW_3D", **where, columns=MODEL_COLUMNS)
    walk.record("models_buttons", sorted(found))
    chosen = {}
    for name, places in found.items():
        if name.startswith("impasto.use_model"):
            yield walk.tap(places[0])
            yield 0.5
            tool = bpy.context.scene.impasto.tool
            bpy.context.scene.impasto.intent = "MORE"
            yield 1.0
            chosen[name] = getattr(bpy.context.scene.impasto_parameters, tool).model
    walk.record("used", chosen)
    yield from confirms(
        walk, next(found[name][0] for name in found if name.startswith("impasto.remove_model")), "models"
    )
    walk.record("models_left", [path.name for path in library.iterdir()])
    place = yield walk.find("impasto.install_model", "VIEW_3D")
    walk.record("opened", (yield from browses(walk, place)))
    yield from clicks_and_waits(walk, "impasto.refresh_tools", "VIEW_3D", "models")
    walk.record("refreshed", extension().jobs.session.jobs.reports["models"].level)


def preferences(walk: Walk) -> Steps:
    """The preferences open by their button in the panel; damaged weights are removed in the panel and there."""
    yield walk.choose("RESTYLE")
    yield from removes_weights(walk)
    yield from opens(walk, "impasto_more_styles")
    yield walk.click("preferences.addon_show", "VIEW_3D")
    yield until(lambda: len(bpy.context.window_manager.windows) == 2, 10)
    walk.number = 1
    yield 1.0
    chosen = extension().engine.engine.preferences()
    yield until(lambda: extension().setup.graphics.this_computer.cache_info().currsize, 30)
    builds = []
    x, y = yield walk.find("torch_build", *PREFERENCES)
    for row in (0, 1, 2, 0):
        yield walk.tap((x, y - row * BUILD_PX))
        builds.append(chosen.torch_build)
    walk.record("builds", builds)
    yield from clicks_and_waits(walk, "impasto.check_engine", PREFERENCES[0], "preferences", PREFERENCES[1])
    walk.record("checked", extension().jobs.session.jobs.reports["preferences"].level)
    walk.screenshot("preferences.png")
    fields = {}
    for name in FIELDS:
        fields[name] = yield from sets(walk, chosen, name, *PREFERENCES)
    walk.record("fields", fields)
    walk.screenshot("scrolled.png")
    while (yield walk.turn("WHEELDOWNMOUSE", *PREFERENCES)):
        pass  # to the end, as the header is below the last button
    x, y = yield walk.find("impasto.make_library", *PREFERENCES)
    yield walk.tap((walk.region(walk.area(PREFERENCES[0]), PREFERENCES[1]).x + SECTION_PX, y - WEIGHTS_PX))
    yield 0.5
    place = yield walk.find("impasto.install_weights", *PREFERENCES)
    walk.screenshot("weights.png")
    walk.record("opened", (yield from browses(walk, place)))
    yield from clicks_and_waits(walk, "impasto.refresh_tools", PREFERENCES[0], "preferences", PREFERENCES[1])
    walk.record("refreshed", extension().jobs.session.jobs.reports["preferences"].level)
    library = damaged_weights()
    bpy.ops.impasto.refresh_tools("EXEC_DEFAULT")
    yield 0.5
    place = yield from scrolls_up_to(walk, "impasto.remove_weights", *PREFERENCES, REMOVE_PX)
    ok = place[0] + REMOVE_PX - OK_PX, place[1]
    yield from confirms(walk, place, "preferences", ok)
    walk.record("weights_left_in_preferences", [path.name for path in library.glob("*.safetensors")])
    yield walk.tap((yield walk.find("extensions.userpref_allow_online", *PREFERENCES)))
    walk.record("online", bpy.context.preferences.system.use_online_access)


def damaged_weights() -> Path:
    """A folder of weights, which the extension is set to, whose only file is no weights."""
    library = OUT / "weights"
    shutil.rmtree(library, ignore_errors=True)
    library.mkdir()
    (library / "vgg19-small.safetensors").write_bytes(b"damaged")
    extension().engine.engine.preferences().weights_folder = str(library)
    return library


def removes_weights(walk: Walk) -> Steps:
    """The panel of a stylizer that needs weights lists them, and has the button that deletes a damaged file."""
    library = damaged_weights()
    settings = bpy.context.scene.impasto_style
    before = settings.tool
    settings.tool = "wct"
    bpy.context.scene.impasto_parameters.wct.backbone = "vgg19-small"
    bpy.ops.impasto.refresh_tools("EXEC_DEFAULT")
    yield 0.5
    walk.screenshot("damaged.png")
    yield from confirms(walk, (yield walk.find("impasto.remove_weights", "VIEW_3D")), "style")
    walk.record("weights_left", [path.name for path in library.glob("*.safetensors")])
    extension().engine.engine.preferences().weights_folder = ""
    bpy.context.scene.impasto_parameters.wct.property_unset("backbone")
    settings.tool = before
    yield 0.5


start(scenario, OUT)
