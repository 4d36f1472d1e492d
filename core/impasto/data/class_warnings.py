"""Warnings about the classes of a dataset, before anything is learned from it."""

from __future__ import annotations

from collections import Counter

from .dataset import Dataset


def class_warnings(dataset: Dataset) -> list[str]:
    """A sentence about classes without usable pictures, with one picture, and about pictures without a class."""
    counts = Counter(sample.label for sample in dataset.samples)
    labels = dataset.labels
    if not labels:
        return []
    folders = {item.name.partition("/")[0] for item in dataset.rejected if "/" in item.name}
    found = []
    if lost := sorted(folders - set(labels)):
        found.append(f"no picture of {_listing(lost)} can be used, so the model will not know that class")
    if len(labels) > 1 and (single := [label for label in labels if counts[label] == 1]):
        found.append(f"there is one picture of {_listing(single)}: what others of that class look like is not learned")
    if len(labels) > 1 and (loose := [sample.name for sample in dataset.samples if sample.label is None]):
        found.append(f"{_listing(loose)} lies in no folder of a class, and others do: put it into one, or leave it out")
    return found


def _listing(names: list[str]) -> str:
    more = f" and {len(names) - 3} more" if len(names) > 3 else ""
    return f"{', '.join(names[:3])}{more}"
