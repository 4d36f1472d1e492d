"""Reads a phrase, word by word and clause by clause.

Degrees ("very"), negations and comparatives belong to the next word that can have them. Sizes and colours belong to the
part that follows, such as a joint. Words that say nothing about the material are kept, to note them for the user.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from .palettes import between
from .reading import OPPOSITES, QUALITIES, Reading, contradict, contradiction
from .terms import Term
from .vocabulary import (
    AS_COMPARATIVE,
    AS_DEGREE,
    COLORS,
    COMPARATIVES,
    COMPARED,
    GRAMMAR,
    MATERIAL_KEYS,
    NATURAL,
    STRONGER,
    Vocabulary,
    can_show,
    table,
)

GREYING = ("grey", "white")
"""Colours that wood has beside its own."""
OF_ITSELF = {"moss": "moss", "flaking-paint": "paint"}
"""Slot that a material's name sets for other materials."""
FORMS = frozenset(table("grammar")["forms"])
"""Materials that may consist of another one, which then gives them its colour, such as shingles of oak."""
SOFT = frozenset(table("grammar")["thickness_m"]) - {"gravel"} | {"moss", "water", "hedge"}
"""Materials of which no form consists."""


class PhraseReader:
    """Reads the terms of a phrase; `degree`, `compare` and `amount` wait for the next word that can have them.

    implied: slots, materials and parts that the material implies.
    """

    def __init__(self, terms: Sequence[Term], known: Vocabulary, material: str | None, implied: Sequence[str]) -> None:
        self.terms, self.known, self.material, self.implied = terms, known, material, implied
        self.result = Reading()
        self.degree = self.compare = self.amount = ""
        self.waiting: Term | None = None  # a degree or comparative without its word
        self.last: tuple[str, Term] | None = None  # the last slot, for words that refer back to it
        self.adds = False  # whether "with" or the like stands before

    def read(self) -> Reading:
        """The reading of all terms."""
        for index, term in enumerate(self.terms):
            if term.is_break or term.has("split"):
                self._end_clause()
                self.adds = term.has("adds") or (self.adds and not term.is_break)
            elif term.sizes_m:
                self._measure(index, term)
            elif term.meaning is None:
                self.result.unknown.append(term.text.lower())
                self.waiting = None
            else:
                self._word(index, term, self._values(term))
        self._end_clause()
        return self.result

    def _values(self, term: Term | None) -> dict[str, str]:
        """The values that a term gives this material, by slot."""
        return dict(term.meaning.for_material(self.material)) if term and term.meaning else {}

    def _end_clause(self) -> None:
        if self.compare and self.last and self.last[0] not in COLORS:
            slot, term = self.last  # such as "磨损更少", where the comparative follows
            self.result.slots.pop(slot, None)
            self._set(slot, self._comparative(slot, "some"), term)
        self._forget_amount()
        self.last = None

    def _forget_amount(self) -> None:
        """Drop the waiting degree or comparative; if no word has used it, keep it for a note."""
        if self.waiting and (self.compare or self.degree in ("much", "little")):
            self.result.amounts.append(self.waiting.text)
        self.degree = self.compare = self.amount = ""
        self.waiting = None

    def _word(self, index: int, term: Term, values: dict[str, str]) -> None:
        named = term.meaning.material if term.meaning else None
        if named and named[1] != self.material and (named[0] == 3 or self._is_substance(index)):
            if self.result.substance is None and self._is_substance(index):
                self.result.substance = term
            else:
                self.result.left_out.append(term.text)
            return
        if self._is_of_addition(index, values):  # the blue of "concrete with a blue stripe"
            self.result.undrawn.append(term.text)
            return
        said = {slot: value for slot, value in values.items() if slot not in (*GRAMMAR, *MATERIAL_KEYS, "part")}
        if named and named[1] == self.material:
            said.pop(OF_ITSELF.get(self.material, ""), None)
        self._grammar(values, term)
        if "color" in table("grammar")["marks"].get(self._feature(self._after(index)), ()):
            said.pop("metal", None)  # studs of gold
        for slot, value in said.items():
            self._value(index, term, slot, value)
        if not said and not self._is_implied(term, values):
            (self.result.left_out if named and named[0] else self.result.undrawn).append(term.text)
        if "noun" in values and self.degree != "no":
            self._forget_amount()

    def _is_substance(self, index: int) -> bool:
        """Whether a material's word only says of what the material consists, as in "oak shingles"."""
        term = self.terms[index]
        if self.adds or self.material not in FORMS or term.material in SOFT or term.has("thing"):
            return False
        before = any(one.text.lower() == "of" for one in self.terms[max(0, index - 2) : index])
        after = self._after(index)
        is_of_form = any(one.has("form") for one in self.terms[:index])
        is_plain = not set(self._values(term)) - {*GRAMMAR, *MATERIAL_KEYS, "part"}
        is_plain = is_plain or term.text.lower() in table("grammar")["substance_colors"]
        return is_plain and bool(before or is_of_form or (after and after.material))

    def _is_of_addition(self, index: int, values: Mapping[str, str]) -> bool:
        """Whether a colour, a metal or a gloss behind "with" belongs to an addition, such as a rim or iron bands."""
        after = self._after(index)
        if not self.adds or after is None or not {"color", "shade", "gloss", "metal"} & set(values):
            return False
        others = {after.material} - {None, self.material, "flaking-paint"}
        return bool(others) or (after.meaning is None and not after.sizes_m)

    def _is_implied(self, term: Term, values: Mapping[str, str]) -> bool:
        """Whether a term without slots is grammar, or names something that the material implies."""
        if values.get("ignored") == "place" and term.material != self.material:
            self.result.places.append(term.text)
        if self.material is None or any(key in values for key in GRAMMAR - {"noun", "near", "thing"}):
            return True
        named = term.meaning.material if term.meaning else None
        return values.get("part") in self.implied or bool(named and named[1] in (self.material, *self.implied))

    def _grammar(self, values: Mapping[str, str], term: Term) -> None:
        if "degree" in values:
            follows = term.language == "zh" and self.last and self.result.slots.get(self.last[0]) == "some"
            is_last = term is self.terms[-1] or self.terms[self.terms.index(term) + 1].is_break
            if follows and is_last and self.last:
                self.result.slots[self.last[0]] = values["degree"]
            else:
                self.degree, self.waiting = values["degree"], term
        if "compare" in values:
            self.compare, self.waiting = values["compare"], term
        self.amount = values.get("amount", self.amount)
        if "after" in values and self.last:
            slot, before = self.last  # such as "大一点": the adjective becomes a comparative
            value = self.result.slots.get(slot, "")
            if value in COMPARED:
                self.result.slots[slot] = f"a_little_{value}"
            elif value in COMPARATIVES or value == "some":
                self.compare, self.amount = self.compare or "more", values["after"]
                del self.result.slots[slot]
                self._set(slot, self._comparative(slot, value), before)
        elif "after" in values and self.compare:
            self.amount = values["after"]

    def _measure(self, index: int, term: Term) -> None:
        after = self._after(index)
        if self._feature(after):  # "2 mm cracks"
            self.result.undrawn.append(term.text)
            return
        is_joint = (after and after.has("role")) or (self.last and self.last[0] == "joint")
        is_joint = is_joint and not (index and self.terms[index - 1].has("every"))  # "with joints every 2 m"
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
        elif slot in ("size", "density"):
            self._size_or_density(index, term, slot, value)
        elif slot == "joint" or (slot == "veins" and term.has("role")):
            self.last = (slot, term)
            role = self._values(term).get("role", "joint")
            if self.degree == "no":
                self._set(slot, "no", term)
            elif slot == "joint" and self.waiting and self.degree:  # "thick mortar"
                self._set(slot, "wide" if self.degree == "much" else "narrow", term)
                self.degree, self.waiting = "", None
            elif not {slot, role} & {*self.implied, *self.result.slots}:
                self.result.undrawn.append(term.text)
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
            return self._comparative(slot, value)
        degree, self.waiting = self.degree, None
        if degree != "no":
            self.degree = ""
        if degree and value == "no":
            return {"no": "some", "little": "little"}.get(degree, "no")
        return degree if degree in ("no", "little", "much") else value

    def _quality(self, slot: str, value: str) -> str:
        if self.compare:
            return self._comparative(slot, value)
        self.waiting = None
        degree, self.degree = self.degree, "" if self.degree != "no" else "no"
        if slot == "size" and degree == "much":
            return STRONGER.get(value, value)
        return OPPOSITES.get(value, value) if degree == "no" else value

    def _comparative(self, slot: str, value: str) -> str:
        amount, less = self._amount(), self.compare == "less"
        self.compare = ""
        if slot in QUALITIES:
            return amount + COMPARATIVES.get(value, (value, value))[less]
        return amount + ("less" if less else "more")

    def _amount(self) -> str:
        amount = self.amount or (self.degree if self.degree in ("little", "much") else "")
        self.amount = self.degree = ""
        self.waiting = None
        return {"little": "a_little_", "much": "much_"}.get(amount, "")

    def _size_or_density(self, index: int, term: Term, slot: str, value: str) -> None:
        before = next((item for item in reversed(self.terms[:index]) if not item.has("ignored")), None)
        if slot == "size" and before and before.sizes_m:
            return  # "20 cm wide"
        after = self._after(index)
        said = self._values(after)
        if "joint" in said and value not in COMPARED:
            self._set("joint", "wide" if AS_DEGREE[value] == "much" else "narrow", term)
        elif not self._feature(after) or "veins" in said:
            self._set(slot, self._amount() + value if value in COMPARED else self._quality(slot, value), term)
        elif value in COMPARED:
            self.compare, self.waiting = AS_COMPARATIVE[value], term
        elif self.degree != "no":
            self.degree, self.waiting = AS_DEGREE[value], term

    def _shade(self, index: int, term: Term, value: str) -> None:
        if value in COMPARED:
            self._set("shade", self._amount() + value, term)
            return
        role = self._role(index)
        if self._feature(self._after(index)):  # "dark stains"
            self.result.undrawn.append(term.text)
        elif not role:
            self._set("shade", self._quality("shade", value), term)
        elif f"{role}_color" not in self.result.slots and not any(
            one.has("color") for one in self.terms[index + 1 :][:1]
        ):
            self._set(f"{role}_color", value, term)

    def _color(self, index: int, term: Term, value: str) -> None:
        if role := self._role(index):
            self._set(f"{role}_color", value, term)
            return
        feature = self._feature(term) or (
            "" if term.material and not term.has("metal") else self._feature(self._after(index))
        )
        if feature == "stripes" and self.material in table("grammar")["striped"]:
            feature = ""
            if self.adds or any(one.material == self.material for one in self.terms[:index]):
                self._set("second_color", value, term)
                return
        if feature == "motif":  # "with white dots"
            feature = ""
            if self.adds:
                self._set("second_color", value, term)
                return
        if "color" in table("grammar")["marks"].get(feature, ()):  # "yellow line"
            self.result.mark_colors.setdefault(feature, value)
            return
        if feature:  # "green moss" on bricks does not make them green
            if value not in NATURAL.get(feature, ()):
                self.result.undrawn.append(term.text)
            return
        slots, before = self.result.slots, self.terms[index - 1] if index else None
        if self.compare or ("color" not in slots and self.degree == "little"):  # "more green", "slightly green"
            self.compare = self.compare or "more"
            self._set("tint", f"{self._comparative('tint', value)}:{value}", term)
            return
        degree = self.waiting
        if "shade" not in slots and degree and (degree.has("deepens") or degree.has("brightens")):
            self._set("shade", "dark" if degree.has("deepens") else "bright", degree)
            self.degree, self.waiting = "", None
        if "color" not in slots:
            self._set("color", value, term)
        elif before and (one := self._one_color(before, slots["color"], term, value)):
            slots["color"] = one
        elif "second_color" not in slots and slots["color"] != value:
            self._set("second_color", value, term)
        elif value not in (slots["color"], slots.get("second_color")):
            self.result.left_out.append(term.text)

    def _one_color(self, before: Term, first: str, term: Term, second: str) -> str:
        """The colour of two neighbouring words: "navy blue" is navy, "blue grey" in between; "" for two colours."""
        if not before.has("color") or {first, second} == {"black", "white"}:
            return ""
        if term.language == "zh" and (before.text.endswith("色") or not term.text.endswith("色")):
            return ""
        if term.material and first in GREYING:  # "grey oak"
            return between(self.known.colors[second], self.known.colors[first], 0.7)
        return self.known.one_color(first, second)

    def _after(self, index: int) -> Term | None:
        """The clause's next term that is not a colour, a shade or a degree, and not ignored."""
        for term in self.terms[index + 1 :]:
            if term.is_break or term.has("split"):
                return None
            skipped = any(term.has(slot) for slot in ("color", "shade", "degree", "ignored", "and"))
            if not skipped or term.has("role"):
                return term
        return None

    def _feature(self, term: Term | None) -> str:
        """Slot of a term that names something on the material, such as cracks or moss; "" for other terms."""
        said = self._values(term)
        if term is None or "noun" not in said or "role" in said:
            return ""
        named = term.meaning.material if term.meaning else None
        slot = next((slot for slot in said if slot not in (*GRAMMAR, *MATERIAL_KEYS, "joint")), "")
        is_mark = slot in table("grammar")["marks"] and named and named[0] < 2  # "white shells on sand"
        return "" if named and named[1] == self.material and not is_mark else slot

    def _role(self, index: int) -> str:
        """The following part that a colour belongs to, "joint" or "vein"; "" for the material itself."""
        return self._values(self._after(index)).get("role", "")

    def _set(self, slot: str, value: str, term: Term) -> None:
        self.last = (slot, term)
        slots, words = self.result.slots, self.result.words
        before = slots.get(slot)
        if before is not None and before != value:
            if slot in QUALITIES and term.meaning and term.meaning.material:
                return  # "large mosaic": explicit words override what a name implies
            both = {words[slot], term.text}
            named = [one.text for one in self.terms if one.material == self.material and one.text in both]
            if slot in ("pattern", "finish") and named:  # "herringbone tweed", but "herringbone subway tiles"
                others = both - {named[-1]}
                if table("grammar")["weak"] in (before, value):
                    others = both - others
                else:
                    self.result.undrawn += others
                if words[slot] in others:
                    slots[slot], words[slot] = value, term.text
                return
            shown = [one for one in (before, value) if can_show(self.material, slot, one)]
            if slot == "pattern" and len(shown) == 1:  # "brushed aluminium panel"
                self.result.undrawn += both - {words[slot] if shown == [before] else term.text}
                slots[slot], words[slot] = shown[0], words[slot] if shown == [before] else term.text
                return
            if contradict(slot, before, value):
                raise contradiction(words[slot], term.text)
            if value == "some":
                return
        slots[slot] = value
        words[slot] = term.text
