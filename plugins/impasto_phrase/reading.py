"""Reading of a phrase: a material, values by slot, and the words of which nothing can be drawn."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass
class Reading:
    """Meaning of a phrase. slots: values, as the vocabulary names them. words: the text behind each slot.

    sizes_m: measures by slot (`size_m`, `joint_m`, `width_m`). unknown: words without a meaning. left_out: other
    materials. undrawn: words of which the material shows nothing. amounts: "a lot of" and the like, of nothing that has
    degrees. compound: an unknown word before a noun of many things, such as "snow board"; "" if there is none. Any
    other word is in a slot, or goes without saying.
    """

    material: str | None = None
    compound: str = ""
    slots: dict[str, str] = field(default_factory=dict)
    sizes_m: dict[str, tuple[float, ...]] = field(default_factory=dict)
    words: dict[str, str] = field(default_factory=dict)
    unknown: list[str] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)
    undrawn: list[str] = field(default_factory=list)
    amounts: list[str] = field(default_factory=list)

    @property
    def is_empty(self) -> bool:
        """Whether the phrase says nothing that is known here."""
        return not (self.material or self.slots or self.sizes_m)
