"""Inside a Blender window: greyed entries and buttons, a search by an artist's words, a shortcut switched on.

Then the nodes as they are drawn, beside a user's own, and the menu of one of them."""

from __future__ import annotations

import bpy
from fields import write
from walk import SOURCE, Place, Steps, Walk, installed_extension, until

EXTENSION = installed_extension()
JOBS = EXTENSION.jobs.session.jobs
LIMIT_S = 600
STYLE = SOURCE.parent / "styles" / "coffee.png"
SMALL = '{"relief": 0.5, "longest_px": 64}'


def scenario(walk: Walk) -> Steps:
    bpy.ops.impasto.refresh_tools()
    quilt = bpy.context.scene.impasto_parameters.quilt
    quilt.width_px = quilt.height_px = 64
    yield walk.show_panel("VIEW_3D", "Impasto")
    yield from clicks_what_is_greyed(walk)
    yield from clicks_a_menu(walk)
    yield from searches(walk)
    yield from shortcut(walk)
    yield from nodes(walk)
    yield from node_menu(walk)


def view_of(walk: Walk) -> Place:
    """A place in the 3D view, away from its panels."""
    area = walk.area("VIEW_3D")
    return area.x + area.width // 3, area.y + area.height // 2


def started() -> list[str]:
    """Jobs that have begun, and reports, since the reports were cleared."""
    return [*([JOBS.shown_task.label] if JOBS.shown_task else []), *(report.text for report in JOBS.reports.values())]


def clicks_what_is_greyed(walk: Walk) -> Steps:
    """Make without a source, and in Restyle without a style: nothing begins, and the reason is shown."""
    JOBS.reports.clear()
    yield walk.click("impasto.generate", "VIEW_3D")
    walk.screenshot("texture.png")
    yield walk.choose("RESTYLE")
    yield walk.click("impasto.stylize", "VIEW_3D")
    walk.screenshot("style.png")
    walk.record("started_when_greyed", started())


def clicks_a_menu(walk: Walk) -> Steps:
    """Object > Impasto: the first entry is greyed without a source, and begins with one."""
    done = {}
    for path in ("", str(SOURCE)):
        bpy.context.scene.impasto.filepath = path
        JOBS.reports.clear()
        yield 0.5
        yield walk.move(view_of(walk))
        with walk.at(walk.area("VIEW_3D")):
            bpy.ops.wm.call_menu("INVOKE_DEFAULT", name="IMPASTO_MT_object")
        yield 0.7
        walk.screenshot(f"menu_{'ready' if path else 'greyed'}.png")
        yield walk.tap(view_of(walk))
        yield until(started, LIMIT_S) if path else 2.0
        done["ready" if path else "greyed"] = started()
        yield until(lambda: JOBS.shown_task is None, LIMIT_S)
        yield walk.press("ESC", (100, 900))
    walk.record("started_by_the_menu", done)


def searches(walk: Walk) -> Steps:
    """F3 finds what makes a texture by the words of an artist."""
    yield walk.press("F3", view_of(walk))
    yield 1.0
    before = set(bpy.data.materials.keys())
    yield from write(walk, "seamless tex", view_of(walk))
    yield until(lambda: set(bpy.data.materials.keys()) - before, LIMIT_S)
    walk.record("made_by_search", sorted(set(bpy.data.materials.keys()) - before))
    yield until(lambda: JOBS.shown_task is None, LIMIT_S)


def shortcut(walk: Walk) -> Steps:
    """A shortcut does nothing until it is switched on."""
    yield 1.0  # Blender merges keymaps with those of the user when it draws
    before = len(bpy.data.materials)
    scene = bpy.context.scene
    scene.impasto.tool, scene.impasto.source_kind = "rust", "NONE"
    scene.impasto_parameters.rust.width_px = scene.impasto_parameters.rust.height_px = 64
    for is_on in (False, True):
        next(item for item in EXTENSION.menus.shortcuts() if item.idname == "impasto.generate").active = is_on
        yield 0.5
        yield walk.press("T", view_of(walk), ctrl=True, shift=True, alt=True)
        yield 0.5
        yield until(lambda: JOBS.shown_task is None, LIMIT_S)
        walk.record(f"shortcut_{'on' if is_on else 'off'}", len(bpy.data.materials) - before)


def nodes(walk: Walk) -> Steps:
    """The nodes of a material that is made twice beside the user's own, and then repainted, lie beside each other."""
    tree = bpy.data.objects["Cube"].active_material.node_tree
    for x, y in ((-600, 500), (-640, 200), (-420, -200)):
        tree.nodes.new("ShaderNodeTexNoise").location = (x, y)
    area = yield from walk.switch("VIEW_3D", "ShaderNodeTree")
    with walk.at(area):
        for _ in range(2):
            bpy.ops.impasto.run(tool="quilt", source=str(SOURCE), width_px=64, height_px=64, material="ACTIVE")
        for name in ("Impasto Roughness", "Impasto Normal"):
            tree.nodes.remove(tree.nodes[name])
        bpy.ops.impasto.stylize(
            tool="patches-style", subject="MATERIAL", style=str(STYLE), parameters=SMALL, material="ACTIVE"
        )
    yield walk.settle(2)
    with walk.at(area):
        bpy.ops.node.view_all()
    yield walk.settle(2)
    walk.screenshot("nodes.png")
    walk.record("overlapping", overlapping(tree))


def overlapping(tree: bpy.types.NodeTree) -> list[list[str]]:
    """Pairs of nodes of which one lies on the other as Blender has drawn them."""
    scale = bpy.context.preferences.system.ui_scale
    boxes = {}
    for node in tree.nodes:
        if node.type != "FRAME":
            left, top = node.location
            frame = node.parent
            while frame:
                left, top, frame = left + frame.location.x, top + frame.location.y, frame.parent
            boxes[node.name] = (left, left + node.dimensions.x / scale, top - node.dimensions.y / scale, top)
    pairs = [(one, other) for i, one in enumerate(sorted(boxes)) for other in sorted(boxes)[:i]]
    return [list(pair) for pair in pairs if _share(boxes[pair[0]], boxes[pair[1]])]


def _share(a: tuple[float, ...], b: tuple[float, ...]) -> bool:
    return a[0] < b[1] and b[0] < a[1] and a[2] < b[3] and b[2] < a[3]


def node_menu(walk: Walk) -> Steps:
    """A right click on an image node offers what can be done with its image; one of it is clicked."""
    area = walk.area("ShaderNodeTree")
    tree = bpy.data.objects["Cube"].active_material.node_tree
    node = next(one for one in tree.nodes if one.type == "TEX_IMAGE")
    for one in tree.nodes:
        one.select = one == node
    tree.nodes.active = node
    region = walk.region(area, "WINDOW")
    with walk.at(area):
        bpy.ops.node.view_selected()
    yield 1.0
    middle = region.x + region.width // 2, region.y + region.height // 2
    yield walk.move(middle)
    with walk.at(area):
        bpy.ops.wm.call_menu("INVOKE_DEFAULT", name="IMPASTO_MT_image_node")
    yield 1.0
    walk.screenshot("node_menu.png")
    yield walk.press("E", middle)  # Edit Layers
    yield 0.5
    stack = bpy.context.view_layer.objects.active.active_material.impasto_layers
    walk.record("layers", [layer.tool for layer in stack.layers])
