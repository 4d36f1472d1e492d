"""Kinds of style: oil, ink, watercolour and others are recognised in a painting, and each has settings of its own."""
