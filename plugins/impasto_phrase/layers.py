"""Changes of the layers of a recipe by words, such as "more snow", "no leaves" and "wetter sand"."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from impasto.errors import Message
from impasto.parameters import properties_of
from impasto.plugins.registry import registry
from impasto.recipe import Step

from .covering import AMOUNT_OF, COVER, THICKNESS_M, covering_step, without_effect
from .levels import STEPS, amount_of, level, move_by_steps, within
from .phrases import read
from .reading import Reading, contradiction
from .terms import Term, terms_of
from .vocabulary import materials, vocabulary, words_without_meaning

_CLAUSES = re.compile(r"\s*(?:[,;.!?，；。！？、]|\band\b|\bbut\b)\s*", re.IGNORECASE)
WETNESS = "wetness"
FALLING = ("snow", "forest-floor", "rust")
"""Materials that a change lays on top without further words."""
_LAID = re.compile(
    r"^(?:add|put|with|some|a little|a bit of)\b|\bon (?:it|top|them)$|^(?:加|添|撒|盖|带|有)|在上面$", re.IGNORECASE
)
"""Matches clauses that lay any material on top, such as "add gravel" and "some sand on it"."""


@dataclass(frozen=True)
class LayerChange:
    """A clause about a layer. amount: a comparative or a degree, as slots have them, or ""; wetness: the same."""

    material: str
    word: str
    amount: str
    wetness: str
    clause: str = field(default="", compare=False)


def layer_changes(text: str, steps: Sequence[Step]) -> tuple[list[LayerChange], str]:
    """Changes of layers that a phrase asks for, and its other clauses.

    Raise ParameterError if two clauses contradict each other.
    """
    found: dict[str, LayerChange] = {}
    others = []
    for clause in filter(None, _CLAUSES.split(text)):
        change = _change(clause, steps)
        if change is None:
            others.append(clause)
        elif change.material in found and found[change.material] != change:
            raise contradiction(f"{found[change.material].amount} {change.word}", clause)
        else:
            found[change.material] = change
    return list(found.values()), ", ".join(others)


def _change(clause: str, steps: Sequence[Step]) -> LayerChange | None:
    """The change of a layer that a clause asks for; None for clauses about anything else."""
    terms = terms_of(clause, vocabulary())
    found = [(term.meaning.material, term.text) for term in terms if term.meaning and term.meaning.material]
    named = {material: text for (firmness, material), text in found if firmness > 1}  # "dirt" is no layer of soil
    if len(named) > 1:  # such as "less snow on the bricks"
        named = {material: word for material, word in named.items() if material not in [step.tool for step in steps]}
    if len(named) != 1:
        return None
    material, word = next(iter(named.items()))
    amount, wetness = _amount(terms), _wetness(clause, material)
    if _place(steps, material) is not None:
        return LayerChange(material, word, amount or ("" if wetness else "some"), wetness, clause)
    is_laid = material in FALLING or amount.endswith(("more", "less")) or amount == "no" or _LAID.search(clause)
    if material not in THICKNESS_M or not is_laid or _is_of_base(material, steps):
        return None
    return LayerChange(material, word, amount, wetness, clause)


def _is_of_base(material: str, steps: Sequence[Step]) -> bool:
    """Whether a step is this material, or has a parameter with its name, such as the rust of steel plates."""
    tools = [step.tool for step in steps if step.tool in materials()]
    return any(material == tool or material in properties_of(registry().tool(tool).parameters) for tool in tools)


def _amount(terms: Sequence[Term]) -> str:
    """The amount in these terms: "more", "a_little_less", "no", "much" and so on, or ""."""
    values: dict[str, str] = {}
    for term in terms:
        values |= dict(term.meaning.values) if term.meaning else {}
    degree = values.get("amount") or values.get("after") or values.get("degree", "")
    if compare := values.get("compare"):
        return {"little": "a_little_", "much": "much_"}.get(degree, "") + compare
    return values.get("degree", "")


def _wetness(clause: str, material: str) -> str:
    """Wetness of a material according to a clause; "" if the clause does not mention it."""
    return read(clause, vocabulary(), {}, material).slots.get(WETNESS, "")


def _place(steps: Sequence[Step], material: str) -> int | None:
    """Position of the uppermost layer of a material."""
    found = [index for index, step in enumerate(steps) if step.tool == COVER and _value(step, "material") == material]
    return max(found, default=None)


def _value(step: Step, name: str) -> Any:
    return step.parameters.get(name, _schemas()[name]["default"])


def _schemas() -> Mapping[str, Mapping[str, Any]]:
    return properties_of(registry().tool(COVER).parameters)


def with_layers_changed(steps: Sequence[Step], changes: Sequence[LayerChange]) -> tuple[tuple[Step, ...], list[str]]:
    """The steps with changed or new layers, and notes about values at their limits.

    A removed layer keeps its step with the amount 0, so that "more" brings it back in its place.
    """
    changed, notes = list(steps), list[str]()
    for change in changes:
        place = _place(steps, change.material)
        if place is None and change.amount.endswith(("less", "no")):
            notes.append(Message("{}: there is no such layer", change.word))
            continue
        reading = replace(read(change.clause, vocabulary(), {}, change.material), material=change.material)
        notes += words_without_meaning(reading.unknown)
        if place is None:
            step, said = _new_layer(change, reading)
            changed.append(step)
            notes += said
            continue
        step, said = _change_layer(changed[place], change)
        changed[place] = step
        notes += [*said, *without_effect(reading, (WETNESS, change.material))]
    return tuple(changed), notes


def _new_layer(change: LayerChange, reading: Reading) -> tuple[Step, list[str]]:
    """The step of a new layer, and notes about words without effect."""
    step, notes = covering_step(change.clause, "", reading)
    more, word = amount_of(change.amount)
    degree = {"a_little_": "little", "much_": "much"}.get(more, word)
    amount = AMOUNT_OF.get(degree, step.parameters["amount"])
    laid = replace(step, parameters={**step.parameters, "amount": amount})
    return (with_wetness(laid, change.wetness) if change.wetness else laid), notes


def _change_layer(step: Step, change: LayerChange) -> tuple[Step, list[str]]:
    before = float(_value(step, "amount"))
    amount, word = amount_of(change.amount)
    values: dict[str, Any] = dict(step.parameters)
    if word in ("more", "less"):
        sign = 1 if word == "more" else -1
        values["amount"] = within(
            _schemas()["amount"], move_by_steps(_schemas()["amount"], before, sign * STEPS[amount])
        )
    elif word:
        values["amount"] = AMOUNT_OF[word]
    notes: list[str] = []
    if word in ("more", "less") and values["amount"] == before:
        note = "{} is at its highest already" if word == "more" else "{} is at its lowest already"
        notes.append(Message(note, change.word))
    changed = replace(step, parameters=values)
    return (with_wetness(changed, change.wetness) if change.wetness else changed), notes


def with_wetness(step: Step, word: str) -> Step:
    """The layer with the wetness that a word states, as a level or a comparative."""
    schema = _schemas()[WETNESS]
    amount, kind = amount_of(word)
    if kind in ("more", "less"):
        value = move_by_steps(schema, float(_value(step, WETNESS)), STEPS[amount] * (1 if kind == "more" else -1))
    else:
        value = level(WETNESS, schema, kind)
    return replace(step, parameters={**step.parameters, WETNESS: within(schema, value)})


def with_wet_layers(steps: Sequence[Step], word: str) -> tuple[Step, ...]:
    """The steps with all layers as wet as a word states, since water falls on the uppermost ones."""
    return tuple(with_wetness(step, word) if step.tool == COVER else step for step in steps)
