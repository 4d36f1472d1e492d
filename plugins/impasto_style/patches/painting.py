"""Style transfer with the style's own patches, coarse to fine, refined by a small bundled network.

After Elad & Milanfar 2017 ("Style transfer via texture synthesis") and StyLit (Fišer et al. 2016): patches of the style
are matched to the picture in the style's palette, so that all of the style is used, and blended so that strokes stay
whole.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial

import torch
from kornia.color import rgb_to_grayscale
from torch import Tensor

from impasto.context import Context
from impasto.numerics.filters import gaussian_blur
from impasto.patterns.library import MOST_PATCHES, SIDE, STRIDE, PatchLibrary, centre_of
from impasto.patterns.votes import ROUNDS, PatchGrid, Tick, blend, patch_weights
from impasto.texture import Maps

from ..shared.progress import WorkProgress
from ..shared.resampling import as_image, resize_picture, resized_linear
from ..shared.task import Region, StyleTask, scales
from .guides import (
    broad_blur,
    detail_contrast,
    edges,
    match_histogram,
    mixture_of,
    orientation,
    values_inside,
    with_calm,
)
from .matching import REACHES, Search
from .mosaic import detail_energies, limit_detail, restore_detail
from .parameters import PatchesStyleParameters
from .recoloring import recolor, with_tonal_order
from .refining import STEPS, refine
from .use import Impression, calm_places, parts_and_use

LEAST_PX = 64
"""Longer side of the first size."""
SEARCH_PX = {"quick": 512, "usual": 512, "best": 1024}
"""Longer side up to which patches are matched, by quality; larger results use the same patches at a finer scale."""
BEYOND = 0.25
"""Share of that side by which the search may exceed it."""
STROKES = 4 / 256
"""Width of the guides' blur, relative to a style's longer side, above that of strokes."""
LEAST_STROKES_PX = 1.2
COLOR_WEIGHT, CONTRAST_WEIGHT = 1.0, 0.9
"""Weights of the guides, relative to the patch itself."""
KEPT = 0.96
"""Strength with which the picture's edges are restored before each search."""
FORMS_POWER = 0.5
"""Exponent with which preservation lets the picture's own edges through at the end."""
ORIENTATION_WEIGHT, ORIENTATION_STROKES = 0.3, 1.5
"""Weight of the orientation among the guides, and the width of its blur, relative to theirs."""
NOISE = 0.1
COMPARISONS = 2**26
"""Comparisons of positions with random patches at a size. Large sizes have their matches from smaller ones."""
FIRST_ROUNDS = 15
"""Rounds at the first size, where they are cheap, to find potentials that suit all sizes."""
PASSES = {"quick": (1, 2), "usual": (2, 2), "best": (8, 8)}
"""Number of blends at each size, and of rounds of search before each blend, by quality."""
EVALUATION = 0.25
"""Time of one evaluation of the refinement, relative to a pass at the same size."""
DETAIL_PX = 1.2


def paint(task: StyleTask, parameters: PatchesStyleParameters, context: Context) -> Tensor:
    """Repaint the task's picture: (1, 3, H, W)."""
    painted = [region for region in task.regions if region.weights[0] < 1]
    if not painted:
        return task.picture
    longest_px = context.longest_px(task.picture.shape[2:])
    factor = max(1, math.ceil(longest_px / SEARCH_PX[parameters.quality] - BEYOND))
    task = _with_styles_only(task, painted, factor)
    small = task if factor == 1 else task.at_longest_px(round(task.longest_px / factor))
    sizes = scales(small, LEAST_PX)
    passes, _ = PASSES[parameters.quality]
    enlarged_px = task.longest_px if factor > 1 else 0
    refining = STEPS * EVALUATION * sizes[-1] ** 2
    progress = WorkProgress(context, [0, *(passes * size**2 for size in sizes), refining, enlarged_px**2])
    progress.begin("Choosing colours")
    painter = _Painter(small, parameters, progress)
    mosaic: _Mosaic | None = None
    for size in sizes:
        progress.begin("Painting at {} px", size)
        mosaic = painter.paint_at(size, mosaic)
        x = mosaic.picture
        context.preview(Maps.from_arrays({"base_color": as_image(painter.preview(x))}))
        if context.is_stopped():
            break
    change = torch.zeros_like(x)
    if mosaic and not context.is_stopped():
        progress.begin("Refining strokes")
        change = painter.refinement(mosaic.picture)
        refined = mosaic.picture + change
        change += with_tonal_order(refined, small.picture, painter.tonal_order, task.seamless) - refined
        if factor > 1:
            progress.begin("Painting at {} px", task.longest_px)
            x = _enlarge(mosaic, task, factor, progress.advance)
    final = task.picture.shape[2:]
    x = resize_picture(x, final, task.seamless) + resized_linear(change, final, task.seamless)
    return _finish(painter.with_forms(x, task), task, parameters.detail, factor)


