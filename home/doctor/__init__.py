"""`manage.py doctor`: what is missing or unsafe about this installation, and what to do about each of it."""
