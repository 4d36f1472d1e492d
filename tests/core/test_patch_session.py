"""The session of the patch engine: its examples run, and what it lays out comes from the example alone."""

from __future__ import annotations

import doctest

import numpy as np
import torch

from impasto.patterns import session
from impasto.patterns.canvas import TorusShape
from impasto.patterns.session import Example, Holes, Pieces, Session


def test_the_examples_above_the_methods_run():
    """Those of the methods go on with what the module's own example has made."""
    runner, names = doctest.DocTestRunner(), dict(vars(session))
    for example in doctest.DocTestFinder().find(session, globs=names):
        example.globs = names
        runner.run(example, clear_globs=False)
    assert runner.tries > 8
    assert not runner.failures


def test_left_out_pixels_are_not_synthesised_and_a_seed_gives_the_same():
    image = torch.rand(3, 64, 64, generator=torch.Generator().manual_seed(1))
    left_out = torch.zeros(64, 64, dtype=torch.bool)
    left_out[:, 40:] = True
    example = Example({"base_color": image}, left_out=left_out)
    once, again = (Session(example, np.random.default_rng(3)).synthesise(TorusShape((48, 40))) for _ in range(2))
    assert torch.equal(once.origin, again.origin)
    assert not left_out.flatten()[once.origin].any()


def test_every_method_reports_fractions_and_shows_what_it_has_so_far():
    image = torch.rand(3, 64, 80, generator=torch.Generator().manual_seed(1))
    mask = torch.zeros(64, 80, dtype=torch.bool)
    mask[20:30, 30:50] = True
    said: list[tuple[float, torch.Size]] = []

    def report(done, find_origin):
        said.append((done, find_origin().shape))

    work = Session(Example({"base_color": image}), np.random.default_rng(0), report)
    work.quilt((96, 64), Pieces(variety=0.0))
    assert {shape for _, shape in said} == {torch.Size((96, 64))}
    quilted = len(said)
    work.fill(Holes(mask))
    assert {shape for _, shape in said[quilted:]} == {torch.Size((64, 80))}
    assert all(0 <= done <= 1 for done, _ in said)
