"""A layout that keeps what is drawn: Blender makes its own in windows only, which the bpy module has not."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import bpy
from conftest import MODULE

SET_NUMBER = "impasto.set_number"


class Layout:
    """Its rows, columns and boxes are itself; `drawn` holds (what, arguments, options or properties).

    is_folded: sections that are closed by default are not drawn, as for a newcomer.
    """

    def __init__(self, is_folded: bool = False) -> None:
        self._is_folded = is_folded
        self.drawn: list[tuple[str, tuple, Any]] = []
        self._looks: list[tuple[str, dict[str, Any]]] = []

    def __getattr__(self, what: str) -> Any:
        def draw(*arguments: Any, **options: Any) -> Layout:
            self.drawn.append((what, arguments, options))
            return self

        return draw

    def panel(self, _name: str, default_closed: bool = False) -> tuple[Layout, Layout | None]:
        return self, None if default_closed and self._is_folded else self

    def operator(self, name: str, **options: Any) -> SimpleNamespace:
        given = SimpleNamespace()
        self._looks.append((name, options))
        self.drawn.append(("operator", (name,), given))
        return given

    def operators(self, name: str) -> list[SimpleNamespace]:
        """Properties that were given to each button of this operator."""
        return [given for what, arguments, given in self.drawn if what == "operator" and arguments == (name,)]

    def looks(self, name: str) -> list[dict[str, Any]]:
        """Text, icon and so on of each button of this operator."""
        return [options for drawn, options in self._looks if drawn == name]

    def controls(self) -> set[str]:
        """The settings that were drawn, and the buttons with a text; one with an icon alone belongs to a setting."""
        settings = {"prop", "prop_enum", "prop_search", "template_ID", "template_icon_view"}
        found = {f"{given[0].path_from_id()}.{given[1]}" for what, given, _ in self.drawn if what in settings}
        found |= {name for name, look in self._looks if look.get("text") != ""}
        menus = {"menu", "operator_menu_enum", "popover"}
        return found | {given[0] for what, given, look in self.drawn if what in menus and look.get("text") != ""}

    def labels(self) -> list[str]:
        """The texts of the labels that were drawn."""
        return [str(look["text"]) for what, _, look in self.drawn if what == "label" and look.get("text")]

    def props(self) -> list[str]:
        """The names of the properties that were drawn."""
        return [arguments[1] for what, arguments, _ in self.drawn if what == "prop"]


def drawn(cls: type[bpy.types.Panel | bpy.types.Menu], is_folded: bool = False, **properties: Any) -> Layout:
    """Layout of a panel or a menu as it is drawn now; is_folded: see `Layout`; `properties`: values of its own."""
    own = [base for base in reversed(cls.__mro__) if base.__module__.startswith(MODULE)]
    members = {name: value for base in own for name, value in vars(base).items() if not name.startswith("__")}
    members.pop("bl_rna", None)
    stand_in = type(
        "StandIn", (), {"path_menu": bpy.types.Menu.path_menu, "bl_idname": cls.__name__, **members, **properties}
    )()
    stand_in.layout = Layout(is_folded)
    cls.draw(stand_in, bpy.context)
    return stand_in.layout


def texts_of_number(layout: Layout, group: Any, name: str) -> list[str]:
    """The panel's view of a number that may be left open: its text, or "number" and the cross's icon."""
    fields = ["number" for what, given, _ in layout.drawn if what == "prop" and given == (group, name)]
    looks = zip(layout.operators(SET_NUMBER), layout.looks(SET_NUMBER), strict=True)
    path = f"{group.path_from_id()}.{name}"
    return fields + [look["text"] or look["icon"] for button, look in looks if button.path == path]


def press_set_number(layout: Layout, group: Any, name: str) -> None:
    """Run the button that gives this number, or leaves it open again, as a click does."""
    path = f"{group.path_from_id()}.{name}"
    button = next(button for button in layout.operators(SET_NUMBER) if button.path == path)
    bpy.ops.impasto.set_number(path=path, value=button.value)
