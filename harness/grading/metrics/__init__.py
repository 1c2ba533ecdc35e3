"""The math and code graders as metrics of the `evaluate` package."""
