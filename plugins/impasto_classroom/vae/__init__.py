"""A variational autoencoder whose latents are a torus."""
