"""Impasto: example-based textures and style, from an artist's own pictures.

In short: read `Maps`, build a `Recipe`, `run` it, `write_maps`. The import is fast: each name is loaded on first use.
"""

from importlib import import_module

TYPE_CHECKING = False  # not from typing: `python -m impasto` imports this before it leaves the current folder
if TYPE_CHECKING:
    from .host import Host
    from .io.files import read_maps, read_recipe, write_maps
    from .options import RunOptions, Sink
    from .plugins.hookspecs import hookimpl
    from .recipe import Recipe, Step
    from .running.matching import match
    from .running.more_like import more_like
    from .running.runner import run
    from .texture import Maps, Texture
    from .tools import Result, Tool

_NAMES = {
    "host": ("Host",),
    "io.files": ("read_maps", "read_recipe", "write_maps"),
    "options": ("RunOptions", "Sink"),
    "plugins.hookspecs": ("hookimpl",),
    "recipe": ("Recipe", "Step"),
    "running.matching": ("match",),
    "running.more_like": ("more_like",),
    "running.runner": ("run",),
    "texture": ("Maps", "Texture"),
    "tools": ("Result", "Tool"),
}
_HOME = {name: module for module, names in _NAMES.items() for name in names}

__all__ = sorted(_HOME)


def __getattr__(name: str) -> object:
    if name not in _HOME:
        raise AttributeError(f"module 'impasto' has no attribute {name!r}")
    return getattr(import_module(f".{_HOME[name]}", __name__), name)
