"""Figures that compare two traces."""
