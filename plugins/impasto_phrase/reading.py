"""The reading of a phrase: a material, values by slot, words without effect; and contradictions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from impasto.errors import ParameterError
from impasto.system.untrusted import excerpt

from .terms import Term
from .vocabulary import COMPARED, table

QUALITIES = ("gloss", "surface", "regularity", "density", "variation", "shade", "tone", "size", "joint")
OPPOSITES = {one: other for pair in table("grammar")["opposites"] for one, other in (pair, pair[::-1])}


@dataclass
class Reading:
    """Meaning of a phrase. slots: values, as the vocabulary names them. words: the text behind each slot.

    sizes_m: measures by slot (`size_m`, `joint_m`, `width_m`). unknown: words without a meaning. left_out: other
    materials. undrawn: words that the material cannot show. amounts: words such as "a lot of" before a noun without
    degrees. places: words such as "floor". bodies: things with a form, such as "barrel". compound: an unknown word with
    a general noun, such as "snow board", or "". head: the unknown last noun before any addition, or "". kind: the term
    of the material, if it is one of the table of kinds. mark_colors: colours of marks, by slot. substance: another
    material, of which it consists. Every other word is in a slot, or is implied.
    """

    material: str | None = None
    compound: str = ""
    head: str = ""
    kind: Term | None = None
    substance: Term | None = None
    slots: dict[str, str] = field(default_factory=dict)
    mark_colors: dict[str, str] = field(default_factory=dict)
    sizes_m: dict[str, tuple[float, ...]] = field(default_factory=dict)
    words: dict[str, str] = field(default_factory=dict)
    unknown: list[str] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)
    undrawn: list[str] = field(default_factory=list)
    amounts: list[str] = field(default_factory=list)
    places: list[str] = field(default_factory=list)
    bodies: list[str] = field(default_factory=list)

    @property
    def like(self) -> Mapping[str, str]:
        """Slots and parameters of the kind."""
        return self.kind.meaning.like if self.kind and self.kind.meaning else {}

    @property
    def is_empty(self) -> bool:
        """Whether the phrase has no known meaning."""
        return not (self.material or self.slots or self.sizes_m)


def contradict(slot: str, one: str, other: str) -> bool:
    """Whether a material cannot have both values."""
    if slot in ("pattern", "motif", "metal"):
        return True
    if slot in QUALITIES or {one, other} <= COMPARED:
        return OPPOSITES.get(one) == other
    return "no" in (one, other) or {one, other} == {"little", "much"}


def contradiction(one: str, other: str) -> ParameterError:
    """The error for two expressions that contradict each other."""
    return ParameterError("{} and {} contradict each other", "leave one of them out", excerpt(one), excerpt(other))
