"""The version, shared by the package, the worker's greeting, model cards and downloads."""

VERSION = "0.1.0"
