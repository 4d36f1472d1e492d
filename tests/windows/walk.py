"""Walks through a real Blender window in steps, looking and clicking as a person does.

Runs inside Blender. A scenario is a generator function: `yield` lets the window redraw, `yield 0.1`
waits that many seconds, and `yield until(…)`, `yield walk.click(…)` wait for what they name.
"""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import time
import traceback
from collections.abc import Callable, Generator, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any, TypeAlias

import bpy
from mathutils import Vector

STEP_S = 0.5
EVENT_S = 0.05
BUTTON_PX = 20
MAKES = ("PHOTO", "WORDS", "MODEL")
TABS = ("MAKE", "LAYERS", "RESTYLE", "BAKE", "EXPORT", "MORE")
INTENTS = (*MAKES, *TABS[1:])
"""The choices in the tab Make, and the other tabs."""
CLICKS = 10
"""Most clicks of a button until Blender has seen it."""
HEADER_STEP_PX = 12
"""Between two looks for the header of a panel."""
SWEEP_PX = 18
"""Between two looks for buttons, which are 20 px high."""
COLUMNS = (0.2, 0.49, 0.68, 0.82, 0.9)
"""Places across a region where its buttons are, in parts of its width."""
LOOK_S = 0.02
TURNS = 6
"""Of the wheel at a time."""
NEAR = 1.8
"""Distance from which a view is filled, relative to the diagonal of what it shows."""

OUT, SOURCE = map(Path, sys.argv[sys.argv.index("--") + 1 :][:2])
"""The folder for what a scenario leaves, and a photograph; beside it are a wall and a folder of styles."""

# Yields None, seconds, or Steps to do first, whose value comes back.
Steps: TypeAlias = Generator[Any, Any, Any]
Place: TypeAlias = tuple[int, int]


def installed_extension() -> ModuleType:
    """The extension, installed from its zip and enabled."""
    bpy.ops.extensions.package_install_files(
        filepath=os.environ["IMPASTO_EXTENSION"], repo="user_default", enable_on_install=True
    )
    return sys.modules["bl_ext.user_default.impasto"]


def start(scenario: Callable[[Walk], Steps]) -> None:
    """Walk through a scenario once Blender's window is up, write `result.json`, and quit, with the extension enabled.

    Blender then exits with 0, or with 1 where the scenario raised; believe `ok` in the result file.
    """
    view = bpy.context.preferences.view  # tooltips are half of what it costs to draw while the mouse looks for buttons
    view.show_splash = view.show_tooltips = False
    clear_pictures()
    walk = Walk()
    stack = [scenario(walk)]

    def step() -> float | None:
        try:
            pause_s = advance(stack)
        except BaseException:  # noqa: BLE001 - what escaped would leave the window open until the time limit
            error = traceback.format_exc()
            with contextlib.suppress(Exception):
                walk.screenshot("error.png")
            walk.finish(error)
            os._exit(1)
        if pause_s is None:
            walk.finish(None)
            with walk.at():
                bpy.ops.wm.quit_blender()
        return pause_s

    bpy.app.timers.register(step, first_interval=2 * STEP_S, persistent=True)


def clear_pictures() -> None:
    """Give all materials an empty picture: for one of its own, Blender would compile shaders for half a minute."""
    for material in bpy.data.materials:
        material.preview_ensure().icon_size = material.preview.image_size = (8, 8)


def advance(stack: list[Steps]) -> float | None:
    """Go on to the next pause and return its seconds, or None at the scenario's end."""
    answer, error = None, None
    while stack:
        try:
            item = stack[-1].throw(error) if error else stack[-1].send(answer)
        except StopIteration as end:
            answer, error = end.value, None
            stack.pop()
        except Exception as problem:  # noqa: BLE001 - raised again, in the steps that asked for these
            answer, error = None, problem
            stack.pop()
        else:
            if isinstance(item, Generator):
                stack.append(item)
                answer, error = None, None
            else:
                return STEP_S if item is None else item
    if error:
        raise error
    return None


