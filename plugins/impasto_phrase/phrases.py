"""Reads a whole phrase: its material, and the values that its words give."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from .reader import PhraseReader
from .reading import Reading
from .terms import Term, naming_term, terms_of, unknown_compound, unknown_head, with_family
from .vocabulary import Vocabulary, table, words_of

PAINT = "flaking-paint"
"""Material of paint that comes off."""
COAT = "plastic"
"""Material of lacquer and enamel, which another material may have as a coat."""


def read(text: str, known: Vocabulary, implied: Mapping[str, Sequence[str]], start: str | None = None) -> Reading:
    """The reading of a phrase.

    implied: slots, other materials and parts that each material implies. "some" of an implied slot adds nothing, or for
    paint only if a colour is named. start: the material to change if the phrase names none. Raise ParameterError if the
    phrase contradicts itself.
    """
    terms = terms_of(_of_turned(text, known), known)
    if start is None:
        terms = with_family(terms, known)
    is_change = any(term.compares for term in terms)
    naming = naming_term(terms, start is not None or is_change)
    if start and is_change:
        naming = None  # "smaller tiles" still means the recipe's tiles
    first = named = naming.material if naming else None
    below = _ground(terms, first) if start is None else ""
    if start is None:
        named = PAINT if below else _instead(terms, first)
    naming = naming if named == first else None
    own = implied.get(named or start or "", ())
    reading = PhraseReader(terms, known, named or start, own).read()
    reading.material = named
    reading.head = unknown_head(terms) if named and start is None else ""
    kinds = [term for term in terms if term.has("kind") and term.material == named and not term.has("thing")]
    reading.kind = naming if naming and naming.has("kind") else next(iter(kinds), None)
    reading.compound = unknown_compound(terms, named)
    coats = [term.text for term in terms if _is_coat(term)]
    if below:
        reading.slots["pattern"], reading.kind = below, None
    elif coats and named != COAT and start is None:
        reading.slots.setdefault("gloss", "glossy")
        reading.words.setdefault("gloss", coats[-1])
    other = {*table("grammar")["peels_from"], "rust"} if below else {first} - {named}
    paints = [term for term in terms if term.material == PAINT and term.has("material")]
    if paints and named in table("grammar")["marks"]["peeling"]["on"]:  # "bricks with flaking paint"
        reading.slots["peeling"], reading.words["peeling"] = "some", paints[0].text
        other = {*other, PAINT}
    bodies = [(place, term) for place, term in enumerate(terms) if _is_body(term, named)]
    grounds = table("grammar")["peels_from"] if named == PAINT else ()  # "barn planks with flaking red paint"
    told_of = [(place, term) for place, term in bodies if term.material not in grounds or not term.has("thing")]
    reading.bodies = [term.text for place, term in told_of if not _is_modifier(terms, place, named)]
    told = [*reading.bodies, *(term.text for _, term in bodies if term.has("thing") or not term.material)]
    seen = {term.text for term in terms if term.material in other}
    reading.left_out = [word for word in reading.left_out if word not in (*seen, *coats, *told)]
    reading.undrawn = [word for word in reading.undrawn if word not in told]
    for slot in own:
        if reading.slots.get(slot) == "some" and (slot != "paint" or "color" in reading.slots):
            del reading.slots[slot]
    return reading


def _ground(terms: Sequence[Term], named: str | None) -> str:
    """The ground of paint that comes off, or that rust comes through: "wood", "metal" or "concrete"; else ""."""
    peels_from: Mapping[str | None, str] = table("grammar")["peels_from"]
    grounds = [peels_from[term.material] for term in terms if term.material in peels_from]
    paints = [term for term in terms if term.material == PAINT]
    is_whole = any(term.has("material") for term in paints)
    has_coat = any(_is_coat(term) for term in terms)
    comes_off = any(term.has("peeling") or term.has("chips") for term in terms)
    is_named = any(term.has("paint") and (comes_off or not term.text.endswith("ed")) for term in paints)
    is_named = is_named or (comes_off and any(term.text.lower().startswith("painted ") for term in terms))
    is_rusty = any(term.has("rust") or term.material == "rust" for term in terms)
    if is_whole or ((is_named or has_coat) and comes_off) or (has_coat and is_rusty):
        own = "painted-metal" if has_coat else "metal" if is_rusty else ""  # "chipped enamel", "rusty, flaking paint"
        return grounds[0] if grounds else own
    return "metal" if is_named and is_rusty and named in ("rust", PAINT) and "wood" not in grounds else ""


def _is_body(term: Term, named: str | None) -> bool:
    """Whether a term names a thing with a form of its own, such as a vase or a door of the named material."""
    bodies, words = table("grammar")["bodies"], words_of(term.text)
    is_other = term.has("kind") and term.has("thing") and (term.material != named or term.has("near"))
    return term.meaning is not None and (
        is_other or " ".join(words) in bodies or (term.has("kind") and words[-1] in bodies)
    )


def _is_modifier(terms: Sequence[Term], place: int, named: str | None) -> bool:
    """Whether the material follows in the same clause, so that a term only says what it is for: a car's windscreen."""
    ends = [index for index, term in enumerate(terms) if index > place and (term.is_break or term.has("split"))]
    after = terms[place + 1 : min(ends, default=len(terms))]
    return any(term.material == named and not term.has("thing") for term in after)


def _is_coat(term: Term) -> bool:
    """Whether a term names a glossy coat, such as lacquer or enamel."""
    return term.material == COAT and term.meaning is not None and term.meaning.like.get("gloss") == "glossy"


def _instead(terms: Sequence[Term], named: str | None) -> str | None:
    """The material that other words make of the one that is named: planks in herringbone are parquet."""
    grounds: Mapping[str | None, str] = table("grammar")["peels_from"]
    if named == COAT and any(grounds.get(term.material) == "wood" for term in terms):
        return "veneer"
    others: Mapping[str, str] = table("grammar")["instead"].get(named, {})
    said = [value for term in terms if term.meaning for value in term.meaning.values.values()]
    return next((others[value] for value in said if value in others), named)


def _of_turned(text: str, known: Vocabulary) -> str:
    """The phrase with "blocks of granite" as "granite blocks", if that is known, and Chinese spaces as commas."""

    def turned(match: re.Match[str]) -> str:
        return expression if words_of(expression := f"{match[2]} {match[1]}") in known.english else match[0]

    text = re.sub(r"(?<=[\u4e00-\u9fff]) +(?=[\u4e00-\u9fff])", "，", text)
    return re.sub(r"\b(?!wall |floor )([a-z]+) of ([a-z]+)", turned, text, flags=re.IGNORECASE)
