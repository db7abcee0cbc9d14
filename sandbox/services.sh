#!/bin/sh
# Install what some tests need and this machine lacks (Debian). Running it again does nothing.
# The servers are not started here: each test session starts its own, on loopback.
set -eu

missing=""
VNU_VERSION=26.9.27
LIGHTHOUSE_VERSION=12.8.2
CANIEMAIL_VERSION=2.0.2

need() { # need PACKAGES CHECK...: note the packages when the check fails
    packages=$1
    shift
    "$@" >/dev/null 2>&1 || missing="$missing $packages"
}

need "chromium fonts-liberation" command -v chromium
need "postgresql" sh -c 'ls /usr/lib/postgresql/*/bin/initdb'
need "redis-server" command -v redis-server
need "nginx-light" test -x /usr/sbin/nginx
need "gettext" command -v xgettext
need "default-jre-headless" command -v java
need "nodejs npm" command -v npm
need "python3-venv" sh -c '! command -v python3 || python3 -c "import ensurepip, venv"'

# The Nu checker, Lighthouse and caniemail, beside the project and out of git. In one command: npm removes what it is not asked for.
checkers() {
    if [ ! -f .tools/node_modules/vnu-jar/build/dist/vnu.jar ] || [ ! -e .tools/node_modules/.bin/lighthouse ] ||
        [ ! -e .tools/node_modules/caniemail/package.json ]; then
        echo "Installing: the Nu HTML checker, Lighthouse, caniemail"
        npm install --silent --no-audit --no-fund --no-save --prefix .tools \
            "vnu-jar@$VNU_VERSION" "lighthouse@$LIGHTHOUSE_VERSION" "caniemail@$CANIEMAIL_VERSION"
    fi
}

if [ -z "$missing" ]; then
    checkers
    echo "Everything is installed."
    exit 0
fi
if ! command -v apt-get >/dev/null 2>&1; then
    echo "This is not Debian: install by your own means:$missing" >&2
    exit 1
fi
if [ "$(id -u)" != 0 ]; then
    echo "Run this as root (sudo make services); it would install:$missing" >&2
    exit 1
fi

# With this file Debian starts no server while it installs one.
policy=/usr/sbin/policy-rc.d
if [ ! -e "$policy" ]; then
    trap 'rm -f "$policy"' EXIT
    trap 'exit 1' HUP INT TERM
    printf '#!/bin/sh\nexit 101\n' >"$policy"
    chmod 755 "$policy"
fi

echo "Installing:$missing"
log=$(mktemp)
export DEBIAN_FRONTEND=noninteractive
# shellcheck disable=SC2086  # a list of words on purpose
if ! { apt-get update && apt-get install --yes --no-install-recommends $missing; } >"$log" 2>&1; then
    tail -n 30 "$log" >&2
    echo "The installation failed; its whole output is in $log" >&2
    exit 1
fi
rm -f "$log"
checkers