def until(condition: Callable[[], object], limit_s: float = 30.0) -> Steps:
    """Wait for a condition and give its value; raises TimeoutError past the limit."""
    deadline = time.monotonic() + limit_s
    while not (value := condition()):
        if time.monotonic() > deadline:
            raise TimeoutError(f"{condition.__qualname__} did not hold within {limit_s} s")
        yield
    return value


def project_along_axes(mesh: bpy.types.Mesh) -> None:
    """UVs of a mesh that is 2 m wide: each face along the axis that it faces."""
    for face in mesh.polygons:
        along = max(range(3), key=lambda axis: abs(face.normal[axis]))
        right, up = ((1, 2), (0, 2), (0, 1))[along]
        for loop in face.loop_indices:
            place = mesh.vertices[mesh.loops[loop].vertex_index].co
            mesh.uv_layers.active.data[loop].uv = (place[right] + 1) / 2, (place[up] + 1) / 2
    mesh.update()


@contextlib.contextmanager
def drawn_panels(names: list[str]) -> Iterator[set[str]]:
    """Note which of some panels are drawn, which folded ones are not."""
    drawn: set[str] = set()

    def noting(name: str, draw: Callable[..., None]) -> Callable[..., None]:
        def note(panel: bpy.types.Panel, context: bpy.types.Context) -> None:
            drawn.add(name)
            draw(panel, context)

        return note

    panels = {name: getattr(bpy.types, name) for name in names}
    own = {name: vars(panel).get("draw") for name, panel in panels.items()}
    for name, panel in panels.items():
        panel.draw = noting(name, panel.draw)
    try:
        yield drawn
    finally:
        for name, draw in own.items():
            if draw is None:
                del panels[name].draw
            else:
                panels[name].draw = draw


