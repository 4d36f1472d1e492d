"""The library of models: safetensors files with a model card and a thumbnail in the header.

The user's models are in a folder of their choice. Others are bundled with plugins and cannot be removed. A card has the
model's name and architecture, the tool that runs it, the training data with licences and SHA-256, and measured figures.
It has no date and no path, so that the same training gives the same file.
"""

from __future__ import annotations

import base64
import hashlib
import json
import math
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from ..descriptions import LibraryDescription, ModelDescription, SliderDescription
from ..errors import FileError, ImpastoError, ModelError, ParameterError, choices
from ..io.cards import MODEL_NAME, read_card
from ..system.folders import user_folder
from ..system.locks import held
from ..system.names import as_unicode, check_name
from ..system.transaction import recover, replace_files
from ..system.untrusted import excerpt, explain, files_in, is_folder, is_there, read_bytes, sha256_of
from ..texture import Maps
from .exemplars import EXEMPLAR_SUFFIX, LARGEST_BYTES, exemplar_file, read_exemplar
from .tensors import SUFFIX, open_tensors, read_tensors, restored_tensors, tensor_file

DATA_SUFFIXES = (".manifest.json", ".data.png")
"""Suffixes of files that a training writes for its model: the training data as a list, and as a picture."""
CHECKPOINT_SUFFIX = ".checkpoint"
"""Suffix of an unfinished training in the folder of its future model."""
REPORT_SUFFIX = ".report.html"
"""Suffix of the report of a training in the folder of its model."""
CARD_FIELDS = ("name", "architecture", "tool", "data", "figures")
DATA_FIELDS = ("name", "licence", "sha256")
SUCCESSORS = "successors.toml"
"""File of a folder of bundled models: by the name of a former model, its new name, or the tool to use instead."""
ALSO_A_LOSS: Mapping[str, str] = {"fine_swd_of_floor": "loss_swd", "fine_swd": "loss_swd"}
"""By a figure's name: the training loss that minimises the same quantity."""


@dataclass(frozen=True)
class Model:
    """A model's file, with the card and the thumbnail (JPEG, b"" for none) in its header.

    bundled: whether it is bundled with a plugin. notes: mistakes in unimportant fields of the card, which were dropped.
    """

    name: str
    path: Path
    size_bytes: int
    card: dict[str, Any]
    thumbnail: bytes = field(default=b"", repr=False)
    bundled: bool = False
    notes: tuple[str, ...] = ()

    @property
    def label(self) -> str:
        """Name for users: the card's label, or else the model's name."""
        return str(self.card.get("label") or self.name)

    @property
    def material(self) -> str:
        """Kind of material, such as "brick": the card's, or else the class of all its data; "" if classes differ."""
        labels = {str(item.get("label", "")) for item in self.card["data"]}
        return str(self.card.get("material") or (labels.pop() if len(labels) == 1 else ""))

    @property
    def classes(self) -> list[str]:
        """The classes that hosts offer; empty for a model of one material."""
        return self.card.get("offered") or self.card.get("classes", [])

    @property
    def licence(self) -> str:
        """Licences of all its training data."""
        return ", ".join(sorted({str(item["licence"]) for item in self.card["data"]}))

    @property
    def trained_px(self) -> int:
        """The longer side, in pixels, to which its pictures were shrunk. It determines the size of a texel."""
        sizes = [max(item["size_px"]) for item in self.card["data"] if "size_px" in item]
        return max(sizes, default=int(self.card.get("parameters", {}).get("longest_px", 1024)))

    def sha256(self) -> str:
        """Hash of the whole file, as recipes hold it."""
        return sha256_of(self.path)

    def load(self) -> dict[str, np.ndarray]:
        """The model's tensors by name. Raise ModelError if the file is truncated or a tensor is not finite."""
        tensors = restored_tensors(read_tensors(self.path)[0], self.path.name)
        for name, tensor in tensors.items():
            if tensor.dtype.kind == "f" and not np.isfinite(tensor).all():
                message = "the tensor {} of {} has values that are NaN or infinite"
                remedy = "download the model again, or train it anew"
                raise ModelError(message, remedy, excerpt(name), excerpt(self.path))
        return tensors

    def load_exemplar(self) -> Maps:
        """The picture that it learned. ModelError says why there is none."""
        return read_exemplar(self.path, self.card["exemplar"])

    def _beside(self, suffix: str) -> str:
        """Path of a file that the training wrote for the model; "" if there is none."""
        file = self.path.with_suffix(suffix)
        return str(file) if not self.bundled and is_there(file) else ""

    def _exemplar(self) -> str:
        """Path of the picture that the model learned (only the name for a bundled model); "" if there is none."""
        file = self.path.with_suffix(EXEMPLAR_SUFFIX)
        if not self.card.get("exemplar") or not is_there(file):
            return ""
        return file.name if self.bundled else str(file)

    def description(self) -> ModelDescription:
        """Description of the model for hosts."""
        return {
            "name": self.name,
            "label": self.label,
            "tool": self.card["tool"],
            "material": self.material,
            "classes": self.classes,
            "maps": self.card.get("maps", []),
            "sliders": [_slider(slider) for slider in self.card.get("sliders", [])],
            "bundled": self.bundled,
            "report": self._beside(REPORT_SUFFIX),
            "exemplar": self._exemplar(),
            "bytes": self.size_bytes,
            "licence": self.licence,
            "thumbnail": base64.b64encode(self.thumbnail).decode("ascii"),
        }


