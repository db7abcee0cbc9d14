"""Requests as nobody would make them, to every public address: none fails, and none that is refused changes a row."""
