"""What a value, a body, a header or a key is made into: wrong types, wrong encodings, too long, too deep, broken."""

import json
import string
from random import Random
from urllib.parse import quote, quote_plus

#: As `tests/test_bad_input.py` has them, and what breaks decoders, numbers, dates and templates.
VALUES = [
    *("", " ", "\0", "a\0b", "%00", "-1", "0", "1e9", "0x10", "NaN", "Infinity", "-Infinity", "1.5", "٣", "²", "1_000"),
    *("9" * 400, "99999999999999999999", "9223372036854775807", "9223372036854775808", "2147483648", "-2147483649"),
    *("' OR 1=1 --", "<script>alert(1)</script>", "{{ 7|add:7 }}", "%s%(x)s{0}", "../../etc/passwd", "//evil.example"),
    *("a@b.example\r\nBcc: c@d.example", "\u202eelpmaxe", "\ud7ff\ufffe", "\udc80", "🥖" * 30, "é" * 300, "x" * 10_000),
    *("on", "true", "null", "[]", "{}", "None", "undefined", "2026-13-45", "0000-00-00", "99999-01-01", "24:61"),
    *("00000000-0000-0000-0000-000000000000", "javascript:alert(1)", "http://[::1", "http://127.0.0.1/", "\\", "\r\n"),
    *("fr", "en", "de", "zz-ZZ", "q", "1,2,3", "a" * 255, "a" * 256, "=1+1", "@x", "\ufeff", "ＡＢＣ", "ı", "ß"),
]
#: Names of parameters that pages read, and others.
NAMES = [
    *("q", "page", "p", "via", "reward", "go", "sent", "next", "sort", "state", "month", "campaign", "before", "after"),
    *(
        "email",
        "name",
        "language",
        "news",
        "extra",
        "confirm",
        "consent",
        "attempt",
        "way",
        "act",
        "item",
        "cursor",
        "x",
    ),
    *("__proto__", "a[b]", "a.b", "\0", "é", "csrfmiddlewaretoken", "_method", "format", "callback", "width", "ref"),
]
METHODS = [*("GET", "HEAD", "OPTIONS", "PUT", "PATCH", "DELETE", "TRACE", "CONNECT", "PROPFIND", "get", "FOO", "POST")]
CONTENT_TYPES = [
    *("application/x-www-form-urlencoded", "multipart/form-data", "multipart/form-data; boundary=", "text/plain"),
    *("multipart/form-data; boundary=x", "application/json", "application/json; charset=utf-16", "", "garbage", "/"),
    *("application/x-www-form-urlencoded; charset=zlib", "application/x-www-form-urlencoded; charset=idna"),
    *("application/x-www-form-urlencoded; charset=utf-16", "application/x-www-form-urlencoded; charset=utf-7"),
    *("application/x-www-form-urlencoded; charset=rot13", "application/x-www-form-urlencoded; charset=\0"),
    *("application/x-www-form-urlencoded; charset=base64", "application/x-www-form-urlencoded; charset=cp037"),
    *("application/x-www-form-urlencoded; charset=undefined", "application/x-www-form-urlencoded; charset=punycode"),
    *(
        "multipart/form-data; boundary=x; charset=raw_unicode_escape",
        "text/html; charset=" + "u" * 300,
        "application/xml",
    ),
    *("multipart/form-data; boundary=" + "b" * 300, "multipart/form-data; boundary=é", "application/csp-report"),
]
HEADERS = {
    "HTTP_ACCEPT_LANGUAGE": ["", "fr;q=x", "en" * 3000, "*;q=0", "\xff", "fr-CA,en;q=0.8", "../..", "zz" + "-z" * 90],
    "HTTP_COOKIE": [
        *("sessionid=x", "sessionid=" + "a" * 32, "csrftoken=\0", "messages=x", "messages=W10:x:y", "=;=;", "a" * 9000),
        *(
            "sessionid=" + "é" * 32,
            "django_language=../x",
            "csrftoken=" + "x" * 32,
            "messages=\xff\xfe",
            "$Version=1; x",
        ),
    ],
    "HTTP_X_FORWARDED_FOR": ["1.2.3.4", "x", "::1", "1.2.3.4, 5.6.7.8", "\0", "9" * 300, ",,,"],
    "HTTP_X_FORWARDED_PROTO": ["https", "x", ""],
    "HTTP_X_FORWARDED_HOST": ["evil.example", "\xff"],
    "HTTP_REFERER": ["http://evil.example/", "http://[", "\xff", "x" * 5000, "javascript:1", ""],
    "HTTP_ORIGIN": ["null", "http://evil.example", "http://[", "\xff", "//", ""],
    "HTTP_RANGE": ["bytes=0-", "bytes=-1", "bytes=9-1", "bytes=" + "9" * 30 + "-", "x", "bytes=0-0,2-3"],
    "HTTP_IF_MODIFIED_SINCE": ["x", "Thu, 01 Jan 99999 00:00:00 GMT", "Sat, 29 Oct 1994 19:43:31 GMT", "\0"],
    "HTTP_IF_NONE_MATCH": ["*", '"x"', 'W/"', "\xff", ","],
    "HTTP_AUTHORIZATION": ["Basic", "Basic !!!", "Basic /////w==", "Bearer x", "Basic " + "QQ" * 500, "\xff"],
    "HTTP_X_REQUESTED_WITH": ["XMLHttpRequest", "\0"],
    "HTTP_ACCEPT": ["application/json", "x", "*/*;q=x", ""],
    "HTTP_ACCEPT_ENCODING": ["gzip", "gzip;q=0", "x", "br, gzip, deflate"],
    "HTTP_CONTENT_ENCODING": ["gzip", "x"],
    "HTTP_X_HTTP_METHOD_OVERRIDE": ["DELETE"],
    "HTTP_X_REQUEST_ID": ["x", "\r\n", "x" * 3000],
    "HTTP_USER_AGENT": ["", "x" * 9000, "\xff\xfe", "() { :; }; echo"],
    "HTTP_DNT": ["1"],
    "HTTP_STRIPE_SIGNATURE": ["t=1,v1=0", "t=x", "é", "", "t=" + "9" * 400 + ",v1=0", "v1=0", "t=1"],
}
HOSTS = [
    "",
    "bad host",
    "evil.example",
    "127.0.0.1",
    "[::1]",
    "[::",
    "xenops.localhost:99999",
    "xenops.localhost:x",
    ".",
]
HOSTS += ["é.example", "a" * 300 + ".example", "xenops.localhost.", "XENOPS.localhost", "\xff", "xenops.localhost\0"]

