"""Reading of published weights: recognises the network that they belong to, and keeps the tensors that are needed.

A .pth file is a pickle, which could run any program. It is read with torch's `weights_only`, which refuses everything
but tensors.
"""

from __future__ import annotations

import pickle
import zipfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ..errors import Message, ModelError
from ..io.hdf5 import SIGNATURE, read_hdf5
from ..system.untrusted import archive_members, check_file, explain, open_file, sha256_of
from .tensors import MOST_BYTES, all_tensors, open_tensors
from .weights import Shapes, Weights, differences

if TYPE_CHECKING:
    from torch import Tensor

NESTED = ("state_dict", "model")
"""Keys under which training checkpoints hold the tensors."""


@dataclass(frozen=True)
class _File:
    """The content of a published file. metadata: that of a safetensors file, else empty."""

    path: Path
    tensors: Mapping[str, Tensor]
    sha256: str
    metadata: Mapping[str, str]


@dataclass(frozen=True)
class Fit:
    """Comparison of files with one layout of some weights. tensors: those that are needed, by the layout's names.

    hashes: the files' SHA-256, in the order of the published files. wrong: descriptions of the differences. distance:
    number of differences per tensor of the layout. convert: converts the tensors to our layout, if this is another.
    stated: the metadata of a single file.
    """

    weights: Weights
    tensors: Mapping[str, Tensor]
    hashes: tuple[str, ...]
    wrong: list[str]
    distance: float
    convert: Callable[[Mapping[str, np.ndarray]], dict[str, np.ndarray]] | None
    stated: Mapping[str, str]

    def arrays(self) -> dict[str, np.ndarray]:
        """The tensors in the layout that tools read. Raise ModelError if a value is not finite."""
        arrays = {name: _array(name, tensor, self.weights) for name, tensor in self.tensors.items()}
        return self.convert(arrays) if self.convert else arrays

    @property
    def metadata(self) -> dict[str, str]:
        """Source and licence: those that a file states, or else the declared ones if the files may be the published."""
        weights, metadata = self.weights, {"name": self.weights.name, "published_sha256": " ".join(self.hashes)}
        if weights.are_published_as(self.hashes) is not False:
            metadata |= {"source": " ".join(file.url for file in weights.files), "licence": weights.licence}
        stated = {key: self.stated[key] for key in ("source", "licence", "published_sha256") if key in self.stated}
        return metadata | stated


def recognise(paths: Sequence[Path], candidates: Sequence[Weights]) -> Fit:
    """The candidate that these files (.pth, .h5 or .safetensors, published or from a library) hold, with its tensors.

    Raise ModelError if a file is damaged or unsafe, or with the differences from the nearest candidate if none matches.
    """
    files = [_read(Path(path)) for path in paths]
    nearest = min((fit for weights in candidates for fit in _fits(files, weights)), key=lambda fit: fit.distance)
    if not nearest.wrong:
        return nearest
    said = files[0].path.name if len(files) == 1 else Message("{} and {} more", files[0].path.name, len(files) - 1)
    if len(candidates) > 1 and nearest.distance >= 1:
        held = next(iter(files[0].tensors))
        message = "{}: of no network that is known here; it contains {}"
        raise ModelError(message, "see `impasto weights list`", said, held)
    wrong, more = nearest.wrong[0], len(nearest.wrong) - 1
    wrong = Message("{}, and {} more", wrong, more) if more else wrong
    raise ModelError("{}: not the weights of {}: {}", nearest.weights.how_to_get, said, nearest.weights.label, wrong)


def _fits(files: Sequence[_File], weights: Weights) -> list[Fit]:
    """Comparisons of the files with our layout, and with the published one if it is another."""
    fits = [_fit(files, weights, weights.shapes)]
    if weights.conversion:
        fits.append(_fit(files, weights, weights.conversion.shapes, weights.conversion.convert))
    return fits


