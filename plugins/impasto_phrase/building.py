"""Turns the reading of a phrase into parameters of a procedural material."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from impasto.parameters import color_of, properties_of
from impasto.plugins.registry import registry
from impasto.recipe import Step
from impasto.system.untrusted import excerpt

from .draft import Draft
from .levels import LEVELS, STEPS, amount_of, level, move_by_steps
from .marking import MARKS, Mark
from .palettes import lightness, move, shade_of, tint, tone
from .reading import Reading
from .sizing import set_sizes
from .vocabulary import COLORS, COMPARATIVES, COMPARED, materials, table, vocabulary

WEATHERING = ("wear", "dirt", "moss", "wetness")
TOWARDS = {"a_little_": 0.25, "": 0.5, "much_": 0.8}
"""Share of the way to a quality, by the amount of a comparative."""
STAINS = dict.fromkeys(("stains", "lichen", "tarnish", "litter"), 0.0)
"""Parameters of a clean material."""
DAMAGE = dict.fromkeys(table("grammar")["damage"], 0.0)
GOES_WITH: Mapping[tuple[str, str], Mapping[str, float]] = {
    ("dirt", "no"): STAINS,
    ("wear", "no"): {**STAINS, **DAMAGE, "age": 0.0, "irregular": 0.15, "uneven": 0.1},
}
"""Further parameters that a word sets, unless other words set them."""
USUAL: Mapping[str, Mapping[str, Mapping[str, float]]] = table("grammar")["usual"]
"""Parameters of qualities for materials whose table has no entry."""
DARK_BELOW = 0.6
"""On colours darker than this, in Oklab, only light details are visible."""


def change(step: Step, reading: Reading) -> tuple[str, dict[str, Any], list[str], list[Mark]]:
    """Tool, parameters, notes and marks of a step that a phrase changes. Another material keeps weathering and size."""
    parameters = dict(step.parameters)
    tool = reading.material or step.tool
    if tool != step.tool:
        parameters = {name: parameters[name] for name in (*WEATHERING, "width_px", "height_px") if name in parameters}
    draft = Draft(tool, parameters, reading)
    _fill(draft)
    return draft.tool, draft.changes, draft.notes, draft.marks


def _fill(draft: Draft) -> None:
    """Set all parameters from the phrase: choices first, since sizes depend on them, and implied changes last."""
    like = draft.reading.like
    motif = draft.reading.slots.get("motif", "")
    if motif != like.get("motif", "") and choices(draft, "motif", motif):  # a checked shirt has other colours
        like = {slot: value for slot, value in like.items() if not value.startswith("#")}
    own = draft.schemas.keys() - {"color"}
    if metal := draft.reading.slots.get("metal"):  # of anodised bronze
        of_metal = {"color": metal} if like.get("metal") == "coloured" else {}
        like = {slot: value for slot, value in like.items() if slot != "color"} | of_metal
    direct = {name: value for name, value in like.items() if name in own and value[0] in "#0123456789"}
    slots = {slot: value for slot, value in like.items() if slot not in (*direct, "coat")} | draft.reading.slots
    if "width_m" in direct:  # marks are shares of it
        draft.suggest({"width_m": float(direct["width_m"])})
    words = draft.reading.words
    if slots.get("dust") in LEVELS and words["dust"] == words.get("dirt"):  # dust is a layer, and no grime
        slots.pop("dirt")
    elif "dirt" in slots:
        slots.pop("dust", "")
    set_substance(draft, slots)
    if finish := slots.pop("finish", ""):  # before the colours, which move those of tweed
        _set_quality(draft, "finish", finish)
    own_metal = "metal" in draft.table.get("color_needs", ()) and words.get("metal") != words.get("color")
    if "shade" in slots and own_metal and "color" not in slots and slots.get("metal") in vocabulary().colors:
        slots["color"] = slots["metal"]  # "dark bronze"
    if "color" in slots and own_metal:  # "black steel"
        slots.pop("metal", "")
    for slot in ("pattern", "motif", "metal"):
        value = slots.pop(slot, "")
        if (
            value and slot in like and slot not in direct and not choices(draft, slot, value)
        ):  # "herringbone tweed" is no other weave
            draft.note_unused_slot(slot)
            value = like[slot]
        is_color = (
            slot == "metal" and slot in words and slot not in draft.schemas and words[slot] in map(words.get, COLORS)
        )  # gold
        if value and not is_color:
            _choose(draft, slot, value)
    family = draft.table.get("colors", ())
    if "color" in draft.reading.slots and "color" in like and set(family[1:2]) & set(direct):  # from what to move them
        base = {family[0]: like["color"], **direct}
        draft.now |= {name: list(rgb_of(value)) for name, value in base.items() if value.startswith("#")}
    if draft.marks and "second_color" in slots:  # of an ornament
        draft.marks[-1] = replace(draft.marks[-1], color=slots.pop("second_color"))
    if "peeling" in slots and draft.tool in MARKS["peeling"]["on"]:  # the coat has the last colour
        coat = slots.pop("second_color", "") or slots.pop("color", "")
        draft.reading.mark_colors.setdefault("peeling", coat)
    set_sizes(draft, slots)
    is_painted = bool({"color", "second_color"} & set(slots))
    set_colors(draft, slots)
    for slot, value in slots.items():
        if slot not in USUAL:
            _set_level(draft, slot, value, is_painted)
    for slot, value in slots.items():
        if slot in USUAL:
            _set_quality(draft, slot, value)
        draft.suggest(_further_parameters(draft, slot, value))
    for name, value in direct.items():
        is_color = value.startswith("#")
        if is_color and not {"color", "second_color"} & set(draft.reading.slots):
            draft.put(name, value)
        elif not is_color or name not in draft.table.get("colors", ()):
            draft.suggest({name: value if is_color else float(value)})
    draft.enable_parameters()
    draft.note_unused_words([*draft.reading.undrawn, *draft.reading.amounts])
    if not (draft.changes or draft.notes or draft.marks or draft.tool in table("grammar")["grounds"]):
        draft.note_unused_words(draft.reading.places)


def set_substance(draft: Draft, slots: dict[str, str]) -> None:
    """Give a form the colour of the material that it consists of, and name a substance that has no effect."""
    term = draft.reading.substance
    if not (term and term.meaning and term.material):
        return
    if term.material in (substances := draft.table.get("of", {})):
        draft.suggest(substances[term.material])
        return
    values = {**term.meaning.for_material(term.material), **term.meaning.like}
    own: Mapping[str, str] = table("grammar")["substance_colors"]
    color = own.get(term.material) or own.get(term.text.lower()) or values.get("color") or values.get("metal")
    color = color or usual_color(term.material)
    if "color" in slots or not color or not draft.table.get("colors"):
        if term.material not in draft.table.get("implied", ()):  # "red clay pantiles"
            draft.note_unused_words([term.text])
        return
    slots["color"] = color
    if term.material not in draft.table.get("implied", ()):
        draft.note("{} gives {} only its colour", excerpt(term.text), registry().tool(draft.tool).label)


def usual_color(material: str) -> str:
    """A material's own colour as text, or "" if it has none."""
    name = next(iter(materials()[material].get("colors", ())), "")
    fields = properties_of(registry().tool(material).parameters)
    return ",".join(map(str, fields[name]["default"])) if name else ""


