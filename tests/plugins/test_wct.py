"""The stylizer that repaints at once: its transform, its windows and palette, and that pictures of any size agree.

What holds for all stylizers is tested with them. Published weights are random ones in which colours are handed through.
"""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from skimage import data
from torch import Tensor

from impasto.context import Context
from impasto.errors import ModelError
from impasto.plugins.registry import registry
from impasto_style.shared.architectures import ARCHITECTURES
from impasto_style.shared.controls import BUNDLED
from impasto_style.shared.encoder import Encoder
from impasto_style.shared.resampling import as_image, as_tensor
from impasto_style.shared.statistics import mean_and_covariance
from impasto_style.shared.task import Region, Task
from impasto_style.wct import painting
from impasto_style.wct.coders import LINKS, Coder, load_coders
from impasto_style.wct.moments import coloring, mix, raw_moments
from impasto_style.wct.painter import Features
from impasto_style.wct.painting import paint
from impasto_style.wct.parameters import DISTILLED, WctParameters

sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks"))
from style_judging import Judge

REAL = Path(__file__).parents[3] / "shared" / "data" / "weights"
pytestmark = pytest.mark.usefixtures("small_weights")


def picture(name: str, height: int, width: int) -> Tensor:
    """The corner of one of scikit-image's pictures at a third of its size, (1, 3, height, width)."""
    return as_tensor(np.float32(getattr(data, name)()[: 3 * height : 3, : 3 * width : 3] / 255), "cpu")


CAT, COFFEE, SPACE = picture("chelsea", 96, 128), picture("coffee", 96, 128), picture("hubble_deep_field", 96, 128)
STYLED = (Region(None, (0.0, 1.0)),)


def task(subject: Tensor = CAT, *styles: Tensor, regions: tuple[Region, ...] = STYLED, **more) -> Task:
    return Task(subject, (subject, *(styles or (SPACE,))), regions, more.pop("start", subject), **more)


def painted(what: Task, seed: int = 0, tile_px: int = 768, how: dict | None = None, **given) -> Tensor:
    """The task, painted; `how` is for the context, the rest are parameters."""
    context = Context(**{"rng": np.random.default_rng(seed), "weights": registry().weights_library(), **(how or {})})
    return paint(what, WctParameters(**given), context, tile_px)


def correlated(seed: int, count: int = 4000) -> Tensor:
    """Features (1, 6, count, 1) with some mean and covariance."""
    random = torch.Generator().manual_seed(seed)
    A = torch.eye(6) + 0.3 * torch.randn(6, 6, generator=random)
    return (A @ torch.randn(6, count, generator=random) + torch.randn(6, 1, generator=random))[None, ..., None]


def gaussian_of(F: Tensor, weights: Tensor | None = None) -> tuple[Tensor, Tensor]:
    """Mean and covariance of features."""
    return mean_and_covariance(raw_moments(F, weights))


def test_coloured_features_have_the_styles_mean_and_covariance():
    content, style = correlated(0), correlated(1)
    A, b = coloring(raw_moments(content), raw_moments(style))
    mean, covariance = gaussian_of(torch.einsum("ij,bjhw->bihw", A, content) + b[:, None, None])
    wanted_mean, wanted_covariance = gaussian_of(style)
    assert torch.allclose(mean, wanted_mean, atol=1e-4)
    # the ridge is a thousandth of the mean variance, and the smallest variance here about a hundredth
    assert (covariance - wanted_covariance).norm() < 0.01 * wanted_covariance.norm()


def test_features_that_do_not_vary_become_the_styles_mean():
    style = correlated(1)
    A, b = coloring(raw_moments(torch.ones(1, 6, 9, 9)), raw_moments(style))
    assert torch.allclose(A @ torch.ones(6) + b, gaussian_of(style)[0].float(), atol=1e-3)


def test_mixed_moments_are_those_of_all_features_together():
    one, other = correlated(0, 1000), correlated(1, 3000)
    mean, covariance = mean_and_covariance(mix([(0.25, raw_moments(one)), (0.75, raw_moments(other))]))
    wanted_mean, wanted_covariance = gaussian_of(torch.cat([one, other], 2))
    assert torch.allclose(mean, wanted_mean, atol=1e-6)
    assert torch.allclose(covariance, wanted_covariance, atol=1e-5)


def test_moments_of_a_mask_are_those_of_what_it_shows():
    F = correlated(0)
    mask = torch.zeros(1, 1, *F.shape[2:])
    mask[:, :, 1000:2000] = 1
    assert torch.allclose(gaussian_of(F, mask)[1], gaussian_of(F[:, :, 1000:2000])[1], atol=1e-5)


every_coder = pytest.mark.parametrize(
    ("network", "level"), [(network, level) for network, levels in LINKS.items() for level in range(1, len(levels) + 1)]
)


@every_coder
def test_what_is_decoded_in_tiles_is_what_the_whole_gives(network, level):
    coder = coders(network)[level]
    x = torch.rand(1, 3, 350, 96, generator=torch.Generator().manual_seed(0))
    whole, tiled = (_decoded(coder, x, tile_px) for tile_px in (512, 64))
    assert torch.allclose(tiled, whole, atol=1e-5)


