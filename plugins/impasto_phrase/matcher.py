"""The matcher: turns a phrase into a recipe of a procedural material, or changes such a recipe."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from impasto.context import Context
from impasto.errors import Message, ParameterError, series
from impasto.matchers import Match, Matcher
from impasto.plugins.registry import registry
from impasto.recipe import Recipe, Step
from impasto.system.untrusted import excerpt
from impasto.texture import Maps
from impasto.tools import validate

from .phrases import read
from .reading import Reading
from .vocabulary import materials, nearest_to, table, vocabulary, words_of, words_without_meaning

INSIDE = ("in", "中", "里", "下")
"""Words for what lies inside something."""
WATER = "water"
"""The material that other things lie in."""
IN_WATER = Step("cover", {"material": WATER, "amount": 1.0, "thickness_m": 0.02})
"""The layer over what lies in water."""
CRACKS = Step("marks", {"kind": "cracks", "amount": 0.6, "size_m": 0.5})
"""The cracks that something grows or lies in."""
COATS: Mapping[str, Mapping[str, Any]] = table("grammar")["coats"]
"""Parameters of layers that have come off in places, by the word `coat` of a kind."""
PEELS = "plaster"
"""The material that comes off and shows what lies below."""


def read_phrase(text: str, start: str | None = None) -> Reading:
    """The reading of a phrase. start: the material to change if it names none. ParameterError as for `read`."""
    implied = {name: about.get("implied", ()) for name, about in materials().items()}
    return read(text, vocabulary(), implied, start)


class Phrase(Matcher):
    """Reads a phrase in English or Chinese. Unknown words are named in notes, and nothing is invented for them."""

    name, label = "phrase", "Phrase"
    description = "A material from a few words in English or Chinese, such as wet mossy cobblestones"
    subject, can_edit, rank = "text", True, 10
    example = "wet mossy cobblestones"

    def suggestions(self) -> Sequence[str]:
        """Whole phrases, then each known English and Chinese expression."""
        known = vocabulary()
        expressions = [text for text, meaning in known.chinese.items() if "ignored" not in meaning.values]
        return [*table("examples")["phrases"], *sorted(known.written), *expressions]

    def match(self, subject: str | Maps, seed: int, context: Context, start: Recipe | None = None) -> Match:
        """The recipe that a phrase describes, or `start` changed by it."""
        from .building import change
        from .layers import WETNESS, with_wet_layers
        from .lying import rewritten
        from .marking import Mark, with_marks
        from .sliders import slider_changes
        from .variations import vary

        assert isinstance(subject, str)
        text = rewritten(subject) if start is None else subject
        if start is None and (layered := self._layered_match(text, seed, context)):
            return layered
        if start is not None and (changed_layers := self._with_layers_changed(subject, seed, context, start)):
            return changed_layers
        position = _position(start)
        before = start.steps[position] if start is not None and position is not None else None
        reading = read_phrase(text, before.tool if before else None)
        self._refuse_nothing(subject, reading, start, before)
        marks: list[Mark] = []
        if before is None or (reading.material and before.tool not in materials()):
            tool, parameters, notes, marks = change(Step(reading.material or "", {}), reading)
        elif before.tool not in materials():
            tool, (parameters, notes) = before.tool, slider_changes(before, reading, context.models)
        else:
            tool, parameters, notes, marks = change(before, reading)
        if seed and start is None:
            parameters = vary(tool, parameters, seed)
        step = Step(tool, parameters, before.inputs if before is not None and before.tool == tool else {})
        if start is not None and position is not None:
            steps = (*start.steps[:position], step, *start.steps[position + 1 :])
            if wetness := reading.slots.get(WETNESS):
                steps = with_wet_layers(steps, wetness)
            return Match(replace(start, steps=with_marks(steps, marks)), (*_words_left_out(reading), *notes))
        return Match(Recipe(with_marks((step,), marks), seed), (*_words_left_out(reading), *notes))

    def _layered_match(self, subject: str, seed: int, context: Context) -> Match | None:
        """The recipe of one material on another; None for other phrases."""
        from .covering import IN_JOINTS, THICKNESS_M, covering_step, filling, is_layer, parts
        from .lying import scattered
        from .marking import with_marks

        known = vocabulary()
        if subject in known.chinese or words_of(subject) in known.english:  # "adobe with straw"
            return None
        inside, around, is_crack = filling(subject)
        filled = read_phrase(inside) if inside and read_phrase(around).material else Reading()
        if filled.material == "soil" or {"dirt", "mould", "oil"} & set(filled.slots):
            return self.match(f"{around} with {table('grammar')['dirty_joints']}", seed, context)
        if filled.material in (*THICKNESS_M, "moss"):
            found = self.match(around, seed, context)
            step, notes = covering_step(inside, IN_JOINTS, filled)
            recipe = replace(found.recipe, steps=(*found.recipe.steps, *([CRACKS] if is_crack else []), step))
            return Match(recipe, (*found.notes, *_words_left_out(filled), *notes))
        found_parts = [(layer, base, how, read_phrase(base)) for layer, base, how in parts(subject)]
        for layer, base, how, below in found_parts:
            if below.material and (lying := scattered(layer, how, below.material)):
                found = self.match(base, seed, context)
                below_it = found.recipe.steps[0]
                width_m = vars(validate(registry().tool(below_it.tool), below_it.parameters))["width_m"]
                steps = with_marks(found.recipe.steps, [replace(lying[0], width_m=width_m)])
                return Match(replace(found.recipe, steps=steps), (*found.notes, *lying[1]))
        for layer, base, how, below in found_parts:
            reading = read_phrase(layer)
            is_over = reading.material == WATER and not how
            is_in = below.material == WATER and how in INSIDE
            if is_over != is_in and reading.material and below.material and reading.material != below.material:
                found = self.match(base if is_over else layer, seed, context)  # "pebbles in a stream"
                return replace(found, recipe=replace(found.recipe, steps=(*found.recipe.steps, IN_WATER)))
            if is_layer(reading, below, how):
                found = self.match(base, seed, context)
                step, notes = covering_step(layer, how, reading)
                recipe = replace(found.recipe, steps=(*found.recipe.steps, step))
                return Match(recipe, (*found.notes, *_words_left_out(reading), *notes))
            if below.material and reading.material == PEELS != below.material and how not in ("between", "in"):
                return self._peeled_match(layer, base, below, seed, context)
        return None

    def _peeled_match(self, layer: str, base: str, below: Reading, seed: int, context: Context) -> Match:
        """The recipe of plaster that has come off another material, of which it shows the colour."""
        from .building import rgb_of, usual_color
        from .covering import TINTED

        found = self.match(layer, seed, context)
        plaster = found.recipe.steps[0].parameters
        above = read_phrase(layer)
        coat, color = above.like.get("coat", ""), above.slots.get("color", "")
        if coat or ("color" not in plaster and len(found.recipe.steps) == 1):
            base_found = self.match(base, seed, context)
            tint: dict[str, Any] = {"tinted": TINTED, "color": list(rgb_of(color))} if color else {}
            step = Step("cover", {**COATS[coat or PEELS], **tint, "wetness": plaster.get("wetness", 0.0)})
            recipe = replace(base_found.recipe, steps=(*base_found.recipe.steps, step))
            return Match(recipe, (*base_found.notes, *words_without_meaning(above.unknown)))
        shown = rgb_of(below.slots.get("color") or usual_color(str(below.material)))
        values = {"peeling": 0.5, **found.recipe.steps[0].parameters, "base_color": list(shown)}
        note = Message("{} shows only as a colour under the plaster", registry().tool(str(below.material)).label)
        recipe = replace(found.recipe, steps=(Step(PEELS, values), *found.recipe.steps[1:]))
        return Match(recipe, (*found.notes, *words_without_meaning(below.unknown), note))

    def _with_layers_changed(self, subject: str, seed: int, context: Context, start: Recipe) -> Match | None:
        """The recipe with its layers changed, then by the other clauses; None if no clause is about a layer."""
        from .layers import layer_changes, with_layers_changed

        changes, rest = layer_changes(subject, start.steps)
        if not changes:
            return None
        steps, notes = with_layers_changed(start.steps, changes)
        recipe = replace(start, steps=steps)
        if not rest or (reading := read_phrase(rest, "")).is_empty:
            return Match(recipe, (*notes, *(_words_left_out(reading) if rest else ())))
        found = self.match(rest, seed, context, recipe)
        return replace(found, notes=(*notes, *found.notes))

    def _refuse_nothing(self, subject: str, reading: Reading, start: Recipe | None, before: Step | None) -> None:
        """Raise ParameterError if a phrase names no material, or changes nothing."""
        is_known = reading.material and not reading.compound
        if is_known or (before and not reading.is_empty):
            return
        near_words = {word: near for word, near in nearest_to(reading.unknown).items() if near}
        hints = [Message("{} may be {}", word, " or ".join(near)) for word, near in near_words.items()]
        if start is not None and before is None:
            message = "the recipe has no procedural material and no model with sliders that words could change"
            raise ParameterError(message, "give another recipe")
        if start is not None:
            remedy = series("; ", [*hints, "write for example 'a little darker', or 'more moss'"])
            raise ParameterError("{} changes nothing that is known here", remedy, excerpt(subject))
        message = Message("{} names no material that is known here", excerpt(reading.compound or subject))
        among = Message("all {} materials are among the tools", len(materials()))
        raise ParameterError(message, series("; ", [*hints, among, Message("write for example {!r}", self.example)]))


def _position(start: Recipe | None) -> int | None:
    """Position of the last step with a procedural material or a model with sliders; None if there is none."""
    from .sliders import slider_parameter

    steps = start.steps if start is not None else ()
    known = (index for index, step in enumerate(steps) if step.tool in materials() or slider_parameter(step.tool))
    return max(known, default=None)


def _words_left_out(reading: Reading) -> list[str]:
    """A sentence fragment for an unknown head, a kind, each word without a meaning, and each other material."""
    label = registry().tool(reading.material).label if reading.material else ""
    notes: list[str] = []
    if reading.head:
        notes.append(Message("{} is not known here: the rest of the phrase says {}", excerpt(reading.head), label))
    is_near = reading.kind is not None and reading.kind.has("near") and not reading.kind.has("thing")
    if reading.kind and is_near:
        text, with_color = "no {} is known here: {} is nearest", "no {} is known here: {} is nearest, in its colour"
        is_colored = {*reading.like} - {*reading.slots} >= {"color"}
        notes.append(Message(with_color if is_colored else text, excerpt(reading.kind.text), label))
    if reading.bodies:
        notes += [
            Message("{} is not drawn as a thing: {} shows only its surface", excerpt(word), label)
            for word in reading.bodies
            if not (reading.kind and is_near and word == reading.kind.text)
        ]
    notes += words_without_meaning([word for word in reading.unknown if word != reading.head.lower()])
    others = [excerpt(word) for word in dict.fromkeys(reading.left_out)]
    return [*notes, *(Message("{} was left out: {} cannot show it", word, label) for word in others)]
