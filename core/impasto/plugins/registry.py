"""Loading of plugins, and the registry of the tools, matchers, text encoders, exporters, models and others they add.

Each entry point is loaded separately: a broken plugin is recorded with its reason, and the others still load.
"""

from __future__ import annotations

import argparse
import logging
import traceback
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn, TypeVar

import pluggy

from ..errors import ImpastoError, ParameterError, PluginError, choices
from ..generators import ImportingGenerator
from ..io.formats import BUILTIN_EXPORTERS, Exporter
from ..library.installed import WeightsLibrary
from ..library.models import ModelLibrary
from ..library.weights import Weights, check_weights
from ..matchers import Matcher
from ..system.folders import user_folder
from ..system.libraries import confine_libraries
from ..system.untrusted import shown
from ..text_encoders import TextEncoder
from ..tools import Tool, in_order
from . import hookspecs, trial
from .checks import check_matcher, check_text_encoder, check_tool

if TYPE_CHECKING:
    import numpy as np

    from ..context import Context

GROUP = "impasto"
TRIAL = "from impasto.plugins.registry import load_alone; load_alone(*sys.argv[2:])"
"""Python code of the process that tries a plugin."""
TRY_AGAIN = "update or uninstall the plugin, or tell its author; `impasto doctor` tries it again"
log = logging.getLogger(__name__)
Named = TypeVar("Named", Tool, Matcher, TextEncoder, Exporter, Weights)


@dataclass(frozen=True)
class PluginStatus:
    """State of a plugin: `error` and `remedy` are empty if it works; `trace` is for its author."""

    name: str
    distribution: str
    version: str
    error: str = ""
    remedy: str = ""
    trace: str = field(default="", repr=False)
    tools: tuple[str, ...] = ()


@dataclass(frozen=True)
class Registry:
    """The tools, matchers, text encoders, exporters, models and weights of the loaded plugins."""

    hook: pluggy.HookRelay
    plugins: tuple[PluginStatus, ...]
    tools: dict[str, Tool]
    exporters: dict[str, Exporter]
    model_folders: tuple[Path, ...] = ()
    weights: dict[str, Weights] = field(default_factory=dict)
    matchers: dict[str, Matcher] = field(default_factory=dict)
    text_encoders: dict[str, TextEncoder] = field(default_factory=dict)

    def add_commands(self, subparsers: argparse._SubParsersAction) -> None:
        """Let each plugin add its subcommands; if one fails, the log says why and the others still add theirs."""
        for implementation in reversed(self.hook.impasto_commands.get_hookimpls()):
            try:
                implementation.function(*(subparsers for _ in implementation.argnames))
            except Exception as error:  # noqa: BLE001  a plugin may fail in any way; the others must go on
                log.warning("the plugin %s adds no commands: %s", implementation.plugin_name, error)

    def model_library(self, folder: Path | None = None) -> ModelLibrary:
        """The models in `folder`, the user's by default, and those bundled with plugins."""
        return ModelLibrary(folder or user_folder("models"), self.model_folders)

    def weights_library(self, folder: Path | None = None) -> WeightsLibrary:
        """The weights that plugins declare, installed in `folder`, the user's by default."""
        return WeightsLibrary(folder or user_folder("weights"), self.weights)

    def preferred_device(self, available: Sequence[str]) -> str | None:
        """The torch device that a plugin chooses for "auto"; None if no plugin has a preference."""
        return self.hook.impasto_device(available=available)

    def encode(self, patches: np.ndarray, context: Context) -> np.ndarray | None:
        """Features (N, F) of patches (N, S, S, 3) in a plugin's network; None if none has its weights installed."""
        return self.hook.impasto_encode(patches=patches, context=context)

    def tool(self, name: str) -> Tool:
        """The tool called `name`. ParameterError names the most similar one, or plugins that could not load."""
        if name in self.tools:
            return self.tools[name]
        broken = [status.name for status in self.plugins if status.error]
        also = f"; these plugins could not load: {', '.join(broken)} (see `impasto doctor`)" if broken else ""
        remedy = f"{choices(name, self.tools, '`impasto tools`')}{also}"
        raise ParameterError(f"there is no tool called {shown(name)}", remedy)

    def matcher(self, name: str) -> Matcher:
        """The matcher called `name`. ParameterError lists the known ones."""
        if name in self.matchers:
            return self.matchers[name]
        remedy = choices(name, self.matchers, "`impasto generate --help`")
        raise ParameterError(f"there is no matcher called {shown(name)}", remedy)

    def text_encoder(self, name: str) -> TextEncoder:
        """The text encoder called `name`. ParameterError lists the known ones."""
        if name in self.text_encoders:
            return self.text_encoders[name]
        known = ", ".join(sorted(self.text_encoders)) or "none"
        remedy = f"install the plugin that adds it (known: {known}), or leave it empty for the built-in one"
        raise ParameterError(f"there is no text encoder called {shown(name)}", remedy)

    def tools_for(self, task: str) -> list[Tool]:
        """The tools that do a task (one of `impasto.tools.TASKS`), the one that hosts take by themselves first."""
        return in_order(tool for tool in self.tools.values() if tool.task == task)

    def tool_for_file(self, file: Path) -> ImportingGenerator | None:
        """The generator that makes models of files of other programs with this suffix; None if there is none."""
        generators = (tool for tool in self.tools.values() if isinstance(tool, ImportingGenerator))
        return next((tool for tool in generators if file.suffix.lower() in tool.model_suffixes), None)

    def exporter(self, name: str) -> Exporter:
        """The exporter called `name`. ParameterError lists the known ones."""
        if name in self.exporters:
            return self.exporters[name]
        remedy = choices(name, self.exporters, "`impasto export --help`")
        raise ParameterError(f"there is no file format called {shown(name)}", remedy)


