"""The change feed: every write of a database, in the order in which it was applied."""
from __future__ import annotations

import asyncio
import ctypes
import time
from concurrent.futures import Future, ThreadPoolExecutor
from ctypes import POINTER, byref, c_char_p, c_int, c_size_t, c_uint32, c_uint64, c_void_p
from dataclasses import dataclass
from datetime import datetime
from typing import Any, AsyncIterator, Iterator, Literal, Optional, Tuple

from ._c import ClosedError, Handle, as_c_string, call, from_name, take_string
from ._expiry import as_datetime

EntryKind = Literal["put", "delete", "delete_range", "merge"]
EventKind = Literal["batch", "unlogged", "family_created", "family_dropped", "family_renamed", "ingest", "unknown"]
Reach = Literal["durable", "visible"]

_ENTRY_KINDS: "Tuple[EntryKind, ...]" = ("put", "delete", "delete_range", "merge")
_EVENT_KINDS: "dict[int, EventKind]" = {1: "batch", 2: "unlogged", 3: "family_created", 4: "family_dropped",
                                       5: "family_renamed", 6: "ingest"}
_REACHES = {"durable": 0, "visible": 1}
_SLICE_S = 0.2  # How long a wait keeps a thread before it looks whether it is still wanted.


class _Entry(ctypes.Structure):
    """amethyst_feed_entry."""

    _fields_ = [("kind", c_int), ("family_id", c_uint32), ("family", c_char_p),
                ("key", c_void_p), ("key_bytes", c_size_t), ("value", c_void_p), ("value_bytes", c_size_t),
                ("expires_at_ms", c_uint64), ("begin", c_void_p), ("begin_bytes", c_size_t),
                ("end", c_void_p), ("end_bytes", c_size_t)]


class _Event(ctypes.Structure):
    """amethyst_feed_event."""

    _fields_ = [("struct_bytes", c_size_t), ("kind", c_int), ("family_id", c_uint32), ("family", c_char_p),
                ("first_sequence", c_uint64), ("last_sequence", c_uint64), ("entries", c_void_p),
                ("entry_count", c_size_t), ("entry_bytes", c_size_t), ("position", c_char_p)]


@dataclass(frozen=True)
class FeedEntry:
    """One operation of a batch, as it was written."""

    kind: EntryKind
    family: Optional[str]  # Its name now; None: it was dropped since.
    family_id: int  # Never given to another family; 0: the database's own keys.
    key: bytes = b""
    value: bytes = b""  # Of a put, or the operand of a merge.
    expires_at: Optional[datetime] = None  # There is no event then.
    start: Optional[bytes] = None  # Of a range delete; None: that side is open.
    stop: Optional[bytes] = None


@dataclass(frozen=True)
class FeedEvent:
    """What happened. `kind` is "batch", with the entries of a batch, a transaction or a single write; "unlogged", of
    writes with durability "none", whose sequence numbers alone are known; "ingest", of tables that were taken in, with
    the ranges that they replace as entries; or what happened to a family."""

    kind: EventKind
    first_sequence: int
    last_sequence: int
    position: str  # Behind this event: what to store once it is dealt with.
    entries: Tuple[FeedEntry, ...] = ()
    family: Optional[str] = None  # Of a family's event: its name from then on, or its last.
    family_id: Optional[int] = None


def _bytes_at(address: Optional[int], size: int) -> bytes:
    return ctypes.string_at(address, size) if address and size else b""


def _entry_at(address: int) -> FeedEntry:
    entry = _Entry.from_address(address)
    kind = _ENTRY_KINDS[entry.kind]
    family = from_name(entry.family) or None
    if kind == "delete_range":
        start = None if entry.begin is None else _bytes_at(entry.begin, entry.begin_bytes)
        stop = None if entry.end is None else _bytes_at(entry.end, entry.end_bytes)
        return FeedEntry(kind, family, entry.family_id, start=start, stop=stop)
    return FeedEntry(kind, family, entry.family_id, _bytes_at(entry.key, entry.key_bytes),
                     _bytes_at(entry.value, entry.value_bytes), as_datetime(entry.expires_at_ms))


