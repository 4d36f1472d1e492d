"""StackGAN (Zhang et al. 2017): a phrase becomes a material in two stages, first at a quarter of the size."""
