"""`impasto plugins check`: what a plugin's author is told about tools that do not behave as every tool does."""

import json
import re
import time

import numpy as np
import pytest

from impasto import Maps
from impasto.inspection.behaviour import CHECKS, LONGEST_S, check
from impasto.plugins.registry import registry
from impasto.tools import Field, Filter, NoParameters, Parameters, Trainer


class Kept(Filter):
    """A tool that behaves."""

    name, label, description = "kept", "Kept", "Does nothing"

    def apply(self, subject, parameters, inputs, context):
        for step in range(4):
            context.progress(step / 4, "Working")
        return self.changed(subject, context)

    def changed(self, subject, context):
        return subject


class Random(Kept):
    def changed(self, subject, context):
        return subject.with_arrays({"base_color": np.random.rand(*subject.size_px, 3)})


class InPlace(Kept):
    def changed(self, subject, context):
        subject["base_color"].pixels.setflags(write=True)
        subject["base_color"].pixels[:] *= 0.5
        return subject


class Black(Kept):
    def changed(self, subject, context):
        return subject.with_arrays({"base_color": np.zeros((*subject.size_px, 3))})


class Cut(Kept):
    def changed(self, subject, context):
        height = subject.size_px[0]
        return Maps.from_arrays({"base_color": subject["base_color"].pixels[: max(1, height - 1)]})


class Divides(Kept):
    def changed(self, subject, context):
        color = subject["base_color"].pixels
        with np.errstate(all="ignore"):
            return subject.with_arrays({"height": ((color - color.min()) / (color.max() - color.min()))[..., 0]})


class Deaf(Kept):
    def apply(self, subject, parameters, inputs, context):
        time.sleep((LONGEST_S + 0.2) * (subject.size_px == (128, 128)))
        return subject


class Fails(Kept):
    def changed(self, subject, context):
        raise KeyError("height")


class Shares(Parameters):
    """A number that may be 0."""

    parts: int = Field(2, ge=0, le=9, description="Parts that the colour is divided by")


class Breaks(Kept):
    """A tool that cannot stand an end of the range that it declares."""

    parameters = Shares

    def apply(self, subject, parameters, inputs, context):
        height = np.full(subject.size_px, 0.1 // parameters.parts)
        return super().apply(subject.with_arrays({"height": height}), parameters, inputs, context)


class Lower(Kept):
    description = "does nothing"


class Learns(Trainer):
    name, label, description, parameters = "kept", "Learns", "Learns", NoParameters

    def apply(self, subject, parameters, inputs, context):
        raise AssertionError("a training takes too long for a check")


def problems(tool, monkeypatch) -> dict[str, str]:
    """Problems of a tool by behaviour."""
    monkeypatch.setitem(registry().tools, "kept", tool)
    return {finding.behaviour: finding.problem for finding in check(tool) if finding.problem}


def test_a_tool_that_behaves_has_no_problem(monkeypatch):
    assert problems(Kept(), monkeypatch) == {}
    assert len(list(check(Kept()))) == len(CHECKS)
    monkeypatch.setitem(registry().tools, "kept", Learns())
    assert [finding.problem for finding in check(Learns())] == [""], "a trainer is not run"


@pytest.mark.parametrize(
    ("tool", "behaviour", "problem"),
    [
        (Lower(), "any host can draw it", "does not begin with a capital letter"),
        (Random(), "one seed gives one picture", "two runs with one seed differ"),
        (InPlace(), "one seed gives one picture", "one seed differ|in place"),
        (Black(), "a picture with texture", "base_color of a picture with texture is of one value"),
        (Cut(), "odd sizes give maps in range", "has the shape"),
        (Divides(), "one colour gives maps in range", r"leaves \[0, 1\]|NaN|finite"),
        (Breaks(), "parameters at the ends of their ranges", "'parts': 0} ends in ZeroDivisionError"),
        (Deaf(), "a cancelled job ends", "call context.progress"),
        (Fails(), "odd sizes give maps in range", "KeyError: 'height'"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_what_does_not_hold_is_told(tool, behaviour, problem, monkeypatch):
    found = problems(tool, monkeypatch)
    (told,) = (text for name, text in found.items() if name.startswith(behaviour))
    assert re.search(problem, told), told


def test_a_tool_without_its_model_is_skipped_with_the_reason(monkeypatch, tmp_path):
    monkeypatch.setenv("IMPASTO_MODELS", str(tmp_path))
    found = list(check(registry().tool("gan")))
    assert not any(finding.problem for finding in found)
    assert all("model" in finding.skipped for finding in found[1:])


@pytest.mark.parametrize("name", ["impasto_transform", "transform"])
def test_a_plugin_is_found_by_its_module_and_by_its_entry_point(name, said):
    code, stdout, stderr = said("plugins", "check", name, "--json")
    assert code == 0, stderr
    assert {one["tool"] for one in json.loads(stdout)["checks"]} == {"transform"}


def test_a_broken_plugin_ends_with_the_exit_code_of_plugins(said, monkeypatch):
    broken = Fails()
    broken.name = "transform"
    monkeypatch.setitem(registry().tools, "transform", broken)
    code, stdout, _ = said("plugins", "check", "transform")
    assert code == 4
    assert "KeyError" in stdout
    code, _, stderr = said("plugins", "check", "impasto_nothing")
    assert (code, "choose from" in stderr) == (2, True)
