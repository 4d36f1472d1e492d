"""Actions: what a worker carries out for a host. The core has `run` and two more; plugins add others."""

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
    """The values of an action that has none of its own."""


@dataclass(frozen=True)
class Doing:
    """An action that is carried out: its recipe, what its runs are asked for, and the host.

    read(): the recipe's inputs, which may take long. warn(sentences): for the user, before the work begins.
    """

    recipe: Recipe | None
    options: RunOptions
    host: Host
    read: Callable[[], dict[str, Any]] = dict
    warn: Callable[[list[str]], None] = lambda sentences: None


class Action:
    """An action of a worker, and of a batch if it has columns there.

    values: a frozen dataclass of its own values, which travel as JSON. columns: of a batch's table, with their
    meanings: a row that has one of them is of this action, and needs no source. has_folder: whether a result is a
    folder of files, from which an interrupted job resumes, instead of maps. An action with columns overrides `of_row`,
    `placed`, `check`, `check_sent`, `content` and `title`, and one with a folder `picture`.
    """

    name: ClassVar[str]
    values: ClassVar[type] = NoValues
    columns: ClassVar[Mapping[str, str]] = {}
    has_folder: ClassVar[bool] = False

    def carry_out(self, doing: Doing, values: Any) -> Result:
        """The result. Cancelled if the host cancels; ImpastoError with a remedy for the user."""
        raise NotImplementedError

    def of_row(self, fields: Mapping[str, Any]) -> dict[str, Any]:
        """The values, as JSON, of a row with these fields. ParameterError for fields that do not go together."""
        raise NotImplementedError

    def placed(self, values: Mapping[str, Any], folder: Path) -> dict[str, Any]:
        """The values, as JSON, whose relative paths are those of files in a folder."""
        return dict(values)

    def check(self, values: Any) -> None:
        """Raise an ImpastoError, before a batch begins, for files that cannot be used."""

    def check_sent(self) -> None:
        """Raise ParameterError if the files of its values are not sent to another machine."""

    def content(self, values: Any) -> Any:
        """Facts that a result depends on, as JSON in which paths stand for files' bytes. FileError if one lacks."""
        raise NotImplementedError

    def title(self, values: Any) -> str:
        """The usual name of a result."""
        return self.name

    def picture(self, file: Path) -> np.ndarray:
        """A file of a result's folder as a picture (H, W, 3)."""
        raise NotImplementedError
