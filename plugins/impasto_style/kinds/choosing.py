"""Choice of a stylizer's settings by the kind of its styles."""

from __future__ import annotations

from collections.abc import Sequence

from impasto.context import Context
from impasto.texture import Maps

from ..patches.parameters import PatchesStyleParameters
from ..shared.inputs import OPAQUE, read_color
from .recognition import NONE, Recognised, recognise_kind
from .settings import LABELS, SETTINGS

AUTO = "auto"
PICTURE = {"base_color", "opacity", "emission"}
"""Maps of a plain picture, which gets no relief."""


def with_kind(
    parameters: PatchesStyleParameters, subject: Maps, styles: Sequence[Maps], context: Context
) -> PatchesStyleParameters:
    """The parameters with the settings of their `kind`; values that the user has set stay as they are.

    If the kind is auto, it is recognised, and a note names it; several styles must agree. Recipes record the choice.
    """
    kind: str = parameters.kind
    if kind == AUTO:
        kind = _common(
            [recognise_kind(read_color(style, OPAQUE)) for style in styles if "base_color" in style], context
        )
    settings = {name: value for name, value in SETTINGS[kind].items() if name not in parameters.model_fields_set}
    if PICTURE.issuperset(subject):
        settings.pop("relief", None)
    chosen = parameters.model_copy(update={"kind": kind, **settings})
    context.decide(chosen)
    return chosen


def _common(found: Sequence[Recognised], context: Context) -> str:
    """The common kind of all styles; none if they differ, or if one is uncertain."""
    kinds = {one.kind for one in found}
    kind = kinds.pop() if len(kinds) == 1 else None
    if kind is None:
        return NONE
    context.note("the style looks like {}, whose settings are used; another kind of style may be chosen", LABELS[kind])
    return kind
