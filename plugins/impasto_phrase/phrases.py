"""Reads a whole phrase: its material, and the values that its words give."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from .reader import PhraseReader
from .reading import Reading
from .terms import named_material, terms_of, unknown_compound
from .vocabulary import Vocabulary


def read(text: str, known: Vocabulary, implied: Mapping[str, Sequence[str]], start: str | None = None) -> Reading:
    """The reading of a phrase.

    implied: slots, other materials and parts that each material implies. "some" of an implied slot adds nothing, or for
    paint only if a colour is named. start: the material to change if the phrase names none. Raise ParameterError if the
    phrase contradicts itself.
    """
    terms = terms_of(text, known)
    named = named_material(terms, start is not None or any(term.compares for term in terms))
    if start and any(term.compares for term in terms):
        named = None  # "smaller tiles" still means the recipe's tiles
    own = implied.get(named or start or "", ())
    reading = PhraseReader(terms, known, named or start, own).read()
    reading.material = named
    reading.compound = unknown_compound(terms, named)
    for slot in own:
        if reading.slots.get(slot) == "some" and (slot != "paint" or "color" in reading.slots):
            del reading.slots[slot]
    return reading
