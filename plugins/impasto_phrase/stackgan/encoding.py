"""The text encoder of a model: the built-in one, or one that a plugin adds."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from impasto.context import Context
from impasto.plugins.registry import registry

from .encoder import features_of, usual_slots

Encode = Callable[[Sequence[str]], np.ndarray]
"""A function from texts to their features (N, F)."""


def encoder_of(name: str, slots: Sequence[str] | None, context: Context) -> tuple[Encode, tuple[str, ...]]:
    """A function from texts to features (N, F), and the slots of the built-in encoder; () for a plugin's.

    slots: those of a trained model; None for a new one. Raise ParameterError if no plugin has an encoder of that name.
    """
    if name:
        encoder = registry().text_encoder(name)
        return lambda texts: encoder.valid_features(texts, context), ()
    known = usual_slots() if slots is None else tuple(slots)
    return lambda texts: np.stack([features_of(text, known) for text in texts]), known
