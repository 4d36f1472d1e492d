"""Training of the network of `photo-maps`, and its judgement on sets that it never saw."""
