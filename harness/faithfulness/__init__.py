"""How close inverted traces are to the true ones: overlap, steps, likelihood, each seen between a floor and a ceiling."""
