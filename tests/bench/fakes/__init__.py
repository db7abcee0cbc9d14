"""Figures that measure nothing, for the tests of the runner."""
