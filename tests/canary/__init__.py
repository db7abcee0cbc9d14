"""The canary: a second cooperative is full of one word, and whoever asks for anything at the first never reads it."""
