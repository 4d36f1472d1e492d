"""Unit cells: the division of rows into tiles or boards, and statistics that a network need not learn."""
