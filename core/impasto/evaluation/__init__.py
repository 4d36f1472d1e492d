"""Evaluation of results against real pictures: metrics, the judge, contact sheets."""
