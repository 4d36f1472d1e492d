"""Training of the recognition of kinds of style, on photographs and scenes that are redrawn in each kind."""
