"""Colours of a material from the words of a phrase."""

from __future__ import annotations

from impasto.parameters import color_of

from .draft import Draft
from .palettes import lightness, move, shade_of, tint, tone
from .vocabulary import COLORS, vocabulary

DARK_BELOW = 0.6
"""Lightness in Oklab of a colour on which only light details can be seen."""


def set_colors(draft: Draft, slots: dict[str, str]) -> None:
    """Set the colours that words name, and take their slots away."""
    family = list(draft.table.get("colors", ()))
    is_painted = "paint" in slots
    if color := slots.pop("color", ""):
        _set_own(draft, color, family, is_painted)
    if second := slots.pop("second_color", ""):
        family = _set_second(draft, second, family)
    _set_parts(draft, slots)
    word, _, toward = slots.pop("tint", "").partition(":")
    changes = {"tint": word, "shade": slots.pop("shade", ""), "tone": slots.pop("tone", "")}
    for slot, word in changes.items():
        draft.say(slot)
        if word and not family:
            draft.fall_short(slot)
        for name in family if word else ():
            now = draft.now[name]
            if slot == "tint":
                draft.put(name, tint(now, rgb_of(toward), word))
            else:
                draft.put(name, shade_of(now, word) if slot == "shade" else tone(now, word))


def rgb_of(color: str) -> tuple[float, ...]:
    """sRGB in [0, 1] of a colour's name or of hex."""
    return tuple(color_of(vocabulary().colors.get(color, color)))


def _set_own(draft: Draft, color: str, family: list[str], is_painted: bool) -> None:
    """Give the family a colour, with the same differences as before, and what lies on a dark one its own."""
    words = draft.reading.words
    draft.say("color")
    if not family:
        if words.get("color") != words.get("metal"):  # as gold is both
            draft.fall_short("color")
        return
    rgb = rgb_of(draft.table.get("natural", {}).get(color, color))
    before = draft.now[family[0]]
    for name in family:
        draft.put(name, move(draft.now[name], before, rgb))
    if lightness(rgb) < DARK_BELOW:
        for name, value in draft.table.get("on_dark", {}).items():
            draft.put(name, value)
    needs = draft.table.get("color_needs", {})
    draft.suggest({name: value for name, value in needs.items() if not (is_painted and name == "paint")})


def _set_second(draft: Draft, color: str, family: list[str]) -> list[str]:
    """Set the second colour; the colours of the family that are left."""
    draft.say("second_color")
    name = draft.table.get("second") or (family[1] if len(family) > 1 else None)
    if not name:
        draft.fall_short("second_color")
        return family
    draft.put(name, list(rgb_of(color)))
    draft.suggest(draft.table.get("share", {}))
    for choice, instead in draft.table.get("alternating", {}).items():
        draft.suggest({choice: instead.get(draft.now[choice], draft.now[choice])})
    return [item for item in family if item != name]


def _set_parts(draft: Draft, slots: dict[str, str]) -> None:
    """Set the colours of joints, veins and chips."""
    for role in COLORS[2:]:
        color, name = slots.pop(role, ""), draft.table.get(role, "")
        draft.say(role)
        if color and not name:
            draft.fall_short(role)
        elif color:
            is_shade = color in ("dark", "light", "bright")
            rgb = shade_of(draft.now[name], color) if is_shade else list(rgb_of(color))
            for other in draft.table.get(f"{role}s", (name,)):
                draft.put(other, rgb)
