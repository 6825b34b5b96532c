"""Where files are kept: a folder for one machine, S3 for many replicas; both behind the same few functions.

Credentials of S3 come from the usual ``AWS_*`` variables. What was cut short leaves nothing: a file is there whole or
not at all. A bucket wants a rule that ends multipart uploads after a day: a replica that is killed cannot end its own.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, unquote, urlsplit

import obstore
from obstore.exceptions import BaseError
from obstore.store import LocalStore, ObjectStore, S3Store

from reference_app.errors import N_, ReferenceAppError, Unavailable
from reference_app.proxies import DIRECT, Proxies

if TYPE_CHECKING:  # they exist for type checkers only
    from obstore.store import ClientConfig, RetryConfig

AWAY = N_("Files cannot be received or read at the moment. Try again in a few seconds.")

PART_BYTES = 5 * 1024 * 1024
"""What S3 takes as the smallest part of a file, and what a worker holds in memory of one."""
READ_BYTES = 256 * 1024
_LISTED = 500
_TIMES: ClientConfig = {
    "connect_timeout": timedelta(seconds=3),
    "read_timeout": timedelta(seconds=20),
    "timeout": timedelta(hours=1),  # of a whole answer, which a slow phone may take its time to read
}
_RETRIES: RetryConfig = {"max_retries": 3, "retry_timeout": timedelta(seconds=15)}


class StorageError(ReferenceAppError):
    """A storage cannot be used as its address says."""


def open_store(url: str, proxies: Proxies = DIRECT) -> ObjectStore:
    """The storage at ``url``: ``file:///folder`` (made when missing) or ``s3://bucket/prefix?endpoint=…&region=…``.

    Raises:
        StorageError: the address is of another kind, or the folder cannot be made.
    """
    at = urlsplit(url)
    options = {name: values[-1] for name, values in parse_qs(at.query).items()}
    if at.scheme == "file" and not at.netloc and not options:
        try:
            return LocalStore(Path(unquote(at.path)), mkdir=True)
        except (OSError, BaseError) as error:
            raise StorageError("storage: its folder cannot be made or read") from error
    if at.scheme == "s3" and at.netloc and options.keys() <= {"endpoint", "region"}:
        endpoint = options.get("endpoint")
        plain = endpoint is not None and endpoint.startswith("http://")
        return S3Store(
            at.netloc,
            prefix=at.path.strip("/") or None,
            config={
                "region": options.get("region", "us-east-1"),
                **({"endpoint": endpoint, "virtual_hosted_style_request": False} if endpoint is not None else {}),
            },
            client_options={**_TIMES, "allow_http": plain, **_way(endpoint, proxies)},
            retry_config=_RETRIES,
        )
    raise StorageError("storage: write file:///folder or s3://bucket?endpoint=…&region=…")


def _way(endpoint: str | None, proxies: Proxies) -> ClientConfig:
    """How the storage is reached: said in full, or the library would look at the variables by rules of its own."""
    if endpoint is None:
        return {} if proxies.https is None else {"proxy_url": proxies.https, "proxy_excludes": proxies.without}
    proxy = proxies.of(endpoint)
    if proxy is not None:
        return {"proxy_url": proxy}
    some = proxies.https if proxies.https is not None else proxies.http
    return {} if some is None else {"proxy_url": some, "proxy_excludes": str(urlsplit(endpoint).hostname)}


async def write(store: ObjectStore, key: str, chunks: AsyncIterator[bytes]) -> None:
    """Keep what ``chunks`` give under ``key``, in parts: never the whole file in memory, nothing when it is cut short.

    Raises:
        Unavailable: the storage is away or full. What ``chunks`` raise goes on to the caller.
    """
    async with _there():
        await obstore.put_async(store, key, chunks, chunk_size=PART_BYTES, max_concurrency=1)


async def read(store: ObjectStore, key: str) -> AsyncIterator[bytes]:
    """The file of ``key``, chunk by chunk, once it is known to be there. Raises Unavailable."""
    async with _there():
        found = await obstore.get_async(store, key)
    return found.stream(READ_BYTES)


async def delete(store: ObjectStore, key: str) -> None:
    """Delete the file of ``key``; one that is gone already is no mistake. Raises Unavailable."""
    async with _there():
        try:
            await obstore.delete_async(store, key)
        except FileNotFoundError:
            return


async def older(store: ObjectStore, prefix: str, than: datetime) -> AsyncIterator[list[str]]:
    """The keys below ``prefix`` of files last written before ``than``, some hundred at a time. Raises Unavailable."""
    async with _there():
        async for found in obstore.list(store, prefix, chunk_size=_LISTED):
            yield [one["path"] for one in found if one["last_modified"] < than]


@asynccontextmanager
async def _there() -> AsyncIterator[None]:
    try:
        yield
    except (BaseError, OSError) as error:
        raise Unavailable(AWAY) from error
