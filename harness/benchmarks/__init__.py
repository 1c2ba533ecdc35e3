"""Real benchmarks: which there are, their data, asking a model, and grading what it wrote."""
