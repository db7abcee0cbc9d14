"""Finding or making a backer, and what a backer agreed to receive."""

from collections.abc import Iterable
from uuid import UUID, uuid4

from home import clock
from home.inserting import insert, insert_once
from home.models import Backer, ConsentPlace, Cooperative, NewsConsent, Suppression, Withdrawal
from home.privacy import marks

#: Why an address is suppressed. A complaint stops news; what bounced for good is no working address at all.
BOUNCED = "bounced"
COMPLAINED = "complained"


def email_key(address: str) -> str:
    """An address as it identifies someone: trimmed, in lower case."""
    return address.strip().casefold()


def find_or_make(cooperative: Cooperative, *, email: str, name: str, language: str) -> Backer:
    """The backer of this address in this cooperative. One already known stays as is: anybody may type an address."""
    backer, _created = Backer.objects.get_or_create(
        cooperative=cooperative,
        email_key=email_key(email),
        defaults={"email": email.strip(), "name": name, "language": language, "created_at": clock.now()},
    )
    return backer


def make(cooperative: Cooperative, *, email: str, name: str, language: str) -> Backer:
    """A backer whose address was not known a moment ago. Raises IntegrityError if it is by now."""
    backer = Backer(
        cooperative=cooperative,
        email_key=email_key(email),
        email=email.strip(),
        name=name,
        language=language,
        created_at=clock.now(),
    )
    insert(backer)
    return backer


def make_without_address(cooperative: Cooperative, *, name: str, language: str) -> Backer:
    """Someone who gave no address to the team: known by a name of ours, and never written to."""
    return Backer.objects.create(
        cooperative=cooperative,
        email_key=f"offline:{uuid4()}",
        name=name,
        language=language,
        created_at=clock.now(),
    )


def follow(backer: Backer, *, name: str, language: str) -> None:
    """Take over what a backer said last, once it is known to be them."""
    if (backer.name, backer.language) != (name, language):
        backer.name, backer.language = name, language
        backer.save(update_fields=["name", "language"])


def grant_news(
    backer: Backer,
    topic: UUID,
    *,
    text: str,
    language: str,
    place: ConsentPlace = ConsentPlace.CONTRIBUTION,
    confirmed: bool = False,
) -> None:
    """Record a yes to news on a topic, with its words and where they were shown; a second yes changes nothing.

    `confirmed`: it comes from the address itself, which an earlier yes may not have.
    """
    now = clock.now()
    consent = NewsConsent(
        cooperative_id=backer.cooperative_id,
        backer=backer,
        topic=topic,
        text=text,
        language=language,
        place=place,
        granted_at=now,
        confirmed_at=now if confirmed else None,
    )
    if not insert_once(consent) and confirmed:
        standing = NewsConsent.objects.filter(backer=backer, topic=topic, withdrawn_at=None, confirmed_at=None)
        standing.update(confirmed_at=now)


def withdraw_news(backer: Backer, topic: UUID, by: Withdrawal | str = "") -> bool:
    """Take a yes back. True if there was one."""
    standing = NewsConsent.objects.filter(backer=backer, topic=topic, withdrawn_at=None)
    return bool(standing.update(withdrawn_at=clock.now(), withdrawn_by=by))


def wants_news(backer: Backer, topic: UUID) -> bool:
    return NewsConsent.objects.filter(backer=backer, topic=topic, withdrawn_at=None).exists()


def news_wanted_by(backer_ids: Iterable[int]) -> set[tuple[int, str]]:
    """Backer and topic of each yes that stands."""
    standing = NewsConsent.objects.filter(backer__pk__among=list(backer_ids), withdrawn_at=None)
    return {(backer_id, str(topic)) for backer_id, topic in standing.values_list("backer_id", "topic")}


def suppress(cooperative: Cooperative, address: str, reason: str) -> None:
    """News no longer goes to this address; the first reason stays unless it bounces for good later.

    What is told of a rehearsal's mail is about whoever rehearses, and not about the address: nothing follows.
    """
    if cooperative.is_rehearsal:
        return
    row, created = Suppression.objects.get_or_create(
        cooperative=cooperative,
        email_key=email_key(address),
        defaults={"reason": reason, "created_at": clock.now()},
    )
    if not created and reason == BOUNCED and row.reason != BOUNCED:
        Suppression.objects.filter(pk=row.pk).update(reason=BOUNCED)


def is_suppressed(cooperative: Cooperative, address: str) -> bool:
    return bool(suppressed_among(cooperative, [address]))


def suppressed_among(cooperative: Cooperative, addresses: Iterable[str]) -> set[str]:
    """The keys of those addresses that news does not go to; one of someone erased stands there by its mark."""
    keys = {email_key(address) for address in addresses}
    of_mark = {marks.suppressed(cooperative, key): key for key in keys}
    found = Suppression.objects.filter(cooperative=cooperative, email_key__among=keys | of_mark.keys())
    return {of_mark.get(one, one) for one in found.values_list("email_key", flat=True)}


def suppress_by_mark(backer: Backer) -> None:
    """Who is erased keeps what their address said of itself (it bounced, it complained), without the address."""
    keys = {email_key(backer.email), backer.email_key}
    rows = Suppression.objects.filter(cooperative=backer.cooperative_id, email_key__in=keys)
    for row in rows:
        mark = marks.suppressed(backer.cooperative, row.email_key)
        if Suppression.objects.filter(cooperative=backer.cooperative_id, email_key=mark).exists():
            row.delete()
        else:
            Suppression.objects.filter(pk=row.pk).update(email_key=mark)
