"""Terms of a phrase: longest known expressions, measures, hex colours, breaks, and unknown words."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from .vocabulary import COMPARED, Meaning, Vocabulary, table, words_of

METRES: Mapping[str, float] = table("grammar")["metres"]
ENGLISH_NUMBERS = {"half": 0.5, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "eight": 8, "ten": 10}
CHINESE_NUMBERS = {"半": 0.5, **{sign: number for number, sign in enumerate("一二三四五六七八九十", 1)}, "两": 2}
NUMBERS = {**ENGLISH_NUMBERS, **CHINESE_NUMBERS}
HIGHEST = 3
"""Most numbers in a measure, such as 24 x 12 x 6 cm."""
_NUMBER = rf"(?:\d+(?:[.,]\d+)?|{'|'.join(NUMBERS)})"
_UNIT = "|".join(sorted(map(re.escape, METRES), key=len, reverse=True))
_MEASURE = re.compile(rf"({_NUMBER}(?:\s*(?:{_UNIT})?\s*[x×*]\s*{_NUMBER})*)[\s-]*({_UNIT})s?(?![a-z])", re.IGNORECASE)
_HEX = re.compile(r"#(?:[0-9a-f]{6}|[0-9a-f]{3})(?![0-9a-z])", re.IGNORECASE)
_BREAK = re.compile(r"[,;:.!?()\[\]，；：。！？（）、/|]")
_LATIN = re.compile(r"[a-zà-ÿ]+(?:['’][a-z]+)*", re.IGNORECASE)
_HAN = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff]+")
_OTHER = re.compile(r"[^\s,;:.!?()\[\]，；：。！？（）、/|\u3400-\u4dbf\u4e00-\u9fffa-zà-ÿ]+", re.IGNORECASE)
LONGEST_ENGLISH, LONGEST_CHINESE = 4, 10
MISSPELLED = 0.88
"""Similarity of a word to a known one from which it counts as misspelled."""
PARTICLES = frozenset("的地得了和与及有带很又")
"""Chinese characters that stay words of their own next to unknown ones."""


@dataclass(frozen=True)
class Term:
    """A part of a phrase. meaning: None if it is unknown. sizes_m: of a measure. language: "en" or "zh"."""

    text: str
    meaning: Meaning | None = None
    sizes_m: tuple[float, ...] = ()
    is_break: bool = False
    language: str = "en"

    @property
    def compares(self) -> bool:
        """Whether the term makes the phrase a change of an existing material."""
        return self.meaning is not None and (self.has("compare") or bool(COMPARED & set(self.meaning.values.values())))

    @property
    def material(self) -> str | None:
        """The material that the term names."""
        return self.meaning.material[1] if self.meaning and self.meaning.material else None

    def has(self, slot: str) -> bool:
        """Whether the meaning has this slot, for any material."""
        return self.meaning is not None and slot in self.meaning.values


def terms_of(text: str, known: Vocabulary) -> list[Term]:
    """The terms of a phrase, in order."""
    found: list[Term] = []
    position = 0
    text = text.replace("’", "'")
    while position < len(text):
        if text[position] in " -":
            position += 1
            continue
        terms, position = _next(text, position, known)
        found += terms
    return _with_parts(found)


def _with_parts(terms: list[Term]) -> list[Term]:
    """The terms, with the skin, peel or shell of a kind as one term with it: the skin of a tomato is no human one."""
    joined: list[Term] = []
    for term in terms:
        before = joined[-1] if joined else None
        if before and before.has("kind") and term.text.lower() in table("grammar")["skins"]:
            joined[-1] = replace(before, text=f"{before.text} {term.text}")
        else:
            joined.append(term)
    return joined


def _next(text: str, position: int, known: Vocabulary) -> tuple[list[Term], int]:
    """The terms at a position, and the position after them."""
    if match := _MEASURE.match(text, position):
        return [Term(match[0], sizes_m=_metres(match))], match.end()
    if match := _HEX.match(text, position):
        return [Term(match[0], Meaning({"color": match[0].lower()}))], match.end()
    if match := _BREAK.match(text, position):
        return [Term(match[0], is_break=True)], match.end()
    if match := _HAN.match(text, position):
        measure = _MEASURE.search(match[0])  # such as 两厘米 within a run of characters
        end = match.start() + measure.start() if measure else match.end()
        return _whole_words(list(_chinese(text[match.start() : end], known))), end
    if match := _LATIN.match(text, position):
        return _english(text, position, known)
    match = _OTHER.match(text, position)
    end = match.end() if match else position + 1
    return [Term(text[position:end])], end


def _metres(match: re.Match[str]) -> tuple[float, ...]:
    scale = METRES[match[2].lower()]
    numbers = re.findall(_NUMBER, match[1], re.IGNORECASE)[:HIGHEST]
    return tuple(
        round((NUMBERS.get(number.lower()) or float(number.replace(",", "."))) * scale, 6) for number in numbers
    )


def _english(text: str, position: int, known: Vocabulary) -> tuple[list[Term], int]:
    """The longest known expression of up to four words, or one unknown word."""
    ends: list[int] = []
    at = position
    while len(ends) < LONGEST_ENGLISH and (match := _LATIN.match(text, at)):
        ends.append(match.end())
        at = match.end()
        while at < len(text) and text[at] in " -":
            at += 1
    for end in reversed(ends):
        if meaning := known.english.get(words_of(text[position:end])):
            return [Term(text[position:end], meaning)], end
    return [Term(text[position : ends[0]])], ends[0]


def _chinese(text: str, known: Vocabulary) -> Iterator[Term]:
    """Known expressions, so that fewest characters are unknown, then fewest expressions; and runs of unknown ones."""
    best: list[tuple[int, int, int]] = [
        (0, 0, 1)
    ]  # of the characters from here: unknown ones, terms, length of the first
    for position in reversed(range(len(text))):
        rest = len(text) - position
        ends = [n for n in range(min(LONGEST_CHINESE, rest), 0, -1) if text[position : position + n] in known.chinese]
        skipped, terms, _ = best[rest - 1]
        choices = [(best[rest - n][0], best[rest - n][1] + 1, n) for n in ends]
        best.append(min([*choices, (skipped + 1, terms, 0)], key=lambda choice: choice[:2]))
    position = start = 0
    while position < len(text):
        length = best[len(text) - position][2]
        if length:
            if start < position:
                yield Term(text[start:position], language="zh")
            expression = text[position : position + length]
            yield Term(expression, known.chinese[expression], language="zh")
            start = position + length
        position += length or 1
    if start < len(text):
        yield Term(text[start:], language="zh")


def _whole_words(terms: list[Term]) -> list[Term]:
    """The terms, with single known characters joined to the unknown words around them: 铁 in 铁塔 is not iron."""
    joined: list[Term] = []
    for index, term in enumerate(terms):
        before = joined[-1] if joined else None
        after = terms[index + 1] if index + 1 < len(terms) else None
        if before is not None and before.meaning is None and _continues(before, term, after):
            joined[-1] = Term(before.text + term.text, language="zh")
        else:
            joined.append(term)
    return joined


def _continues(unknown: Term, term: Term, after: Term | None) -> bool:
    """Whether a term belongs to the unknown word before it."""
    if term.meaning is None:
        return True
    is_inside = len(unknown.text) == 1 or (after is not None and after.meaning is None)
    return is_inside and len(term.text) == 1 and term.text not in PARTICLES


def with_family(terms: list[Term], known: Vocabulary) -> list[Term]:
    """The terms, where the last unknown word names the family of its ending if no word names a material.

    A Chinese word may also have it inside. Words that are spelled like known ones are left for a hint.
    """
    if any(term.material for term in terms):
        return terms
    families = {ending: found for found, endings in table("grammar")["families"].items() for ending in endings}
    for place in reversed(range(len(terms))):
        text = "".join(words_of(terms[place].text)[-1:])
        inside = text[-2:0:-1] * (terms[place].language == "zh")
        endings = [*(text[-length:] for length in range(min(5, len(text)), 0, -1)), *inside]
        found = next((families[ending] for ending in endings if ending in families), "")
        if found and terms[place].meaning is None and not terms[place].sizes_m and not known.nearest(text, MISSPELLED):
            name, *values = found.split()
            like = dict(value.split("=") for value in values)
            near = replace(terms[place], meaning=Meaning({"kind": name, "near": "yes"}, like=like))
            return [*terms[:place], near, *terms[place + 1 :]]
    return terms


def naming_term(terms: Sequence[Term], is_change: bool) -> Term | None:
    """The term that names the material: the firmest, or a form such as "corrugated".

    Ties go to the most frequent hint, the first clause, and its last word. What is added ("with", "by") counts only if
    nothing before it could be the material. is_change: only words that certainly name a material count.
    """
    hints = Counter(term.meaning.values["hint"] for term in terms if term.meaning and "hint" in term.meaning.values)
    best: tuple[int, int, int, int] | None = None
    found = None
    clause = 0
    adds = has_head = False
    for position, term in enumerate(terms):
        has_form = found is not None and found.material in table("grammar")["forms"]  # "a wall of slate" is a wall
        clause += term.is_break or (term.has("split") and (term.text.lower() != "of" or has_form))
        adds = (adds and not term.is_break) or (term.has("adds") and has_head)
        if term.meaning and (named := term.meaning.material):
            firmness = 0 if adds and (named[0] == 3 or term.has("moss")) else named[0] + term.has("form")
            rank = (firmness, hints[named[1]] if firmness == 2 else 0, -clause, position)
            if (best is None or rank > best) and (named[0] == 3 or not is_change):
                best, found = rank, term
        has_head = has_head or (not adds and (term.material is not None or term.meaning is None) and not term.is_break)
    return found


def unknown_head(terms: Sequence[Term]) -> str:
    """The last word before the first break or addition, if it is unknown; "" otherwise."""
    ends = [index for index, term in enumerate(terms) if term.is_break or term.has("split")]
    head = terms[: min(ends, default=len(terms))][-1:]
    return head[0].text if head and head[0].meaning is None and not head[0].sizes_m else ""


def unknown_compound(terms: Sequence[Term], material: str | None) -> str:
    """A general noun, such as "board", with an unknown word before it, if nothing else names the material."""
    named = [(index, term) for index, term in enumerate(terms) if term.meaning and term.meaning.material]
    if any(term.meaning and term.meaning.material[1] == material and not term.has("generic") for _, term in named):  # type: ignore[index]
        return ""
    for index, term in named:
        before = terms[index - 1] if index else None
        if term.has("generic") and before and before.meaning is None and not before.sizes_m and not before.is_break:
            return f"{before.text} {term.text}"
    return ""