@dataclass
class _Additions:
    """Tools, matchers, text encoders, exporters, weights and model folders that plugins add, by name."""

    tools: dict[str, Tool] = field(default_factory=dict)
    matchers: dict[str, Matcher] = field(default_factory=dict)
    exporters: dict[str, Exporter] = field(default_factory=dict)
    weights: dict[str, Weights] = field(default_factory=dict)
    model_folders: list[Path] = field(default_factory=list)
    text_encoders: dict[str, TextEncoder] = field(default_factory=dict)

    def of(self, module: object) -> _Additions:
        """The additions of a plugin's module. PluginError if it breaks the contract, or a name is taken."""
        taken = {**self.tools, **self.matchers}  # of one kind: `impasto generate` takes either
        tools = _collect(module, "impasto_tools", taken, check_tool)
        return _Additions(
            tools,
            _collect(module, "impasto_matchers", {**taken, **tools}, check_matcher),
            _collect(module, "impasto_exporters", self.exporters, lambda exporter: None),
            _collect(module, "impasto_weights", self.weights, check_weights),
            [Path(hook()) for hook in [getattr(module, "impasto_models", None)] if hook],
            _collect(module, "impasto_text_encoders", self.text_encoders, check_text_encoder),
        )

    def add(self, new: _Additions) -> None:
        self.tools.update(new.tools)
        self.matchers.update(new.matchers)
        self.exporters.update(new.exporters)
        self.weights.update(new.weights)
        self.model_folders += new.model_folders
        self.text_encoders.update(new.text_encoders)


@cache
def registry() -> Registry:
    """The plugins of this environment, loaded once."""
    return load_plugins(entry_points(group=GROUP))


def try_failed_again() -> None:
    """Have plugins whose trial crashed or hung tried again the next time that the registry is used."""
    if trial.forget_failures():
        registry.cache_clear()


def load_plugins(points: Iterable[EntryPoint]) -> Registry:
    """Load each entry point separately; a plugin that fails at any stage is left out and its reason recorded."""
    confine_libraries()
    manager = pluggy.PluginManager("impasto")
    manager.add_hookspecs(hookspecs)
    added = _Additions(exporters={exporter.name: exporter for exporter in BUILTIN_EXPORTERS})
    ordered = sorted(points, key=lambda point: (not _is_first_party(point), point.name))
    statuses = tuple(_load(manager, point, added) for point in ordered)
    return Registry(
        manager.hook,
        statuses,
        added.tools,
        added.exporters,
        tuple(added.model_folders),
        added.weights,
        added.matchers,
        added.text_encoders,
    )


def load_alone(name: str, value: str) -> NoReturn:
    """Load one plugin in a process of its own, then end that process. The plugin's exceptions are recorded as usual."""
    trial.answer(lambda: load_plugins([EntryPoint(name, value, GROUP)]))


def _load(manager: pluggy.PluginManager, point: EntryPoint, added: _Additions) -> PluginStatus:
    distribution, version = (point.dist.name, point.dist.version) if point.dist else ("", "")
    try:
        if point.dist and not _is_first_party(point) and (failure := trial.failure_of(point, TRIAL)):
            return PluginStatus(point.name, distribution, version, failure, TRY_AGAIN)
        module = point.load()
        manager.register(module, point.name)
        manager.check_pending()
        try:
            new = added.of(module)
        except BaseException:
            manager.unregister(module)
            raise
    except (KeyboardInterrupt, MemoryError):
        raise
    except BaseException as error:  # a plugin may fail in any way, even by sys.exit; the others must go on
        log.info("plugin %s is unavailable", point.name, exc_info=True)
        reason = error.message if isinstance(error, ImpastoError) else f"{type(error).__name__}: {error}"
        return PluginStatus(point.name, distribution, version, reason, _remedy(error), traceback.format_exc())
    added.add(new)
    return PluginStatus(point.name, distribution, version, tools=tuple(new.tools))


def _collect(
    module: object, hook: str, known: Mapping[str, object], check: Callable[[Named], None]
) -> dict[str, Named]:
    found: dict[str, Named] = {}
    for item in getattr(module, hook, list)():
        check(item)
        if item.name in known or item.name in found:
            raise PluginError(f"another plugin has {shown(item.name)} already", "rename it or uninstall one of the two")
        found[item.name] = item
    return found


def _remedy(error: BaseException) -> str:
    if isinstance(error, ImpastoError):
        return error.remedy
    if isinstance(error, ModuleNotFoundError):
        return f"install {error.name} into the engine's environment"
    return "update or uninstall the plugin, or tell its author"


def _is_first_party(point: EntryPoint) -> bool:
    return point.dist is not None and point.dist.name == "impasto"
