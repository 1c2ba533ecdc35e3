"""What a benchmark task is: the catalogue, its data, its scorer, and how it is loaded and checked."""
