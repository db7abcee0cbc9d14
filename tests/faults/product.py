"""The product on its way: a web server, a worker and a tick, each a fork of the test's, and its visitors."""

import os
import re
import signal
import threading
import time
import uuid
from contextlib import contextmanager
from datetime import timedelta
from urllib.parse import urlsplit

import requests
from django.core.management import call_command
from django.core.servers.basehttp import ThreadedWSGIServer, WSGIRequestHandler
from django.core.wsgi import get_wsgi_application
from django.db.models import F
from django.urls import reverse
from django.utils import translation

from home import clock
from home.models import OutgoingMail, PeriodicJob
from home.tenancy import across_cooperatives
from pledges.enums import PledgeState
from pledges.models import Payment, Pledge
from sandbox.processes import free_port
from tests.killing import fork, kill

#: A visitor gives up after this long, and so does a test.
PATIENCE = 20


class _Quiet(WSGIRequestHandler):
    def log_message(self, *_words):
        pass


def serve(port):
    ThreadedWSGIServer.daemon_threads = True
    server = ThreadedWSGIServer(("127.0.0.1", port), _Quiet)
    server.set_app(get_wsgi_application())
    server.serve_forever()


class Product:
    def __init__(self, double):
        self.port, self.double, self.pids = free_port(), double, {}

    def start(self, name, function):
        self.pids[name] = fork(function)

    def start_all(self):
        self.start("web", lambda: serve(self.port))
        self.start("worker", lambda: call_command("work", interval=0.2, verbosity=0))
        self.start("tick", lambda: call_command("tick", interval=0.6))
        until(lambda: answers(self.port))

    def stop(self):
        for pid in self.pids.values():
            kill(pid)

    def assert_alive(self):
        """Nothing had to be started again."""
        assert [os.waitpid(pid, os.WNOHANG) for pid in self.pids.values()] == [(0, 0)] * len(self.pids)

    def time_passes(self, **delta):
        """For the product, the double, leases and what is done now and then."""
        by = timedelta(**delta)
        clock.advance(by)
        self.double.advance(seconds=int(by.total_seconds()))
        with across_cooperatives():
            OutgoingMail.objects.exclude(lease_until=None).update(lease_until=F("lease_until") - by)
        PeriodicJob.objects.update(next_run=F("next_run") - by)

    def until(self, condition, minutes=20):
        """Minutes pass until it holds, by itself."""
        for _minute in range(minutes):
            end = time.monotonic() + 2
            while time.monotonic() < end:
                if condition():
                    return
                time.sleep(0.05)
            self.time_passes(minutes=1)
        raise AssertionError("it did not come about in time")

    def takes_payment_of(self, visitor, answer):
        """The visitor comes back; where Stripe is too slow to be read, the page says so and a worker reads later."""
        assert visitor.pays(answer).status_code == 200
        self.until(lambda: visitor.payments.count() == 1)
        assert visitor.pledges.count() == 1


def answers(port):
    try:
        return requests.get(f"http://127.0.0.1:{port}/healthz", timeout=2).ok
    except requests.ConnectionError:
        return False


def until(condition, seconds=30):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not come about in time"
        time.sleep(0.02)


class Visitor:
    """Someone in a browser without JavaScript, at our host."""

    def __init__(self, product, campaign, language="fr"):
        self.browser, self.product, self.language = requests.Session(), product, language
        self.browser.headers.update({"Host": campaign.cooperative.site.hostname, "Accept-Language": language})
        self.campaign = campaign
        self.attempt = str(uuid.uuid4())
        self.name, self.email = f"Visite {self.attempt[:6]}", f"{self.attempt[:8]}@visite.example"

    def url(self, name, *args):
        with translation.override(self.language):
            return reverse(name, args=args)

    def get(self, path):
        url = f"http://127.0.0.1:{self.product.port}{path}"
        return self.browser.get(url, timeout=PATIENCE, allow_redirects=False)

    def opens_the_form(self):
        page = self.get(self.url("contribute", self.campaign.pk))
        self.token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page.text)[1]

    @property
    def filled_in(self):
        return {
            "name": self.name,
            "email": self.email,
            "language": self.language,
            "attempt": self.attempt,
            "extra": "25",
        }

    def contributes(self):
        """Agrees to the review; again and again, it is one contribution. The answer."""
        data = self.filled_in | {"confirm": "1", "consent": "1", "csrfmiddlewaretoken": self.token}
        url = f"http://127.0.0.1:{self.product.port}{self.url('contribute_review', self.campaign.pk)}"
        answer = self.browser.post(url, data, timeout=PATIENCE, allow_redirects=False)
        if found := re.search(r'name="attempt" value="([^"]+)"', answer.text):
            self.attempt = found[1]  # the page that is sent next time is this one
        return answer

    def pays(self, answer):
        """On the hosted page that the answer leads to, and comes back."""
        session = re.search(r"cs_\w+", answer.headers["location"])[0]
        done = self.product.double.pay(session)
        return self.get(urlsplit(done["url"]).path)

    @property
    def pledges(self):
        """Those that stand, or may."""
        return Pledge.objects.filter(backer__email=self.email).exclude(state=PledgeState.LAPSED)

    @property
    def payments(self):
        return Payment.objects.filter(pledge__backer__email=self.email)


def all_at_once(*acts):
    """Their answers, in order."""
    found = [None] * len(acts)

    def run(number, act):
        found[number] = act()

    threads = [threading.Thread(target=run, args=one, daemon=True) for one in enumerate(acts)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE * 2)
    return found


@contextmanager
def silent(process):
    """It takes connections, and answers nobody."""
    process.send_signal(signal.SIGSTOP)
    try:
        yield
    finally:
        process.send_signal(signal.SIGCONT)


def is_clear(answer, *, first, sent=False):
    """The page of an outage: in both languages, the reader's first."""
    french, english = "Cette page ne peut pas être affichée pour l’instant.", "This page cannot be shown at the moment."
    assert answer.status_code == 503, answer.text[:300]
    assert int(answer.headers["Retry-After"]) <= 60
    assert answer.headers["Cache-Control"] == "no-store"
    headings = re.findall(r"<h[12]>(.+?)</h[12]>", answer.text)
    assert headings == ([french, english] if first == "fr" else [english, french])
    assert ("revenez en arrière" in answer.text) == sent
    assert "brand.css" in answer.text or "tokens.css" in answer.text
    return True
