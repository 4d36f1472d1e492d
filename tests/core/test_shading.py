"""The small renderer: light from the stated side, no more light than comes in, and `impasto relight`."""

import math

import numpy as np
import pytest
import torch

from impasto import Maps, write_maps
from impasto.surface.heights import normal_from_slopes
from impasto.surface.shading import Light, Shaded, ball, plane, reflect


def flat(side: int = 16, **values: float) -> Shaded:
    given = {"color": 0.5, "roughness": 0.5, "metallic": 0.0, "occlusion": 1.0, **values}
    normal = torch.zeros(3, side, side)
    normal[2] = 1
    single = (torch.full((side, side), given[name]) for name in ("roughness", "metallic", "occlusion"))
    return Shaded(torch.full((3, side, side), given["color"]), normal, *single)


def bumps(side: int = 64) -> Maps:
    """One round bump."""
    y, x = np.mgrid[0:side, 0:side] / side * 2 * math.pi
    slopes = np.stack([np.sin(x) * (1 - np.cos(y)), np.sin(y) * (1 - np.cos(x))], 2) * 0.4  # rises towards the centre
    color = np.full((side, side, 3), 0.6, np.float32)
    return Maps.from_arrays({"base_color": color, "normal": normal_from_slopes(slopes), "roughness": color[..., :1]})


def reflected_share(roughness: float, metallic: float, elevation: float = 60.0, steps: int = 256) -> float:
    """Share of the light that a white surface reflects: the integral of f cos θ over the viewer's hemisphere."""
    z = (torch.arange(steps) + 0.5) / steps  # equal solid angles
    azimuth = (torch.arange(steps) + 0.5) / steps * 2 * math.pi
    r = (1 - z * z).sqrt()[:, None]
    to_viewer = torch.stack([r * azimuth.cos(), r * azimuth.sin(), z[:, None].expand(-1, steps)])
    surface = flat(steps, color=1.0, roughness=roughness, metallic=metallic)
    f_pi = reflect(surface, Light(0, elevation).direction().view(3, 1, 1), to_viewer).mean(0)
    return float((f_pi * z[:, None]).mean() * 2) / math.sin(math.radians(elevation))


@pytest.mark.parametrize("roughness", [0.2, 0.5, 1.0])
@pytest.mark.parametrize("metallic", [0.0, 1.0])
def test_no_more_light_is_reflected_than_comes_in(roughness, metallic):
    """With α = 1, D is 1/π and V is 1 / (2 (n·l + n·v)), so a metal's share is 1 − n·l ln((1 + n·l) / n·l)."""
    found = reflected_share(roughness, metallic)
    assert 0.3 < found < 1.02  # a rough metal loses what is reflected twice
    if (roughness, metallic) == (1, 1):
        n_l = math.sin(math.radians(60))
        assert found == pytest.approx(1 - n_l * math.log((1 + n_l) / n_l), abs=0.003)


@pytest.mark.parametrize(("azimuth", "side"), [(0, (0, 1)), (180, (0, -1)), (90, (-1, 0)), (270, (1, 0))])
def test_the_side_of_a_bump_that_faces_the_light_is_bright(azimuth, side):
    picture = plane(bumps(), Light(azimuth, 30, sky=0.0)).mean(2)
    middle = np.array(picture.shape) // 2
    towards, away = (tuple(middle + np.array(side) * sign * 14) for sign in (1, -1))
    assert picture[towards] > picture[away] + 0.2


def test_a_ball_is_lit_from_the_side_of_the_light_before_a_dark_background():
    picture = ball(bumps(), 96, Light(0, 20)).mean(2)
    assert picture[48, 75] > picture[48, 20] + 0.1
    assert picture[2, 2] < 0.5 * picture[48, 75]


@pytest.mark.slow
def test_relight_writes_a_picture_and_an_animation(tmp_path, impasto):
    write_maps(bumps(), tmp_path / "bump", "bump")
    impasto("relight", tmp_path / "bump", "--out", tmp_path, "--side", "64")
    done = impasto("relight", tmp_path / "bump", "--out", tmp_path, "--side", "32", "--frames", "3")
    from PIL import Image

    with Image.open(tmp_path / "bump_relit.png") as still, Image.open(tmp_path / "bump_relit.webp") as moving:
        assert still.size == (128, 64)
        assert moving.n_frames == 3
    assert "bump_relit.webp" in done.stdout
