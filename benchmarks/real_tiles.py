"""A classifier of kinds of material that learns from real tiles only, to judge what generators make of phrases.

It is for `phrase_materials.py`. Its data is a folder with `texture_sheets` (CLASS.webp and `index.json`), `pbr`
(CLASS_NAME/albedo.jpg) and `textures` (CLASS/NAME.jpg). Its own accuracy on sets that it did not learn is known by
cross-validation.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import torch
from match_classifier import SHARE, trained
from match_pictures import CLASSES, lab_of, name_of, pictures_in, thumbnails_in
from PIL import Image

from impasto.context import Context
from impasto.plugins.registry import registry
from impasto_procedural.matching.features import SIDE_PX, features_of
from impasto_style.shared.architectures import load_encoder
from impasto_style.shared.encoder import Encoder

SHEETS, FOLDERS, NAMES, MATERIALS = (CLASSES["judge"][name] for name in ("sheets", "folders", "names", "materials"))
SAME = 0.5
"""Correlation of small grey pictures from which two belong to one set, and are learned or judged together."""
FOLDS = 5
LAYERS = ("fire3", "fire5", "fire7", "fire9")
COMPONENTS = 128
"""Principal components of the features that the networks see: 68 % of unseen sets right, on average over classes."""
NETWORKS = 3
BATCH = 32


@dataclass(frozen=True)
class Tile:
    """A real surface: its class, its set, and square views of it as bytes (SIDE_PX, SIDE_PX, 3)."""

    class_: str
    name: str
    views: tuple[np.ndarray, ...]


@dataclass(frozen=True)
class Features:
    """Features of a picture: means and deviations of SqueezeNet's layers, and those of `match-photograph`."""

    weights: Path | None = None

    def of(self, views: Sequence[np.ndarray]) -> np.ndarray:
        """Features (N, F) of pictures (SIDE_PX, SIDE_PX, 3) as bytes."""
        encoder = _encoder(self.weights)
        found = []
        pixels = torch.from_numpy(np.stack(views)).permute(0, 3, 1, 2).float() / 255
        with torch.inference_mode():
            for batch in pixels.split(BATCH):
                layers = encoder(batch, list(LAYERS))
                flat = [layers[name].flatten(2) for name in LAYERS]
                found.append(torch.cat([part for one in flat for part in (one.mean(2), one.std(2))], 1))
        own = torch.stack([features_of(lab_of(view)) for view in views])
        return torch.cat([torch.cat(found), own], 1).numpy()


@cache
def _encoder(weights: Path | None) -> Encoder:
    return load_encoder("squeezenet", Context(weights=registry().weights_library(weights)))


@dataclass(frozen=True)
class TileJudge:
    """Networks that name the class of a picture. accuracies: by class, on real tiles of sets that were not learned."""

    names: tuple[str, ...]
    features: Features
    mean: np.ndarray
    deviation: np.ndarray
    axes: torch.Tensor
    networks: tuple[tuple[torch.Tensor, ...], ...]
    accuracies: Mapping[str, float]

    @classmethod
    def trained(cls, tiles: Sequence[Tile], features: Features) -> TileJudge:
        """A judge that learned all tiles, with its accuracies by cross-validation over sets."""
        names = tuple(SHEETS)
        counts = [len(tile.views) for tile in tiles]
        x = features.of([view for tile in tiles for view in tile.views])
        mean, deviation = x.mean(0), x.std(0) + 1e-3
        axes = _principal_axes(_standard(x, mean, deviation))
        truth = np.array([names.index(tile.class_) for tile in tiles])
        folds = folds_of(tiles)
        guesses = np.zeros((len(tiles), len(names)))
        starts = np.cumsum([0, *counts])
        rows = np.repeat(np.arange(len(tiles)), counts)
        standard = _standard(x, mean, deviation) @ axes
        for fold in range(FOLDS):
            networks = _networks(standard[folds[rows] != fold], truth[rows[folds[rows] != fold]], len(names))
            for index in np.flatnonzero(folds == fold):
                guesses[index] = _probabilities(networks, standard[starts[index] : starts[index + 1]])
        right = guesses.argmax(1) == truth
        accuracies = {name: float(right[truth == index].mean()) for index, name in enumerate(names)}
        networks = _networks(standard, truth[rows], len(names))
        return cls(names, features, mean, deviation, axes, networks, accuracies)

    def accuracy(self, classes: Sequence[str]) -> float:
        """Mean of its own accuracies on unseen real tiles of some classes."""
        return float(np.mean([self.accuracies[name] for name in classes]))

    def class_of(self, pixels: np.ndarray) -> str:
        """Name of the class of a picture, bytes (H, W, 3)."""
        x = _standard(self.features.of(views_of(pixels)), self.mean, self.deviation) @ self.axes
        return self.names[int(_probabilities(self.networks, x).argmax())]


