"""Loading plugins, and the registry of their tools, matchers, text encoders, actions, exporters, models and weights.

Each entry point is loaded separately. A broken plugin is recorded with its reason, and the others still load.
"""

from __future__ import annotations

import argparse
import logging
import traceback
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.metadata import Distribution, EntryPoint, entry_points
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import pluggy

from ..actions import Action
from ..declarations import check_action, check_matcher, check_text_encoder, check_tool
from ..errors import ImpastoError, Message, ParameterError, PluginError, choices
from ..generators import ImportingGenerator
from ..io.formats import Exporter
from ..library.installed import WeightsLibrary
from ..library.models import Model, ModelLibrary
from ..library.weights import Weights, check_weights
from ..matchers import Matcher
from ..system.folders import user_folder
from ..system.libraries import confine_libraries
from ..system.untrusted import excerpt
from ..text_encoders import TextEncoder
from ..tools import Tool, by_rank
from . import hookspecs, own

if TYPE_CHECKING:
    import numpy as np

    from ..context import Context
    from ..data.dataset import Dataset

GROUP = "impasto"
CHECKS: Mapping[str, Callable[[Any], None]] = {
    "tools": check_tool,
    "matchers": check_matcher,
    "text_encoders": check_text_encoder,
    "actions": check_action,
    "exporters": lambda exporter: None,
    "weights": check_weights,
}
"""Check of each kind of object that plugins add, through the hook `impasto_KIND`."""
T = TypeVar("T")
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class PluginStatus:
    """State of a plugin. `error` and `remedy` are empty if it works. `trace` is for its author."""

    name: str
    distribution: str
    version: str
    error: str = ""
    remedy: str = ""
    trace: str = field(default="", repr=False)
    tools: tuple[str, ...] = ()


@dataclass
class Registry:
    """Everything that the loaded plugins add, by name."""

    manager: pluggy.PluginManager
    plugins: tuple[PluginStatus, ...] = ()
    tools: dict[str, Tool] = field(default_factory=dict)
    matchers: dict[str, Matcher] = field(default_factory=dict)
    text_encoders: dict[str, TextEncoder] = field(default_factory=dict)
    actions: dict[str, Action] = field(default_factory=dict)
    exporters: dict[str, Exporter] = field(default_factory=dict)
    weights: dict[str, Weights] = field(default_factory=dict)
    model_folders: tuple[Path, ...] = ()

    def ask(self, plugin: object, hook: str, **arguments: Any) -> list[Any]:
        """A list with the answer of one plugin to a hook, empty if the plugin does not implement it."""
        others = [other for other in self.manager.get_plugins() if other is not plugin]
        return self.manager.subset_hook_caller(hook, others)(**arguments)

    def add(self, plugin: object, is_bundled: bool = False) -> list[str]:
        """Add everything from a plugin, or nothing. Return names of its tools. Raise PluginError if it is not valid."""
        known: dict[str, dict[str, Any]] = {kind: getattr(self, kind) for kind in CHECKS}
        added: dict[str, dict[str, Any]] = {kind: {} for kind in CHECKS}
        for kind, check in CHECKS.items():
            for item in [item for items in self.ask(plugin, f"impasto_{kind}") for item in items]:
                if not is_bundled:  # tests check those; checking them at each start would double its time
                    check(item)
                alike = ("tools", "matchers") if kind in ("tools", "matchers") else (kind,)  # `generate` takes either
                if any(item.name in taken[one] for one in alike for taken in (known, added)):
                    message = "another plugin has {} already"
                    raise PluginError(message, "rename it or uninstall one of the two", excerpt(item.name))
                added[kind][item.name] = item
        self.model_folders += tuple(map(Path, self.ask(plugin, "impasto_models")))
        for kind, items in added.items():
            known[kind].update(items)
        return list(added["tools"])

    def add_commands(self, subparsers: argparse._SubParsersAction) -> None:
        """Let each plugin add its subcommands. If one fails, the log says why, and the others still add theirs."""
        self._extend("commands", subparsers=subparsers)

    def add_options(self, command: str, parser: argparse.ArgumentParser) -> None:
        """Let each plugin add its options to a command, as `add_commands` does."""
        self._extend("options", command=command, parser=parser)

    def _extend(self, kind: str, **parsers: Any) -> None:
        for name, plugin in self.manager.list_name_plugin():
            try:
                self.ask(plugin, f"impasto_{kind}", **parsers)
            except (Exception, SystemExit) as error:  # noqa: BLE001  a plugin may fail in any way; others must go on
                log.warning("the plugin %s adds no %s: %s", name, kind, error)

    def hint(self) -> str:
        """End of a remedy for a missing object: the plugins that could not load; "" if all could."""
        broken = [status.name for status in self.plugins if status.error]
        return Message("; these plugins could not load: {} (see `impasto doctor`)", ", ".join(broken)) if broken else ""

    def model_library(self, folder: Path | None = None) -> ModelLibrary:
        """The models in `folder`, the user's by default, and those bundled with plugins."""
        return ModelLibrary(folder or user_folder("models"), self.model_folders)

    def weights_library(self, folder: Path | None = None) -> WeightsLibrary:
        """The weights that plugins declare, installed in `folder`, which is the user's by default."""
        return WeightsLibrary(folder or user_folder("weights"), self.weights)

    def encode(self, patches: np.ndarray, context: Context) -> np.ndarray | None:
        """Features (N, F) of patches (N, S, S, 3) in a plugin's network; None if none has its weights installed."""
        return self.manager.hook.impasto_encode(patches=patches, context=context)

    def write_report(
        self, model: Model, data: Dataset, file: Path, device: str, on_progress: Callable[[float, str], None]
    ) -> str:
        """Write the report of a model's training to `file`. Return its verdict. Raise PluginError if no plugin can."""
        verdict: str | None = self.manager.hook.impasto_report(
            model=model, data=data, file=file, device=device, on_progress=on_progress
        )
        if verdict is None:
            raise PluginError("no plugin writes reports", "see the plugins that `impasto doctor` lists" + self.hint())
        return verdict

    def tool(self, name: str) -> Tool:
        """The tool called `name`. ParameterError names the most similar one, or plugins that could not load."""
        return self._find(self.tools, name, "there is no tool called {}", "`impasto tools`")

    def matcher(self, name: str) -> Matcher:
        """The matcher called `name`. ParameterError lists the known ones."""
        return self._find(self.matchers, name, "there is no matcher called {}", "`impasto generate --help`")

    def action(self, name: str) -> Action:
        """The action called `name`, of a plugin. ParameterError names plugins that could not load."""
        return self._find(self.actions, name, "there is no action called {}", "`impasto plugins`")

    def text_encoder(self, name: str) -> TextEncoder:
        """The text encoder called `name`. ParameterError lists the known ones."""
        if name not in self.text_encoders:
            known = ", ".join(sorted(self.text_encoders)) or "none"
            remedy = "install the plugin that adds it (known: {}), or leave it empty for the built-in one"
            raise ParameterError("there is no text encoder called {}", remedy, excerpt(name), known)
        return self.text_encoders[name]

    def exporter(self, name: str) -> Exporter:
        """The exporter called `name`. ParameterError lists the known ones."""
        return self._find(self.exporters, name, "there is no file format called {}", "`impasto export --help`")

    def _find(self, items: Mapping[str, T], name: str, message: str, listed: str) -> T:
        if name not in items:
            raise ParameterError(message, "{}{}", excerpt(name), choices(name, items, listed), self.hint())
        return items[name]

    def tools_for(self, task: str) -> list[Tool]:
        """The tools for a task (one of `impasto.tools.TASKS`). The first one is the default of hosts."""
        return by_rank(tool for tool in self.tools.values() if tool.task == task)

    def tool_for_file(self, file: Path) -> ImportingGenerator | None:
        """The generator that imports files of other programs with this suffix; None if there is none."""
        generators = (tool for tool in self.tools.values() if isinstance(tool, ImportingGenerator))
        return next((tool for tool in generators if file.suffix.lower() in tool.model_suffixes), None)


