"""The pledges room's pages in the Wagtail admin. Each guards its roles and stays within the cooperative of the host."""
