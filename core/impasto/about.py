"""The version, for whatever says it: the package, the worker's greeting, cards of models, downloads."""

VERSION = "0.1.0"
