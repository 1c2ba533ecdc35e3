"""The result record: its schema, its items, its files, and how two records are compared."""
