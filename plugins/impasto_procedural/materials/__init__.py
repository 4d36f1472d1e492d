"""One module for each procedural material: its parameters, and the equations that draw it."""
