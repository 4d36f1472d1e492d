"""Repair by example: holes, borders and margins of a picture or a map set are filled from the rest of it."""

from .tools import Extend, FindLandmarks, Inpaint, MendTiling

__all__ = ["Extend", "FindLandmarks", "Inpaint", "MendTiling"]
