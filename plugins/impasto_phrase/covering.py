"""Phrases with one material on another, such as "wet leaves on gravel": their parts, and the layer's step."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from impasto.errors import Message
from impasto.parameters import color_of, properties_of
from impasto.plugins.registry import registry
from impasto.recipe import Step
from impasto.system.untrusted import excerpt

from .levels import level
from .reading import Reading
from .terms import terms_of
from .vocabulary import table, vocabulary

COVER = "cover"
"""Tool that lays a material over others."""
THICKNESS_M: Mapping[str, float] = table("grammar")["thickness_m"]
"""Layer thickness of each material that can lie on others; any material can have moss without a layer."""
RUNS = {"amount": 0.3, "patch_m": 0.12, "edge": 0.15}
"""Parameters of a layer that runs down the surface."""
FLAT = ("forest-floor", "rust", "gravel", "hedge", "patina", "foil")
"""Materials that lie anywhere, not only in hollows."""
CLAUSES = ("forest-floor", "hedge", "grass", "snow", "patina")
"""Materials that a clause of their own lays on the rest of a phrase: "castle wall, ivy bits"."""
TINTED = 0.85
"""Share of a named colour in the colour of a layer."""
AMOUNT_OF = {"no": 0.0, "little": 0.25, "some": 0.5, "much": 0.8}
"""Covered share, by degree."""
SHOWN = ("wetness", "leaves", "needles", "color", "metal", "peeling")
"""Slots that a layer shows, in addition to that of its own name."""
NEEDLES = "needles"
"""Layer of needles without leaves."""
AMOUNTS = [(re.compile(form), AMOUNT_OF[degree]) for degree, form in table("grammar")["amounts"].items()]
_RUNS = re.compile(
    r"\b(?:streak|run|stain|drip|bleed)(?:s|ed|ing)?\b|流下|流淌|锈水|锈痕|锈渍|锈流|流痕", re.IGNORECASE
)
JOINTS = ("between", "among", "in", "through", "from", ",in")
"""Words for what comes out of joints and cracks."""
WITH: Sequence[str] = table("grammar")["with"]
"""Words that add something, which need not be a layer."""
_AND = re.compile(r"\s*(?:[,，、]|\band\b|和)\s*", re.IGNORECASE)
_IN_JOINTS = re.compile(
    r"\s+(?:in|between) (?:the |its )?(?:gaps|joints|cracks|corners|crevices|seams)$", re.IGNORECASE
)
_PLACES = [re.compile(form, re.IGNORECASE) for form in table("grammar")["in_joints"]]
"""Phrases of what fills the joints or cracks of something."""
IN_JOINTS = "joints"
_CLAUSE = re.compile(r"\s*[,，;；、]\s*")
_PRINTED = re.compile(r"pattern|print|motif|embroider|绣|图案|印花|花纹", re.IGNORECASE)
_FORMS = [re.compile(form, re.IGNORECASE) for form in table("grammar")["on_others"]]


def parts(text: str) -> list[tuple[str, str, str]]:
    """Readings of a phrase as (layer, base, preposition or ""); empty for other phrases."""
    found: list[dict[str, str]] = []
    clauses = _CLAUSE.split(text)
    for place, clause in enumerate(clauses[1:], 1):  # "castle wall, ivy bits"
        rest, how = ", ".join(clauses[:place] + clauses[place + 1 :]), ",in" if _IN_JOINTS.search(clause) else ","
        found.append({"cover": _IN_JOINTS.sub("", clause), "base": rest, "how": how})
    found += [match.groupdict() for form in _FORMS if (match := form.fullmatch(text))]
    readings = [(one["cover"], one["base"], (one.get("how") or "").lower()) for one in found]
    return [each for reading in readings for each in (_each_addition(*reading) if reading[2] in WITH else [reading])]


def _each_addition(added: str, base: str, how: str) -> list[tuple[str, str, str]]:
    """Each of the additions "cracks and weeds" as the layer, while the others stay with the base."""
    additions = [] if _PRINTED.search(added) else list(filter(None, _AND.split(added)))
    others = [additions[:place] + additions[place + 1 :] for place in range(len(additions))]
    bases = [f"{base} with {' and '.join(rest)}" if rest else base for rest in others]
    return list(zip(additions, bases, [how] * len(bases), strict=True))


def filling(text: str) -> tuple[str, str, bool]:
    """What fills the joints or cracks of something, that something, and whether it is cracks; or ("", "", False)."""
    match = next(filter(None, (form.fullmatch(text) for form in _PLACES)), None)
    if match is None:
        return "", "", False
    has_cracks = any(meaning.has("cracks") for meaning in terms_of(match["place"], vocabulary()))
    return match["filling"], match["base"].strip(" ,，的"), has_cracks


def is_layer(reading: Reading, base: Reading, how: str) -> bool:
    """Whether what is read as a layer is one: "with dirt" is dirt, no soil."""
    own = set(reading.slots) & {"dirt", "moss", "rust", "wear", "wetness"} - {"wetness"}
    is_clear = how[:1] != "," or reading.material in CLAUSES
    is_inside = bool(own) or reading.like.get("dry") == "1"  # straw in earth
    is_print = bool({"tracks", "footprints", "paws"} & set(reading.slots))
    return not is_print and is_clear and covers(reading.material, base.material) and not (how in WITH and is_inside)


def covers(layer: str | None, base: str | None) -> bool:
    """Whether one material can lie on the other."""
    return layer in THICKNESS_M and base is not None and base != layer


def covering_step(text: str, how: str, reading: Reading) -> tuple[Step, list[str]]:
    """The step that lays a material over the steps before it, and notes about words without effect."""
    assert reading.material
    amount = next((share for form, share in AMOUNTS if form.match(text.lower())), AMOUNT_OF["some"])
    schemas = properties_of(registry().tool(COVER).parameters)
    like = reading.like
    has_needles = reading.slots.get(NEEDLES) == "much" or like.get(NEEDLES) == "1"
    runs = how == "down" or bool(_RUNS.search(text))
    lies = how if how == IN_JOINTS else "hollows" if how in JOINTS or reading.material not in FLAT else "patches"
    parameters: dict[str, Any] = {
        "material": NEEDLES if has_needles else reading.material,
        "amount": amount,
        "place": "runs" if runs else lies,
        "thickness_m": THICKNESS_M.get(reading.material, THICKNESS_M["grass"]),
    }
    if runs:
        parameters |= RUNS
    if name := reading.slots.get("color") or like.get("color"):
        parameters |= {"tinted": TINTED, "color": list(color_of(vocabulary().colors.get(name, name)))}
    parameters |= table("grammar")["layers"].get(reading.material, {})
    if "peeling" in reading.slots:  # gold leaf that comes off
        parameters["amount"] = AMOUNT_OF["some"]
    if "wetness" in reading.slots:
        parameters["wetness"] = level("wetness", schemas["wetness"], reading.slots["wetness"])
    return Step(COVER, parameters), without_effect(
        reading, (*SHOWN, reading.material, *(("stains", "streaks") if runs else ()))
    )


def without_effect(reading: Reading, drawn: Collection[str]) -> list[str]:
    """A note for each word about a layer that the layer does not show. drawn: slots that it shows."""
    names = {term.text for text in reading.words.values() for term in terms_of(text, vocabulary()) if term.material}
    slots = [slot for slot in (*reading.slots, *reading.sizes_m) if slot not in drawn]
    slots = [slot for slot in slots if slot != "pattern" or reading.words[slot] not in names]  # "ivy"
    words = dict.fromkeys([*(reading.words.get(slot, slot) for slot in slots), *reading.undrawn])
    return [Message("{} has no effect on the layer of {}", excerpt(word), reading.material) for word in words]
