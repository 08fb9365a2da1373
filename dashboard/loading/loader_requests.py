"""What people ask the loader to do: look at a file, load it, read refused rows again.

In: a connection and what is asked for. Out: rows that the loader finds; it does the work, never a page.
The rule it guards: a request over something that changed meanwhile is refused, and no file passes unchecked.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from dashboard.loading.upload_check import checked_name, refuse_unfit
from sql import audit
from sql.warehouse import execute, one_row


class RequestError(Exception):
    """What was asked cannot be done (any more); the message says what was found and what to do."""


_MEANWHILE = (
    "This upload has changed meanwhile, so nothing was done; expected it as you see it. Look at it again, "
    "then decide."
)


def put_upload(
    connection: Connection, *, file_name: str, content: bytes, viewer_name: str, at: datetime
) -> int:
    """Puts a file on the loader's desk; its number. Raises UploadError for a file that is none to be loaded."""
    name = checked_name(file_name)
    refuse_unfit(name, content)
    (upload_id,) = one_row(
        connection,
        "requests/upload_new",
        uploaded_at=at,
        viewer_name=viewer_name,
        file_name=name,
        source_name=f"upload: {name}",
        file_bytes=len(content),
        content=content,
    )
    _note_upload(connection, upload_id, "uploaded", file_bytes=len(content), file_name=name)
    return int(upload_id)


def ask_look(connection: Connection, upload_id: int, *, look_number: int, wanted: Mapping[str, Any]) -> None:
    """Has the upload looked at again. wanted: {"facts": ...}, {"table": ...} or {"toml": ...}; RequestError."""
    told = json.dumps(wanted, default=str)
    if not execute(
        connection, "requests/upload_look", upload_id=upload_id, look_number=look_number, wanted_text=told
    ):
        raise RequestError(_MEANWHILE)


def ask_load(connection: Connection, upload_id: int, *, look_number: int, at: datetime) -> None:
    """Has the upload loaded as it was shown at that look; RequestError."""
    if not execute(
        connection, "requests/upload_load", upload_id=upload_id, look_number=look_number, asked_at=at
    ):
        raise RequestError(_MEANWHILE)
    _note_upload(connection, upload_id, "loaded")


def discard_upload(connection: Connection, upload_id: int, *, at: datetime) -> None:
    """Takes the upload from the desk and drops the file; RequestError while the loader works on it."""
    if not execute(connection, "requests/upload_discard", upload_id=upload_id, ended_at=at):
        raise RequestError(
            "This upload is being worked on or has ended, so it cannot be discarded now. Wait a moment and look again."
        )
    _note_upload(connection, upload_id, "discarded")


def ask_replay(connection: Connection, source_name: str, *, viewer_name: str, at: datetime) -> None:
    """Has the refused rows of the source read again; asked twice at once it is done once."""
    if execute(
        connection, "requests/replay_new", source_name=source_name, viewer_name=viewer_name, asked_at=at
    ):
        audit.note(connection, what_name="source.replay", of_name=f"source {source_name}")


def _note_upload(connection: Connection, upload_id: int, did: str, **more: object) -> None:
    audit.note(
        connection, what_name="source.upload", of_name=f"upload {upload_id}", told={"did": did, **more}
    )
