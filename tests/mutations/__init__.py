"""Mutations: errors put into a copy of the code, and tests that must notice each (DeMillo et al. 1978)."""
