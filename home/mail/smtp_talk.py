"""One mail over one SMTP connection, its bytes ready: envelope and DATA in one go where the server takes PIPELINING.

The mail may have left from the moment its content is written to the socket, and not before: what fails earlier is told
as `NothingLeft`, or as the refusal that it is (home.mail.handover reads both).
"""

import re
import smtplib

from home.mail.moulds import ReadyMail

TAKEN = (250, 251)
GO_ON = 354
CLOSING = 421

Reply = tuple[int, bytes]


class NothingLeft(smtplib.SMTPConnectError):
    """The connection ended before the content was written: another one may take the mail."""

    def __init__(self, why: object) -> None:
        super().__init__(CLOSING, repr(why))


def hand_over(smtp: smtplib.SMTP, mail: ReadyMail) -> None:
    """Raises smtplib's exceptions. After a refusal of the recipient the connection serves on; else close it."""
    commands = _commands(smtp, mail)
    try:
        replies = _all_at_once(smtp, commands) if smtp.has_extn("pipelining") else _one_by_one(smtp, commands)
        refusal = _refusal(mail, replies)
        if refusal is not None:
            _give_up(smtp, replies)
    except (OSError, smtplib.SMTPServerDisconnected) as error:
        if isinstance(error, smtplib.SMTPException) and not isinstance(error, smtplib.SMTPServerDisconnected):
            raise
        raise NothingLeft(error) from error
    if refusal is not None:
        raise refusal
    smtp.send(mail.data + b".\r\n")
    code, said = smtp.getreply()
    if code != TAKEN[0]:
        raise smtplib.SMTPDataError(code, said)


def _commands(smtp: smtplib.SMTP, mail: ReadyMail) -> list[str]:
    """Raises ValueError for an address that is more than one line, or not ASCII."""
    size = f" SIZE={len(mail.data)}" if smtp.has_extn("size") else ""
    commands = [
        f"MAIL FROM:{smtplib.quoteaddr(mail.sender)}{size}",
        f"RCPT TO:{smtplib.quoteaddr(mail.recipient)}",
        "DATA",
    ]
    if any(re.search(r"[\r\n]", command) or not command.isascii() for command in commands):
        raise ValueError(f"{mail.recipient!r} or {mail.sender!r} is no address for SMTP.")
    return commands


def _all_at_once(smtp: smtplib.SMTP, commands: list[str]) -> list[Reply]:
    smtp.send("".join(f"{command}\r\n" for command in commands))
    return [smtp.getreply() for _command in commands]


def _one_by_one(smtp: smtplib.SMTP, commands: list[str]) -> list[Reply]:
    """Up to the first that is refused."""
    replies: list[Reply] = []
    for command in commands:
        replies.append(smtp.docmd(command))
        if replies[-1][0] not in (*TAKEN, GO_ON):
            break
    return replies


def _refusal(mail: ReadyMail, replies: list[Reply]) -> smtplib.SMTPException | None:
    (code, said), *others = replies
    if code == CLOSING:
        return NothingLeft(said)
    if code != TAKEN[0]:
        return smtplib.SMTPSenderRefused(code, said, mail.sender)
    (code, said), *others = others
    if code == CLOSING:
        return NothingLeft(said)
    if code not in TAKEN:
        return smtplib.SMTPRecipientsRefused({mail.recipient: (code, said)})
    ((code, said),) = others
    return None if code == GO_ON else smtplib.SMTPDataError(code, said)


def _give_up(smtp: smtplib.SMTP, replies: list[Reply]) -> None:
    """A server that waits for content though it refused the envelope is given none (RFC 2920), then starts afresh."""
    if len(replies) == 3 and replies[-1][0] == GO_ON:
        smtp.send(".\r\n")
        smtp.getreply()
    if all(code != CLOSING for code, _said in replies):
        smtp.rset()
