"""Style transfer by nearest-neighbour features (Kolkin et al. 2022)."""
