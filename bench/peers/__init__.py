"""What people would use instead, where PyPI serves it: each in an environment of its own."""
