"""Text encoders compute features of phrases, for tools that learn from captions.

A plugin subclasses `TextEncoder`, for example around the user's own language model, and returns it from the hook
`impasto_text_encoders`. Models record the name of their encoder, and need it to be installed.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar

from .errors import PluginError

if TYPE_CHECKING:
    import numpy as np

    from .context import Context

MOST_FEATURES = 20_000


class TextEncoder(ABC):
    """Computes features of phrases. Import heavy packages inside `encode`, not above.

    name: lower-case words joined by hyphens. size: number of features.
    """

    name: ClassVar[str]
    label: ClassVar[str]
    size: ClassVar[int]

    @abstractmethod
    def encode(self, texts: Sequence[str], context: Context) -> np.ndarray:
        """Features (N, size) of texts, with a deviation of about 1; a text always has the same features."""

    def valid_features(self, texts: Sequence[str], context: Context) -> np.ndarray:
        """Features (N, size) float32 of texts. Raise PluginError if `encode` returns something else."""
        import numpy as np

        features = np.asarray(self.encode(texts, context), np.float32)
        if features.shape != (len(texts), self.size) or not np.isfinite(features).all():
            message = "the text encoder {} gives {} for {} texts, or no finite numbers"
            remedy = "it must give {} x {}: tell its author"
            raise PluginError(message, remedy, self.name, features.shape, len(texts), len(texts), self.size)
        return features