def _fit(files: Sequence[_File], weights: Weights, shapes: Shapes, convert: Any = None) -> Fit:
    """Comparison of the files with one layout, with the best prefix for the names of each file's tensors."""
    prefixes = tuple(dict.fromkeys(("", *(file.prefix for file in weights.files))))
    tensors: dict[str, Tensor] = {}
    hashes: dict[str, str] = {}
    for file in files:
        found = {name: tuple(tensor.shape) for name, tensor in file.tensors.items()}
        best = min(prefixes, key=lambda prefix: len(_mismatches(found, weights, shapes, prefix)))
        tensors |= {best + name: tensor for name, tensor in file.tensors.items()}
        hashes[best] = file.sha256
    wrong = _mismatches({name: tuple(tensor.shape) for name, tensor in tensors.items()}, weights, shapes, "")
    stated = files[0].metadata if len(files) == 1 else {}
    in_order = tuple(hashes[prefix] for prefix in prefixes if prefix in hashes)
    return Fit(weights, weights.needed_tensors(tensors), in_order, wrong, len(wrong) / len(shapes), convert, stated)


def _mismatches(found: Shapes, weights: Weights, shapes: Shapes, prefix: str) -> list[str]:
    """Differences between the found tensors, with `prefix` before their names, and the layout's with that prefix."""
    named = weights.needed_tensors({prefix + name: shape for name, shape in found.items()})
    return differences(named, {name: shape for name, shape in shapes.items() if name.startswith(prefix)})


def _array(name: str, tensor: Tensor, weights: Weights) -> np.ndarray:
    import torch

    if not tensor.is_floating_point() or not bool(torch.isfinite(tensor).all()):
        message = "{} does not contain finite numbers"
        raise ModelError(message, "get {} again from {}", name, weights.label, weights.page)
    array = tensor if tensor.dtype in (torch.float16, torch.float32) else tensor.float()
    return array.detach().contiguous().numpy()


def _read(path: Path) -> _File:
    """A published file's tensors. Raise ModelError if it is damaged, unsafe, or holds none."""
    with open_file(check_file(path, MOST_BYTES)) as stream, explain(path, "read"):
        start = stream.read(9)
    if start[8:] == b"{":
        with open_tensors(path, partial(_damaged, path), "pt") as opened:
            tensors, metadata = all_tensors(opened)
    else:
        tensors, metadata = (_read_keras if start.startswith(SIGNATURE) else _read_pickle)(path), {}
    if not tensors:
        raise ModelError("{} contains no tensors", "choose the file with the network's weights", path.name)
    return _File(path, tensors, sha256_of(path), metadata)


def _damaged(path: Path, error: Exception) -> ModelError:
    return ModelError("{} is damaged: {}", "download or copy it again", path.name, error)


def _read_keras(path: Path) -> dict[str, Tensor]:
    """Weights of Keras' applications (HDF5): a kernel and a bias per layer, here `layer.weight` and `layer.bias`.

    Their names vary (`block1_conv1_W_1:0`, `kernel:0`), so their shapes distinguish them.
    """
    import torch

    kinds = {1: "bias", 2: "weight", 4: "weight"}
    arrays = read_hdf5(path, path.name)
    named = {f"{name.partition('/')[0]}.{kinds.get(array.ndim, name)}": array for name, array in arrays.items()}
    return {name: torch.from_numpy(array) for name, array in named.items()}


def _read_pickle(path: Path) -> dict[str, Tensor]:
    import torch

    _check_archive(path)
    try:
        loaded = torch.load(path, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        message = "{} contains more than tensors, or none; it was not opened, since it could run a program"
        remedy = "choose the file that its authors publish, not a page or link to it"
        raise ModelError(message, remedy, path.name) from error
    except Exception as error:  # a damaged pickle fails in any way
        message = "{} is damaged, or no file of weights: {}"
        raise ModelError(message, "download or copy it again", path.name, error) from error
    for nested in NESTED:
        if isinstance(loaded, Mapping) and isinstance(loaded.get(nested), Mapping):
            loaded = loaded[nested]
    tensors = loaded.items() if isinstance(loaded, Mapping) else ()
    return {str(name): tensor for name, tensor in tensors if isinstance(tensor, torch.Tensor)}


def _check_archive(path: Path) -> None:
    """Raise ModelError if a pickle is in a compressed archive. PyTorch compresses nothing."""
    with open_file(path) as stream:
        if stream.read(2) != b"PK":  # older files are no archives
            return
        try:
            members = archive_members(stream)
        except zipfile.BadZipFile as error:
            raise _damaged(path, error) from error
    is_packed = any(one.compress_type != zipfile.ZIP_STORED for one in members)
    if is_packed or sum(one.file_size for one in members) > MOST_BYTES:
        message = "{} unpacks to more than is in it, which no file of weights does"
        raise ModelError(message, "choose the file that its authors publish", path.name)
