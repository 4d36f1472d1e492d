"""Shared by the stylizers: parameters, tasks, encoders, tiles, colours and optimisation."""