def _slider(about: Mapping[str, Any]) -> SliderDescription:
    """A slider for hosts: name, label, range, default and description."""
    label = str(about["name"]).replace("_", " ").capitalize()
    usual: dict[str, Any] = {"label": label, "description": "", "low": -3.0, "high": 3.0, "default": 0.0}
    known = {key: about[key] for key in usual if about.get(key) not in (None, "")}
    return SliderDescription(name=about["name"], **(usual | known))  # type: ignore[typeddict-item]


def read_model(path: Path) -> Model:
    """The model's name, size, card and thumbnail, from its header alone. Raise ModelError if the file is no model."""
    from ..surface.thumbnail import decode_thumbnail

    def refuse(error: Exception) -> ModelError:
        return ModelError("{} is not a model file: {}", "copy or download it again", excerpt(path), error)

    with open_tensors(path, refuse) as stream:
        metadata, size_bytes = stream.metadata() or {}, path.stat().st_size
    if "card" not in metadata:
        raise ModelError("{} has no model card", "choose a file that `impasto train` made", excerpt(path))
    card, notes = read_card(metadata["card"], path)
    thumbnail = decode_thumbnail(metadata.get("thumbnail", ""), path)
    return Model(path.stem, path, size_bytes, card, thumbnail, notes=notes)


def save_model(
    path: Path,
    tensors: Mapping[str, np.ndarray],
    card: Mapping[str, Any],
    preview: Maps | None = None,
    exemplar: Maps | None = None,
) -> Model:
    """Write a model with its card, and a thumbnail rendered from `preview`, an example of its results.

    exemplar: the picture that it learned, written to a file of its own; both files are written, or neither. ModelError
    if the card lacks the training data or their licences.
    """
    from ..surface.thumbnail import thumbnail

    beside = exemplar_file(exemplar) if exemplar else b""
    card = {**card, "exemplar": hashlib.sha256(beside).hexdigest()} if exemplar else card
    return write_model(path, tensors, card, thumbnail(preview) if preview else b"", beside)


def record_figures(model: Model, figures: Mapping[str, float]) -> Model:
    """Add measured figures to those on the model's card."""
    card = {**model.card, "figures": {**model.card["figures"], **figures}}
    return write_model(model.path, read_tensors(model.path)[0], card, model.thumbnail)


