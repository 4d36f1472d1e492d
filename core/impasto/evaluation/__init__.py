"""Measuring what was made beside real pictures: metrics, the judge, contact sheets."""
