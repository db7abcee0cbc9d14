"""The virtual environment: made once, mended when it was left half-made.

Runs under the machine's own Python, before anything is installed, so it may
import the standard library only. A second call with nothing changed costs
milliseconds: what was installed is remembered as a hash in the environment.
"""

from __future__ import annotations

import ast
import fcntl
import hashlib
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
#: The installer; INSTALLER holds the hashes of its files, as the requirements hold those of everything else.
UV = "uv==0.13.9"
INSTALLER = Path(__file__).with_name("uv.txt")

# How pip's settings are called by uv, which reads none of pip's own. Not its constraints: each package is pinned and
# hashed here, so that they could refuse it and nothing else, and uv takes none without a hash.
PIP_TO_UV = {
    "index-url": "UV_DEFAULT_INDEX",
    "extra-index-url": "UV_INDEX",
    "find-links": "UV_FIND_LINKS",
    "trusted-host": "UV_INSECURE_HOST",
    "no-index": "UV_NO_INDEX",
    "cert": "SSL_CERT_FILE",
    "client-cert": "SSL_CLIENT_CERT",
    "proxy": "ALL_PROXY",
}


class SetUpError(Exception):
    """Set-up cannot go on; the text is for the person at the terminal."""


def set_up(*, dev: bool, root: Path = ROOT) -> int:
    """Make `root`/.venv hold what the requirements say; return an exit code."""
    try:
        with _alone(root):
            venv = root / ".venv"
            if not _is_current(venv, root, dev=dev):
                _make_venv(venv)
                _install(venv, root, dev=dev)
            compile_translations(venv, root)
    except SetUpError as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nSet-up stopped; the next run goes on from here.", file=sys.stderr)
        return 130
    return 0


@contextmanager
def _alone(root: Path) -> Iterator[None]:
    """Two set-ups at once would trip over each other: the second waits."""
    with (root / "requirements.txt").open() as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


# ---------------------------------------------------------------- stamps


def requirements(root: Path, *, dev: bool) -> list[Path]:
    """The files that decide what is installed; the last one is installed from."""
    base = root / "requirements.txt"
    return [base, root / "requirements-dev.txt"] if dev else [base]


def fingerprint(root: Path, *, dev: bool) -> str:
    """Changes whenever the environment has to be installed again."""
    digest = hashlib.sha256(repr(sys.version_info[:2]).encode())
    for path in requirements(root, dev=dev):
        digest.update(path.read_bytes())
    return digest.hexdigest()


def _stamp(venv: Path, *, dev: bool) -> Path:
    return venv / (".installed-dev" if dev else ".installed")


def _is_current(venv: Path, root: Path, *, dev: bool) -> bool:
    stamp = _stamp(venv, dev=dev)
    known = stamp.read_text() if stamp.exists() else ""
    return known == fingerprint(root, dev=dev) and (venv / "bin" / "python").exists()


# ---------------------------------------------------------------- making


def _make_venv(venv: Path) -> None:
    if _works(venv):
        return
    print("Making the virtual environment…", flush=True)
    made = subprocess.run([sys.executable, "-m", "venv", "--clear", str(venv)], capture_output=True, text=True)
    if made.returncode != 0:
        said = (made.stdout + made.stderr).strip()
        raise SetUpError(f"The virtual environment {venv} could not be made:\n{said}")


def _works(venv: Path) -> bool:
    """Whether the environment is whole: its pip runs, on this Python version."""
    python = venv / "bin" / "python"
    if not python.exists():
        return False
    probe = "import sys, pip._internal.cli.main; print(sys.version_info[:2])"
    answer = subprocess.run([str(python), "-c", probe], capture_output=True, text=True)
    return answer.returncode == 0 and answer.stdout.strip() == repr(sys.version_info[:2])


def _install(venv: Path, root: Path, *, dev: bool) -> None:
    source = requirements(root, dev=dev)[-1]
    print(f"Installing {source.name}…", flush=True)
    for stamp in (_stamp(venv, dev=False), _stamp(venv, dev=True)):
        stamp.unlink(missing_ok=True)
    if not _install_with_uv(venv, source):
        _install_with_pip(venv, source)
    _stamp(venv, dev=False).write_text(fingerprint(root, dev=False))
    if dev:
        _stamp(venv, dev=True).write_text(fingerprint(root, dev=True))


def _install_with_uv(venv: Path, source: Path) -> bool:
    """uv is several times faster than pip; False where it cannot do the job."""
    python = str(venv / "bin" / "python")
    pip = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    pip += ["--require-hashes", "-r", str(INSTALLER)]
    if subprocess.run(pip, capture_output=True).returncode != 0:
        return False
    install = [python, "-m", "uv", "pip", "install", "--quiet", "--python", python]
    install += ["--compile-bytecode", "--require-hashes", "-r", str(source)]
    answer = subprocess.run(install, capture_output=True, text=True, env=uv_environment(_pip_settings(python)))
    if answer.returncode != 0:
        print("uv could not install the packages; trying pip. It said:\n" + answer.stderr.strip(), flush=True)
    return answer.returncode == 0


def _install_with_pip(venv: Path, source: Path) -> None:
    command = [str(venv / "bin" / "python"), "-m", "pip", "install", "-qq", "--disable-pip-version-check"]
    if subprocess.run([*command, "--require-hashes", "-r", str(source)]).returncode != 0:
        raise SetUpError(f"The packages of {source.name} could not be installed: see pip's message above.")


def _pip_settings(python: str) -> str:
    answer = subprocess.run([python, "-m", "pip", "config", "list"], capture_output=True, text=True)
    return answer.stdout


def uv_environment(pip_settings: str) -> dict[str, str]:
    """The environment in which uv installs from where pip would.

    `pip_settings` is the output of `pip config list`. A setting in the
    environment beats one for `install`, which beats a global one, as in pip;
    a UV_ variable that the person set beats them all.
    """
    found: dict[str, str] = {}
    for section in ("global.", "install.", ":env:."):
        for line in pip_settings.splitlines():
            name, _, value = line.partition("=")
            if name.startswith(section) and name.removeprefix(section) in PIP_TO_UV:
                found[PIP_TO_UV[name.removeprefix(section)]] = _unquoted(value)
    if "UV_INDEX" in found or "UV_FIND_LINKS" in found:
        # pip weighs all its indexes alike, uv stops at the first that knows a name.
        found["UV_INDEX_STRATEGY"] = "unsafe-best-match"
    if "UV_FIND_LINKS" in found:
        found["UV_FIND_LINKS"] = ",".join(found["UV_FIND_LINKS"].split())
    return {**found, **os.environ}


def _unquoted(value: str) -> str:
    return " ".join(str(ast.literal_eval(value)).split())


# ---------------------------------------------------------------- catalogues


def compile_translations(venv: Path, root: Path) -> None:
    """Compile each .po that is newer than its .mo (polib leaves fuzzy entries out)."""
    stale = [str(po) for po in sorted(root.glob("locale/*/LC_MESSAGES/*.po")) if _is_newer(po, po.with_suffix(".mo"))]
    if not stale:
        return
    script = "import sys, polib\nfor p in sys.argv[1:]: polib.pofile(p).save_as_mofile(p[:-2] + 'mo')"
    answer = subprocess.run([str(venv / "bin" / "python"), "-c", script, *stale], capture_output=True, text=True)
    if answer.returncode != 0:
        raise SetUpError("A translation catalogue could not be compiled:\n" + answer.stderr.strip())


def _is_newer(source: Path, product: Path) -> bool:
    return not product.exists() or product.stat().st_mtime < source.stat().st_mtime
