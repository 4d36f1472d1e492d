"""Materials from English and Chinese phrases: by the meaning of words, or by a network that learned from captions.

`words` holds the vocabulary, `phrases` reads a phrase, and `building` turns the reading into a recipe of procedural
materials. `stackgan` learns materials from captions.
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
    """The command `impasto captions`, which makes training data for `train-stackgan`."""
    from .stackgan.command import add_captions

    add_captions(subparsers)
