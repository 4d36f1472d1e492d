"""Training of the bundled encoder of the stylizers, and of its decoders."""
