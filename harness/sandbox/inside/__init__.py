"""What runs inside an isolated worker: standard library only, since nothing else of the project is visible there."""
