"""Connected parts of masks."""

from __future__ import annotations

import numpy as np
from scipy.ndimage import find_objects, label


def labels_of(mask: np.ndarray) -> np.ndarray:
    """A number (H, W) from 1 for each 4-connected part of a mask (H, W), the largest part first; 0 outside."""
    labels, count = label(mask)
    order = np.argsort(-np.bincount(labels.ravel(), minlength=count + 1)[1:], kind="stable")
    ranks = np.zeros(count + 1, np.int64)
    ranks[order + 1] = np.arange(1, count + 1)
    return ranks[labels]


def without_specks(mask: np.ndarray, least_px: int) -> np.ndarray:
    """A mask without parts of fewer pixels."""
    labels = labels_of(mask)
    return mask & (np.bincount(labels.ravel()) >= least_px)[labels]


def box_of(mask: np.ndarray) -> tuple[slice, slice]:
    """The rows and columns that contain a non-empty mask."""
    ((rows, columns),) = find_objects(mask.astype(np.int8))
    return rows, columns
