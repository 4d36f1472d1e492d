"""Measures the materials that phrases become: colour and class.

    python benchmarks/phrase_materials.py DATA [--set second] [--weights DIR] [--sheet FILE]

DATA: as for `real_tiles.py`, whose classifier judges the classes. --weights: library with SqueezeNet. Phrases are the
held-out ones of a set in `phrases/`, in both languages; those that are refused count as judged wrong. --sheet: picture
of what was judged wrong.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from phrase_slots import LANGUAGES, SETS, Stated, phrases
from PIL import Image
from real_tiles import MATERIALS, Features, TileJudge, real_tiles
from sheets import Cell, in_rows
from skimage.color import deltaE_ciede2000, rgb2lab

from impasto import Maps, match, run
from impasto.errors import ParameterError
from impasto.parameters import color_of
from impasto_phrase.stackgan.captions import mean_color
from impasto_phrase.vocabulary import vocabulary

SIDE_PX = 256
CLASS_OF = {material: class_ for class_, materials in MATERIALS.items() for material in materials.split()}
OTHER_COLORS = ("second_color", "shade", "tone", "tint", "paint", "metal", "moss", "vein_color", "rust")
"""Slots with which a phrase asks for more than one colour."""
SHOWN_PX = 160


@dataclass(frozen=True)
class Made:
    """A phrase, and the maps that became of it."""

    stated: Stated
    maps: Maps

    @property
    def bytes(self) -> np.ndarray:
        """Base colour as bytes (H, W, 3)."""
        return (self.maps["base_color"].pixels * 255 + 0.5).clip(0, 255).astype(np.uint8)


def main() -> None:
    """Print all figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("--set", choices=SETS, default="first")
    parser.add_argument("--weights", type=Path, metavar="DIR")
    parser.add_argument("--sheet", type=Path, metavar="FILE")
    options = parser.parse_args()
    torch.set_num_threads(1)
    given = [one for name in LANGUAGES for one in phrases(name, options.set)]
    stated = [one for one in given if one.is_held_out and "material" in one.slots]
    made = [one for phrase in stated if (one := made_of(phrase))]
    refused = [one for one in stated if not any(one is other.stated for other in made)]
    print(f"{len(made)} held-out phrases with a material, {SIDE_PX}² each; {len(refused)} refused")
    print_colors(made)
    wrong = print_classes(made, refused, TileJudge.trained(real_tiles(options.data), Features(options.weights)))
    if options.sheet:
        sheet_of(wrong).save(options.sheet, quality=85)


def made_of(stated: Stated) -> Made | None:
    """The procedural material that a phrase describes; None if it is refused."""
    try:
        return Made(stated, run(match("phrase", stated.text, seed=0, size_px=(SIDE_PX, SIDE_PX)).recipe).maps)
    except ParameterError:
        return None


def print_colors(made: Sequence[Made]) -> None:
    """CIEDE2000 between colours asked for, alone, and mean base colours, beside those of shuffled phrases."""
    asked = [one for one in made if "color" in one.stated.slots and not one.stated.slots.keys() & set(OTHER_COLORS)]
    wanted = np.array([asked_color(one.stated.slots) for one in asked])
    means = np.array([mean_color(one.maps) for one in asked])
    found = difference(wanted, means)
    shuffled = np.mean([difference(np.roll(wanted, shift, 0), means).mean() for shift in range(1, len(asked))])
    print(f"\ncolour, {len(asked)} phrases that ask for one: CIEDE2000 {found.mean():.1f}; shuffled {shuffled:.1f}")


def asked_color(slots: Mapping[str, str]) -> Sequence[float] | None:
    """The colour that slots name, sRGB."""
    named = slots.get("color")
    return None if named is None else color_of(vocabulary().colors.get(named, named))


def difference(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """CIEDE2000 of sRGB colours (N, 3)."""
    return deltaE_ciede2000(rgb2lab(one.reshape(-1, 1, 3)), rgb2lab(other.reshape(-1, 1, 3)))[:, 0]


def print_classes(made: Sequence[Made], refused: Sequence[Stated], judge: TileJudge) -> list[tuple[Made, str]]:
    """Accuracy of the classes that a judge sees beside its own on real tiles; returns what it took for another."""
    known = [one for one in made if one.stated.slots["material"] in CLASS_OF]
    missing = [class_ for one in refused if (class_ := CLASS_OF.get(one.slots["material"]))]
    truth = np.array([CLASS_OF[one.stated.slots["material"]] for one in known] + missing)
    found = np.array([judge.class_of(one.bytes) for one in known] + ["refused"] * len(missing))
    names = sorted(set(truth))
    by_class = {name: float((found[truth == name] == name).mean()) for name in names}
    wrong = np.random.default_rng(0).permutation(truth)
    mean, own = np.mean(list(by_class.values())), judge.accuracy(names)
    control = np.mean([(found[wrong == name] == name).mean() for name in names])
    print(
        f"class by base colour, {len(truth)} phrases: seen as it {mean:.1%}; of shuffled ones {control:.1%};", end=" "
    )
    print(f"own accuracy on unseen real tiles {own:.1%}")
    return [(one, name) for one, name, true in zip(known, found, truth, strict=False) if name != true]


def sheet_of(wrong: Sequence[tuple[Made, str]], across: int = 8) -> Image.Image:
    """Pictures that were taken for another class, with their phrases."""
    return in_rows([Cell(one.bytes / 255, f"{name}: {one.stated.text[:22]}") for one, name in wrong], across, SHOWN_PX)


if __name__ == "__main__":
    main()
