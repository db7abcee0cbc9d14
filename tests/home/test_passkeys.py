"""A passkey of one host, by an authenticator made of the real packages: added, used, removed."""

import json
import os
import re

import pytest
from allauth.mfa.models import Authenticator
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from django.test import Client
from fido2.cose import ES256
from fido2.utils import websafe_decode, websafe_encode
from fido2.webauthn import (
    Aaguid,
    AttestationObject,
    AttestedCredentialData,
    AuthenticatorData,
    CollectedClientData,
)

from home.models import AuditEntry, Role
from home.tenancy import within
from tests.factories.cooperatives import make_user, welcome

pytestmark = pytest.mark.django_db

ADD, INDEX, PROVE = "/admin/two-step/passkeys/add/", "/admin/two-step/", "/admin/login/code/"


class Telephone:
    """Holds one key, of one address."""

    def __init__(self, host):
        self.host, self.origin, self.id = host, f"http://{host}", os.urandom(16)
        self.key = ec.generate_private_key(ec.SECP256R1())

    def make(self, options):
        assert options["rp"]["id"] == self.host
        public = AttestedCredentialData.create(Aaguid.NONE, self.id, ES256.from_cryptography_key(self.key.public_key()))
        said = self._said(CollectedClientData.TYPE.CREATE, options)
        about = self._about(AuthenticatorData.FLAG.AT, public)
        made = AttestationObject.create("none", about, {})
        return self._credential(clientDataJSON=said, attestationObject=bytes(made))

    def sign(self, options, rp_id=None):
        said = self._said(CollectedClientData.TYPE.GET, options)
        about = self._about(AuthenticatorData.FLAG(0), b"")
        signed = self.key.sign(bytes(about) + CollectedClientData(said).hash, ec.ECDSA(hashes.SHA256()))
        return self._credential(clientDataJSON=said, authenticatorData=bytes(about), signature=signed)

    def _said(self, kind, options):
        return bytes(CollectedClientData.create(kind, websafe_decode(options["challenge"]), self.origin))

    def _about(self, flags, credential):
        own = hashes.Hash(hashes.SHA256())
        own.update(self.host.encode())
        present = AuthenticatorData.FLAG.UP | AuthenticatorData.FLAG.UV
        return AuthenticatorData.create(own.finalize(), present | flags, 1, credential)

    def _credential(self, **response):
        encoded = {name: websafe_encode(value) for name, value in response.items()}
        own = {"id": websafe_encode(self.id), "rawId": websafe_encode(self.id), "type": "public-key"}
        return json.dumps(own | {"response": encoded, "clientExtensionResults": {}})


def options_of(client, path):
    page = client.get(path).content.decode()
    data = json.loads(re.search(r'<script id="js_data" type="application/json">(.*?)</script>', page)[1])
    return next(iter(data.values()))["publicKey"]


@pytest.fixture
def owner(cooperative):
    return make_user(cooperative, Role.OWNER)


def come(cooperative, user):
    client = Client(HTTP_HOST=cooperative.site.hostname, HTTP_ACCEPT_LANGUAGE="fr")
    answer = client.post("/admin/login/", {"login": user.email, "password": "secret"})
    return client, answer["Location"]


def test_a_passkey_is_added_used_at_its_host_alone_and_removed(cooperative, outsider, owner, settings):
    settings.SECOND_FACTOR_REQUIRED_FOR = ("owner",)
    welcome(owner, outsider, Role.EDITOR)
    client, _home = come(cooperative, owner)
    telephone = Telephone(cooperative.site.hostname)
    made = telephone.make(options_of(client, ADD))
    assert client.post(ADD, {"name": "Mon téléphone", "credential": made})["Location"].endswith("/recovery-codes/")
    assert client.post(ADD, {"name": "Encore", "credential": made}).status_code == 200  # its challenge has served
    assert client.get("/admin/").status_code == 200
    assert "Mon téléphone" in client.get(INDEX).content.decode()

    client, following = come(cooperative, owner)
    assert following == PROVE
    assert "Utiliser une clé d’accès" in client.get(PROVE).content.decode()
    assert (
        client.post(PROVE, {"credential": Telephone(telephone.host).sign(options_of(client, PROVE))}).status_code == 200
    )
    signed = telephone.sign(options_of(client, PROVE))
    assert client.post(PROVE, {"credential": signed})["Location"] == "/admin/"
    assert client.get("/admin/").status_code == 200

    other, following = come(outsider, owner)
    assert following == PROVE
    assert other.post(PROVE, {"credential": telephone.sign(options_of(other, PROVE))}).status_code == 200
    assert other.post(PROVE, {"credential": signed}).status_code == 200
    assert other.get("/admin/")["Location"].startswith("/admin/login/")

    passkey = Authenticator.objects.get(type="webauthn")
    assert "Mon téléphone" in client.get(f"/admin/two-step/passkeys/{passkey.pk}/remove/").content.decode()
    assert client.post(f"/admin/two-step/passkeys/{passkey.pk}/remove/")["Location"] == INDEX
    assert (Authenticator.objects.count(), client.get("/admin/")["Location"]) == (0, INDEX)
    with within(cooperative):
        assert list(AuditEntry.objects.order_by("pk").values_list("act", "facts")) == [
            ("second_factor_added", {"factor": "webauthn"}),
            ("second_factor_removed", {"factor": "webauthn"}),
        ]


def test_what_is_no_passkey_is_refused(cooperative, owner):
    client, _home = come(cooperative, owner)
    options_of(client, ADD)
    for nonsense in ("", "{}", "[]", "null", "7", '{"id": 1}', '{"response": {}}', '{"id": "AA", "rawId": "AA"}'):
        assert client.post(ADD, {"name": "x", "credential": nonsense}).status_code == 200, nonsense
    assert Authenticator.objects.count() == 0


def test_a_forged_signature_is_refused_and_a_passkey_confirms_that_it_is_you(cooperative, owner):
    client, _home = come(cooperative, owner)
    telephone, forger = (Telephone(cooperative.site.hostname) for _one in range(2))
    client.post(ADD, {"name": "", "credential": telephone.make(options_of(client, ADD))})
    forger.id = telephone.id
    client, _code = come(cooperative, owner)
    assert client.post(PROVE, {"credential": forger.sign(options_of(client, PROVE))}).status_code == 200
    assert client.post(PROVE, {"credential": telephone.sign(options_of(client, PROVE))})["Location"] == "/admin/"
    again = "/admin/confirm/passkey/"
    refused = client.post(again, {"credential": forger.sign(options_of(client, again)), "next": INDEX}, follow=True)
    assert "Ce code n’est pas le bon" in refused.content.decode()
    proof = {"credential": telephone.sign(options_of(client, again)), "next": INDEX}
    assert client.post(again, proof)["Location"] == INDEX
