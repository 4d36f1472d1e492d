"""Parts that the stylizers share: controls, tasks, encoders, tiles, colours and optimisation."""
