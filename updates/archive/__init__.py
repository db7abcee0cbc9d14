"""A site that is left behind: what anyone may read of a cooperative, as plain files that any web server can show.

`writing.write_site` is what others call. It asks the site for its own public pages as a stranger would, so that
nothing gets in that a stranger cannot read. It is not the export of a cooperative's rows, which holds all the rest.
"""
