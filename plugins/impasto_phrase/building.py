"""From what a phrase says to the parameters of a procedural material."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from impasto.parameters import properties_of
from impasto.plugins import registry
from impasto.recipe import Step
from impasto.schemas import color_of
from impasto.system.outside import shown

from .levels import level, stepped, within
from .palettes import lightness, moved, shaded, tinted, toned
from .reading import Reading
from .vocabulary import COMPARATIVES, COMPARED, materials, vocabulary

WEATHERING = ("wear", "dirt", "moss", "wetness")
STEPS = {"a_little_": 0.5, "": 1.0, "much_": 2.0}
TOWARDS = {"a_little_": 0.25, "": 0.5, "much_": 0.8}
"""Fraction of the way to a quality that a comparative goes."""
SIZES = {"tiny": 0.4, "small": 0.65, "large": 1.6, "huge": 2.6}
SIZE_STEP = 1.3
FEWEST = 4
"""Fewest stones, tiles or boards across the picture."""
DARK_BELOW = 0.6
"""Lightness in Oklab of a colour on which only light details can be seen."""
JOINTS = {"wide": 2.2, "narrow": 0.4, "no": 0.0}
USUAL: Mapping[str, Mapping[str, Mapping[str, float]]] = {
    "gloss": {"glossy": {"roughness": 0.2}, "satin": {"roughness": 0.45}, "matte": {"roughness": 0.95}},
    "surface": {"rough": {"roughness": 0.95}, "smooth": {"roughness": 0.4}},
    "regularity": {"irregular": {"irregular": 0.95}, "regular": {"irregular": 0.05}},
    "density": {"dense": {"density": 0.95}, "sparse": {"density": 0.25}},
    "variation": {"uniform": {"color_variation": 0.08}, "mottled": {"color_variation": 0.95}},
}
"""Parameters of qualities for materials whose table has no entry."""


def described(reading: Reading) -> tuple[str, dict[str, Any], list[str]]:
    """Tool, parameters and notes of a material that a phrase describes."""
    assert reading.material
    builder = _Builder(reading.material, {}, reading)
    return reading.material, builder.build(), builder.notes


def changed(step: Step, reading: Reading) -> tuple[str, dict[str, Any], list[str]]:
    """The same for a step that a phrase changes; if it names another material, weathering and size are kept."""
    kept = dict(step.parameters)
    tool = reading.material or step.tool
    if tool != step.tool:
        kept = {name: kept[name] for name in (*WEATHERING, "width_px", "height_px") if name in kept}
    builder = _Builder(tool, kept, reading)
    return tool, builder.build(), builder.notes


@dataclass
class _Builder:
    """Parameters of one material; `given` are those that are there already."""

    tool: str
    given: dict[str, Any]
    reading: Reading
    notes: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.table = materials()[self.tool]
        self.schemas = properties_of(registry().tool(self.tool).parameters)
        self.now = {name: schema["default"] for name, schema in self.schemas.items()} | self.given
        self.made: dict[str, Any] = dict(self.given)
        self.label = registry().tool(self.tool).label

    def build(self) -> dict[str, Any]:
        """All parameters that differ from the defaults, or were given."""
        slots = dict(self.reading.slots)
        for choice in ("pattern", "metal"):
            if choice in slots:
                self._choose(choice, slots.pop(choice))
        self._sizes(slots)
        self._colors(slots)
        for slot, value in slots.items():
            self._slot(slot, value)
        return self.made

    def _put(self, name: str, value: Any) -> None:
        schema = self.schemas[name]
        if schema.get("type") == "boolean":
            value = bool(value)
        elif schema.get("type") == "integer":
            value = round(within(schema, value))
        elif schema.get("type") == "number":
            wanted, value = value, within(schema, value)
            if abs(value - wanted) > 1e-3 * abs(wanted):
                self.notes.append(f"{name} was limited to {value:g}, from {wanted:g}")
        self.now[name] = self.made[name] = value

    def _cannot(self, slot: str) -> None:
        word = self.reading.words.get(slot, slot)
        self.notes.append(f"{shown(word)} has no effect on {self.label}")

    def _choose(self, slot: str, value: str) -> None:
        """One of the choices of the material, such as the bond of bricks."""
        own = self.table.get("own", {}).get(f"{slot}={value}")
        if own:
            self._put_all(own)
            return
        name = next((name for name, schema in self.schemas.items() if value in schema.get("enum", ())), None)
        if name:
            self._put(name, value)
        elif slot not in self.table.get("implied", ()):
            self._cannot(slot)

    def _put_all(self, values: Mapping[str, Any], share: float = 1.0) -> None:
        """Set parameters; share: how far they go from what they are."""
        for name, value in values.items():
            if isinstance(value, str):
                self._put(name, color_of(value) if value.startswith("#") else value)
            elif share < 1:
                self._put(name, self.now[name] + share * (value - self.now[name]))
            else:
                self._put(name, value)

    def _sizes(self, slots: dict[str, str]) -> None:
        size, joint = self._size_parameter(), self.table.get("joint")
        words, metres = slots.pop("size", ""), self.reading.sizes_m
        before = self.now[size] if size else 1.0
        if size and "size_m" in metres:
            self._put(size, metres["size_m"][0])
        elif size and words:
            self._put(size, before * size_factor(words))
        elif words or "size_m" in metres:
            self._cannot("size" if words else "size_m")
        second = self.table.get("second_size")
        if size and second and self.now[size] != before:
            numbers = metres.get("size_m", ())
            self._put(second, numbers[1] if len(numbers) > 1 else self.now[second] * self.now[size] / before)
        self._joint(slots.pop("joint", ""), metres.get("joint_m"), joint)
        if "width_m" in metres:
            self._put("width_m", metres["width_m"][0])
        elif size and self.now[size] != before:
            self._fit_width(self.now[size], before, is_exact="size_m" in metres)

    def _size_parameter(self) -> str | None:
        of = self.table.get("size_of", {})
        return next((of[value] for value in self.now.values() if isinstance(value, str) and value in of), None) or (
            self.table.get("size")
        )

    def _fit_width(self, size_m: float, before_m: float, is_exact: bool) -> None:
        """Widen the picture for large parts, and narrow it for small ones; whole numbers of exact ones fit."""
        count = self.now["width_m"] / size_m
        fewest = min(FEWEST, max(1.0, self.now["width_m"] / before_m))
        most = 3 * self.now["width_m"] / before_m
        count = min(max(count, fewest), most)
        if is_exact:
            count = max(1, round(count))
        if abs(count * size_m - self.now["width_m"]) > 1e-6:
            self._put("width_m", round(count * size_m, 5))

    def _joint(self, word: str, metres: tuple[float, ...] | None, name: str | None) -> None:
        if (word or metres) and not name:
            if "joint" not in self.table.get("implied", ()):
                self._cannot("joint" if word else "joint_m")
        elif metres and name:
            self._put(name, metres[0])
        elif word in JOINTS and name:
            self._put(name, self.now[name] * JOINTS[word])

    def _colors(self, slots: dict[str, str]) -> None:
        family = list(self.table.get("colors", ()))
        if color := slots.pop("color", ""):
            if family:
                self._give_color(family, _rgb(self.table.get("natural", {}).get(color, color)))
                if slots.get("paint") is None:
                    self._put_all(self.table.get("color_needs", {}))
            elif "metal" not in self.reading.slots:
                self._cannot("color")
        if second := slots.pop("second_color", ""):
            name = self.table.get("second") or (family[1] if len(family) > 1 else None)
            if name:
                self._put(name, list(_rgb(second)))
                self._put_all(self.table.get("share", {}))
                for choice, instead in self.table.get("alternating", {}).items():
                    self._put(choice, instead.get(self.now[choice], self.now[choice]))
                family = [item for item in family if item != name]
            else:
                self._cannot("second_color")
        for role in ("joint_color", "vein_color"):
            if (color := slots.pop(role, "")) and (name := self.table.get(role)):
                is_shade = color in ("dark", "light", "bright")
                rgb = shaded(self.now[name], color) if is_shade else list(_rgb(color))
                for other in self.table.get(f"{role}s", (name,)):
                    self._put(other, rgb)
            elif color:
                self._cannot(role)
        word, _, toward = slots.pop("tint", "").partition(":")
        if word and not family:
            self._cannot("tint")
        for name in family if word else ():
            self._put(name, tinted(self.now[name], _rgb(toward), word))
        shade, tone = slots.pop("shade", ""), slots.pop("tone", "")
        for word, slot, change in ((shade, "shade", shaded), (tone, "tone", toned)):
            if word and not family:
                self._cannot(slot)
            for name in family if word else ():
                self._put(name, change(self.now[name], word))

    def _give_color(self, family: list[str], rgb: tuple[float, ...]) -> None:
        """Give the family a colour, and what lies on a dark one its own."""
        self._move(family, rgb)
        if lightness(rgb) < DARK_BELOW:
            self._put_all(self.table.get("on_dark", {}))

    def _move(self, family: list[str], rgb: tuple[float, ...]) -> None:
        """Give the first colour a value, and the others the same distance from it as before."""
        before = self.now[family[0]]
        for name in family:
            self._put(name, moved(self.now[name], before, rgb))

    def _slot(self, slot: str, value: str) -> None:
        table = self.table.get(slot) or USUAL.get(slot)
        amount, word = amount_of(value)
        if slot in USUAL:
            word_there = next((base for base, pair in COMPARATIVES.items() if word == pair[0]), word)
            target = (table or {}).get(word_there) or USUAL[slot].get(word_there)
            if slot == "variation" and word == "mottled" and "mottled" in self.table:
                target = self.table["mottled"]
            known = {name: goal for name, goal in (target or {}).items() if name in self.schemas}
            if not known:
                self._cannot(slot)
            self._put_all(known, TOWARDS[amount] if word in COMPARED else 1.0)
            return
        names = self.table.get("levels", {}).get(slot, slot)
        names = [name for name in ([names] if isinstance(names, str) else names) if name in self.schemas]
        if not names:
            if not (slot == "paint" or slot in self.table.get("implied", ())):
                self._cannot(slot)
            return
        for name in names:
            if word in ("more", "less"):
                self._step(name, STEPS[amount] if word == "more" else -STEPS[amount])
            else:
                self._put(name, level(slot, self.schemas[name], word))
        if slot == "wear" and word == "no":
            self._put_all(self.table.get("wear_no", {}))

    def _step(self, name: str, steps: float) -> None:
        """Raise or lower a parameter by steps."""
        schema = self.schemas[name]
        if self.now[name] == schema.get("maximum" if steps > 0 else "minimum"):
            self.notes.append(f"{name} is at its highest already" if steps > 0 else f"{name} is at its lowest already")
            return
        self._put(name, stepped(schema, self.now[name], steps))


def amount_of(value: str) -> tuple[str, str]:
    """The amount of a comparative, and the comparative; ("", value) for others."""
    amount = next((amount for amount in ("a_little_", "much_") if value.startswith(amount)), "")
    return amount, value.removeprefix(amount)


def size_factor(word: str) -> float:
    """Factor of a size for a word such as "small" or "a_little_larger"."""
    amount, compared = amount_of(word)
    if compared in ("larger", "smaller"):
        return SIZE_STEP ** (STEPS[amount] * (1 if compared == "larger" else -1))
    return SIZES[compared]


def _rgb(color: str) -> tuple[float, ...]:
    """sRGB in [0, 1] of a colour's name or of hex."""
    return tuple(color_of(vocabulary().colors.get(color, color)))