def _further_parameters(draft: Draft, slot: str, value: str) -> Mapping[str, float]:
    """Further parameters for a word, except those that the material implies."""
    found = draft.table.get("goes_with", {}).get(f"{slot}={value}") or GOES_WITH.get((slot, value), {})
    return {name: goal for name, goal in found.items() if not draft.implies(name)}


def _choose(draft: Draft, slot: str, value: str) -> None:
    """Set a choice of the material, such as the bond of bricks."""
    draft.say(slot)
    goals = choices(draft, slot, value)
    for other, goal in goals.items():
        draft.put(other, goal)
    kinds = [MARKS[name].get("kind", "") for name in {**draft.reading.like, **draft.reading.slots} if name in MARKS]
    is_drawn = bool(goals) or draft.implies(slot) or any(kind.startswith("painted") for kind in kinds)
    if not is_drawn and ("carving" in kinds or not draft.mark(f"{slot}_{value}", "much")):
        draft.note_unused_slot(slot)


def choices(draft: Draft, slot: str, value: str) -> Mapping[str, Any]:
    """Parameters of a choice; {} if the material has no such choice."""
    name = next((name for name, schema in draft.schemas.items() if value in schema.get("enum", ())), None)
    return draft.table.get("own", {}).get(f"{slot}={value}") or ({name: value} if name else {})


