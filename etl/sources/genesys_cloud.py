"""Reads conversations of Genesys Cloud, and its users' states, from the API or from exported files.

Endpoint: POST /api/v2/analytics/conversations/details/query and /api/v2/analytics/users/details/query, 100 records a page;
names from /api/v2/routing/queues and /api/v2/users. Files: JSON with conversations one by one, in lists or as answers.
Grain: a conversation, told again whenever something happens in it; a user's spans of presence and routing status.
Cursor: the instant up to which was asked; every load asks again for `look_back_seconds` before it, and what is the same
as before is passed over. Delay: the API tells of events after some seconds to minutes; files as they are exported.
What it cannot know: wrap-up in agents' states (the API calls it interacting; calls have it), calls that pass from agent
to agent without a queue, which of several agents who ring rings, states of agents from files.
"""

from __future__ import annotations

import json
import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, field_validator, model_validator

from etl import LoadError
from etl.sources import PIECE_BYTES, Batch, Name, Reader, SettingsPath, Site
from etl.sources.clouds.agent_spans import Span
from etl.sources.clouds.genesys_api import PARTS, GenesysApi, Step
from etl.sources.clouds.genesys_batch import GenesysRules, batch_of
from etl.sources.clouds.genesys_carry import HOUR_US, ApiPosition, Carry
from etl.sources.clouds.json_fields import microseconds
from etl.sources.clouds.json_files import Files, FilesSettings
from etl.sources.clouds.json_records import FilesPosition, Item, pieces, reread, unusable_cursor
from etl.sources.web import WebError, credential, credential_place

DAY_US = 24 * HOUR_US
STEP_US = 6 * HOUR_US
ENOUGH_US = 5_000_000  # asked again so soon, the API has nothing new
MOVES_US = 15 * 60 * 1_000_000  # the cursor moves over a time without news in steps of this length
NAMES_US = HOUR_US


class GenesysCloudSettings(FilesSettings):
    """One organisation of Genesys Cloud, through its API (region) or from exported files (paths or a bucket)."""

    kind: Literal["genesys_cloud"]
    region: Name | None = None
    """Domain of the region, such as mypurecloud.ie or usw2.pure.cloud."""
    client_id: Name | None = None
    """OAuth client with the grant type Client Credentials."""
    token_env: Name | None = None
    """Environment variable that holds the OAuth client's secret."""
    token_file: SettingsPath | None = None
    """File with the OAuth client's secret, readable by its owner only."""
    history_days: Annotated[int, Field(ge=1, le=550)] = 31
    """How far back the first load goes."""
    look_back_seconds: Annotated[int, Field(ge=300, le=604_800)] = 3600
    """So much is asked for again at every load, because the API tells some things late."""
    most_per_second: Annotated[int, Field(ge=1, le=5)] = 3
    """Questions to the API in a second at most; Genesys Cloud allows 300 a minute."""
    reads_agent_states: bool = True
    """Whether users' states are asked for too."""
    outbound_queue_name: Name | None = None
    """Queue of calls that agents dial for none; without it such calls are left out."""

    @field_validator("region")
    @classmethod
    def _is_a_domain(cls, value: str | None) -> str | None:
        if value is not None and not re.fullmatch(r"[a-z0-9-]+(\.[a-z0-9-]+)*\.[a-z]{2,}", value):
            raise ValueError('the domain of a region, such as "mypurecloud.ie"')
        return value

    @model_validator(mode="after")
    def _one_way_only(self) -> GenesysCloudSettings:
        if self.region and (self.paths or self.s3_bucket):
            raise ValueError("either region (the API) or paths or s3_bucket (files), not both")
        if self.region and not self.client_id:
            raise ValueError('client_id = "..." of the OAuth client beside region')
        return self

    def needs_files(self) -> bool:
        """Files are read where no region is named."""
        return self.region is None

    def secrets(self) -> tuple[tuple[str | None, Path | None], ...]:
        """The OAuth client's secret, where the API is asked."""
        return super().secrets() if self.region else ()

    def origin_text(self) -> str:
        """What is read, as one text."""
        return f"https://api.{self.region} {self.client_id}" if self.region else super().origin_text()

    def reader(self, site: Site, secret: bytes) -> Reader:
        """The reader of this organisation. Raises LoadError where the OAuth client's secret is not to be had."""
        rules = GenesysRules(secret, site.country_name, self.outbound_queue_name)
        if self.region is None:
            return GenesysFiles(self.files(), rules)
        what = "the secret of the OAuth client of Genesys Cloud"
        api = GenesysApi(
            login_url=f"https://login.{self.region}",
            api_url=f"https://api.{self.region}",
            client_id=self.client_id or "",
            client_secret=credential(self.token_env, self.token_file, what=what),
            credential_text=f"{what} in {credential_place(self.token_env, self.token_file)}",
            most_per_second=self.most_per_second,
        )
        return GenesysCloud(
            api,
            rules,
            history=timedelta(days=self.history_days),
            look_back=timedelta(seconds=self.look_back_seconds),
            parts=2 if self.reads_agent_states else 1,
        )


