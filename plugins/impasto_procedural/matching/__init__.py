"""The material and the parameters whose picture resembles a photograph."""
