"""Measures the materials that phrases become: colour, class, diversity and seams.

    python benchmarks/phrase_materials.py DATA [--set second] [--model NAME] [--weights DIR] [--sheet FILE]

DATA: as for `real_tiles.py`, whose classifier judges the classes. --model: a model of `stackgan`, which makes them in
place of the procedural materials. --weights: library with SqueezeNet. Phrases are the held-out ones of a set in
`phrases/`, in both languages; those that are refused count as judged wrong. --sheet: picture of what was judged wrong.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import combinations
from pathlib import Path

import numpy as np
import stackgan
import torch
from phrase_slots import LANGUAGES, SETS, Stated, phrases
from PIL import Image, ImageDraw
from real_tiles import MATERIALS, Features, TileJudge, real_tiles, views_of
from skimage.color import deltaE_ciede2000, rgb2lab

from impasto import Maps, match, run
from impasto.errors import ParameterError
from impasto.evaluation.figures import own_figures
from impasto.parameters import color_of
from impasto.surface.relight import BallAndPlane
from impasto.surface.shading import Light
from impasto_phrase.vocabulary import vocabulary

SIDE_PX = 256
CLASS_OF = {material: class_ for class_, materials in MATERIALS.items() for material in materials.split()}
OTHER_COLORS = ("second_color", "shade", "tone", "tint", "paint", "metal", "moss", "vein_color", "rust")
"""Slots with which a phrase asks for more than one colour."""
VARIED, SEEDS = 8, 4
"""Phrases whose variations are compared, and variations of each."""
SHOWN_PX = 160

Make = Callable[[str, int], Maps]
"""Maps of a phrase, with a seed."""


@dataclass(frozen=True)
class Made:
    """A phrase, and the maps that became of it."""

    stated: Stated
    maps: Maps

    @property
    def lit(self) -> np.ndarray:
        """The material under a soft light, tiled twice, as bytes: photographs show more, with their light in them."""
        light = Light(elevation=50.0, strength=1.25, sky=0.4)
        plane = BallAndPlane.of_maps(self.maps, SIDE_PX).shade(light)[:, SIDE_PX:]
        return np.tile((np.clip(plane, 0, 1) * 255).round().astype(np.uint8), (2, 2, 1))

    @property
    def bytes(self) -> np.ndarray:
        """Base colour as bytes (H, W, 3)."""
        return as_bytes(self.maps)


def main() -> None:
    """Print all figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("--set", choices=SETS, default="first")
    parser.add_argument("--model", metavar="NAME", help="model of stackgan, in place of the procedural materials")
    parser.add_argument("--weights", type=Path, metavar="DIR")
    parser.add_argument("--sheet", type=Path, metavar="FILE")
    options = parser.parse_args()
    torch.set_num_threads(1)
    given = [one for name in LANGUAGES for one in phrases(name, options.set)]
    stated = [one for one in given if one.is_held_out and "material" in one.slots]
    make: Make = partial(learned, options.model) if options.model else procedural
    made = [one for phrase in stated if (one := made_of(phrase, make))]
    refused = [one for one in stated if not any(one is other.stated for other in made)]
    print(f"{len(made)} held-out phrases with a material, {SIDE_PX}² each; {len(refused)} refused")
    print_colors(made)
    print_seams(made)
    features = Features(options.weights)
    judge = TileJudge.trained(real_tiles(options.data), features)
    wrong = print_classes(made, refused, judge, "base colour", [one.bytes for one in made])
    print_classes(made, refused, judge, "under a light, tiled twice", [one.lit for one in made])
    print_diversity(made[:: max(1, len(made) // VARIED)][:VARIED], judge, make)
    if options.sheet:
        sheet_of(wrong).save(options.sheet, quality=85)


def procedural(text: str, seed: int) -> Maps:
    """The procedural material that a phrase describes."""
    return run(match("phrase", text, seed=seed, size_px=(SIDE_PX, SIDE_PX)).recipe).maps


def learned(model: str, text: str, seed: int) -> Maps:
    """The maps of a phrase by a model of StackGAN."""
    return stackgan.made(text, model, seed, SIDE_PX)


def made_of(stated: Stated, make: Make) -> Made | None:
    """The maps of a phrase; None if it is refused."""
    try:
        return Made(stated, make(stated.text, 0))
    except ParameterError:
        return None


def print_colors(made: Sequence[Made]) -> None:
    """CIEDE2000 between colours asked for, alone, and mean base colours, beside those of shuffled phrases."""
    asked = [one for one in made if "color" in one.stated.slots and not one.stated.slots.keys() & set(OTHER_COLORS)]
    colors = vocabulary().colors
    wanted = np.array([color_of(colors.get(name := one.stated.slots["color"], name)) for one in asked])
    means = np.array([mean_color(one.maps) for one in asked])
    found = difference(wanted, means)
    shuffled = np.mean([difference(np.roll(wanted, shift, 0), means).mean() for shift in range(1, len(asked))])
    nearest = np.array([difference(wanted, mean).argmin() for mean in means])
    right = np.mean(np.all(wanted[nearest] == wanted, axis=1))
    print(f"\ncolour, {len(asked)} phrases that ask for one: CIEDE2000 mean {found.mean():.1f}, median", end=" ")
    print(
        f"{np.median(found):.1f}, 90 % below {np.quantile(found, 0.9):.1f}; shuffled phrases {shuffled:.1f};", end=" "
    )
    print(f"nearest colour asked for is the right one: {right:.0%}")
    for index in found.argsort()[::-1][:6]:
        print(f"  {found[index]:5.1f}  {asked[index].stated.text}")


def mean_color(maps: Maps) -> np.ndarray:
    """sRGB of the mean of the linear base colour."""
    from impasto.surface.color import linear_to_srgb, srgb_to_linear

    return linear_to_srgb(srgb_to_linear(maps["base_color"].pixels).mean((0, 1), dtype=np.float64))


def difference(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """CIEDE2000 of sRGB colours (N, 3)."""
    return deltaE_ciede2000(rgb2lab(one.reshape(-1, 1, 3)), rgb2lab(other.reshape(-1, 1, 3)))[:, 0]


def print_seams(made: Sequence[Made]) -> None:
    """Worst z-scores of seams of all maps, beside two controls: no seam at all, and pictures that do not wrap.

    A picture that is rolled by half has its former middle at the border, where no seam can be.
    """
    figures = [own_figures(one.maps)[0] for one in made]
    high, low = max(one["seam_z_high"] for one in figures), min(one["seam_z_low"] for one in figures)
    rolled = [own_figures(rolled_by_half(one.maps))[0] for one in made]
    cut = [own_figures(cut_of(one.maps))[0] for one in made]
    print(
        f"\nseam z over all maps: highest {high:.2f}, lowest {low:.2f}; within -4 to 3: {within(figures):.0%};", end=" "
    )
    print(f"rolled by half: {max(one['seam_z_high'] for one in rolled):.2f}, {within(rolled):.0%};", end=" ")
    print(f"cut by a tenth: {np.median([one['seam_z_high'] for one in cut]):.1f} (median), {within(cut):.0%}")


def within(figures: Sequence[Mapping[str, float]]) -> float:
    """Share of pictures without a visible seam."""
    return float(np.mean([one["seam_z_high"] < 3 and one["seam_z_low"] > -4 for one in figures]))


def rolled_by_half(maps: Maps) -> Maps:
    """All maps, with their middle at the border."""
    return Maps.from_arrays({name: np.roll(maps[name].pixels, SIDE_PX // 2, (0, 1)) for name in maps})


def cut_of(maps: Maps) -> Maps:
    """The base colour without a tenth of its sides, so that it does not wrap."""
    side = round(0.9 * SIDE_PX)
    return Maps.from_arrays({"base_color": maps["base_color"].pixels[:side, :side]})


def print_classes(
    made: Sequence[Made], refused: Sequence[Stated], judge: TileJudge, what: str, pictures: Sequence[np.ndarray]
) -> list[tuple[Made, str]]:
    """Accuracy of the classes that a judge sees beside its own on real tiles; returns what it took for another."""
    pairs = [pair for pair in zip(made, pictures, strict=True) if pair[0].stated.slots["material"] in CLASS_OF]
    known = [one for one, _ in pairs]
    missing = [class_ for one in refused if (class_ := CLASS_OF.get(one.slots["material"]))]
    truth = np.array([CLASS_OF[one.stated.slots["material"]] for one in known] + missing)
    found = np.array([judge.class_of(picture) for _, picture in pairs] + ["refused"] * len(missing))
    names = sorted(set(truth))
    by_class = {name: float((found[truth == name] == name).mean()) for name in names}
    wrong = np.random.default_rng(0).permutation(truth)
    print(f"\nclass by {what}, {len(truth)} phrases: seen as it, own accuracy on unseen real tiles")
    for name in names:
        others = [other for other in found[truth == name] if other != name]
        about = f"{name:12} {(truth == name).sum():4} {by_class[name]:6.0%} {judge.accuracies[name]:6.0%}"
        print(f"{about}  {', '.join(others)}")
    mean, own = np.mean(list(by_class.values())), judge.accuracy(names)
    print(f"{'mean':12} {len(truth):4} {mean:6.1%} {own:6.1%}: {mean / own:.0%} of its own;", end=" ")
    control = np.mean([(found[wrong == name] == name).mean() for name in names])
    print(f"shuffled phrases: {control:.1%}")
    return [(one, name) for one, name, true in zip(known, found, truth, strict=False) if name != true]


def print_diversity(made: Sequence[Made], judge: TileJudge, make: Make) -> None:
    """Mean distance of pictures in the judge's features: variations, other arrangements, and other phrases."""
    seeds = range(1, SEEDS + 1)
    varied = [[described(make(one.stated.text, seed), judge) for seed in seeds] for one in made]
    figures = {"variations of a phrase": float(np.mean([spread(group) for group in varied]))}
    if make is procedural:
        recipes = [match("phrase", one.stated.text, size_px=(SIDE_PX, SIDE_PX)).recipe for one in made]
        arranged = [[described(run(replace(one, seed=seed)).maps, judge) for seed in seeds] for one in recipes]
        figures["the same parameters, other seeds"] = float(np.mean([spread(group) for group in arranged]))
    figures["other phrases"] = spread([described(one.maps, judge) for one in made])
    print(f"\ndiversity, {len(made)} phrases: mean distance in standardised features of SqueezeNet")
    for name, value in figures.items():
        print(f"  {name:34} {value:.3f}")


def described(maps: Maps, judge: TileJudge) -> np.ndarray:
    """Standardised features (F,) of the whole picture."""
    return judge.standardised(views_of(as_bytes(maps))[:1])[0].numpy()


def spread(features: Sequence[np.ndarray]) -> float:
    """Mean distance of pairs, by the root of the mean square of its components."""
    return float(np.mean([np.sqrt(np.mean((a - b) ** 2)) for a, b in combinations(features, 2)]))


def as_bytes(maps: Maps) -> np.ndarray:
    return (maps["base_color"].pixels * 255 + 0.5).clip(0, 255).astype(np.uint8)


def sheet_of(wrong: Sequence[tuple[Made, str]], across: int = 8) -> Image.Image:
    """Pictures that were taken for another class, with their phrases."""
    step = SHOWN_PX + 4
    sheet = Image.new("RGB", (across * step, max(1, -(-len(wrong) // across)) * (step + 26)), "white")
    draw = ImageDraw.Draw(sheet)
    for index, (one, name) in enumerate(wrong):
        left, top = index % across * step, index // across * (step + 26)
        picture = Image.fromarray(one.bytes).resize((SHOWN_PX, SHOWN_PX), Image.Resampling.BOX)
        sheet.paste(picture, (left, top))
        draw.text((left, top + SHOWN_PX), f"{one.stated.slots['material']} as {name}", "black")
        draw.text((left, top + SHOWN_PX + 12), one.stated.text.encode("ascii", "replace").decode()[:26], "black")
    return sheet


if __name__ == "__main__":
    main()
