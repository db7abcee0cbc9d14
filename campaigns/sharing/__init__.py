"""What leaves the site: addresses to share, pictures and descriptions for those who show them, links for reviewers."""
