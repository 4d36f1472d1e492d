"""Clicks fields, lists and folded sections of the panels. Runs inside Blender."""

from __future__ import annotations

import re
import sys
from types import ModuleType
from typing import Any

import bpy
from sections import places_of
from walk import LOOK_S, Place, Steps, Walk, until

LIMIT_S = 600
DIGITS = ("ZERO", "ONE", "TWO", "THREE", "FOUR", "FIVE", "SIX", "SEVEN", "EIGHT", "NINE")
KEYS = {str(digit): name for digit, name in enumerate(DIGITS)}
KEYS |= {".": "PERIOD", "/": "SLASH", "-": "MINUS", "_": "MINUS", " ": "SPACE"}
"""Blender's names of the keys of letters that are not their own names."""
FIRST_ITEM_PX, ITEM_PX = 24, 23
"""From the middle of a list's button down to its first item, and from one item to the next."""
SETS_A_NUMBER = re.compile(r'impasto\.set_number\(path="([^"]+)", material="", value=(.+)\)')
SUGGESTING, SUGGESTION_PX = {"uv_map", "inputs"}, 35
"""Fields that take one of the names that they offer, and from such a field down to the first."""
BESIDE_LABEL = (0.68, 0.82)
"""Places across a region where there are buttons in every row, beside a label or without one."""


def extension() -> ModuleType:
    """The extension, once it is installed."""
    return sys.modules["bl_ext.user_default.impasto"]


def clicks_and_waits(walk: Walk, name: str, kind: str, place: str, region: str = "UI") -> Steps:
    """Click a button, and wait for the report of what it started; a quick job may end before one looks."""
    reports = extension().jobs.session.jobs.reports
    reports.pop(place, None)
    yield walk.click(name, kind, region)
    yield until(lambda: place in reports, LIMIT_S)


def tries_fields(walk: Walk, which: str, **where: Any) -> Steps:
    """Click each field that is shown, or where `Walk.buttons` is to look; notes what each was before and after.

    A number that is open, such as a width that is not known, has a button that sets it.
    """
    found = yield walk.buttons(walk.editor, **where)
    done = {}
    for path, places in found.items():
        if path.startswith("impasto") and "." in path and "(" not in path and not path.endswith((".tool", ".intent")):
            done[path] = yield from tries(walk, path, places)
        if sets := SETS_A_NUMBER.fullmatch(path):
            group, name = owner(sets[1])
            before = value(group, name)
            yield walk.tap(places[0])
            yield 0.3
            done[sets[1]] = [before, value(group, name)]
    walk.record(which, done)


def tries(walk: Walk, path: str, places: list[Place]) -> Steps:
    """Click a field as its kind needs; its value before, and the values that it had afterwards."""
    group, name = owner(path)
    kind = group.bl_rna.properties[name]
    before, after = value(group, name), []
    if len(rows := {place[1]: place for place in places}) > 1:  # one below the other: one click for each
        places = [*rows.values()]
    if kind.type == "POINTER":
        return [str(before), "not tried here"]
    for place in places[::-1] if kind.type == "ENUM" else places[len(places) // 2 :][:1]:
        yield walk.move(place)
        yield walk.move((place[0] + 1, place[1]))
        if walk.button_under_mouse(walk.area(walk.editor), "UI") != path:
            place = yield walk.find(name, walk.editor)  # what was clicked before has moved it
        yield walk.tap(place)
        if kind.type in ("INT", "FLOAT", "STRING"):
            if name in SUGGESTING:
                yield walk.event("U", "PRESS", place, unicode="u")
                yield walk.event("U", "RELEASE", place)
                yield 0.5
                yield walk.press("LEFTMOUSE", (place[0], place[1] - SUGGESTION_PX))
                yield 0.3
            else:
                yield write(walk, "0.37" if kind.type == "FLOAT" else "1", place)  # no default is 0.37
        if kind.type == "STRING" and name not in SUGGESTING:
            yield walk.press("ESC", place)  # a field with a search goes on asking where nothing is found
        after.append(value(group, name))
        if after == [before]:  # the last of several buttons would have changed it: this is a list, and open
            break
    # One of them may be chosen already; near the window's lower edge a list opens upwards.
    for side, item in ((-1, 1), (-1, 0), (1, 1), (1, 0)):
        if kind.type == "ENUM" and set(after) == {before}:
            if (side, item) != (-1, 1):
                yield walk.tap(place)
            yield 0.3
            yield walk.tap((place[0], place[1] + side * (FIRST_ITEM_PX + item * ITEM_PX)))
            after.append(value(group, name))
    setattr(group, name, set(before) if getattr(kind, "is_enum_flag", False) else before)
    yield 0.2
    return [before, *sorted(set(after), key=str)]


def owner(path: str) -> tuple[Any, str]:
    """The group that holds a property, and its name, from a path such as "impasto_parameters.transform.crop[0]"."""
    group, _, name = re.sub(r"\[\d+\]$", "", path).rpartition(".")
    return bpy.context.scene.path_resolve(group), name


def value(group: Any, name: str) -> Any:
    """A property's value, which does not change afterwards."""
    found = getattr(group, name)
    if isinstance(found, set):
        return tuple(sorted(found))
    return tuple(found) if getattr(group.bl_rna.properties[name], "is_array", False) else found


def chooses_each(walk: Walk, name: str, group: bpy.types.PropertyGroup, of: str) -> Steps:
    """Open a list and click an item, once for each: the numbers behind them must survive the buttons."""
    before = getattr(group, name)
    items = [item[0] for item in extension().tools.lists.items_of(of)(None, None)]
    chosen = []
    x, y = yield walk.find(name, walk.editor)
    for index in range(len(items)):
        yield walk.press("LEFTMOUSE", (x, y))
        yield 0.3
        if not index:
            walk.screenshot(f"list_{of}.png")
        yield walk.press("LEFTMOUSE", (x, y - FIRST_ITEM_PX - index * ITEM_PX))
        yield 0.3
        chosen.append(getattr(group, name))
    walk.facts.setdefault("lists", {})[of] = [items, chosen]
    setattr(group, name, before)
    yield 0.5


def opens_and_tries(walk: Walk, which: str, section: str) -> Steps:
    """Open a section and click its fields."""
    where = yield from places_of(walk, section)
    walk.screenshot(f"{which}.png")
    yield from tries_fields(walk, which, **where, columns=BESIDE_LABEL)


def types(walk: Walk, text: str, place: Place) -> Steps:
    """Type a text into the field that is being edited."""
    for letter in text:
        key = KEYS.get(letter) or (letter.upper() if letter.isalpha() else "")
        walk.window.event_simulate(type=key, value="PRESS", unicode=letter, x=place[0], y=place[1])
        yield LOOK_S
        walk.window.event_simulate(type=key, value="RELEASE", x=place[0], y=place[1])
        yield LOOK_S


def write(walk: Walk, text: str, place: Place) -> Steps:
    """Type a text into the field that is being edited, and confirm it."""
    yield from types(walk, text, place)
    yield walk.event("RET", "PRESS", place)
    yield walk.event("RET", "RELEASE", place)
    yield 0.2