@every_coder
def test_what_is_decoded_of_a_tiling_picture_moves_with_it(network, level):
    coder = coders(network)[level]
    x = torch.rand(1, 3, 64, 96, generator=torch.Generator().manual_seed(0))
    here, there = (_decoded(coder, moved, 512, seamless=True) for moved in (x, x.roll((16, 32), (2, 3))))
    assert torch.allclose(there, here.roll((16, 32), (2, 3)), atol=1e-5)


def coders(network: str, folder: Path | None = None) -> dict[int, Coder]:
    """The coders of a network, from a library of weights."""
    return load_coders(network, Context(weights=registry().weights_library(folder)))


def _decoded(coder: Coder, x: Tensor, tile_px: int, seamless: bool = False) -> Tensor:
    result = torch.zeros_like(x)
    for tile, F in Features(coder, x, None, tile_px, seamless, lambda: None):
        tile.put(result, tile.inner(coder.decode(F)))
    return result


@pytest.mark.parametrize("backbone", LINKS)
@pytest.mark.parametrize("size", [(96, 128), (91, 117)], ids=str)
@pytest.mark.parametrize("seamless", [False, True])
def test_tiles_make_the_same_picture(backbone, size, seamless, monkeypatch):
    """In the precision of pictures that are larger than a tile."""
    monkeypatch.setattr(painting, "TILE_PX", 48)
    what = task(CAT[..., : size[0], : size[1]], seamless=seamless)
    whole, tiled = (painted(what, tile_px=tile_px, backbone=backbone) for tile_px in (768, 48))
    assert (tiled - whole).abs().max() <= 8 / 255
    assert (tiled - whole).abs().mean() <= 1 / 255


def test_what_was_painted_small_goes_on_where_it_is():
    told: list[str] = []
    wide = torch.nn.functional.interpolate(CAT, (24, 800))
    what = task(wide, start=wide, start_px=400)
    painted(what, how={"on_progress": lambda _, message: told.append(message)})
    assert {message for message in told if "px" in message} == {"Painting at 800 px"}
    told.clear()
    painted(replace(what, start_px=0), how={"on_progress": lambda _, message: told.append(message)})
    assert {message for message in told if "px" in message} == {"Painting at 400 px", "Painting at 800 px"}


def test_more_preservation_is_nearer_to_the_picture_and_detail_changes_it():
    free, usual, strict = (painted(task(), preservation=share) for share in (0.0, 1.0, 10.0))
    assert (strict - usual).abs().mean() > 0.01
    assert (free - usual).abs().mean() > 0.01
    assert (painted(task(), detail=0.0) - usual).abs().mean() > 0.01


def test_without_weights_it_says_how_to_get_them(tmp_path):
    with pytest.raises(ModelError, match="vgg19-small"):
        painted(task(), how={"weights": registry().weights_library(tmp_path)}, backbone=DISTILLED)


def test_the_bundled_network_is_used_until_weights_are_installed(tmp_path):
    notes: list[str] = []
    how = {"weights": registry().weights_library(tmp_path), "on_note": notes.append}
    assert torch.equal(painted(task(), how=how), painted(task(), backbone=BUNDLED))
    assert notes == ["the weights vgg19-small are not installed: strokes are rougher than with them"]
    notes.clear()
    installed = {"on_note": notes.append}
    assert torch.equal(painted(task(), how=installed), painted(task(), backbone=DISTILLED))
    assert notes == []


@pytest.fixture(params=LINKS)
def trained(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[str, Path]:
    """A network whose decoders were trained, and a library of weights with it; skips where they are not."""
    if request.param == DISTILLED:
        path = REAL / "wct_vgg19_small16x.safetensors"
        if not path.exists():
            pytest.skip(f"needs shared/data/weights/{path.name}")
        (tmp_path / f"{DISTILLED}.safetensors").symlink_to(path)
    return request.param, tmp_path


def repainted(trained: tuple[str, Path], what: Task) -> Tensor:
    """The task, painted with a trained network."""
    backbone, folder = trained
    return painted(what, how={"weights": registry().weights_library(folder)}, backbone=backbone)


def test_trained_decoders_give_back_what_was_encoded(trained):
    for level, coder in coders(*trained).items():
        lost = (coder.decode(coder.encode(CAT)) - CAT).abs().mean()
        assert lost < (0.04 if level < 3 else 0.12), level


def test_it_is_more_than_a_change_of_colours(trained):
    path = REAL / "squeezenet1_1_features_fp16.safetensors"
    if not path.exists():
        pytest.skip(f"needs shared/data/weights/{path.name}")
    from safetensors.torch import load_file

    tensors = {name: tensor.float() for name, tensor in load_file(path).items()}
    judge = Judge(Encoder(ARCHITECTURES["squeezenet"], tensors), as_image(COFFEE), as_image(SPACE))
    assert judge.judge(as_image(repainted(trained, task(COFFEE, SPACE)))).above_recoloring > 0.1
