"""Plugins: finding and loading them, their hooks, the checks of what they give, and what is installed."""
