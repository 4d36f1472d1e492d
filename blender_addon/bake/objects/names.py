# SPDX-License-Identifier: GPL-3.0-or-later
"""Names of low and high objects and cages: a common base, a suffix, and any further part after it."""

from __future__ import annotations

import re

from ...core.errors import ParameterError
from ..targets import BakeTargets


def check_suffixes(targets: BakeTargets) -> None:
    """Raise ParameterError unless the suffixes tell low, high and cage apart."""
    suffixes = [one.lower() for one in (targets.low_suffix, targets.high_suffix, targets.cage_suffix)]
    if not all(suffixes) or len(set(suffixes)) < len(suffixes):
        raise ParameterError("The suffixes of low, high and cage are not three different ones", "write three")


def base_of(name: str, suffix: str) -> str:
    """The part of an object's name before a suffix, in lower case; "" if it has none.

    More may follow: `crate_high.001` and `crate_high_bolts` belong to `crate`. Letters that follow at once make another
    word, as in `crate_highway`.
    """
    if suffix.lower() not in name.lower():
        return ""
    found = re.match(rf"(.+?){re.escape(suffix.lower())}(?![^\W\d_])", name.lower())
    return found[1] if found else ""
