"""Running recipes: the checks of their inputs, their steps, results tile by tile, and files made again."""
