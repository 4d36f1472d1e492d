"""Actions: requests that a worker carries out for a host. The core has `run` and two more; plugins add others."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from .host import Host
from .options import RunOptions
from .recipe import Recipe
from .tools import Result

if TYPE_CHECKING:
    import numpy as np


RUN = "run"
"""Name of the action that runs a recipe."""


@dataclass(frozen=True)
class NoValues:
    """Values of an action without any of its own."""


@dataclass(frozen=True)
class Doing:
    """Arguments of an action: the recipe, the options of its runs, and the host.

    read(): reads the inputs of the recipe, which may take long. warn(sentences): warns the user before work begins.
    """

    recipe: Recipe | None
    options: RunOptions
    host: Host
    read: Callable[[], dict[str, Any]] = dict
    warn: Callable[[list[str]], None] = lambda sentences: None


class Action:
    """An action of a worker, and of a batch if it has columns there.

    values: frozen dataclass of the action's own values, which are sent as JSON. columns: its columns in the table of a
    batch, with their meanings; a row with a value in one of them is for this action, and needs no source. has_folder:
    whether the result is a folder of files instead of maps; an interrupted job resumes from it. An action with columns
    overrides `of_row`, `placed`, `check`, `check_sent`, `content` and `title`; an action with a folder, `picture`.
    """

    name: ClassVar[str]
    values: ClassVar[type] = NoValues
    columns: ClassVar[Mapping[str, str]] = {}
    has_folder: ClassVar[bool] = False

    def carry_out(self, doing: Doing, values: Any) -> Result:
        """Carry out the action. Raise Cancelled if the host cancels, or an ImpastoError with a remedy for the user."""
        raise NotImplementedError

    def of_row(self, fields: Mapping[str, Any]) -> dict[str, Any]:
        """Values, as JSON, of a row with these fields. Raise ParameterError for fields that contradict each other."""
        raise NotImplementedError

    def placed(self, values: Mapping[str, Any], folder: Path) -> dict[str, Any]:
        """Values, as JSON, with relative paths resolved against a folder."""
        return dict(values)

    def check(self, values: Any) -> None:
        """Raise an ImpastoError for files that cannot be used; called before a batch begins."""

    def check_sent(self) -> None:
        """Raise ParameterError if its values name files, which are not sent to another machine."""

    def content(self, values: Any) -> Any:
        """All that a result depends on, as JSON. A Path stands for a file's content. Raise FileError without it."""
        raise NotImplementedError

    def title(self, values: Any) -> str:
        """Default name of a result."""
        return self.name

    def picture(self, file: Path) -> np.ndarray:
        """A file of a result's folder as a picture (H, W, 3)."""
        raise NotImplementedError