@dataclass(frozen=True)
class _Mosaic:
    """A picture (1, 3, H, W), blended at one size from patches (Q,) with weights (Q,)."""

    picture: Tensor
    search: Search
    patches: Tensor
    weights: Tensor


class _Painter:
    """Painter of a task at one size after another; the task's sources are its styles only."""

    def __init__(self, task: StyleTask, parameters: PatchesStyleParameters, progress: WorkProgress) -> None:
        self.task, self.parameters, self.progress = task, parameters, progress
        self.context = progress.context
        self.tonal_order = 0.0 if self.context.canvas or task.start_px else parameters.tonal_order
        leading = recolor(task.picture, task.sources, task.regions, task.seamless)
        leading = with_tonal_order(leading, task.picture, self.tonal_order, task.seamless)
        is_fresh = task.start is task.picture
        self.task = replace(task, start=leading if is_fresh else task.start)
        self.leading, self.noise = leading, NOISE if is_fresh else 0.0
        self.preservation = 1 - (1 - KEPT) ** parameters.preservation
        self.color_weight = COLOR_WEIGHT * parameters.preservation**0.5
        self.thresholds = _thresholds(task, self.context) if len(task.regions) > 1 else None

    def refinement(self, mosaic: Tensor) -> Tensor:
        """Change (1, 3, H, W) of the last size's mosaic that brings its features closer to the styles'."""
        task = self.task.at_longest_px(max(mosaic.shape[2:]))
        leading = resize_picture(self.leading, mosaic.shape[2:], task.seamless)
        tick = partial(self.progress.advance, EVALUATION * max(mosaic.shape[2:]) ** 2)
        better = refine(mosaic, leading, task, self.parameters.preservation, self.context, tick)
        return limit_detail(mosaic, better, task.seamless) - mosaic

    def with_forms(self, x: Tensor, task: StyleTask) -> Tensor:
        """x (1, 3, H, W) with edges of the task's picture, as strongly as preservation asks for."""
        share = 1 - (1 + self.parameters.preservation) ** -FORMS_POWER
        size = (x.shape[2], x.shape[3])
        coarse = resize_picture(
            resize_picture(task.picture, self.task.picture.shape[2:], task.seamless), size, task.seamless
        )
        leading = resize_picture(self.leading, size, task.seamless) + rgb_to_grayscale(task.picture - coarse)
        return (x + share * edges(leading, task.seamless) * (leading - x)).clamp(0, 1)

    def preview(self, x: Tensor) -> Tensor:
        """An unfinished picture of any size, blended over the original for a preview."""
        task = self.task.at_longest_px(max(x.shape[2:]))
        return _finish(resize_picture(x, task.picture.shape[2:], task.seamless), task, self.parameters.detail, 1)

    def paint_at(self, size: int, before: _Mosaic | None) -> _Mosaic:
        """Repaint the picture at this size, starting from the previous size's mosaic, if any."""
        task = self.task.at_longest_px(size)
        leading = resize_picture(self.leading, task.picture.shape[2:], task.seamless)
        if before is None:
            x = task.start + self.noise * self.context.noise(*task.start.shape)
        else:
            x = resize_picture(before.picture, leading.shape[2:], task.seamless)
        search, guides = self._search(task, leading, before)
        forms = self.preservation * edges(leading, task.seamless)
        energies = detail_energies(task.sources)
        passes, rounds = PASSES[self.parameters.quality]
        patches: Tensor | None = None
        for number in range(passes):
            x = self.context.across_seams(x)
            drift = broad_blur(leading - x, _strokes_px(task), task.seamless)
            broad = x + self.preservation * drift  # without it, slabs of a colour stay
            features = search.grid.on_canvas(torch.cat([broad + forms * (leading - broad), guides], 1))
            queries = search.library.features_of(features[:, :3], features[:, 3:])
            patches = self._first(search, queries, before) if patches is None else patches
            for turn in range(rounds):
                if self.context.is_stopped():
                    break
                patches = search.next_patches(queries, patches, REACHES[turn % len(REACHES)])
                search.balance(patches, self.parameters.variety)
            pieces = search.library.pieces(patches)
            weights = patch_weights(pieces, search.grid, self.progress.advance, ROUNDS if number == passes - 1 else 1)
            x = blend(pieces, weights, search.grid, self.progress.advance)
            x = restore_detail(x, pieces, search.grid, energies, task.seamless)
            mosaic = _Mosaic(x, search, patches, weights)
            self.progress.advance(size**2)
            if self.context.is_stopped():
                break
        return mosaic

    def _search(self, task: StyleTask, leading: Tensor, before: _Mosaic | None) -> tuple[Search, Tensor]:
        """The search at this size, and the guides of the picture (1, 6, H, W)."""
        sigma_px = _strokes_px(task)
        looks = [Impression.of(style, sigma_px) for style in task.sources]
        style_guides = [self._guides(*pair, sigma_px) for pair in zip(task.sources, looks, strict=True)]
        library = PatchLibrary(task.sources, style_guides, self.parameters.turned)
        own = Impression.of(leading, sigma_px, task.seamless)
        wanted = replace(own, contrast=_matched_contrast(own, looks, task))
        seen = detail_contrast(task.picture, sigma_px, task.seamless)
        is_calm = calm_places(torch.minimum(own.contrast, seen), looks, task.regions)
        part, target_use = parts_and_use(library, looks, wanted, is_calm, task.regions)
        grid = PatchGrid(leading.shape[2], leading.shape[3], task.seamless)
        is_busy = grid.at_centres((~is_calm).float())[:, 0] > 0.5
        region = 2 * self._regions(task, grid) + is_busy
        painted = grid.at_centres(_coverage(task)).flatten() > 0
        potentials = torch.zeros_like(target_use) if before is None else before.search.potentials
        search = Search(
            library, grid, part, region, painted, target_use, potentials, self.context.rng, self.progress.advance
        )
        return search, self._guides(leading, wanted, sigma_px, task.seamless)

    def _guides(self, x: Tensor, look: Impression, sigma_px: float, seamless: bool = False) -> Tensor:
        direction = ORIENTATION_WEIGHT * orientation(x, ORIENTATION_STROKES * sigma_px, seamless)
        return torch.cat([direction, self.color_weight * look.color, CONTRAST_WEIGHT * look.contrast], 1)

    def _regions(self, task: StyleTask, grid: PatchGrid) -> Tensor:
        """The region of each position (Q,), dithered where masks are soft."""
        if self.thresholds is None:
            return torch.zeros(math.prod(grid.shape), dtype=torch.long, device=task.picture.device)
        masks = torch.cat([_mask(region, task) for region in task.regions], 1)  # (1, regions, H, W)
        cumulated = grid.at_centres(masks / masks.sum(1, keepdim=True).clamp_min(1e-6)).cumsum(1)
        thresholds = resized_linear(self.thresholds, masks.shape[2:], task.seamless)
        return (cumulated[:, :-1] < grid.at_centres(thresholds)).sum(1)

    def _first(self, search: Search, queries: Tensor, before: _Mosaic | None) -> Tensor:
        """The first patches at a size: the previous size's, or better ones from the pool."""
        pool = search.pool()
        search.measure(queries, pool)
        if before is None:
            for _ in range(1 if self.context.is_stopped() else FIRST_ROUNDS):
                patches = search.nearest_of(queries, pool)
                search.balance(patches, self.parameters.variety)
            return patches
        step = math.ceil(len(queries) * len(pool) / COMPARISONS)
        return search.better(queries, search.nearest_of(queries, pool[::step]), _transfer(before, search))


