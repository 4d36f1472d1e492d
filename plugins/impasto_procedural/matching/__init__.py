"""Finds the material and the parameters whose picture resembles a photograph."""