JSONS = [
    *("", "{", "null", "[]", "1", '"x"', "[[[", '{"a":', '{"id": 1}', '{"id": null, "type": []}', "NaN", '"\\ud800"'),
    *(
        "[" * 20_000,
        '{"a":' * 5_000,
        '{"a": 1e999}',
        '{"id": "\\u0000"}',
        "\ufeff{}",
        "1" * 5_000,
        '{"type": {"a": 1}}',
    ),
]


def value(chance: Random) -> str:
    if chance.random() < 0.15:
        return "".join(chance.choices(string.printable, k=chance.randrange(60)))
    return chance.choice(VALUES)


def written(text: str, chance: Random) -> bytes:
    """For an address or a form: percent-encoded, half so, wrongly so, or in another encoding."""
    way = chance.randrange(8)
    if way == 0:
        return quote(text.encode("latin-1", "replace")).encode()
    if way == 1:
        return b"%zz%" + quote(text.encode("utf-8", "surrogatepass")[:50]).encode() + b"%c3"
    if way == 2:
        return b"%ff%fe" + quote_plus(text[:50].encode("utf-16-le", "surrogatepass")).encode()
    return quote_plus(text.encode("utf-8", "surrogatepass")).encode()


def query(chance: Random) -> str:
    pairs = [(chance.choice(NAMES), value(chance)) for _n in range(chance.choice([1, 1, 1, 2, 3, 12]))]
    said = b"&".join(written(name, chance) + b"=" + written(text, chance) for name, text in pairs)
    return said.decode("ascii", "replace") + chance.choice(["", "", "", "&", "&&=", "=", "?", "%"])


