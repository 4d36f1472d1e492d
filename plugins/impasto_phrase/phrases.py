"""Reads a whole phrase: its material, and the values that its words give."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from .reader import PhraseReader
from .reading import Reading
from .terms import Term, naming_term, terms_of, unknown_compound, unknown_head
from .vocabulary import Vocabulary, table, words_of

PAINT = "flaking-paint"
"""Material of paint that comes off."""


def read(text: str, known: Vocabulary, implied: Mapping[str, Sequence[str]], start: str | None = None) -> Reading:
    """The reading of a phrase.

    implied: slots, other materials and parts that each material implies. "some" of an implied slot adds nothing, or for
    paint only if a colour is named. start: the material to change if the phrase names none. Raise ParameterError if the
    phrase contradicts itself.
    """
    terms = terms_of(_of_turned(text, known), known)
    is_change = any(term.compares for term in terms)
    naming = naming_term(terms, start is not None or is_change)
    if start and is_change:
        naming = None  # "smaller tiles" still means the recipe's tiles
    named = naming.material if naming else None
    below = table("grammar")["peels_from"].get(named, "") if start is None and _peels(terms) else ""
    named = PAINT if below else named
    own = implied.get(named or start or "", ())
    reading = PhraseReader(terms, known, named or start, own).read()
    reading.material = named
    reading.head = unknown_head(terms) if naming and start is None else ""
    kinds = [term for term in terms if term.has("kind") and term.material == named and not term.has("thing")]
    reading.kind = naming if naming and naming.has("kind") else next(iter(kinds), None)
    reading.compound = unknown_compound(terms, named)
    if below:
        reading.slots["pattern"], reading.kind = below, None
        ground = {term.text for term in terms if term.material in table("grammar")["peels_from"]}
        reading.left_out = [word for word in reading.left_out if word not in ground]
    for slot in own:
        if reading.slots.get(slot) == "some" and (slot != "paint" or "color" in reading.slots):
            del reading.slots[slot]
    return reading


def _peels(terms: Sequence[Term]) -> bool:
    """Whether a phrase says that paint comes off: "peeling paint", or "peeling" and "paint"."""
    paints = [term for term in terms if term.material == PAINT]
    is_whole = any(term.has("material") for term in paints)
    is_named = any(term.has("paint") and not term.text.endswith("ed") for term in paints)
    return is_whole or (is_named and any(term.has("peeling") for term in paints))


def _of_turned(text: str, known: Vocabulary) -> str:
    """The phrase with "blocks of granite" as "granite blocks", where the vocabulary has that expression."""

    def turned(match: re.Match[str]) -> str:
        return expression if words_of(expression := f"{match[2]} {match[1]}") in known.english else match[0]

    return re.sub(r"\b(?!wall |floor )([a-z]+) of ([a-z]+)", turned, text, flags=re.IGNORECASE)