def _again(
    raw_texts: list[str], carry_text: str, rules: GenesysRules, now: datetime
) -> tuple[Batch, frozenset[int]]:
    try:
        carry = Carry.from_text(carry_text)
    except ValueError as error:
        raise unusable_cursor(error) from error
    batch, _, refused = batch_of(reread(raw_texts), carry, rules, position_text="", now=now)
    return replace(batch, read_rows=len(raw_texts) - len(refused), rejects=batch.rejects.clear()), frozenset(
        refused
    )


@dataclass(frozen=True)
class GenesysFiles(Reader):
    """Exported conversations in files."""

    files: Files
    rules: GenesysRules

    def read(
        self,
        position_text: str,
        carry_text: str,
        *,
        now: datetime,
        piece_bytes: int = PIECE_BYTES,
        refusal: str | None = None,
    ) -> Iterator[Batch]:
        """Everything that was exported after the position, batch by batch. Raises LoadError."""
        try:
            carry = Carry.from_text(carry_text)
            position = FilesPosition.from_text(position_text)
        except ValueError as error:
            raise unusable_cursor(error) from error
        found = pieces(self.files, position, now=now, piece_bytes=piece_bytes, wrapper_key=PARTS[0][1])
        for piece in found:
            batch, carry, _ = batch_of(
                piece.items,
                carry,
                self.rules,
                position_text=piece.position.to_text(),
                now=now,
                refusal=refusal,
            )
            refusal = None
            yield batch

    def again(self, raw_texts: list[str], carry_text: str, *, now: datetime) -> tuple[Batch, frozenset[int]]:
        """Conversations once refused, read once more."""
        return _again(raw_texts, carry_text, self.rules, now)


@dataclass(frozen=True)
class GenesysCloud(Reader):
    """One organisation's API, asked window by window up to now."""

    api: GenesysApi
    rules: GenesysRules
    history: timedelta = timedelta(days=31)
    look_back: timedelta = timedelta(hours=1)
    parts: int = 2

    def read(
        self,
        position_text: str,
        carry_text: str,
        *,
        now: datetime,
        piece_bytes: int = PIECE_BYTES,
        refusal: str | None = None,
    ) -> Iterator[Batch]:
        """Everything that happened after the position, batch by batch.

        Raises WebError where the API stops answering, after the batch of what had come by then; the next load goes on.
        """
        now_us = microseconds(now)
        try:
            carry = Carry.from_text(carry_text)
            position = ApiPosition.from_text(position_text, now_us=now_us)
        except ValueError as error:
            raise unusable_cursor(error) from error
        if position.step is None and now_us - position.until_us < ENOUGH_US:
            return
        reading = _Reading(self, carry, position, now, piece_bytes, refusal)
        try:
            yield from reading.batches()
        finally:
            self.api.close()

    def again(self, raw_texts: list[str], carry_text: str, *, now: datetime) -> tuple[Batch, frozenset[int]]:
        """Records once refused, read once more."""
        return _again(raw_texts, carry_text, self.rules, now)

    def rewound(
        self,
        carry_text: str,  # noqa: ARG002 - nothing that was seen may be passed over
        *,
        to: datetime,
    ) -> tuple[str, str]:
        """From the window on that begins at the instant; nothing was seen."""
        return ApiPosition(microseconds(to + self.look_back)).to_text(), ""

    def close(self) -> None:
        """Ends the connection to the API."""
        self.api.close()


