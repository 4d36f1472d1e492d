"""Figures that the documentation leads with, in small: a change that makes results worse fails here."""

import numpy as np
import pytest
from skimage import data

from impasto import Maps, Recipe, Step, run
from impasto.data.prepare import maps_at_scale
from impasto.evaluation import metrics
from impasto.surface.palette import palette_of, transport

SIDE_PX = 256


def photograph(name: str, side_px: int) -> Maps:
    pixels = getattr(data, name)()
    pixels = pixels[..., :3] if pixels.ndim == 3 else np.repeat(pixels[..., None], 3, 2)
    maps = Maps.from_arrays({"base_color": pixels.astype(np.float32) / 255}, name=name)
    return maps_at_scale(maps, side_px / max(maps.size_px))


@pytest.mark.essential
def test_patch_synthesis_repeats_no_brick():
    """`quilt` repeats a fifth, and copies in a row repeat all."""
    source = photograph("brick", 512)
    copied = np.tile(source["base_color"].pixels[:192, :192], (2, 2, 1))
    size = {"width_px": 384, "height_px": 384}
    made, quilted = (run(Recipe((Step(tool, size),), 1), {"source": source}) for tool in ("patch-synthesis", "quilt"))
    shares = [metrics.repeated_share(one.maps["base_color"].pixels, mirrored=True) for one in (made, quilted)]
    assert metrics.repeated_share(copied, mirrored=True) == 1
    assert shares[0] < 0.05 < shares[1]


@pytest.mark.essential
@pytest.mark.parametrize("style", ["immunohistochemistry", "chelsea"])
def test_patches_style_paints_as_the_style_does_and_not_only_in_its_colours(style):
    """By sliced Wasserstein distances to the style: 0 is the picture in the style's palette, 1 a half of the style."""
    picture, painting = photograph("coffee", SIDE_PX), photograph(style, SIDE_PX)
    pixels, wanted = picture["base_color"].pixels, painting["base_color"].pixels
    recipe = Recipe((Step("patches-style", inputs={"style": "style"}),), 1)
    made = run(recipe, {"source": picture, "style": painting}).maps["base_color"].pixels
    recolored = np.clip(transport(palette_of(pixels), palette_of(wanted)).of(pixels), 0, 1)
    half = wanted[:, : SIDE_PX // 2]
    from_made, from_recolored, from_half = (
        metrics.fine(metrics.sliced_wasserstein(one.astype(np.float32), wanted)) for one in (made, recolored, half)
    )
    assert (from_recolored - from_made) / (from_recolored - from_half) > 0.6
