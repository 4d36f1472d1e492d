"""Style transfer by whitening and colouring features (Li et al. 2017)."""
