#!/usr/bin/env python
"""Django's command line for Tremplin."""

import os
import sys
from pathlib import Path


def main() -> None:
    sys.path.insert(0, str(Path(__file__).resolve().parent / "site"))
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.dev")
    from django.core.management import execute_from_command_line  # noqa: PLC0415 (sys.path first)

    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
