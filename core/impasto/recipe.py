"""Recipes: the steps and the seed that make maps, as plain data that JSON can hold.

A recipe is the one way anything is made; `impasto.run` carries it out. It is stored in every file that
it made. Standard library only: Blender builds recipes too.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from .errors import ParameterError

Scalar = bool | int | float | str
MAX_SEED = 2**31 - 1


@dataclass(frozen=True)
class Step:
    """One tool with its parameters; `inputs` maps the tool's named inputs to the names given to `run`."""

    tool: str
    parameters: Mapping[str, Scalar | Sequence[float]] = field(default_factory=dict)
    inputs: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Recipe:
    """Steps and a seed in [0, 2³¹), and what is known of how they were run (filled in by `run`).

    `inputs` has name, SHA-256 and real-world scale of every input; `made_with` has versions, device, precision and the
    hashes of models and weights, and `stopped` where it was ended early. Neither holds a path.
    """

    steps: tuple[Step, ...]
    seed: int = 0
    inputs: Mapping[str, Mapping[str, str | float]] = field(default_factory=dict)
    made_with: Mapping[str, Any] = field(default_factory=dict)

    def to_json(self) -> str:
        """The recipe as one line of JSON, the same for the same recipe."""
        return json.dumps(self.to_dict(), ensure_ascii=False, sort_keys=True, separators=(",", ":"))

    def to_dict(self) -> dict[str, Any]:
        """The recipe as dictionaries, lists and scalars."""
        return json.loads(json.dumps(asdict(self)))

    @classmethod
    def from_json(cls, text: str) -> Recipe:
        """Read what `to_json` wrote, or a hand-written recipe. ParameterError where it is not one."""
        try:
            data = json.loads(text)
        except (json.JSONDecodeError, RecursionError) as error:
            raise ParameterError(f"the recipe is not JSON ({error})", "check the file") from error
        return cls.from_dict(data)

    @classmethod
    def from_dict(cls, data: Any) -> Recipe:
        """A recipe from dictionaries. ParameterError names the first field that is wrong."""
        _expect(isinstance(data, dict), "a recipe is an object with steps", data)
        _refuse_unknown("recipe", data, {"steps", "seed", "inputs", "made_with"})
        steps, seed = data.get("steps"), data.get("seed", 0)
        _expect(isinstance(steps, list) and len(steps) > 0, "steps must be a list with at least one step", steps)
        _expect(isinstance(seed, int) and not isinstance(seed, bool), "seed must be a whole number", seed)
        _expect(0 <= seed <= MAX_SEED, f"seed must be between 0 and {MAX_SEED}", seed)
        for key in ("inputs", "made_with"):
            _expect(isinstance(data.get(key, {}), dict), f"{key} must be an object", data.get(key))
        return cls(tuple(map(_step, steps)), seed, data.get("inputs", {}), data.get("made_with", {}))


def differences(before: Recipe, now: Recipe) -> list[str]:
    """One sentence for each input, version, model or device that is not what it was."""
    found = []
    for name, about in before.inputs.items():
        other = now.inputs.get(name, {})
        if about.get("sha256") != other.get("sha256"):
            found.append(f"input {name}: {other.get('name')} is not the {about.get('name')} that was used then")
    for key, word in (("versions", "version"), ("models", "model"), ("weights", "weights")):
        then, today = before.made_with.get(key, {}), now.made_with.get(key, {})
        found += [
            f"{word} of {name}: {then.get(name, 'absent')} then, {today.get(name, 'absent')} now"
            for name in sorted({*then, *today})
            if then.get(name) != today.get(name)
        ]
    for key in ("device", "precision"):
        if before.made_with.get(key) != now.made_with.get(key):
            found.append(f"{key}: {before.made_with.get(key)} then, {now.made_with.get(key)} now")
    if before.made_with.get("stopped"):
        found.append("it was stopped early then, which a recipe cannot repeat")
    return found


def _step(data: Any) -> Step:
    _expect(isinstance(data, dict) and isinstance(data.get("tool"), str), "a step needs the name of a tool", data)
    _refuse_unknown("step", data, {"tool", "parameters", "inputs"})
    for key in ("parameters", "inputs"):
        _expect(isinstance(data.get(key, {}), dict), f"{key} must be an object", data.get(key))
    return Step(data["tool"], data.get("parameters", {}), data.get("inputs", {}))


def _refuse_unknown(what: str, data: Mapping[str, Any], known: set[str]) -> None:
    unknown = sorted(set(data) - known)
    _expect(not unknown, f"a {what} has no field {', '.join(unknown)}; it has {', '.join(sorted(known))}", unknown)


def _expect(holds: bool, rule: str, value: Any) -> None:
    if not holds:
        raise ParameterError(f"{rule}, got {json.dumps(value, default=str)[:80]}", "see `impasto run --help`")
