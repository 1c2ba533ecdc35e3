"""What a run would take, before it starts: rows, tokens, steps, memory, time, disk and money of each stage."""
