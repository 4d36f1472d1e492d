"""Training: the loop with its checkpoints, the average of the weights, losses, noise, and a watch for failure."""
