"""Repair by example: fills holes, borders and margins of a picture or a map set from the rest of it."""

from .tools import Extend, FindLandmarks, Inpaint, MendTiling

__all__ = ["Extend", "FindLandmarks", "Inpaint", "MendTiling"]
