"""A badge as a file that carries its credential inside: baked into a PNG or an SVG, and taken out again.

In: a picture and a signed credential. Out: the same picture with the credential in it; or the credential of such a file.
The rule it guards: exactly one credential is in a picture, where Open Badges 3.0 says it is; a file that is damaged or has
two is refused with what is wrong, and nothing in it is ever followed or fetched.
"""

from __future__ import annotations

import re
import struct
import xml.sax
import xml.sax.handler
import zlib
from collections.abc import Iterator
from typing import Any

from dashboard import pictures
from dashboard.game.credential_keys import LONGEST_TOKEN, CredentialError

KEYWORD = b"openbadgecredential"
NAMESPACE = "https://purl.imsglobal.org/ob/v3p0"
MOST_BYTES = 5_000_000
_PNG = b"\x89PNG\r\n\x1a\n"
_COMPACT = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+")


def picture(svg: str) -> bytes:
    """The drawing as a PNG of the size that it says, its background clear."""
    return pictures.png_of(svg)


def baked_png(png: bytes, token: str) -> bytes:
    """The PNG with the credential in an iTXt chunk of its own, uncompressed; one that it had before goes."""
    kept = [(kind, data) for kind, data in _chunks(png) if not _is_ours(kind, data)]
    text = KEYWORD + b"\0\0\0\0\0" + _plain(token).encode("ascii")
    baked = [kept[0], (b"iTXt", text), *kept[1:]]
    return _PNG + b"".join(_chunk(kind, data) for kind, data in baked)


def baked_svg(svg: str, token: str) -> str:
    """The SVG with the credential as the first element in it. Raises CredentialError for one that has one already."""
    start = re.match(r"(\s*<svg\b[^>]*?)(/?)>", svg)
    if start is None or start[2] or "openbadges" in svg:
        raise CredentialError("This picture cannot carry a credential: expected an SVG that has none yet.")
    return (
        f'{start[1]} xmlns:openbadges="{NAMESPACE}"><openbadges:credential verify="{_plain(token)}"></openbadges:credential>'
        f"{svg[start.end() :]}"
    )


def token_of(data: bytes) -> str:
    """The credential that a file carries: a PNG, an SVG, or the signed text itself. Raises CredentialError."""
    if len(data) > MOST_BYTES:
        raise CredentialError(
            f"The file has {len(data)} bytes; expected at most {MOST_BYTES}: a badge is smaller."
        )
    if data.startswith(_PNG):
        found = [_text(part) for kind, part in _chunks(data) if _is_ours(kind, part)]
        return _one(found, "iTXt chunks named openbadgecredential")
    if b"<svg" in data[:4096]:
        return _one(_of_svg(data), "openbadges:credential elements")
    try:
        text = data.decode("ascii").strip()
    except UnicodeDecodeError:
        text = ""
    if not _COMPACT.fullmatch(text):
        raise CredentialError(
            "This is neither a PNG nor an SVG, and no signed credential: expected a badge as it was downloaded. Pictures "
            "lose what they carry when they are converted, or sent through a chat."
        )
    return text


def _one(found: list[str], what: str) -> str:
    if len(found) != 1:
        raise CredentialError(
            f"The picture holds {len(found)} {what}, expected one. "
            + (
                "Pictures lose what they carry when they are converted; ask its owner for the file."
                if not found
                else "It is refused."
            )
        )
    return found[0]


def _plain(token: str) -> str:
    if len(token) > LONGEST_TOKEN or not _COMPACT.fullmatch(token):
        raise CredentialError(
            "This is no signed credential (a compact JWS); nothing was put into the picture."
        )
    return token


def _is_ours(kind: bytes, data: bytes) -> bool:
    return kind == b"iTXt" and data.partition(b"\0")[0] == KEYWORD


def _text(data: bytes) -> str:
    """The text of an iTXt chunk: keyword, how it is compressed, language, keyword in that language, text."""
    rest = data.partition(b"\0")[2]
    if rest[:1] != b"\0":
        raise CredentialError(
            "The credential in the picture is compressed, which Open Badges does not allow. It is refused."
        )
    text = rest[2:].partition(b"\0")[2].partition(b"\0")[2]
    try:
        return text.decode("ascii")
    except UnicodeDecodeError as error:
        raise CredentialError(
            "The credential in the picture is damaged; ask its owner for the file."
        ) from error


def _chunks(png: bytes) -> Iterator[tuple[bytes, bytes]]:
    """The chunks of a PNG; raises CredentialError where their lengths or sums do not fit."""
    at = len(_PNG)
    while at < len(png):
        if len(png) - at < 12:
            break
        (length,) = struct.unpack(">I", png[at : at + 4])
        kind, data = png[at + 4 : at + 8], png[at + 8 : at + 8 + length]
        (told,) = struct.unpack(">I", png[at + 8 + length : at + 12 + length].ljust(4, b"\0"))
        if len(data) != length or told != zlib.crc32(kind + data):
            break
        yield kind, data
        at += 12 + length
        if kind == b"IEND":
            return
    raise CredentialError(
        "The picture is damaged (its parts do not add up); ask its owner for the file as it was downloaded."
    )


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


class _Reader(xml.sax.handler.ContentHandler):
    """Takes the credentials out of an SVG, and refuses it whole where it declares entities of its own."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def startElementNS(self, name: tuple[str | None, str], qname: str | None, attrs: Any) -> None:  # noqa: ARG002, N802
        """One element: its namespace and its name."""
        if name == (NAMESPACE, "credential"):
            self.found.append(str(attrs.get((None, "verify"), "")))


def _of_svg(data: bytes) -> list[str]:
    if b"<!DOCTYPE" in data or b"<!ENTITY" in data:
        raise CredentialError(
            "The picture declares entities of its own, which no badge of ours does. It is refused."
        )
    reader = _Reader()
    parser = xml.sax.make_parser()
    parser.setFeature(xml.sax.handler.feature_namespaces, True)
    parser.setFeature(xml.sax.handler.feature_external_ges, False)
    parser.setContentHandler(reader)
    try:
        parser.feed(data)  # type: ignore[attr-defined]
        parser.close()  # type: ignore[attr-defined]
    except xml.sax.SAXException as error:
        raise CredentialError(
            f"The picture is no SVG that can be read ({error}); ask its owner for the file."
        ) from error
    return reader.found
