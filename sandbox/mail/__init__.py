"""A mail inbox for one machine: a real SMTP server, and a page that shows what it got."""