def write_model(
    path: Path, tensors: Mapping[str, np.ndarray], card: Mapping[str, Any], thumbnail: bytes, exemplar: bytes = b""
) -> Model:
    """Write a model with its card and thumbnail, and the content of its exemplar's file, b"" for none."""
    missing = [name for name in CARD_FIELDS if name not in card]
    missing += [f"data.{name}" for item in card.get("data", ()) for name in DATA_FIELDS if not item.get(name)]
    if missing:
        raise ModelError("the card lacks {}", "a model says what it is and what it learned from", ", ".join(missing))
    metadata = {"card": json.dumps(_finite(card), ensure_ascii=False, sort_keys=True, separators=(",", ":"))}
    if thumbnail:
        metadata["thumbnail"] = base64.b64encode(thumbnail).decode("ascii")
    beside = {path.with_suffix(EXEMPLAR_SUFFIX): exemplar} if exemplar else {}
    replace_files({path: tensor_file(tensors, metadata), **beside})
    return read_model(path)


def _finite(card: Mapping[str, Any]) -> dict[str, Any]:
    """The card without figures and curves that are not finite, as a failed training may have them."""
    figures = {name: value for name, value in card["figures"].items() if math.isfinite(value)}
    curve = {name: values for name, values in card.get("curve", {}).items() if all(map(math.isfinite, values))}
    return {**card, "figures": figures, **({"curve": curve} if "curve" in card else {})}


def was_a_loss(name: str, figures: Mapping[str, object]) -> bool:
    """Whether a training with these `figures` minimised the figure `name`, so that its value proves little."""
    return ALSO_A_LOSS.get(name, "") in figures