@dataclass
class _Reading:
    """One read of the API: what came and was not given yet, and where it stands."""

    reader: GenesysCloud
    carry: Carry
    position: ApiPosition
    now: datetime
    piece_bytes: int
    refusal: str | None
    items: list[Item] = field(default_factory=list)
    size: int = 0
    names: dict[tuple[str, str], str] | None = None
    notice: str | None = None

    def batches(self) -> Iterator[Batch]:
        """Batches up to now; an empty one only where the cursor has come a good way without news."""
        now_us = microseconds(self.now)
        began_us = self.position.until_us
        try:
            self._learn_names()
            for step in self._windows(now_us):
                for item, after in self.reader.api.records(step, parts=self.reader.parts):
                    if self.items and self.size >= self.piece_bytes:
                        yield self._batch()
                    self.position = replace(self.position, step=after)
                    self._take(item, step.to_us)
                self.position = ApiPosition(step.to_us)
        except LoadError:
            if self.items:
                yield self._batch()
            raise
        if self.items or self.position.until_us - began_us >= MOVES_US:
            yield self._batch()

    def _windows(self, now_us: int) -> Iterator[Step]:
        """The window that was left in the middle, then those up to now."""
        if self.position.step is not None:
            yield self.position.step
        until_us = self.position.until_us
        look_back_us = self.reader.look_back // timedelta(microseconds=1)
        start_us = (
            until_us - look_back_us if until_us else now_us - self.reader.history // timedelta(microseconds=1)
        )
        while start_us < now_us:
            end_us = min(start_us + STEP_US, now_us)
            yield Step(start_us, end_us)
            start_us = end_us

    def _take(self, item: Item, window_end_us: int) -> None:
        """Puts a record by, unless it is the same as when it came last."""
        told = {name: value for name, value in item.value.items() if name not in ("windowStart", "windowEnd")}
        checksum = zlib.crc32(json.dumps(told, sort_keys=True).encode())
        key = str(item.value.get("conversationId") or f"user {item.value.get('userId')}")
        is_known = self.carry.seen.get(key, (-1, 0))[0] == checksum
        self.carry.seen[key] = (checksum, window_end_us)
        if not is_known:
            self.items.append(item)
            self.size += len(item.text)

    def _batch(self) -> Batch:
        look_back_us = self.reader.look_back // timedelta(microseconds=1)
        oldest_us = (
            self.position.step.from_us if self.position.step else self.position.until_us
        ) - look_back_us
        seen = {key: told for key, told in self.carry.seen.items() if told[1] >= oldest_us - HOUR_US}
        users = {user: _recent(spans, oldest_us - HOUR_US) for user, spans in self.carry.users.items()}
        batch, self.carry, _ = batch_of(
            self.items,
            replace(self.carry, seen=seen, users=users),
            self.reader.rules,
            position_text=self.position.to_text(),
            now=self.now,
            refusal=self.refusal,
            names=self.names,
            notice=self.notice,
        )
        self.items, self.size, self.refusal, self.names, self.notice = [], 0, None, None, None
        return replace(batch, is_named=True)

    def _learn_names(self) -> None:
        """Asks what queues and users are called, once an hour; without the right to know them their ids stand."""
        api = self.reader.api
        now_us = microseconds(self.now)
        if now_us - api.named_us < NAMES_US:
            return
        try:
            self.names = api.names()
        except WebError as error:
            if error.status_code != 403:
                raise
            self.notice = f"names of queues and users are not known: {error}"
        api.named_us = now_us


def _recent(spans: list[Span], oldest_us: int) -> list[Span]:
    """The states that lasted until the instant or later."""
    lasted = [following.started_us >= oldest_us for following in spans[1:]] + [True]
    return [span for span, is_recent in zip(spans, lasted, strict=False) if is_recent]
