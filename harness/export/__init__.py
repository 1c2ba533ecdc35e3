"""Write records, benchmark results, their items and their traces in forms that other programs read."""
