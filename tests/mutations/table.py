"""All mutations."""

from __future__ import annotations

from .adversarial import ADVERSARIAL
from .detail import DETAIL
from .fast_style import FAST_STYLE
from .film import FILMS
from .interop import INTEROP
from .mutation import Mutation
from .shipped import SHIPPED
from .stackgan import STACKGAN
from .style import STYLE
from .synthesis import SYNTHESIS
from .textbook import TEXTBOOK
from .torus import TORUS
from .training import TRAINING
from .vae import VAE

MUTATIONS: tuple[Mutation, ...] = (
    *SHIPPED,
    *TRAINING,
    *ADVERSARIAL,
    *TORUS,
    *DETAIL,
    *TEXTBOOK,
    *STACKGAN,
    *VAE,
    *INTEROP,
    *STYLE,
    *SYNTHESIS,
    *FAST_STYLE,
    *FILMS,
)
