"""A layout that keeps what is drawn: Blender makes its own in windows only, which the bpy module has not."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import bpy
from conftest import MODULE

SET_NUMBER = "impasto.set_number"


class Layout:
    """Its rows, columns and boxes are itself; `drawn` holds (what, arguments, options or properties)."""

    def __init__(self) -> None:
        self.drawn: list[tuple[str, tuple, Any]] = []
        self._looks: list[tuple[str, dict[str, Any]]] = []

    def __getattr__(self, what: str) -> Any:
        def draw(*arguments: Any, **options: Any) -> Layout:
            self.drawn.append((what, arguments, options))
            return self

        return draw

    def panel(self, *_arguments: Any, **_options: Any) -> tuple[Layout, Layout]:
        return self, self

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

    def props(self) -> list[str]:
        """The names of the properties that were drawn."""
        return [arguments[1] for what, arguments, _ in self.drawn if what == "prop"]


def drawn(cls: type[bpy.types.Panel | bpy.types.Menu], **properties: Any) -> Layout:
    """Layout of a panel or a menu as it is drawn now; `properties` are the values of its own."""
    own = [base for base in reversed(cls.__mro__) if base.__module__.startswith(MODULE)]
    members = {name: value for base in own for name, value in vars(base).items() if not name.startswith("__")}
    members.pop("bl_rna", None)
    stand_in = type(
        "StandIn", (), {"path_menu": bpy.types.Menu.path_menu, "bl_idname": cls.__name__, **members, **properties}
    )()
    stand_in.layout = Layout()
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