def _set_quality(draft: Draft, slot: str, value: str) -> None:
    amount, word = amount_of(value)
    table = draft.table.get(slot, {})
    plain = next((base for base, pair in COMPARATIVES.items() if word == pair[0]), word)
    target = table.get(plain) or USUAL[slot].get(plain, {})
    known = {name: goal for name, goal in target.items() if name in draft.schemas}
    if not known:
        draft.note_unused_slot(slot)
    draft.suggest(known, TOWARDS[amount] if word in COMPARED else 1.0)


def _set_level(draft: Draft, slot: str, value: str, is_painted: bool) -> None:
    """Set parameters for a degree: some dirt, no cracks, more moss. A colour already implies paint."""
    draft.say(slot)
    amount, word = amount_of(value)
    names = draft.table.get("levels", {}).get(slot, "cracks" if slot == "hairline" else slot)
    names = [name for name in ([names] if isinstance(names, str) else names) if name in draft.schemas]
    is_implied = is_painted if slot == "paint" else draft.implies(slot)
    is_drawn = bool(names or is_implied) or draft.mark(slot, value)
    if names and word in ("some", "much") and draft.tool in MARKS.get(slot, {}).get("also", ()):
        draft.mark(slot, value)
    if not (is_drawn or word == "no"):
        draft.note_unused_slot(slot)
    for name in names:
        if word in ("more", "less"):
            _step(draft, name, STEPS[amount] if word == "more" else -STEPS[amount])
        else:
            draft.put(name, level(slot, draft.schemas[name], word))


def _step(draft: Draft, name: str, steps: float) -> None:
    """Raise or lower a parameter by steps."""
    schema = draft.schemas[name]
    if draft.now[name] == schema.get("maximum" if steps > 0 else "minimum"):
        draft.note("{} is at its highest already" if steps > 0 else "{} is at its lowest already", name)
        return
    draft.put(name, move_by_steps(schema, draft.now[name], steps))


def set_colors(draft: Draft, slots: dict[str, str]) -> None:
    """Set the named colours, and remove their slots."""
    family = list(draft.table.get("colors", ()))
    if draft.now.get("motif", "none") not in ("none", "camouflage"):  # the other colours stay, as white in gingham
        family = family[:1]
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
            draft.note_unused_slot(slot)
        for name in family if word else ():
            now = draft.now[name]
            if slot == "tint":
                draft.put(name, tint(now, rgb_of(toward), word))
            else:
                draft.put(name, shade_of(now, word) if slot == "shade" else tone(now, word))


def rgb_of(color: str) -> tuple[float, ...]:
    """sRGB in [0, 1] of a colour name or a hex code."""
    return tuple(color_of(vocabulary().colors.get(color, color)))


def _set_own(draft: Draft, color: str, family: list[str], is_painted: bool) -> None:
    """Give the family a colour, keeping its differences, and light details to a dark colour."""
    words = draft.reading.words
    draft.say("color")
    is_metal = "metal" in words and words["metal"] == words.get("color")  # gold is both
    if not family or (is_metal and "metal" in draft.schemas):
        if not is_metal:
            draft.note_unused_slot("color")
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
    """Set the second colour, and return the other colours of the family."""
    draft.say("second_color")
    name = draft.table.get("second") or (family[1] if len(family) > 1 else None)
    if not name:
        draft.note_unused_slot("second_color")
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
            draft.note_unused_slot(role)
        elif color:
            is_shade = color in ("dark", "light", "bright")
            rgb = shade_of(draft.now[name], color) if is_shade else list(rgb_of(color))
            for other in draft.table.get(f"{role}s", (name,)):
                draft.put(other, rgb)