def form(fields: dict[str, str], chance: Random) -> bytes:
    """Most of a form as it is filled in, with one or two of its fields spoilt, lacking or twice."""
    said = dict(fields)
    for name in chance.sample(sorted(said), min(len(said), chance.choice([0, 1, 1, 2]))):
        said[name] = value(chance)
    if said and chance.random() < 0.2:
        del said[chance.choice(sorted(said))]
    pairs = [*said.items(), *([(chance.choice(sorted(said) or NAMES), value(chance))] if chance.random() < 0.3 else [])]
    return b"&".join(quote_plus(name).encode() + b"=" + _field(text, chance) for name, text in pairs)


def _field(text: str, chance: Random) -> bytes:
    return (
        written(text, chance) if chance.random() < 0.1 else quote_plus(text.encode("utf-8", "surrogatepass")).encode()
    )


def multipart(fields: dict[str, str], chance: Random) -> bytes:
    """Boundary `x`: whole, cut off, with files where texts are meant, or with wrong headers."""
    parts = []
    for name, text in fields.items():
        text = value(chance) if chance.random() < 0.3 else text
        file = (
            '; filename="' + chance.choice(["a.txt", "", "../../x", "\0", "é" * 200]) + '"'
            if chance.random() < 0.2
            else ""
        )
        kind = chance.choice(
            ["", "", "", "Content-Type: image/png\r\n", "Content-Transfer-Encoding: base64\r\n", ":\r\n"]
        )
        parts.append(f'--x\r\nContent-Disposition: form-data; name="{name}"{file}\r\n{kind}\r\n{text}\r\n')
    whole = ("".join(parts) + "--x--\r\n").encode("utf-8", "surrogatepass")
    return whole[: chance.randrange(len(whole) + 1)] if chance.random() < 0.3 else whole


def document(sample: object, chance: Random) -> bytes:
    """JSON: one that was meant, with some of it spoilt; or none at all."""
    if chance.random() < 0.35:
        return chance.choice(JSONS).encode("utf-8", "surrogatepass")
    text = json.dumps(_spoilt(sample, chance, chance.choice([0.0, 0.05, 0.2])))
    return text.encode(chance.choice(["utf-8", "utf-8", "utf-8", "utf-16"]))


def _spoilt(sample: object, chance: Random, rate: float) -> object:
    if chance.random() < rate:
        return chance.choice([None, [], {}, "", 0, -1, 1e300, True, [None], {"a": {}}, "\0", "x" * 3_000, 2**70, "é"])
    if isinstance(sample, dict):
        return {key: _spoilt(inner, chance, rate) for key, inner in sample.items() if chance.random() >= rate / 3}
    if isinstance(sample, list):
        return [_spoilt(inner, chance, rate) for inner in sample]
    return sample


def body(fields: dict[str, str], chance: Random) -> tuple[bytes, str]:
    """A body, and what it says that it is."""
    way = chance.randrange(10)
    if way < 5:
        return form(fields, chance), CONTENT_TYPES[0]
    if way == 5:
        return multipart(fields, chance), "multipart/form-data; boundary=x"
    if way == 6:
        return document(fields, chance), "application/json"
    if way == 7:
        return bytes(chance.randrange(256) for _n in range(chance.randrange(300))), chance.choice(CONTENT_TYPES)
    if way == 8 and chance.random() < 0.2:
        return huge(chance)
    return form(fields, chance), chance.choice(CONTENT_TYPES)


def huge(chance: Random) -> tuple[bytes, str]:
    """Larger, or of more fields, than anything is."""
    if chance.random() < 0.5:
        return b"a=1&" * 30_000, CONTENT_TYPES[0]
    return b"email=" + b"x" * 6_000_000, chance.choice(CONTENT_TYPES[:3])


def key(token: str, chance: Random) -> str:
    """A key that is none any more."""
    at = chance.randrange(len(token) or 1)
    ways = [
        token[:at],
        token[at:],
        token[:at] + chance.choice(string.ascii_letters) + token[at:],
        token.swapcase(),
        token.replace(":", "", 1),
        token.rpartition(":")[0] + ":",
        ":" + token.rpartition(":")[2],
        token + token,
        token[::-1],
        "W10:" + token.rpartition(":")[2],
        token[:at] + "\0" + token[at:],
        token[:at] + "é" + token[at:],
        chance.choice(VALUES) or "x",
        "x" * 3_000,
        ":" * 50,
        "eyJhIjoxfQ:1tQ2Xy:" + "A" * 43,
    ]
    return chance.choice([one for one in ways if one != token])
