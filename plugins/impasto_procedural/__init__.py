"""Procedural materials: endless, seamless and instant, with maps that agree, and weathering that goes on all of them.

A material is one module in `materials`: its parameters, and a class whose `surface` draws it on a `Canvas`.
"""

from __future__ import annotations

from importlib import import_module
from pkgutil import iter_modules

from impasto import hookimpl
from impasto.matchers import Matcher
from impasto.tools import Tool

from . import materials
from .matching.matcher import PhotographMatcher
from .material import Material


@hookimpl
def impasto_tools() -> list[Tool]:
    """The materials of all modules in `materials`."""
    modules = [import_module(f"{materials.__name__}.{found.name}") for found in iter_modules(materials.__path__)]
    return [
        item()
        for module in modules
        for item in vars(module).values()
        if isinstance(item, type) and issubclass(item, Material) and item.__module__ == module.__name__
    ]


@hookimpl
def impasto_matchers() -> list[Matcher]:
    """The matcher of photographs."""
    return [PhotographMatcher()]
