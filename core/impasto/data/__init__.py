"""Training data: finding pictures, preparing them, and the data set that trainers draw from."""
