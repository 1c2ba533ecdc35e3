"""The code inside an isolated worker. It uses the standard library only, because nothing else of the project is there."""
