"""Read responses and scores that this project or another program recorded, and pair them by item."""
