"""Materials from phrases, English and Chinese: by what their words mean, or by a network that learned from captions.

`words` holds the vocabulary, `phrases` finds what a phrase says, `building` turns that into a recipe of procedural
materials; `stackgan` learns materials by their captions.
"""

from __future__ import annotations

import argparse

from impasto import hookimpl
from impasto.matchers import Matcher
from impasto.tools import Tool

from .matcher import Phrase
from .stackgan.tool import StackGan, TrainStackGan


@hookimpl
def impasto_matchers() -> list[Matcher]:
    """The matcher of phrases."""
    return [Phrase()]


@hookimpl
def impasto_tools() -> list[Tool]:
    """The tools of this plugin."""
    return [StackGan(), TrainStackGan()]


@hookimpl
def impasto_commands(subparsers: argparse._SubParsersAction) -> None:
    """`impasto captions`, which makes training data for `train-stackgan`."""
    from .stackgan.command import add_captions

    add_captions(subparsers)
