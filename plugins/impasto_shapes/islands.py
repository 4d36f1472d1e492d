"""Connected parts of masks."""

from __future__ import annotations

import numpy as np


def labelled(mask: np.ndarray) -> np.ndarray:
    """A number (H, W) from 1 for each 4-connected part of a mask (H, W), the largest part first; 0 outside.

    Labels spread along whole rows, then whole columns, until none changes.
    """
    labels = np.where(mask, np.arange(1, mask.size + 1).reshape(mask.shape), 0)
    while True:
        before = labels
        labels = _spread(_spread(labels, mask).T, mask.T).T
        if np.array_equal(labels, before):
            break
    _, inverse, counts = np.unique(labels[mask], return_inverse=True, return_counts=True)
    order = np.empty(len(counts), np.int64)
    order[np.argsort(-counts, kind="stable")] = np.arange(1, len(counts) + 1)
    result = np.zeros(mask.shape, np.int64)
    result[mask] = order[inverse.ravel()]
    return result


def _spread(labels: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """The highest label of each run of a row, in all of it."""
    starts = np.ones(mask.shape, bool)
    starts[:, 1:] = mask[:, 1:] != mask[:, :-1]
    places = np.flatnonzero(starts)
    highest = np.maximum.reduceat(labels.ravel(), places)
    return np.repeat(highest, np.diff(places, append=mask.size)).reshape(mask.shape)


def without_specks(mask: np.ndarray, least_px: int) -> np.ndarray:
    """A mask without parts of fewer pixels."""
    if not mask.any():
        return mask
    labels = labelled(mask)
    return mask & (np.bincount(labels.ravel()) >= least_px)[labels]


def without_holes(mask: np.ndarray) -> np.ndarray:
    """A mask with all holes filled that do not reach the border of the picture."""
    labels = labelled(~mask)
    outside = np.unique(np.concatenate([labels[0], labels[-1], labels[:, 0], labels[:, -1]]))
    return ~np.isin(labels, outside[outside > 0])


def boxes_of(labels: np.ndarray) -> list[tuple[slice, slice]]:
    """Rows and columns of each part of `labelled`, from 1."""
    rows, columns = np.nonzero(labels)
    found = labels[rows, columns]
    order = np.argsort(found, kind="stable")
    starts = np.searchsorted(found[order], np.arange(1, found.max(initial=0) + 1))
    ends = [(np.minimum.reduceat(x[order], starts), np.maximum.reduceat(x[order], starts)) for x in (rows, columns)]
    (top, bottom), (left, right) = ends
    return [
        (slice(int(a), int(b) + 1), slice(int(c), int(d) + 1))
        for a, b, c, d in zip(top, bottom, left, right, strict=True)
    ]


def box_of(mask: np.ndarray) -> tuple[slice, slice]:
    """Rows and columns that hold all of a mask that is not empty."""
    rows, columns = (np.flatnonzero(mask.any(axis)) for axis in (1, 0))
    return slice(int(rows[0]), int(rows[-1]) + 1), slice(int(columns[0]), int(columns[-1]) + 1)
