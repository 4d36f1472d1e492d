"""Style transfer and textures by statistics of a network's features (Gatys et al. 2015, 2016)."""