def _as_event(event: _Event) -> FeedEvent:
    kind = _EVENT_KINDS.get(event.kind, "unknown")
    of_family = kind.startswith("family_")
    entries = tuple(_entry_at(event.entries + i * event.entry_bytes) for i in range(event.entry_count))
    return FeedEvent(kind, event.first_sequence, event.last_sequence, event.position.decode(), entries,
                     from_name(event.family) if of_family else None, event.family_id if of_family else None)


def position_argument(position: Optional[str]) -> Optional[bytes]:
    """A position, or the absence of one, as C takes it."""
    return None if position is None else as_c_string(position.encode(), "position")


class Feed(Handle, Iterator[FeedEvent], AsyncIterator[FeedEvent]):
    """An open feed: an iterator, and an async iterator, that waits for what comes and ends with the database or with
    `close`. Made by `feed` of a database. Belongs to one thread, or one task, at a time. What is gone is TooOldError:
    start over from a snapshot."""

    def __init__(self, handle: c_void_p) -> None:
        self._adopt("feed", handle)
        self._thread: Optional[ThreadPoolExecutor] = None  # Of the async iterator, which has one call at a time.
        self._waiting: "Optional[Future[Optional[FeedEvent]]]" = None

    @staticmethod
    def open(db: c_void_p, cursor: Optional[bytes], position: Optional[str], reach: Reach) -> "Feed":
        """Of a cursor or, without one, from a position."""
        if reach not in _REACHES:
            raise ValueError(f"a reach is one of {', '.join(_REACHES)}, not {reach!r}")
        if (cursor is None) == (position is None):
            raise ValueError("a feed is of a cursor, or begins at a position")
        handle = c_void_p()
        if cursor is not None:
            call("open_feed", db, cursor, _REACHES[reach], byref(handle))
        else:
            call("open_feed_at", db, position_argument(position), _REACHES[reach], byref(handle))
        return Feed(handle)

    def _next_within(self, seconds: float) -> Optional[FeedEvent]:
        if not self._release.alive:
            raise ClosedError("the feed was closed")
        event = _Event(struct_bytes=ctypes.sizeof(_Event))
        call("feed_next", self._handle, max(0, int(seconds * 1000)), byref(event))
        return _as_event(event) if event.kind != 0 else None

    def next(self, timeout: Optional[float] = None) -> Optional[FeedEvent]:
        """The next event; waits for it up to `timeout` seconds (None: for ever), and returns None if none came."""
        waiting, self._waiting = self._waiting, None
        event = waiting.result() if waiting is not None else None  # Of a task that did not wait for it.
        if event is not None:
            return event
        deadline = None if timeout is None else time.monotonic() + timeout
        while True:  # In slices, so that Ctrl-C gets through.
            left = _SLICE_S if deadline is None else deadline - time.monotonic()
            event = self._next_within(min(left, _SLICE_S))
            if event is not None or left <= 0:
                return event

    def commit(self, position: Optional[str] = None) -> None:
        """Moves the cursor behind all that was given, or to the position of an event: from there after a restart."""
        call("feed_commit", self._handle, position_argument(position))

    @property
    def position(self) -> str:
        """Behind all that was given."""
        text = c_void_p()
        call("feed_position", self._handle, byref(text))
        return take_string(text, -1).decode()

    def __iter__(self) -> "Feed":
        return self

    def __next__(self) -> FeedEvent:
        try:
            event = self.next()
        except ClosedError:
            raise StopIteration from None
        assert event is not None
        return event

    def __aiter__(self) -> "Feed":
        return self

    async def __anext__(self) -> FeedEvent:
        # The wait is in a thread. What it brings to a task that was cancelled meanwhile is for the next one.
        if self._thread is None:
            self._thread = ThreadPoolExecutor(1, "amethyst-feed")
        while True:
            if self._waiting is None:
                self._waiting = self._thread.submit(self._next_within, _SLICE_S)
            waiting = self._waiting
            try:
                event = await asyncio.shield(asyncio.wrap_future(waiting))
            except ClosedError:
                self._waiting = None
                raise StopAsyncIteration from None
            except Exception:
                self._waiting = None
                raise
            self._waiting = None
            if event is not None:
                return event

    def close(self) -> None:
        """Ends it. The cursor stays where it was committed."""
        self._release()
        if self._thread is not None:
            self._thread.shutdown(wait=False)

    def __enter__(self) -> "Feed":
        return self

    def __exit__(self, *_: Any) -> None:
        self.close()
