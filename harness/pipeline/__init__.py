"""Recipes, the stage graph, artifact keys, the store and the scheduler."""
