"""Measures, and what they compare with."""
