"""Training: the loop with its checkpoints, the averaged weights (EMA), losses, noise, and detection of failure."""
