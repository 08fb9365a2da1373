"""Finds the files that cloud phone systems drop into folders of this machine or into buckets of S3.

In: paths, or a bucket with prefixes. Out: the files there, each with what tells its content from another's.
The rule it guards: a file that is still being put there under a temporary name is not looked at, and boto3, the
library that reads S3, is asked for only where a bucket is named.
"""

from __future__ import annotations

import hashlib
import importlib
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, Any, BinaryIO, Protocol, cast

from pydantic import Field, model_validator

from etl import LoadError
from etl.sources import Name, Names, SettingsPath, SourceSettings
from etl.sources.files.file_open import key_of, opened_file, refuse_no_file, shown

_TEMPORARY = re.compile(r"(?:^|/)[._][^/]*$|\.(?:tmp|part|partial|crc|filepart)$")


class FilesSettings(SourceSettings):
    """Where the files lie: paths of this machine, or a bucket with its prefixes."""

    paths: Annotated[tuple[SettingsPath, ...], Field(strict=False)] = ()
    """Files or folders; a folder is read with all that is in it."""
    s3_bucket: Name | None = None
    """Bucket of S3 instead of paths; the sign-in is what boto3 finds (environment, profile or role)."""
    s3_prefixes: Names = ("",)
    """What the names of the objects in the bucket begin with."""
    s3_region: Name | None = None
    """Region of the bucket, where boto3's own settings do not name it."""
    look_back_days: Annotated[int, Field(ge=1, le=366)] = 3
    """So long after newer ones an object may still appear in the bucket and is found."""

    @model_validator(mode="after")
    def _says_where(self) -> FilesSettings:
        if self.needs_files() and bool(self.paths) == bool(self.s3_bucket):
            raise ValueError('either paths = ["/folder"] or s3_bucket = "name"')
        return self

    def needs_files(self) -> bool:
        """Whether paths or a bucket must be named."""
        return True

    def files(self) -> Files:
        """The files to read. Raises LoadError where a bucket is named and boto3 is not installed."""
        if self.s3_bucket:
            return s3_files(
                self.s3_bucket, self.s3_prefixes, region=self.s3_region, look_back_days=self.look_back_days
            )
        return LocalFiles(self.paths)

    def origin_text(self) -> str:
        """What is read, as one text."""
        if self.s3_bucket:
            return " ".join(f"s3://{self.s3_bucket}/{prefix}" for prefix in self.s3_prefixes)
        return " ".join(str(path) for path in self.paths)


@dataclass(frozen=True)
class FileInfo:
    """One file as it was listed; the tag changes with the content, is_growing where it may be written on."""

    root: str
    name: str
    size_bytes: int
    changed_at: datetime
    tag: str
    is_growing: bool

    @property
    def shown_name(self) -> str:
        """The name as it may stand in a place or a message."""
        return shown(self.name)

    @property
    def tail_name(self) -> str:
        """Root and name, as the position names them."""
        return f"{key_of(self.root)}\t{key_of(self.name)}"

    @property
    def key(self) -> str:
        """Stands for this content under this name."""
        text = f"{self.root}\0{self.name}\0{self.size_bytes}\0{self.tag}"
        return hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest()[:16]


class Files(Protocol):
    """A place with files: a folder, a bucket, or what a test puts in their stead."""

    @property
    def look_back(self) -> timedelta | None:
        """Names before those that are older than this are not listed again; None where all are listed always."""

    def listing(self, after: dict[str, str]) -> list[FileInfo]:
        """The files of every root whose names come after `after[root]`, in the order of root and name."""

    def opened(self, info: FileInfo) -> BinaryIO:
        """The bytes of a file as they lie there; FileNotFoundError where it is gone meanwhile."""


@dataclass(frozen=True)
class LocalFiles:
    """Files and folders of this machine; names that begin with a dot or underscore, or end in .tmp, are left out.

    So are pipes, sockets and devices in a folder; one that is itself named is refused.
    """

    paths: tuple[Path, ...]
    look_back: timedelta | None = None

    def listing(self, after: dict[str, str]) -> list[FileInfo]:  # noqa: ARG002 - a folder is listed as a whole
        """All files in the order of their names."""
        return [info for path in self.paths for info in _listed(path)]

    def opened(self, info: FileInfo) -> BinaryIO:
        """The open file."""
        root = Path(info.root)
        return opened_file(root / info.name if root.is_dir() else root)


