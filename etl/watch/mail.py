"""Hands one message to the mail server of the site, over a connection that nobody else can read.

In: the settings of the server, to whom, subject and text. Out: nothing, or a DeliveryError that says whether to try again.
The rule it guards: no password before TLS stands, no certificate unchecked, no line of a header that somebody smuggled in.
"""

from __future__ import annotations

import smtplib
import ssl
from collections.abc import Sequence
from datetime import datetime
from email.message import EmailMessage
from email.utils import format_datetime

from etl import LoadError
from etl.sources.credentials import credential
from etl.watch.alert_settings import SmtpSettings

TIMEOUT_SECONDS = 15.0


class DeliveryError(LoadError):
    """A word could not be delivered; the message says why. is_worth_retry: trying later may help."""

    def __init__(self, message: str, *, is_worth_retry: bool) -> None:
        super().__init__(message)
        self.is_worth_retry = is_worth_retry


def message(
    settings: SmtpSettings, to: str, *, subject: str, text: str, delivery_ids: Sequence[int], at: datetime
) -> EmailMessage:
    """The message as it is sent; its id is that of the first delivery, so that one that comes twice is known."""
    made = EmailMessage()
    made["From"], made["To"], made["Subject"] = settings.sender, to, subject
    made["Date"] = format_datetime(at)
    made["Message-ID"] = f"<floorboard-alert-{delivery_ids[0]}@{settings.sender.partition('@')[2]}>"
    made["X-Floorboard-Deliveries"] = ",".join(map(str, delivery_ids))
    made["Auto-Submitted"] = "auto-generated"
    made.set_content(text)
    return made


def send(settings: SmtpSettings, made: EmailMessage) -> None:
    """Hands the message over. Raises DeliveryError."""
    try:
        with _connected(settings) as server:
            if settings.user is not None:
                server.login(settings.user, _password(settings))
            refused = server.send_message(made)
    except smtplib.SMTPAuthenticationError as error:
        raise DeliveryError(
            f"{_place(settings)} refuses the user or password ({error.smtp_code}); put the right ones into [alerts.smtp].",
            is_worth_retry=True,  # somebody mends it; what is waiting then goes out
        ) from None
    except smtplib.SMTPRecipientsRefused as error:
        code = next(iter(error.recipients.values()))[0]
        raise DeliveryError(
            f"{_place(settings)} takes no mail for {made['To']} ({code}); correct the address in the rule.",
            is_worth_retry=400 <= code < 500,
        ) from None
    except smtplib.SMTPNotSupportedError:
        raise DeliveryError(
            f'{_place(settings)} offers no TLS or no sign-in, expected both; set security = "tls" or name another server.',
            is_worth_retry=False,
        ) from None
    except ssl.SSLError as error:
        raise DeliveryError(
            f"{_place(settings)} cannot prove who it is ({error.reason or 'TLS failed'}); name the authority of its "
            "certificate in ca_file, or the host by the name in the certificate.",
            is_worth_retry=True,
        ) from None
    except smtplib.SMTPResponseException as error:
        raise DeliveryError(
            f"{_place(settings)} did not take the message ({error.smtp_code}).",
            is_worth_retry=400 <= error.smtp_code < 500,
        ) from None
    except (OSError, smtplib.SMTPException) as error:
        raise DeliveryError(
            f"{_place(settings)} does not answer ({type(error).__name__}); see that it runs and that the port is right.",
            is_worth_retry=True,
        ) from None
    if refused:
        raise DeliveryError(f"{_place(settings)} refused {made['To']}.", is_worth_retry=False)


def _connected(settings: SmtpSettings) -> smtplib.SMTP:
    if settings.security == "tls":
        return smtplib.SMTP_SSL(
            settings.host, settings.port, timeout=TIMEOUT_SECONDS, context=_trust(settings)
        )
    server = smtplib.SMTP(settings.host, settings.port, timeout=TIMEOUT_SECONDS)
    if settings.security == "starttls":
        try:
            server.starttls(context=_trust(settings))
        except BaseException:
            server.close()
            raise
    return server


def _trust(settings: SmtpSettings) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=str(settings.ca_file) if settings.ca_file else None)


def _password(settings: SmtpSettings) -> str:
    try:
        return credential(settings.password_env, settings.password_file, what="The mail server's password")
    except LoadError as error:
        raise DeliveryError(str(error), is_worth_retry=True) from None


def _place(settings: SmtpSettings) -> str:
    return f"The mail server {settings.host}:{settings.port}"
