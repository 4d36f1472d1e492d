"""The reading of a phrase: a material, and values by slot.

Words are read in order, clause by clause: degrees ("very"), negations and comparatives go with the next word that can
have them, sizes and colours with the part that follows, such as a joint.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from .contradictions import OPPOSITES, QUALITIES, contradict, contradiction
from .terms import Term, terms_of
from .vocabulary import COMPARATIVES, COMPARED, Vocabulary

GRAMMAR = ("degree", "compare", "amount", "after", "role", "part", "across", "and", "split", "ignored", "noun")
COLORS = ("color", "second_color", "joint_color", "vein_color")
STRONGER = {"small": "tiny", "large": "huge"}


@dataclass
class Reading:
    """Meaning of a phrase. slots: values, as the vocabulary names them. words: the text behind each slot.

    sizes_m: measures by slot (`size_m`, `joint_m`, `width_m`). unknown: words without a meaning. left_out: what was
    understood and does not go with the rest, such as a second material.
    """

    material: str | None = None
    slots: dict[str, str] = field(default_factory=dict)
    sizes_m: dict[str, tuple[float, ...]] = field(default_factory=dict)
    words: dict[str, str] = field(default_factory=dict)
    unknown: list[str] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)

    @property
    def is_empty(self) -> bool:
        """Whether the phrase says nothing that is known here."""
        return not (self.material or self.slots or self.sizes_m)


def read(text: str, known: Vocabulary, implied: Mapping[str, Sequence[str]], start: str | None = None) -> Reading:
    """The reading of a phrase.

    implied: slots that each material has by itself, so that "some" of them says nothing. start: the material that is
    changed if the phrase names none. ParameterError if the phrase contradicts itself.
    """
    terms = terms_of(text, known)
    named = _material(terms, start is not None or any(term.compares for term in terms))
    if start and any(term.compares for term in terms):
        named = None  # "smaller tiles" are still those of the recipe
    reading = _Reader(terms, named or start).read()
    reading.material = named
    for slot in implied.get(named or start or "", ()):
        if reading.slots.get(slot) == "some":
            del reading.slots[slot]
    return reading


def _material(terms: Sequence[Term], is_change: bool) -> str | None:
    """The material of the firmest word; of several the first clause's, and there the last one.

    is_change: only words that name a material for certain count.
    """
    best: tuple[int, int, int] | None = None
    found = None
    clause = 0
    for position, term in enumerate(terms):
        clause += term.is_break or term.has("split")
        if term.meaning and (named := term.meaning.material):
            rank = (named[0], -clause, position)
            if (best is None or rank > best) and (named[0] == 3 or not is_change):
                best, found = rank, named[1]
    return found


class _Reader:
    """Reads the terms of one phrase; `degree`, `compare` and `amount` wait for the next word that can have them."""

    def __init__(self, terms: Sequence[Term], material: str | None) -> None:
        self.terms, self.material = terms, material
        self.result = Reading()
        self.degree = self.compare = self.amount = ""
        self.last: tuple[str, Term] | None = None  # the slot that was read last, for words that follow it

    def read(self) -> Reading:
        for index, term in enumerate(self.terms):
            if term.is_break or term.has("split"):
                self._end_clause()
            elif term.sizes_m:
                self._measure(index, term)
            elif term.meaning is None:
                self.result.unknown.append(term.text.lower())
            else:
                self._word(index, term, dict(term.meaning.for_material(self.material)))
        self._end_clause()
        return self.result

    def _end_clause(self) -> None:
        if self.compare and self.last and self.last[0] not in COLORS:
            slot, term = self.last  # as in "磨损更少", where the comparative follows
            self.result.slots.pop(slot, None)
            self._set(slot, self._compared(slot, "some"), term)
        self.degree = self.compare = self.amount = ""
        self.last = None

    def _word(self, index: int, term: Term, values: dict[str, str]) -> None:
        named = term.meaning.material if term.meaning else None
        if named and named[1] != self.material and named[0] == 3:
            self.result.left_out.append(term.text)
            return
        for key in ("material", "hint", "maybe"):
            values.pop(key, None)
        if named and named[1] == self.material == "moss":
            values.pop("moss", None)
        self._grammar(values, term)
        for slot, value in values.items():
            if slot not in GRAMMAR:
                self._value(index, term, slot, value)
        if term.has("noun") and self.degree != "no":
            self.degree = ""

    def _grammar(self, values: Mapping[str, str], term: Term) -> None:
        if "degree" in values:
            follows = term.language == "zh" and self.last and self.result.slots.get(self.last[0]) == "some"
            is_last = term is self.terms[-1] or self.terms[self.terms.index(term) + 1].is_break
            if follows and is_last and self.last:
                self.result.slots[self.last[0]] = values["degree"]
            else:
                self.degree = values["degree"]
        self.compare = values.get("compare", self.compare)
        self.amount = values.get("amount", self.amount)
        if "after" in values and self.last:
            slot, before = self.last  # as in "大一点": the adjective becomes a comparative
            value = self.result.slots.get(slot, "")
            if value in COMPARED:
                self.result.slots[slot] = f"a_little_{value}"
            elif value in COMPARATIVES or value == "some":
                self.compare, self.amount = self.compare or "more", values["after"]
                del self.result.slots[slot]
                self._set(slot, self._compared(slot, value), before)
        elif "after" in values and self.compare:
            self.amount = values["after"]

    def _measure(self, index: int, term: Term) -> None:
        after = self._after(index)
        is_joint = (after and after.has("role")) or (self.last and self.last[0] == "joint")
        slot = "joint_m" if is_joint else "width_m" if after and after.has("across") else "size_m"
        if slot in self.result.sizes_m and self.result.sizes_m[slot] != term.sizes_m:
            raise contradiction(self.result.words[slot], term.text)
        self.result.sizes_m[slot] = term.sizes_m
        self.result.words[slot] = term.text

    def _value(self, index: int, term: Term, slot: str, value: str) -> None:
        if slot == "color":
            self._color(index, term, value)
        elif slot == "shade":
            self._shade(index, term, value)
        elif slot == "size":
            self._size(index, term, value)
        elif slot == "joint" or (slot == "veins" and term.has("role")):
            self.last = (slot, term)
            if self.degree == "no":
                self._set(slot, "no", term)
        elif value in COMPARED:
            self._set(slot, self._amount() + value, term)
        elif slot in QUALITIES:
            self._set(slot, self._quality(slot, value), term)
        elif value in ("some", "little", "much", "no"):
            self._set(slot, self._level(slot, value), term)
        else:
            self._set(slot, value, term)

    def _level(self, slot: str, value: str) -> str:
        if self.compare:
            return self._compared(slot, value)
        degree = self.degree
        if degree != "no":
            self.degree = ""
        if degree and value == "no":
            return {"no": "some", "little": "little"}.get(degree, "no")
        return degree if degree in ("no", "little", "much") else value

    def _quality(self, slot: str, value: str) -> str:
        if self.compare:
            return self._compared(slot, value)
        degree, self.degree = self.degree, "" if self.degree != "no" else "no"
        if slot == "size" and degree == "much":
            return STRONGER.get(value, value)
        return OPPOSITES.get(value, value) if degree == "no" else value

    def _compared(self, slot: str, value: str) -> str:
        amount, less = self._amount(), self.compare == "less"
        self.compare = ""
        if slot in QUALITIES:
            return amount + COMPARATIVES.get(value, (value, value))[less]
        return amount + ("less" if less else "more")

    def _amount(self) -> str:
        amount = self.amount or (self.degree if self.degree in ("little", "much") else "")
        self.amount = self.degree = ""
        return {"little": "a_little_", "much": "much_"}.get(amount, "")

    def _size(self, index: int, term: Term, value: str) -> None:
        before = next((item for item in reversed(self.terms[:index]) if not item.has("ignored")), None)
        if before and before.sizes_m:
            return  # "20 cm wide"
        if value in COMPARED:
            self._set("size", self._amount() + value, term)
            return
        after = self._after(index)
        if after and after.has("joint"):
            width = "wide" if value in ("large", "huge") else "narrow"
            self._set("joint", width, term)
        elif not (after and after.has("noun")):
            self._set("size", self._quality("size", value), term)

    def _shade(self, index: int, term: Term, value: str) -> None:
        if value in COMPARED:
            self._set("shade", self._amount() + value, term)
            return
        role = self._role(index)
        if not role:
            self._set("shade", self._quality("shade", value), term)
        elif f"{role}_color" not in self.result.slots and not self._colored_between(index):
            self._set(f"{role}_color", value, term)

    def _color(self, index: int, term: Term, value: str) -> None:
        if role := self._role(index):
            self._set(f"{role}_color", value, term)
            return
        if self.compare:
            self._set("tint", f"{self._compared('tint', value)}:{value}", term)
            return
        slots = self.result.slots
        before = self.terms[index - 1] if index else None
        is_joined = before and before.has("color") and before.language == "en"
        if "color" not in slots:
            self._set("color", value, term)
        elif slots["color"] == value or is_joined:
            return  # "navy blue" is navy
        elif "second_color" not in slots:
            self._set("second_color", value, term)
        elif slots["second_color"] != value:
            self.result.left_out.append(term.text)

    def _after(self, index: int) -> Term | None:
        """The next term of the clause that is no colour, shade or degree, and not ignored."""
        for term in self.terms[index + 1 :]:
            if term.is_break or term.has("split"):
                return None
            skipped = any(term.has(slot) for slot in ("color", "shade", "degree", "ignored", "and"))
            if not skipped or term.has("role"):
                return term
        return None

    def _role(self, index: int) -> str:
        """Part that a colour belongs to, "joint" or "vein", if it follows; "" for the material itself."""
        after = self._after(index)
        return after.meaning.values.get("role", "") if after and after.meaning else ""

    def _colored_between(self, index: int) -> bool:
        after = self.terms[index + 1] if index + 1 < len(self.terms) else None
        return bool(after and after.has("color"))

    def _set(self, slot: str, value: str, term: Term) -> None:
        self.last = (slot, term)
        slots, words = self.result.slots, self.result.words
        before = slots.get(slot)
        if before is not None and before != value:
            if contradict(slot, before, value):
                raise contradiction(words[slot], term.text)
            if value == "some":
                return
        slots[slot] = value
        words[slot] = term.text
