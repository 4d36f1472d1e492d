"""Training data: finding pictures, preparing them, and the dataset that trainers draw from."""
