"""The procedural materials that there are: those of all modules in `materials`."""

from __future__ import annotations

from importlib import import_module
from pkgutil import iter_modules

from . import materials
from .material import Material


def all_materials() -> list[Material]:
    """One of each material, in the order of their modules' names."""
    modules = [import_module(f"{materials.__name__}.{found.name}") for found in iter_modules(materials.__path__)]
    return [
        item()
        for module in modules
        for item in vars(module).values()
        if isinstance(item, type) and issubclass(item, Material) and item.__module__ == module.__name__
    ]
