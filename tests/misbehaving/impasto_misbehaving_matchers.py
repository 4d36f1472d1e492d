"""Matchers for tests: one counts words, one takes a picture's mean colour."""

from __future__ import annotations

from dataclasses import replace

from impasto.context import Context
from impasto.errors import ParameterError
from impasto.matchers import Match, Matcher
from impasto.recipe import Recipe, Step
from impasto.texture import Maps


class WordCount(Matcher):
    """As many squares as the text has words; with a start, as many more."""

    name, label, description = "word-count", "Word count", "As many squares as words, for tests"
    subject, example, can_edit = "text", "one two three", True

    def suggestions(self) -> list[str]:
        return ["one", "two"]

    def match(self, subject: str | Maps, seed: int, context: Context, start: Recipe | None = None) -> Match:
        assert isinstance(subject, str)
        words = subject.split()
        if "cat" in words:
            raise ParameterError("a cat is no number of squares", "write other words")
        if "wrong" in words:
            return Match(Recipe((Step("checker", {"squares": 1000}),), seed))
        context.progress(0.5, "Counting words")
        if start is not None:
            squares = int(start.steps[0].parameters["squares"]) + len(words)
            return Match(replace(start, steps=(Step("checker", {**start.steps[0].parameters, "squares": squares}),)))
        return Match(Recipe((Step("checker", {"squares": len(words)}),), seed), ("words were counted",))


class MeanColor(Matcher):
    """Squares of the picture's mean colour."""

    name, label, description = "mean-color", "Mean colour", "Squares of a picture's mean colour, for tests"
    subject, example, varies = "picture", "wall.png", False

    def match(self, subject: str | Maps, seed: int, context: Context, start: Recipe | None = None) -> Match:
        assert isinstance(subject, Maps)
        color = [float(value) for value in subject["base_color"].pixels.mean((0, 1))]
        notes = (f"the picture is {subject.width_m:.4g} m wide",) if subject.width_m else ()
        return Match(Recipe((Step("checker", {"color": color}),), seed), notes, figures={"distance": 0.0})