def _strokes_px(task: StyleTask) -> float:
    """Width of the guides' blur."""
    return max(LEAST_STROKES_PX, STROKES * max(max(style.shape[2:]) for style in task.sources))


def _with_styles_only(task: StyleTask, painted: Sequence[Region], factor: int) -> StyleTask:
    """The task with only the used styles as its sources, and only the regions that they paint.

    Styles are cropped so that the search, at 1 / `factor` of the size, has no more than `MOST_PATCHES` patches.
    """
    used = [index for index in range(1, len(task.sources)) if any(region.weights[index] for region in painted)]
    most_px = MOST_PATCHES // len(used) * STRIDE**2 * factor**2
    regions = [replace(region, weights=tuple(region.weights[index] for index in used)) for region in painted]
    return replace(
        task, sources=tuple(centre_of(task.sources[index], most_px) for index in used), regions=tuple(regions)
    )


def _coverage(task: StyleTask) -> Tensor:
    """Opacity of the painting at each pixel (1, 1, H, W), from masks and strength."""
    return torch.stack([sum(region.weights) * _mask(region, task) for region in task.regions]).sum(0).clamp(0, 1)


def _mask(region: Region, task: StyleTask) -> Tensor:
    """The region's mask (1, 1, H, W)."""
    return torch.ones_like(task.picture[:, :1]) if region.mask is None else region.mask


