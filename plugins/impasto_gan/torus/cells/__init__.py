"""Unit cells: division of rows into tiles or boards, and the statistics that a network need not learn."""
