"""The backer's way: choose, review, pay, come back, and the page of one's own contribution."""
