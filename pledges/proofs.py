"""A proof of work, asked of a browser where cards are being tried out: some seconds of its time for each form.

No puzzle, no third party: ALTCHA's challenge (PBKDF2, which browsers have built in), signed for one form, good for some
minutes and one contribution. Who has no JavaScript goes on by a link in a mail (pledges.continuing).
"""

import base64
import hashlib
import json
import secrets
from datetime import timedelta

import altcha
from django.core.cache import cache
from django.utils.crypto import salted_hmac

from home import clock

LASTS = timedelta(minutes=20)

#: One derivation, and how many of them a browser makes at most at the least effort: half a second of a laptop.
ROUNDS, TRIES = 1_000, 800

#: How much more than that may be asked for: some seconds of a telephone.
MOST_EFFORT = 6

#: What is posted is no longer than this; more is not looked at.
LONGEST = 2_000


def challenge(form: str, effort: int = 1) -> str:
    """What the page of this form has a browser solve, as JSON. It costs us one derivation to make."""
    most = most_tries(effort)
    made = altcha.create_challenge(
        "PBKDF2/SHA-256",
        ROUNDS,
        counter=most // 2 + secrets.randbelow(most // 2),
        expires_at=clock.now() + LASTS,
        hmac_secret=_secret(form),
    )
    return json.dumps(made.to_dict())


def most_tries(effort: int) -> int:
    """How many derivations a browser makes at most."""
    return TRIES * min(max(effort, 1), MOST_EFFORT)


def solved(form: str, text: str) -> str:
    """The name of the challenge that this text solves; "" where it solves none of this form's, or too late.

    Its signature, and not the text: a challenge may have other solutions.
    """
    if not text or len(text) > LONGEST or not altcha.verify_solution(text, _secret(form)).verified:
        return ""
    said = json.loads(base64.b64decode(text))["challenge"]
    in_time = said["parameters"]["expiresAt"] > clock.now().timestamp()
    return hashlib.sha256(said["signature"].encode()).hexdigest() if in_time else ""


def spend(name: str, on: str) -> bool:
    """Use a solved challenge up for one thing. False if it was used for another; for the same again it is no use."""
    key = f"proof:{name}"
    return bool(cache.add(key, on, 2 * LASTS.total_seconds())) or cache.get(key) == on


def _secret(form: str) -> str:
    return salted_hmac("tremplin.proofs", form, algorithm="sha256").hexdigest()
