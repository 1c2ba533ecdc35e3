"""What each stage does, its version and its resources."""
