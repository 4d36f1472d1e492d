"""Sizes of a material's parts, joints and picture, from the words of a phrase."""

from __future__ import annotations

from .draft import Draft
from .levels import STEPS, amount_of

SIZES = {"tiny": 0.25, "small": 0.5, "large": 1.8, "huge": 3.0}
SIZE_STEP = 1.3
FEWEST = 4
"""Fewest stones, tiles or boards across the picture."""
MOST_TIMES = 3
"""Most parts across the picture, relative to the material's own number."""
JOINTS = {"wide": 2.2, "narrow": 0.4, "no": 0.0}


def set_sizes(draft: Draft, slots: dict[str, str]) -> None:
    """Set the sizes from words and measures, and remove their slots."""
    size, metres = _size_parameter(draft), draft.reading.sizes_m
    word, before = slots.pop("size", ""), draft.now[size] if size else 1.0
    draft.say("size")
    if size and "size_m" in metres:
        draft.put(size, metres["size_m"][0])
    elif size and word:
        draft.put(size, before * size_factor(word))
    elif word or "size_m" in metres:
        draft.note_unused_slot("size" if word else "size_m")
    _set_second(draft, size, before)
    _set_joint(draft, slots.pop("joint", ""))
    if "width_m" in metres:
        draft.put("width_m", metres["width_m"][0])
    elif size and draft.now[size] != before:
        _fit_width(draft, draft.now[size], before, is_exact="size_m" in metres)


def size_factor(word: str) -> float:
    """Factor of a size for a word such as "small" or "a_little_larger"."""
    amount, compared = amount_of(word)
    if compared in ("larger", "smaller"):
        return SIZE_STEP ** (STEPS[amount] * (1 if compared == "larger" else -1))
    return SIZES[compared]


def _size_parameter(draft: Draft) -> str | None:
    of = draft.table.get("size_of", {})
    return next((of[value] for value in draft.now.values() if isinstance(value, str) and value in of), None) or (
        draft.table.get("size")
    )


def _set_second(draft: Draft, size: str | None, before_m: float) -> None:
    """Set the second side of parts in proportion, or to the second number; note unused numbers."""
    second, numbers = draft.table.get("second_size"), draft.reading.sizes_m.get("size_m", ())
    if size and second and draft.now[size] != before_m:
        draft.put(second, numbers[1] if len(numbers) > 1 else draft.now[second] * draft.now[size] / before_m)
    used = 2 if second else 1
    if size and len(set(numbers)) > 1 and len(numbers) > used:
        said, shown_m = draft.reading.words["size_m"], " x ".join(f"{number:g}" for number in numbers[:used])
        draft.note("of {} only {} m is drawn", said, shown_m)


def _fit_width(draft: Draft, size_m: float, before_m: float, is_exact: bool) -> None:
    """Widen the picture for large parts, and narrow it for small ones; exact parts fit a whole number of times."""
    width_m = draft.now["width_m"]
    count = width_m / size_m
    fewest = min(FEWEST, max(1.0, width_m / before_m))
    count = min(max(count, fewest), MOST_TIMES * width_m / before_m)
    if is_exact:
        count = max(1, round(count))
    if abs(count * size_m - width_m) > 1e-6:
        draft.put("width_m", round(count * size_m, 5))


def _set_joint(draft: Draft, word: str) -> None:
    name, metres = draft.table.get("joint"), draft.reading.sizes_m.get("joint_m")
    if (word or metres) and not name:
        if not draft.implies("joint"):
            draft.note_unused_slot("joint" if word else "joint_m")
    elif metres and name:
        draft.put(name, metres[0])
    elif word in JOINTS and name:
        draft.put(name, draft.now[name] * JOINTS[word])
