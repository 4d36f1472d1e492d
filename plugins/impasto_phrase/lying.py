"""Small things that lie on a material, such as petals and shavings: they are drawn one by one, as marks."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from impasto.errors import Message
from impasto.system.untrusted import excerpt

from .covering import JOINTS, THICKNESS_M, WITH
from .marking import Mark
from .phrases import read
from .vocabulary import table, vocabulary, words_of, words_without_meaning

WORDS: Mapping[str, Any] = table("lying")
_FEW, _MANY, _LIES, _SCATTERED, _BESIDE = (
    re.compile(WORDS[name], re.IGNORECASE) for name in ("few", "many", "lies", "scattered", "beside")
)
_EXPRESSIONS = {word: about for about, words in WORDS["things"].items() for word in words}
THINGS: Mapping[Sequence[str], str] = {words_of(word): about for word, about in _EXPRESSIONS.items()}
"""Kind of marks, and a colour, by expression."""
_FORMS = [rf"\b{word}(?:e?s)?\b" if word.isascii() else word for word in sorted(_EXPRESSIONS, key=len, reverse=True)]
_THING = re.compile("|".join(_FORMS), re.IGNORECASE)
_REWRITTEN = [(re.compile(a.replace("THING", _THING.pattern), re.IGNORECASE), b) for a, b in WORDS["rewritten"]]


def rewritten(text: str) -> str:
    """A sentence about what lies on something, in words that the tables of layers know; other phrases as they are."""
    found = ((form.fullmatch(text), instead) for form, instead in _REWRITTEN)
    return next((match.expand(instead) for match, instead in found if match), text)


def scattered(text: str, how: str, tool: str) -> tuple[Mark, list[str]] | None:
    """Marks, still without a width, for small things that lie on a material, and notes; None for anything else.

    Unknown things that a word scatters are chips.
    """
    if how in JOINTS or how == "down":
        return None
    is_loose = bool(_LIES.search(text)) or how.startswith("散落")
    found = list(_THING.finditer(text))
    word = found[-1][0] if found and not text[found[-1].end() :].strip(" .,着了") else ""
    kind, _, own = THINGS.get(words_of(word), "").partition(" color=")
    reading = read(_BESIDE.sub(" ", text.replace(word, " ") if word else text), vocabulary(), {}, tool)
    notes = words_without_meaning(reading.unknown) if word else []
    odd = [*reading.unknown, *reading.bodies, *reading.left_out]
    if not word and odd and (_SCATTERED.search(text) or how.startswith("散落")):
        alone = read(_BESIDE.sub(" ", text), vocabulary(), {})
        is_other = alone.material in (tool, *THICKNESS_M) or set(reading.slots) - {"color", "shade", "metal"}
        kind, own, reading.left_out = "" if is_other else "chips", alone.like.get("color", ""), []
        notes = [Message("no {} is known here: they are drawn as chips", excerpt(" ".join(odd)))]
    is_drift = kind in WORDS["drifts"] and (_MANY.search(text) or not is_loose or tool == "forest-floor")
    if not kind or is_drift or (kind in WORDS["embedded"] and how in WITH and not is_loose):
        return None
    color = reading.slots.get("color") or reading.slots.get("metal") or own
    degree = "much" if _MANY.search(text) else "little" if _FEW.search(text) else "some"
    slots = [slot for slot in (*reading.slots, *reading.sizes_m) if slot not in ("color", "metal", "shade")]
    said = dict.fromkeys([*(reading.words.get(slot, slot) for slot in slots), *reading.undrawn, *reading.left_out])
    notes += [Message("{} has no effect on {}", excerpt(one), kind) for one in said]
    known = color if color in vocabulary().colors or color[:1] == "#" else ""
    return Mark(f"lying_{kind}", degree, known, 0.0), notes
