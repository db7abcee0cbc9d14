"""Run a command against a private PostgreSQL: `python -m sandbox.on_postgres pytest -m postgres`."""

from __future__ import annotations

import os
import subprocess
import sys

from sandbox.postgres import PostgresMissing, postgres


def main() -> int:
    """The command's exit code; 0 where PostgreSQL is missing, unless REQUIRE_SERVICES=1."""
    try:
        with postgres() as server:
            where = {
                "PGHOST": server.host,
                "PGPORT": str(server.port),
                "PGUSER": server.user,
                "PGDATABASE": server.dbname,
            }
            code = subprocess.run(sys.argv[1:], env=os.environ | where, check=False).returncode
    except PostgresMissing as missing:
        print(f"The tests that need PostgreSQL were skipped: {missing}.", flush=True)
        return int(os.environ.get("REQUIRE_SERVICES") == "1")
    return code


if __name__ == "__main__":
    sys.exit(main())
