"""Findings of an inspection of a map set."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

Verdict = Literal["ok", "note", "warning", "error"]
Fix = Literal[
    "",
    "resize",
    "flip green",
    "flip red",
    "restore blue",
    "undo sRGB",
    "apply sRGB",
    "renormalise",
    "derive normal",
    "derive height",
]
ORDER: tuple[Verdict, ...] = ("error", "warning", "note", "ok")


@dataclass(frozen=True)
class Finding:
    """Outcome of one check of a map set.

    verdict: "ok"; "note", true and harmless; "warning", probably wrong; "error", wrong. map: its name, "" for the whole
    set. remedy: what to do; "" if nothing. fix: key of `FIXES`, for what `mend` can do. figures: measurements.
    """

    check: str
    map: str
    verdict: Verdict
    message: str
    remedy: str = ""
    fix: Fix = ""
    figures: dict[str, float] = field(default_factory=dict)


def worst(findings: tuple[Finding, ...] | list[Finding]) -> Verdict:
    """The worst verdict of findings."""
    return min((finding.verdict for finding in findings), key=ORDER.index, default="ok")
