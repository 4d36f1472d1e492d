"""Measured statistics of unit cells, such as tiles or boards, so that a network need only learn the residual.

Joints drawn by a network waver by a pixel with the noise, and straight joints are most of a tiled wall: so the mean
cell and the principal components of cells are measured. The residual may be ten times stronger at a joint than within a
tile: so its variance is measured at each phase, band by band, and the network learns a residual of even variance. If
rows are not divided, or irregularly, as in old brick walls, only the mean across rows is measured: their residual has
joints of its own, which variances by phase would distort.
"""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor, nn
from torch.nn.functional import interpolate

from impasto.numerics.resampling import split_band
from impasto.patterns.lattice import Draw, Lattice, TorusRegion, picture_region

from .components import COMPONENTS, PrincipalComponents
from .periodic import PeriodicFunction

BANDS, VARIANCE_RANK = 3, 2
"""Number of bands with measured variance, finest first, and its rank; coarser bands have too few samples."""
LEAST_VARIANCE = 0.01
"""Smallest variance at a phase, relative to the band's mean, since residuals are divided by its root."""
STRENGTH = 0.1
"""Relative change of the mean cell for a move by 1 along its axis."""


class UnitCell(nn.Module):
    """mean: of all cells. components: of the cells' differences, if there are enough. variances: of the residual.

    There is a variance for each of the finest bands, finest first, relative to its mean over the cell; none if rows are
    not divided into cells.
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
        """Zero statistics, with the shapes of those that `of` measures."""
        bands = range(BANDS if lattice.has_cells else 0)
        return cls(
            PeriodicFunction.zeros(lattice, channels),
            [PeriodicFunction.zeros(lattice, channels, VARIANCE_RANK, 1 << band) for band in bands],
            PrincipalComponents.zeros(lattice, channels) if with_components else None,
        )

    @classmethod
    def of(cls, picture: Tensor, lattice: Lattice) -> UnitCell:
        """Statistics of a picture (C, H, W) of rows, minus the picture's own mean."""
        picture = picture - picture.mean((1, 2), keepdim=True)
        mean = PeriodicFunction.of_picture(picture, lattice)
        rest = picture - mean(lattice, picture_region(picture))
        components = PrincipalComponents.of(rest, lattice)
        rest = (components.residual(rest, lattice) if components else rest)[None]
        variances = []
        for band in range(BANDS if lattice.has_cells else 0):
            detail, rest = split_band(rest)
            squares = detail[0].square()
            relative = squares / squares.mean((1, 2), keepdim=True).clamp(min=1e-12)
            variances.append(PeriodicFunction.of_picture(relative, lattice, 1 << band, VARIANCE_RANK))
        return cls(mean, variances, components)

    @property
    def axes(self) -> int:
        """Number of parameters for all cells together: the strength of their mean, and each component."""
        return 1 + (COMPONENTS if self.components is not None else 0)

    def residual(self, picture: Tensor, lattice: Lattice) -> Tensor:
        """Picture (C, H, W) minus mean and components, scaled to the same variance at each phase."""
        region = picture_region(picture)
        rest = picture - self.mean(lattice, region)
        if self.components is not None:
            rest = self.components.residual(rest, lattice)
        return self._scale_bands(rest[None], lattice, region, 0, -0.5)[0]

    def forward(
        self, residual: Tensor, lattice: Lattice, region: TorusRegion, skipped: int, draw: Draw, moved: Tensor
    ) -> Tensor:
        """The picture (B, C, h, w) with this residual: the inverse of `residual`, with components drawn for each cell.

        region: a result of `required_region`, on a torus without its `skipped` finest bands. draw: for the weights of
        the components of each cell. moved (axes,): shift of all cells along each axis.
        """
        pixel = 1 << skipped
        scaled = self._scale_bands(residual, lattice, region, skipped, 0.5)
        picture = scaled.add(self.mean(lattice, region, pixel), alpha=1 + STRENGTH * float(moved[0]))
        if self.components is None:
            return picture
        full = (region.full[0] * pixel, region.full[1] * pixel)
        weights = draw(COMPONENTS, lattice.cells(full))[0] + moved[1:, None, None].to(residual)
        return picture + self.components(weights, lattice, region, pixel)

    def required_region(self, want: TorusRegion) -> TorusRegion:
        """The region that `forward` needs so that `want` is correct: bands start at even pixels, and lose edges."""
        coarsest = 1 << len(self.variances)
        return want.with_margin(coarsest).on_grid(coarsest) if self.variances else want

    def _scale_bands(self, x: Tensor, lattice: Lattice, region: TorusRegion, band: int, power: float) -> Tensor:
        """x with each of its bands from `band` on multiplied by a power of its variance."""
        if band >= len(self.variances):
            return x
        variance = self.variances[band](lattice, region, 1 << band).clamp_(min=LEAST_VARIANCE)
        detail, below = split_band(x)
        below = self._scale_bands(below, lattice, region.at_half_size(), band + 1, power)
        enlarged = interpolate(below, size=x.shape[2:], mode="bilinear", align_corners=False)
        return enlarged.addcmul_(detail, variance.pow_(power))
