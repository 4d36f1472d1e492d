"""Feature encoders: networks that others trained to see, of which the weights are there or can be had."""

from .architectures import ARCHITECTURES, BEST_FIRST, load_encoder
from .encoder import Encoder, LayerInfo, Padding, Pooling

__all__ = ["ARCHITECTURES", "BEST_FIRST", "Encoder", "LayerInfo", "Padding", "Pooling", "load_encoder"]
