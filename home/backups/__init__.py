"""Backups of an installation (database and media), and what is held after one was put back.

`taking` and `restoring` are the two acts; `places` the folder that they share; `manifest` what a backup says of
itself; `postgres` and `sqlite` the two databases; `media` the files; `standing` whether this installation is held.
"""
