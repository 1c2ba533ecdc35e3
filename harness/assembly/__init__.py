"""From the artifacts of a finished run to its result record."""