def _finish(x: Tensor, task: StyleTask, detail: float, factor: int) -> Tensor:
    """The painting with its detail scaled, blended over the original."""
    if detail != 1:
        coarse = gaussian_blur(x, DETAIL_PX * factor, task.seamless)
        x = (coarse + detail * (x - coarse)).clamp(0, 1)
    return task.picture + _coverage(task) * (x - task.picture)


def _thresholds(task: StyleTask, context: Context) -> Tensor:
    """Smooth noise (1, 1, h, w), uniformly distributed in [0, 1], for dithering between regions."""
    height, width = (max(2, side // SIDE) for side in task.picture.shape[2:])
    noise = gaussian_blur(context.noise(1, 1, height, width), 1.0, task.seamless)
    order = noise.flatten().argsort().argsort()
    return (order.view_as(noise) + 0.5) / order.numel()


def _matched_contrast(own: Impression, styles: Sequence[Impression], task: StyleTask) -> Tensor:
    """Contrast of the picture's detail (1, 1, H, W), histogram-matched to the styles' in each region."""
    values, of_styles = own.contrasts(), [style.contrasts() for style in styles]
    result = torch.zeros_like(own.contrast)
    for region in task.regions:
        moved = match_histogram(values, values_inside(values, region.mask), mixture_of(of_styles, region.weights))
        moved = with_calm(values, moved)
        result += _mask(region, task) * torch.from_numpy(moved).to(result.device).view_as(result)
    return result


def _transfer(before: _Mosaic, search: Search) -> Tensor:
    """The previous size's patches at the positions of this size (Q,), aligned at their centres."""
    old, new = before.search.grid, search.grid
    offsets, picked = [], []
    for axis, ratio in enumerate((new.height / old.height, new.width / old.width)):
        centre = torch.arange(new.shape[axis], device=before.patches.device) * STRIDE + SIDE / 2 - new.margin
        place = ((centre / ratio + old.margin - SIDE / 2) / STRIDE).round().long().clamp(0, old.shape[axis] - 1)
        picked.append(place)
        offsets.append(centre - (place * STRIDE + SIDE / 2 - old.margin) * ratio)
    patches = before.patches.view(old.shape)[picked[0][:, None], picked[1]].flatten()
    down, right = (offset.flatten() for offset in torch.meshgrid(offsets[0], offsets[1], indexing="ij"))
    view, row, column = before.search.library.place(patches)
    ratio = max(new.height, new.width) / max(old.height, old.width)
    row, column = (
        (((along * STRIDE + SIDE / 2) * ratio + offset - SIDE / 2) / STRIDE).round().long()
        for along, offset in ((row, down), (column, right))
    )
    return search.library.patch_at(view, row, column)


def _enlarge(mosaic: _Mosaic, task: StyleTask, factor: int, tick: Tick) -> Tensor:
    """The same patches, blended at `factor` times the resolution: (1, 3, H, W)."""
    library, grid = mosaic.search.library, mosaic.search.grid
    sizes = [(height * factor, width * factor) for height, width in library.sizes]
    styles = [resize_picture(style, size) for style, size in zip(task.sources, sizes, strict=True)]
    pieces = library.enlarged_pieces(mosaic.patches, styles, factor)
    x = blend(pieces, mosaic.weights, grid.at_scale(factor), tick)
    return restore_detail(x, pieces, grid.at_scale(factor), detail_energies(styles, factor), task.seamless)
