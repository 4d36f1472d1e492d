"""Statistics of unit cells, such as tiles or boards: measured, so that a network need only learn the rest.

A joint that a network draws wavers by a pixel with the noise, and straight joints are most of what a tiled wall is: so
the mean cell is measured, and the principal components in which cells differ. What remains is stronger at a joint than
within a tile, perhaps ten times: so its variance is measured at each phase, band by band, and the network learns what
is alike everywhere. Where nothing divides a row, or its joints lie irregularly, as those of old bricks do, only the
mean across rows is measured: the remainder has joints of its own, which variances by phase would distort.
"""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor, nn
from torch.nn.functional import interpolate

from impasto.surface.pyramid import split_band

from .components import COMPONENTS, PrincipalComponents
from .lattice import Draw, Lattice
from .periodic import PeriodicFunction
from .region import Region, whole_of

BANDS, PRODUCTS = 3, 2
"""Frequency bands whose variance is measured, finest first, and separable products of each: coarser bands show too
little at each phase. Set by eye."""
LEAST_VARIANCE = 0.01
"""Least variance at a phase, relative to the band's mean: the network's output there is divided by its root."""
STRENGTH = 0.1
"""Relative strength that the mean cell gains when moved by 1 along its axis: a small step that shows. Set by eye."""


class UnitCell(nn.Module):
    """mean: of all cells. components: how whole cells differ, where many were seen. variances: of the remainder.

    There is a variance for each of the finest bands, finest first, relative to its mean over the cell; none where rows
    are not divided into cells.
    """

    def __init__(
        self,
        mean: PeriodicFunction,
        variances: Sequence[PeriodicFunction] = (),
        components: PrincipalComponents | None = None,
    ) -> None:
        super().__init__()
        self.mean = mean
        self.variances: Sequence[PeriodicFunction] = nn.ModuleList(variances)  # type: ignore[assignment]
        self.components = components

    @classmethod
    def zeros(cls, lattice: Lattice, channels: int, with_components: bool) -> UnitCell:
        """Statistics that are 0, with the shapes of those that `of` measures."""
        bands = range(BANDS if lattice.has_cells else 0)
        return cls(
            PeriodicFunction.zeros(lattice, channels),
            [PeriodicFunction.zeros(lattice, channels, PRODUCTS, 1 << band) for band in bands],
            PrincipalComponents.zeros(lattice, channels) if with_components else None,
        )

    @classmethod
    def of(cls, picture: Tensor, lattice: Lattice) -> UnitCell:
        """Statistics of a picture (C, H, W) of rows; the picture's own mean is left out."""
        picture = picture - picture.mean((1, 2), keepdim=True)
        mean = PeriodicFunction.fitted(picture, lattice)
        rest = picture - mean(lattice, whole_of(picture))
        components = PrincipalComponents.of(rest, lattice)
        rest = (components.residual(rest, lattice) if components else rest)[None]
        variances = []
        for band in range(BANDS if lattice.has_cells else 0):
            detail, rest = split_band(rest)
            squares = detail[0].square()
            relative = squares / squares.mean((1, 2), keepdim=True).clamp(min=1e-12)
            variances.append(PeriodicFunction.fitted(relative, lattice, 1 << band, PRODUCTS))
        return cls(mean, variances, components)

    @property
    def axes(self) -> int:
        """Number of axes along which all cells can be moved: the strength of their mean, and each component."""
        return 1 + (COMPONENTS if self.components is not None else 0)

    def residual(self, picture: Tensor, lattice: Lattice) -> Tensor:
        """Picture (C, H, W) less mean and components, with the same variance at each phase."""
        region = whole_of(picture)
        rest = picture - self.mean(lattice, region)
        if self.components is not None:
            rest = self.components.residual(rest, lattice)
        return self._scaled(rest[None], lattice, region, 0, -0.5)[0]

    def forward(
        self, residual: Tensor, lattice: Lattice, region: Region, skipped: int, draw: Draw, moved: Tensor
    ) -> Tensor:
        """The picture (B, C, h, w) of which `residual` is what remains; the inverse of `residual` for cells drawn anew.

        region: as `room_for` grew it; of its torus the `skipped` finest bands are left out. draw: the weights of the
        components of each cell. moved (axes,): how far all cells are moved along each axis.
        """
        pixel = 1 << skipped
        scaled = self._scaled(residual, lattice, region, skipped, 0.5)
        picture = scaled.add(self.mean(lattice, region, pixel), alpha=1 + STRENGTH * float(moved[0]))
        if self.components is None:
            return picture
        full = (region.full[0] * pixel, region.full[1] * pixel)
        weights = draw(COMPONENTS, lattice.cells(full))[0] + moved[1:, None, None].to(residual)
        return picture + self.components(weights, lattice, region, pixel)

    def room_for(self, want: Region) -> Region:
        """The region that `forward` must be given to be right in `want`: bands begin at even pixels, and lose edges."""
        coarsest = 1 << len(self.variances)
        return want.grown(coarsest).aligned(coarsest) if self.variances else want

    def _scaled(self, x: Tensor, lattice: Lattice, region: Region, band: int, power: float) -> Tensor:
        """x, with each of its bands from `band` on multiplied by its variance to a power."""
        if band >= len(self.variances):
            return x
        variance = self.variances[band](lattice, region, 1 << band).clamp_(min=LEAST_VARIANCE)
        detail, below = split_band(x)
        below = self._scaled(below, lattice, region.halved(), band + 1, power)
        enlarged = interpolate(below, size=x.shape[2:], mode="bilinear", align_corners=False)
        return enlarged.addcmul_(detail, variance.pow_(power))
