"""The parameters of a material while a phrase sets them, and notes about words without effect."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from impasto.errors import Message
from impasto.parameters import color_of, properties_of
from impasto.plugins.registry import registry
from impasto.schemas import holds
from impasto.system.untrusted import excerpt

from .levels import within
from .marking import MARKS, Mark
from .reading import Reading
from .vocabulary import materials


class Draft:
    """Parameters that a phrase sets, on top of given ones.

    `put` sets what a word says explicitly ("scratched"). `suggest` sets what a word implies, such as fewer stains on
    polished surfaces, and never overrides explicit values.
    """

    def __init__(self, tool: str, parameters: Mapping[str, Any], reading: Reading) -> None:
        self.tool, self.reading, self.base = tool, reading, parameters
        self.table = materials()[tool]
        self.schemas = properties_of(registry().tool(tool).parameters)
        self.now = {name: schema["default"] for name, schema in self.schemas.items()} | dict(parameters)
        self.changes: dict[str, Any] = dict(parameters)
        self.notes: list[str] = []
        self.marks: list[Mark] = []
        self._said: dict[str, str] = {}
        self._slot = ""

    def implies(self, slot: str) -> bool:
        """Whether the material itself implies a slot."""
        return slot in self.table.get("implied", ())

    def say(self, slot: str) -> None:
        """Attribute the following calls of `put` to this slot."""
        self._slot = slot

    def put(self, name: str, value: Any) -> None:
        """Set a parameter, within its limits."""
        schema = self.schemas[name]
        if isinstance(value, str) and value.startswith("#"):
            value = color_of(value)
        if schema.get("type") == "boolean":
            value = bool(value)
        elif schema.get("type") == "integer":
            value = round(within(schema, value))
        elif schema.get("type") == "number":
            wanted, value = value, within(schema, value)
            if abs(value - wanted) > 1e-3 * abs(wanted):
                self.note("{} was limited to {:g}, from {:g}", name, value, wanted)
        self.now[name] = self.changes[name] = value
        self._said[name] = self._slot

    def suggest(self, values: Mapping[str, Any], share: float = 1.0) -> None:
        """Set parameters that no word has set. share: how far to move from their present values."""
        for name, value in values.items():
            if name in self.schemas and name not in self._said:
                whole = share == 1 or isinstance(value, str)
                self.put(name, value if whole else self.now[name] + share * (value - self.now[name]))
                del self._said[name]

    def note(self, text: str, *values: object) -> None:
        """Add a note, as in `Message`."""
        self.notes.append(Message(text, *values))

    def mark(self, slot: str, word: str) -> bool:
        """Whether marks show the slot, which the material cannot; they are kept for a step of their own."""
        if slot not in MARKS or self.tool not in MARKS[slot].get("on", (self.tool,)):
            return False
        self.marks.append(Mark(slot, word, self.reading.mark_colors.get(slot, ""), self.now["width_m"]))
        return True

    def note_unused_slot(self, slot: str) -> None:
        """Note that the slot's words have no effect."""
        self.note_unused_words([self.reading.words.get(slot, slot)])

    def note_unused_words(self, words: Sequence[str]) -> None:
        """Note that these words have no effect."""
        label = registry().tool(self.tool).label
        self.notes += [Message("{} has no effect on {}", excerpt(word), label) for word in dict.fromkeys(words)]

    def enable_parameters(self) -> None:
        """Enable parameters that words have set, by the choice that they need, or note that they have no effect."""
        for name, slot in list(self._said.items()):
            needed: Mapping[str, Sequence[Any]] = self.schemas[name].get("visible_if", {})
            if holds(self.schemas[name], self.now) or not slot or slot == "size":
                continue
            if any(other in self._said or other in self.base for other in needed):
                self.note_unused_slot(slot)
            else:
                self.suggest({other: values[0] for other, values in needed.items()})
