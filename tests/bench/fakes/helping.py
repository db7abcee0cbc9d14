"""Holds none, and must not even be imported."""

raise AssertionError("imported")