@dataclass(frozen=True)
class ModelLibrary:
    """The user's models in `folder`, and the models bundled with plugins in the read-only folders `bundled`."""

    folder: Path = field(default_factory=lambda: user_folder("models"))
    bundled: tuple[Path, ...] = ()

    def path(self, name: str) -> Path:
        """Path of the user's model of this name, whether it exists or not. Raise ParameterError for an invalid name."""
        if not re.match(MODEL_NAME, name) or name.endswith("\n"):
            remedy = "use up to 64 letters, digits, - and _, such as --name my-brick"
            raise ParameterError("{} cannot be a model's name", remedy, excerpt(name))
        check_name(name, "the model's name")
        return self.folder / f"{name}{SUFFIX}"

    def all(self) -> list[Model]:
        """The user's models by name, then bundled ones that none of them replaces. Damaged files are left out."""
        by_name: dict[str, Model] = {}
        for model in self._read().values():
            if isinstance(model, Model):
                by_name.setdefault(model.name, model)
        return list(by_name.values())

    def damaged_files(self) -> dict[Path, ImpastoError]:
        """Files that are not valid models, and folders that cannot be read, with the error for each."""
        return {path: error for path, error in self._read().items() if isinstance(error, ImpastoError)}

    def _read(self) -> dict[Path, Model | ImpastoError]:
        """By path, each model or the error of reading it: the user's first, then the bundled ones."""
        found: dict[Path, Model | ImpastoError] = {}
        recover(self.folder)
        for place in (self.folder, *self.bundled):
            try:
                paths = [path for path in files_in(place) if path.suffix == SUFFIX and not path.name.startswith(".")]
            except FileError as error:
                found[place], paths = error, []
            for path in paths:
                try:
                    self.path(path.stem)
                    found[path] = replace(read_model(path), bundled=place != self.folder)
                except ImpastoError as error:
                    found[path] = error
        return found

    def find(self, wanted: str, tool: str) -> Model:
        """The model of this name; for "", the library's first model for `tool`. Raise ModelError if there is none."""
        if not wanted:
            fitting = [model for model in self.all() if model.card["tool"] == tool]
            if not fitting:
                remedy = "train one with `impasto train train-{} PHOTO --name NAME`, or `impasto models install FILE`"
                raise ModelError("{} needs a model, and there is none in {}", remedy, tool, self.folder, tool)
            return fitting[0]
        model = self.by_name(wanted)
        if model.card["tool"] != tool:
            message = "{} is a model for {}, not for {}"
            raise ModelError(message, "choose another model", wanted, model.card["tool"], tool)
        return model

    def by_name(self, name: str) -> Model:
        """The model of this name for any tool, the user's or else a bundled one, whose former name is known, too.

        Raise ModelError if there is none.
        """
        own = self.path(name)
        damage: ImpastoError | None = None
        for path in (own, *(place / own.name for place in self.bundled)):
            try:
                if is_there(path):
                    return replace(read_model(path), bundled=path != own)
            except ImpastoError as error:
                damage = damage or error
        if not damage and (new_name := self._successor("models", name)):
            return self.by_name(new_name)
        raise damage or self._unknown(name)

    def _successor(self, kind: str, name: str) -> str:
        """The new name of a former model ("models"), or the tool to use instead ("tools"); "" for other models."""
        files = [place / SUCCESSORS for place in self.bundled if is_there(place / SUCCESSORS)]
        tables = [tomllib.loads(file.read_text("utf-8")) for file in files]
        return next((table[kind][name] for table in tables if name in table.get(kind, {})), "")

    def install(self, file: Path) -> Model:
        """Check a model file, and copy it and its exemplar into the library under the name on its card."""
        model = read_model(file)
        model.load()
        target = self.path(str(model.card["name"]))
        with held(target):
            self._refuse_to_replace(target)
            copies = {target: read_bytes(file, model.size_bytes)}
            if exemplar := model.description()["exemplar"]:
                copies[target.with_suffix(EXEMPLAR_SUFFIX)] = read_bytes(Path(exemplar), LARGEST_BYTES)
            replace_files(copies)
        return read_model(target)

    def add(self, tensors: Mapping[str, np.ndarray], card: Mapping[str, Any]) -> Model:
        """Write a model into the library under the name on its card. Raise ModelError if that name is taken."""
        target = self.path(str(card["name"]))
        with held(target):
            self._refuse_to_replace(target)
            return save_model(target, tensors, card)

    def _refuse_to_replace(self, target: Path) -> None:
        if is_there(target):
            message = "there is a model {} already"
            raise ModelError(message, "`impasto models remove {}` first", excerpt(target.stem), target.stem)

    def remove(self, name: str) -> Path:
        """Delete one of the user's models, readable or not, with the files that belong to it. Return its path.

        Raise ModelError for a bundled model.
        """
        path = self.path(name)
        if is_there(path):
            for file in (path, *map(path.with_suffix, (*DATA_SUFFIXES, REPORT_SUFFIX, EXEMPLAR_SUFFIX))):
                with explain(file, "remove"):
                    file.unlink(missing_ok=True)
            return path
        if any((place / path.name).is_file() for place in self.bundled):
            message = "{} is bundled and cannot be removed"
            raise ModelError(message, "a model of your own of the same name replaces it", name)
        raise self._unknown(name)

    def _unknown(self, name: str) -> ModelError:
        """The error for a name that no model has."""
        if tool := self._successor("tools", name):
            return ModelError("the model {} is no longer bundled", "use the tool {} instead", name, tool)
        files = [file for place in (self.folder, *self.bundled) if is_folder(place) for file in files_in(place)]
        known = {file.stem for file in files if file.suffix == SUFFIX}
        remedy = choices(name, known, "`impasto models list`")
        return ModelError("there is no model {} in {}", remedy, excerpt(name), excerpt(self.folder))

    def catalogue(self) -> LibraryDescription:
        """Descriptions of the models for hosts, and the damaged ones with the reasons."""
        return {
            "models": [model.description() for model in self.all()],
            "damaged_models": [
                {"name": as_unicode(path.stem), "error": error.message, "remedy": error.remedy}
                for path, error in self.damaged_files().items()
            ],
        }
