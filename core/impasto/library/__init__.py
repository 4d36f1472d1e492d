"""The user's models and the published weights: finding, checking, installing and loading them."""
