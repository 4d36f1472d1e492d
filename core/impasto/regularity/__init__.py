"""Regular patterns such as bricks, tiles and weaves: their lattice, and statistics of their unit cells.

`detection` finds the lattice of a picture, for patch synthesis and networks alike; `unit_cell` measures the mean of all
cells and how they differ; `phase_statistics` compares two pictures at each phase of the lattice.
"""
