"""Hostile models of the plain GAN: their cards and weights, made from a tiny one that is good."""

from __future__ import annotations

import json
from functools import cache, partial

import numpy as np

from .corpus import GOOD, Corpus, Maker, Reader
from .models import SIZE
from .models import model as good_model


@cache
def tensors() -> dict[str, np.ndarray]:
    """Those of the good model, with random weights."""
    import torch

    from impasto_classroom.gan.gan import PlainGenerator

    torch.manual_seed(1)
    return {name: value.numpy() for name, value in PlainGenerator(3, 16).state_dict().items()}


model = partial(good_model, good_card=GOOD["gan card"], good_tensors=tensors)
HEAD = "head.bias"
FILES: dict[str, Maker] = {
    **{
        f"{name} is {json.dumps(value)}": model({name: value})
        for name in ("mean", "deviation", "width", "texel_m", "span_px")
        for value in (None, "x", [], -1, 1e300, "LEFT OUT")
    },
    "maps are others": model({"maps": ["base_color", "height"]}),
    "width is huge": model({"width": 10**6}),
    "deviation is zero": model({"deviation": [0, 0, 0]}),
    "weights are not finite": model(**{HEAD: np.full(3, np.nan, np.float32)}),
    "weights are huge": model(**{HEAD: np.full(3, 1e30, np.float32)}),
    "weights of another shape": model(**{HEAD: np.ones(4, np.float32)}),
}
GENERATE = Reader("generate", ("generate", "gan", "--model", "{file}", *SIZE))

CORPORA = [
    Corpus("textbook", ".safetensors", FILES, (GENERATE,), only=True),
    Corpus("good textbook", ".safetensors", {"model": model()}, (GENERATE,), good=frozenset({"model"}), only=True),
]