@cache
def registry() -> Registry:
    """The plugins of this environment, loaded once."""
    return load_plugins(entry_points(group=GROUP))


def load_plugins(points: Iterable[EntryPoint]) -> Registry:
    """Load each entry point separately. A plugin that fails at any stage is left out, and its reason is recorded."""
    confine_libraries()
    manager = pluggy.PluginManager(GROUP)
    manager.add_hookspecs(hookspecs)
    manager.register(own)
    known = Registry(manager)
    known.add(own, is_bundled=True)
    ordered = sorted(points, key=lambda point: (not _is_first_party(point), point.name))
    known.plugins = tuple(_load(known, point) for point in ordered)
    return known


def _load(known: Registry, point: EntryPoint) -> PluginStatus:
    about = _name_and_version(point.dist)
    try:
        if not _is_first_party(point):
            log.info("loading the plugin %s", point.name)  # the last line of the log if it ends this process
        module = point.load()
        known.manager.register(module, point.name)
        try:
            known.manager.check_pending()
            return PluginStatus(point.name, *about, tools=tuple(known.add(module, _is_first_party(point))))
        except BaseException:
            known.manager.unregister(module)
            raise
    except (KeyboardInterrupt, MemoryError):
        raise
    except BaseException as error:  # a plugin may fail in any way, even by sys.exit; the others must go on
        log.info("the plugin %s is unavailable", point.name, exc_info=True)
        reason = error.message if isinstance(error, ImpastoError) else Message("{}: {}", type(error).__name__, error)
        return PluginStatus(point.name, *about, reason, _remedy(error), traceback.format_exc())


def _remedy(error: BaseException) -> str:
    if isinstance(error, ImpastoError):
        return error.remedy
    if isinstance(error, ModuleNotFoundError):
        return Message("install {} into the engine's environment", error.name)
    return "update or uninstall the plugin, or tell its author"


def _is_first_party(point: EntryPoint) -> bool:
    return _name_and_version(point.dist)[0] == "impasto"


@cache
def _name_and_version(distribution: Distribution | None) -> tuple[str, str]:
    return (distribution.name, distribution.version) if distribution else ("", "")  # each parses all metadata