def real_tiles(data: Path) -> list[Tile]:
    """All real tiles of the classes, from contact sheets and from whole pictures."""
    return [*_of_sheets(data / "texture_sheets"), *_of_pictures([data / "pbr", data / "textures"])]


def _of_sheets(sheets: Path) -> Iterator[Tile]:
    class_of = {name: class_ for class_, names in SHEETS.items() for name in names.split()}
    for sheet, place, pixels in thumbnails_in(sheets):
        if sheet in class_of:
            yield Tile(class_of[sheet], f"{sheet}-{place}", tuple(views_of(pixels)))


def _of_pictures(folders: Sequence[Path]) -> Iterator[Tile]:
    for kind, path in [item for folder in folders for item in pictures_in(folder)]:
        name = name_of(path)
        class_ = next((own for part, own in NAMES.items() if part in name), FOLDERS.get(kind, kind))
        if class_:
            yield Tile(class_, name, tuple(views_of(np.asarray(Image.open(path).convert("RGB")))))


def views_of(pixels: np.ndarray) -> list[np.ndarray]:
    """Square views (SIDE_PX, SIDE_PX, 3) of a picture (H, W, 3): as large as it allows, and crops in two corners."""
    found = []
    for share in (1.0, SHARE):
        side = round(share * min(pixels.shape[:2]))
        crops = [pixels[-side:, -side:]] if share == 1 else [pixels[:side, :side], pixels[-side:, -side:]]
        sized = [Image.fromarray(crop).resize((SIDE_PX, SIDE_PX), Image.Resampling.BICUBIC) for crop in crops]
        found += [np.asarray(crop) for crop in sized]
    return found


def folds_of(tiles: Sequence[Tile]) -> np.ndarray:
    """Fold (N,) of each tile; those that show the same surface share one, and classes are spread over all."""
    signatures = np.stack([signature(tile.views[0]) for tile in tiles])
    same = (signatures @ signatures.T > SAME) | np.eye(len(tiles), dtype=bool)  # plain ones have no signature
    group = np.arange(len(tiles))
    for index in range(len(tiles)):
        joined = np.unique(group[same[index]])
        group[np.isin(group, joined)] = joined.min()
    order = {value: place for place, value in enumerate(dict.fromkeys(group.tolist()))}
    return np.array([order[value] % FOLDS for value in group.tolist()])


def signature(pixels: np.ndarray) -> np.ndarray:
    """A small grey picture of bytes (H, W, 3), as a unit vector."""
    grey = np.asarray(Image.fromarray(pixels).convert("L").resize((32, 32), Image.Resampling.BOX), np.float64).ravel()
    return (grey - grey.mean()) / (np.linalg.norm(grey - grey.mean()) + 1e-9)


def _standard(x: np.ndarray, mean: np.ndarray, deviation: np.ndarray) -> torch.Tensor:
    return torch.from_numpy((x - mean) / deviation).clamp(-4, 4).float()


def _principal_axes(x: torch.Tensor) -> torch.Tensor:
    """Directions (F, COMPONENTS) of greatest variance, scaled so that projections have a deviation of 1 on average."""
    torch.manual_seed(0)
    axes = torch.pca_lowrank(x, COMPONENTS)[2]
    return axes / (x @ axes).std(0).mean()


def _networks(x: torch.Tensor, truth: np.ndarray, classes: int) -> tuple[tuple[torch.Tensor, ...], ...]:
    """Networks that learned the classes, each class with the square root of its weight."""
    allowed = np.eye(classes, dtype=np.float32)[truth]
    weights = (np.bincount(truth, minlength=classes) ** -0.5)[truth].astype(np.float32)
    given = x, torch.from_numpy(allowed), torch.from_numpy(weights)
    return tuple(trained(*given, seed) for seed in range(NETWORKS))


def _probabilities(networks: Sequence[tuple[torch.Tensor, ...]], x: torch.Tensor) -> np.ndarray:
    """Mean probability of each class over networks and views."""
    found = [((x @ hidden + first).relu() @ out + last).softmax(1) for hidden, first, out, last in networks]
    return torch.cat(found).mean(0).numpy()