def _listed(root: Path) -> list[FileInfo]:
    if not root.is_dir():
        refuse_no_file(root)
    if not root.exists():
        raise LoadError(
            f"{root}: there is no such file or folder; expected the one that the source names in `paths`. "
            "Put the right path into floorboard.toml, or let the export write its first file."
        )
    try:
        files = sorted(path for path in root.rglob("*") if path.is_file()) if root.is_dir() else [root]
    except OSError as error:
        raise LoadError(
            f"{root}: cannot be listed ({error.strerror}); expected a readable folder. Check its permissions."
        ) from error
    found = []
    for path in files:
        name = path.relative_to(root).as_posix() if root.is_dir() else path.name
        if root.is_dir() and _TEMPORARY.search(name):
            continue
        try:
            stat = path.stat()
        except FileNotFoundError:
            continue  # moved between the listing and the look
        changed_at = datetime.fromtimestamp(stat.st_mtime_ns / 1e9, UTC)
        found.append(FileInfo(str(root), name, stat.st_size, changed_at, str(stat.st_mtime_ns), True))
    return found


@dataclass(frozen=True)
class S3Files:
    """Objects below prefixes of a bucket; `client` is boto3's, or what a test puts in its stead."""

    client: Any
    bucket: str
    prefixes: tuple[str, ...]
    look_back: timedelta | None = None
    faults: tuple[type[Exception], ...] = ()

    def listing(self, after: dict[str, str]) -> list[FileInfo]:
        """The objects after the given keys, in the order of their keys."""
        found = []
        try:
            for prefix in self.prefixes:
                pages = self.client.get_paginator("list_objects_v2").paginate(
                    Bucket=self.bucket, Prefix=prefix, StartAfter=after.get(prefix, "")
                )
                for page in pages:
                    found += [self._info(prefix, item) for item in page.get("Contents", [])]
        except self.faults as error:
            raise self.refusal(error) from error
        return [info for info in found if info.size_bytes and not _TEMPORARY.search(info.name)]

    def _info(self, prefix: str, item: dict[str, Any]) -> FileInfo:
        return FileInfo(prefix, item["Key"], item["Size"], item["LastModified"], str(item["ETag"]), False)

    def opened(self, info: FileInfo) -> BinaryIO:
        """The bytes of an object, read as they come."""
        try:
            body = self.client.get_object(Bucket=self.bucket, Key=info.name)["Body"]
        except self.faults as error:
            if "NoSuchKey" in str(error):
                raise FileNotFoundError(info.name) from error
            raise self.refusal(error) from error
        return cast("BinaryIO", _Body(body, self))

    def refusal(self, error: Exception) -> LoadError:
        """What S3 answered, and what to look at."""
        return LoadError(
            f"s3://{self.bucket}: S3 answered {error}; expected a bucket that may be listed and read. Check the name, "
            "the region, and that the sign-in that boto3 finds has s3:ListBucket and s3:GetObject."
        )


@dataclass(frozen=True)
class _Body:
    """The bytes of an object as they come; what breaks off meanwhile stops the load with a sentence."""

    body: Any
    files: S3Files

    def read(self, size: int) -> bytes:
        """The next bytes."""
        try:
            return bytes(self.body.read(size))
        except self.files.faults as error:
            raise self.files.refusal(error) from error

    def close(self) -> None:
        """Lets the connection go."""
        self.body.close()


def s3_files(bucket: str, prefixes: tuple[str, ...], *, region: str | None, look_back_days: int) -> S3Files:
    """The objects of a bucket through boto3, which is installed only where it is needed; else LoadError."""
    try:
        boto3 = importlib.import_module("boto3")
        exceptions = importlib.import_module("botocore.exceptions")
    except ModuleNotFoundError:
        raise LoadError(
            f"s3://{bucket}: boto3, the library that reads S3, is not installed; expected it beside Floorboard. "
            "Run: python -m pip install boto3"
        ) from None
    return S3Files(
        client=boto3.client("s3", region_name=region),
        bucket=bucket,
        prefixes=prefixes,
        look_back=timedelta(days=look_back_days),
        faults=(exceptions.BotoCoreError, exceptions.ClientError),
    )