class Walk:
    """The hands and eyes of a scenario; places are pixels (x, y) from the window's lower left."""

    def __init__(self) -> None:
        self.begun_s = time.monotonic()
        self.facts: dict[str, Any] = {}
        self.screenshots: list[str] = []
        self.number = 0
        """Of the window in which it is looked and clicked."""
        self.editor = "VIEW_3D"
        """The editor whose panels are clicked."""

    @property
    def window(self) -> bpy.types.Window:
        """The window of the walk, at first Blender's first; timers have none in their context."""
        return bpy.context.window_manager.windows[self.number]

    def area(self, kind: str) -> bpy.types.Area:
        """Return the largest area of a type, such as "VIEW_3D"."""
        areas = [area for area in self.window.screen.areas if area.ui_type == kind or area.type == kind]
        if not areas:
            raise LookupError(f"no area shows {kind}: `yield walk.switch(…)` makes one")
        return max(areas, key=lambda area: area.width * area.height)

    def region(self, area: bpy.types.Area, kind: str) -> bpy.types.Region:
        """Return an area's region of a type, such as "UI" for the side panel."""
        return next(region for region in area.regions if region.type == kind)

    @contextlib.contextmanager
    def at(self, area: bpy.types.Area | None = None, region: str = "WINDOW") -> Iterator[None]:
        """Give operators the context that they have when called in an area; never `yield` meanwhile."""
        place = {"area": area, "region": self.region(area, region)} if area else {}
        with bpy.context.temp_override(window=self.window, **place):
            yield

    def switch(self, kind: str, to: str) -> Steps:
        """Make the area of one type show another, such as "ShaderNodeTree" or "IMAGE_EDITOR"."""
        area = self.area(kind)
        area.ui_type = to
        yield
        return self.area(to)

    def show_panel(self, kind: str, category: str) -> Steps:
        """Open the side panel of an area at a category."""
        area = self.area(kind)
        area.spaces.active.show_region_ui = True

        def shown() -> bool:
            # The categories are known only after the region has been drawn.
            region = self.region(area, "UI")
            with contextlib.suppress(TypeError, AttributeError):
                region.active_panel_category = category
            area.tag_redraw()
            return region.active_panel_category == category

        yield until(shown, 10)
        yield

    def choose(self, intent: str) -> Steps:
        """Click a tab in the editor's side panel, or a choice in the tab Make."""
        for _ in range(CLICKS):  # a simulated press is lost where a redraw came after the last move
            yield self.tap((yield self.choice(intent)))
            yield 0.5
            if bpy.context.scene.impasto.intent == intent:
                return
        raise LookupError(f"no click chose {intent}")

    def choice(self, intent: str) -> Steps:
        """Give the place of a choice's button, with the side panel scrolled to its top, in its tab."""
        if intent not in MAKES:
            return (yield self.column_of("impasto.tab", TABS.index(intent)))
        for _ in range(CLICKS):
            if bpy.context.scene.impasto.tab == "MAKE":
                break
            yield self.tap((yield self.column_of("impasto.tab", 0)))
            yield 0.5
        return (yield self.column_of("impasto.intent", MAKES.index(intent)))

    def column_of(self, name: str, index: int) -> Steps:
        """Give the place of one of the buttons of an enum that stand in rows of three across the side panel."""
        area = self.area(self.editor)
        bounds = self.region(area, "UI")
        row, column = divmod(index, 3)
        x, y = bounds.x + int((0.16 + 0.32 * column) * bounds.width), bounds.y + bounds.height - 4
        while bounds.view2d.region_to_view(0, bounds.height)[1] < -1:  # at the top the wheel would turn the view's zoom
            yield self.event("WHEELUPMOUSE", "PRESS", (x, y - bounds.height // 2))
            yield 0.2
        while (yield self.look(area, "UI", (x, y))) != name:
            y -= BUTTON_PX // 2
            if y < bounds.y:
                raise LookupError(f"no button {index} of {name} in {self.editor}")
        return x, y - BUTTON_PX // 4 - row * BUTTON_PX

    def open_panel(self, name: str) -> Steps:
        """Click the header of a panel below the tabs, such as "train"; another one that a click meets stays."""
        kind = {"VIEW_3D": "view_3d", "ShaderNodeTree": "shader_editor", "IMAGE_EDITOR": "image_editor"}[self.editor]
        names = [one for one in dir(bpy.types) if one.startswith("IMPASTO_PT_")]
        wanted = next(one for one in (f"IMPASTO_PT_{name}_{kind}", f"IMPASTO_PT_{name}") if one in names)
        region = self.region(self.area(self.editor), "UI")
        _, y = yield self.choice(TABS[-1])
        y -= BUTTON_PX - HEADER_STEP_PX  # below the button, whose neighbour is clicked otherwise
        with drawn_panels(names) as drawn:
            open_ = yield self.open_panels(drawn)
            while wanted not in open_:
                y -= HEADER_STEP_PX
                if y < region.y:
                    raise LookupError(f"no header of {wanted} in {self.editor}")
                if (yield self.look(self.area(self.editor), "UI", (region.x + 60, y))):
                    continue  # a button
                yield self.press("LEFTMOUSE", (region.x + 60, y))
                now = yield self.open_panels(drawn)
                if wanted not in now and now != open_:
                    yield self.press("LEFTMOUSE", (region.x + 60, y))
                    now = yield self.open_panels(drawn)
                open_ = now
        yield 0.5

    def open_panels(self, drawn: set[str]) -> Steps:
        """Give the names of the panels that are drawn now; `drawn`: see `drawn_panels`."""
        yield 0.3  # panels slide to their new places
        drawn.clear()
        self.area(self.editor).tag_redraw()
        yield 0.2
        return set(drawn)

    def fill(self) -> Steps:
        """Fill the screen with the 3D view, without its tools, and give its space."""
        with self.at(self.area("VIEW_3D")):
            bpy.ops.screen.screen_full_area()
        yield 1.0
        space = self.area("VIEW_3D").spaces.active
        space.show_region_toolbar = space.show_region_tool_header = space.show_gizmo = False
        return space

    def close_up(self) -> None:
        """Fill the 3D view with the selected meshes and their materials, each face of a cube with a whole texture."""
        area = self.area("VIEW_3D")
        selected = self.window.view_layer.objects.selected
        for one in selected:
            project_along_axes(one.data)
        area.spaces.active.shading.type = "MATERIAL"
        corners = [one.matrix_world @ Vector(corner) for one in selected for corner in one.bound_box]
        lowest, highest = (Vector(map(end, zip(*corners, strict=True))) for end in (min, max))
        view = area.spaces.active.region_3d
        view.view_location, view.view_distance = (lowest + highest) / 2, NEAR * (highest - lowest).length

    def settle(self, quiet_s: float, limit_s: float = 120) -> Steps:
        """Wait until the screen has not changed for a while; shaders compile 15 s without a change."""
        seen, since_s = b"", time.monotonic()

        def quiet() -> bool:
            nonlocal seen, since_s
            shown = subprocess.run(["import", "-window", "root", "rgb:-"], capture_output=True, check=True).stdout
            if shown != seen:
                seen, since_s = shown, time.monotonic()
            return time.monotonic() - since_s > quiet_s

        yield until(quiet, limit_s)

    def screenshot(self, name: str) -> Path:
        """Write a picture of the whole screen."""
        path = OUT / name
        subprocess.run(["import", "-window", "root", str(path)], check=True, timeout=30)
        self.screenshots.append(name)
        return path

    def event(self, kind: str, value: str, place: Place, **held: bool) -> Steps:
        """Send one event, such as "MOUSEMOVE" or "Z", with the mouse at a place (`ctrl=True`: held)."""
        x, y = place
        self.window.event_simulate(type=kind, value=value, x=x, y=y, **held)
        yield EVENT_S

    def move(self, place: Place) -> Steps:
        """Move the mouse."""
        yield self.event("MOUSEMOVE", "NOTHING", place)

    def press(self, key: str, place: Place, **held: bool) -> Steps:
        """Press and release a key, such as "ESC", or a mouse button, such as "RIGHTMOUSE"."""
        yield self.move(place)
        yield self.event(key, "PRESS", place, **held)
        yield self.event(key, "RELEASE", place, **held)
        yield

    def click(self, name: str, kind: str, region: str = "UI") -> Steps:
        """Click the button of an operator or property in an area, as `find` finds it."""
        place = yield self.find(name, kind, region)
        yield self.press("LEFTMOUSE", place)

    def find(self, name: str, kind: str, region: str = "UI") -> Steps:
        """Give the place of the button of an operator ("impasto.run") or a property ("seed"), scrolled to it."""
        place, is_at_top = (yield self.find_in_view(name, kind, region)), True
        while not place and (yield self.turn("WHEELUPMOUSE", kind, region)):
            is_at_top = False
        if not place and not is_at_top:
            place = yield self.find_in_view(name, kind, region)
        while not place:
            if not (yield self.turn("WHEELDOWNMOUSE", kind, region)):
                raise LookupError(f"no button of {name!r} in {kind}'s {region} region")
            place = yield self.find_in_view(name, kind, region)
        return place

    def turn(self, wheel: str, kind: str, region: str) -> Steps:
        """Turn the wheel over a region by a part of what is in view; whether that moved it."""
        bounds = self.region(self.area(kind), region)
        before = tuple(bounds.view2d.region_to_view(0, 0))
        for _ in range(TURNS):
            yield self.event(wheel, "PRESS", (bounds.x + bounds.width // 2, bounds.y + bounds.height // 2))
        yield
        return tuple(bounds.view2d.region_to_view(0, 0)) != before

    def find_in_view(self, name: str, kind: str, region: str) -> Steps:
        """Give the place of a button, as for `find`, or None where it is not in view.

        Moves the mouse over the region, from the top, until Blender says that this is under it.
        """
        area = self.area(kind)
        bounds = self.region(area, region)

        def is_it(found: str) -> bool:
            return name in (found.partition("(")[0], found.rpartition(".")[2].partition("[")[0])

        for share in (0.7, 0.25, 0.45, 0.9, 0.82, 0.76, 0.93, 0.95):
            x = bounds.x + int(share * bounds.width)
            for y in range(bounds.y + bounds.height - 4, bounds.y, -BUTTON_PX // 2):
                yield self.move((x, y))
                if is_it(self.button_under_mouse(area, region)) and is_it((yield self.look(area, region, (x, y - 4)))):
                    return x, y - 4
        return None

    def buttons(self, kind: str, region: str = "UI", top: int = 0, height: int = 0, columns: Any = COLUMNS) -> Steps:
        """Give the places of all buttons in an area by what they are: a property's path, or an operator's call.

        Moves the mouse over the region, from `top` (0: its own) down by `height` pixels (0: to its end).
        """
        area = self.area(kind)
        bounds = self.region(area, region)
        top, found = top or bounds.y + bounds.height, {}
        for y in range(top - 12, max(top - height, bounds.y) if height else bounds.y, -SWEEP_PX):
            for share in columns:
                place = bounds.x + int(share * bounds.width), y
                if name := (yield self.look(area, region, place)):
                    found.setdefault(name, []).append(place)
        return found

    def look(self, area: bpy.types.Area, region: str, place: Place) -> Steps:
        """Move the mouse to a place; what is there, once two looks agree: a button left just now may still count."""
        names = [None, self.button_under_mouse(area, region)]
        while names[-1] != names[-2] or len(names) < 4:
            self.window.event_simulate(type="MOUSEMOVE", value="NOTHING", x=place[0] + len(names) % 2, y=place[1])
            yield LOOK_S
            names.append(self.button_under_mouse(area, region))
        return names[-1]

    def button_under_mouse(self, area: bpy.types.Area, region: str) -> str:
        """Return what is under the mouse: a property's path such as "impasto.seed", or an operator's call."""
        with self.at(area, region):
            for copies in (bpy.ops.ui.copy_python_command_button, bpy.ops.ui.copy_data_path_button):
                if copies.poll():
                    copies()
                    return bpy.context.window_manager.clipboard.removeprefix("bpy.ops.")
        return ""

    def tap(self, place: Place) -> Steps:
        """Click the left button, and go on as soon as Blender has seen it."""
        yield self.move(place)
        yield self.move((place[0] + 1, place[1]))
        yield self.event("LEFTMOUSE", "PRESS", place)
        yield self.event("LEFTMOUSE", "RELEASE", place)
        yield 0.15

    def tap_until(self, place: Place, condition: Callable[[], object]) -> Steps:
        """Click until a condition holds: a simulated press is lost where a redraw came after the last move."""
        for _ in range(CLICKS):
            yield self.tap(place)
            yield 0.5
            if condition():
                return
        raise LookupError(f"no click had the effect of {condition.__qualname__}")

    def record(self, name: str, fact: Any) -> None:
        """Put a fact into the result file."""
        self.facts[name] = fact

    def finish(self, error: str | None) -> None:
        """Write the result file."""
        result = {
            "ok": error is None,
            "error": error,
            "blender": bpy.app.version_string,
            "seconds": round(time.monotonic() - self.begun_s, 1),
            "screenshots": self.screenshots,
            "facts": self.facts,
        }
        unfinished = OUT / "result.json.part"
        unfinished.write_text(json.dumps(result, indent=2, default=str))
        unfinished.replace(OUT / "result.json")
