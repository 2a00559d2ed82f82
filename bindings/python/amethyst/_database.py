"""Databases, families, snapshots and batches."""
from __future__ import annotations

import json
from ctypes import byref, c_size_t, c_uint32, c_uint64, c_void_p
from datetime import timedelta
from typing import Any, Callable, List, Mapping, Optional, Tuple, TypeVar

from ._backup import Path, as_path
from ._c import Bytes, ClosedError, ConflictError, Handle, as_bytes, as_name, bound_arguments, \
    buffer_arguments, call, from_name, take_names, take_string
from ._expiry import Moment, Ttl, as_operand, expiry_number
from ._feed import Feed, Reach, position_argument
from ._mapping import Reader, WritableMap, handle_of
from ._options import (Comparator, Durability, Environment, MemoryBudget, Options, durability_number, family_options,
                       follower_options)
from ._transaction import Attempts, Isolation, Transaction, isolation_number

Result = TypeVar("Result")


class Database(WritableMap):
    """An open database: a mapping from bytes to bytes, in order of keys. Made by amethyst.open. Safe for use by many
    threads. Closed by `close`, at the end of a `with`, or when nobody refers to it any more, nor to its families."""

    def __init__(self, handle: c_void_p, durability: Durability) -> None:
        self._durability = durability_number(durability)
        self._adopt("db", handle)

    def write(self, batch: "Batch", *, durability: Optional[Durability] = None) -> None:
        """Applies all of `batch`, or nothing."""
        call("write", self._handle, batch._handle, self._durability_number(durability))

    def batch(self, *, durability: Optional[Durability] = None) -> "Batch":
        """A batch that is written when its `with` ends without an exception."""
        self._durability_number(durability)  # Refuses a wrong one here.
        return Batch(self, durability)

    def transaction(self, *, isolation: Isolation = "serializable",
                    durability: Optional[Durability] = None) -> Transaction:
        """A transaction that is committed when its `with` ends without an exception, and else rolled back.
        `isolation`: the commit checks all that was read, or ("snapshot") what was written or read `for_update`."""
        self._durability_number(durability)  # Refuses a wrong one here.
        return Transaction(self, durability, "begin", self._handle, isolation_number(isolation))

    def transact(self, work: "Callable[[Transaction], Result]", *,
                 durability: Optional[Durability] = None) -> "Result":
        """Calls `work(transaction)`, commits, and returns what it returned; again and again while there is a conflict,
        so that `work` may run several times. What it raises rolls back. After a conflict it pauses, and from the eighth
        on the other calls of the database let it go ahead."""
        self._durability_number(durability)  # Refuses a wrong one here.
        attempts = Attempts(self)
        try:
            while True:
                try:
                    with attempts.begin(self, durability) as transaction:
                        result = work(transaction)
                    return result
                except ConflictError:
                    pass
        finally:
            attempts._release()  # Not when the exception goes, which may be kept.

    def create_family(self, name: str, *, merge_operator: Optional[str] = None, ttl: Optional[Ttl] = None,
                      compression: Optional[str] = None, block_bytes: Optional[int] = None,
                      filter_false_positive_rate: Optional[float] = None,
                      comparator: Optional[Comparator] = None) -> "Family":
        """Makes a family: a map of its own in this database. Of its tables, what is not given is as the database has
        it. Each open has to be given its `comparator` again, as comparators={name: comparator}."""
        options = family_options(merge_operator, ttl, compression, block_bytes, filter_false_positive_rate, comparator)
        handle = c_void_p()
        call("create_family", self._handle, as_name(name), byref(options), byref(handle))
        return Family(self, handle)

    def family(self, name: str) -> "Family":
        """A family that is there; InvalidArgumentError, which tells those there are, if it is not."""
        handle = c_void_p()
        call("open_family", self._handle, as_name(name), byref(handle))
        return Family(self, handle)

    def families(self) -> List[str]:
        """The names of the families: "default", which the database itself is, and then in the order of their making."""
        names, count = c_void_p(), c_size_t()
        call("family_names", self._handle, byref(names), byref(count))
        return [from_name(name) for name in take_names(names, count.value)]

    def drop_family(self, name: str) -> None:
        """A family and all that is in it is gone at once; what is used of it raises InvalidArgumentError."""
        family = self.family(name)
        call("drop_family", family._handle)

    def snapshot(self) -> "Snapshot":
        """A view of the database as it is now."""
        return Snapshot(self)

    def create_cursor(self, name: str, position: Optional[str] = None) -> None:
        """Makes a cursor, a consumer's place in the change feed: at the next write, or at a position. It survives
        restarts, and holds the log from there on."""
        call("create_cursor", self._handle, as_name(name), position_argument(position))

    def create_cursor_with_snapshot(self, name: str) -> "Snapshot":
        """Makes a cursor at now, and gives the snapshot that has all that came before."""
        handle = c_void_p()
        call("create_cursor_with_snapshot", self._handle, as_name(name), byref(handle))
        return Snapshot(self, handle)

    def drop_cursor(self, name: str) -> None:
        """Its part of the log may go; feeds of it end."""
        call("drop_cursor", self._handle, as_name(name))

    def cursors(self) -> "List[dict[str, Any]]":
        """Of each cursor: name, position, is_lost."""
        text = c_void_p()
        call("cursors_json", self._handle, byref(text))
        return json.loads(take_string(text, -1))

    def feed(self, cursor: Optional[str] = None, *, position: Optional[str] = None, reach: Reach = "durable") -> Feed:
        """What was written since the cursor, or since a position that the caller has stored, and all that will be. With
        reach="visible" also what a power loss may still take. TooOldError: the log from there on is gone."""
        return Feed.open(self._handle, None if cursor is None else as_name(cursor), position, reach)

    def feed_snapshot(self) -> "Tuple[Snapshot, str]":
        """A snapshot of all that is written now, and the position of what comes next, for which nothing holds the
        log."""
        handle, text = c_void_p(), c_void_p()
        call("feed_snapshot", self._handle, byref(handle), byref(text))
        return Snapshot(self, handle), take_string(text, -1).decode()

    def flush(self) -> None:
        """Writes everything in memory to tables, and waits for it."""
        call("flush", self._handle)

    def refresh(self) -> None:
        """Of a follower: returns once reads see at least what the writer's saw when this was called."""
        call("refresh", self._handle)

    def checkpoint(self, path: Path) -> None:
        """Makes a copy, as of now and a database of its own, in the new directory `path`; whole, or not there."""
        call("checkpoint", self._handle, as_path(path))

    def wait_for_idle(self) -> None:
        """Returns when no flush or compaction runs or is due."""
        call("wait_for_idle", self._handle)

    def sync(self) -> None:
        """Makes everything written so far durable against power loss."""
        call("sync_wal", self._handle)

    def stats(self) -> "dict[str, Any]":
        """Counters, histograms, and the shape of the levels."""
        text = c_void_p()
        call("stats_json", self._handle, byref(text))
        return json.loads(take_string(text, -1))

    def close(self) -> None:
        """Flushes, syncs and closes; a second call does nothing. Whatever is used after it raises ClosedError."""
        call("close", self._handle)

    def __enter__(self) -> "Database":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class Family(WritableMap):
    """A family of keys: a map of its own, which shares its database's log, memory, snapshots and batches. Made by
    create_family and family of a database, which stays open as long as somebody refers to one of its families."""

    def __init__(self, db: Database, handle: c_void_p) -> None:
        self._database = db
        self._durability = db._durability
        self._adopt("db", handle)

    @property
    def name(self) -> str:
        """As it is now."""
        name = c_void_p()
        call("family_name", self._handle, byref(name))
        return from_name(take_string(name, -1))

    @property
    def merge_operator(self) -> Optional[str]:
        """The name of its merge operator, if it has one."""
        name = c_void_p()
        call("family_merge_operator", self._handle, byref(name))
        return from_name(take_string(name, -1)) if name else None

    @property
    def ttl(self) -> Optional[timedelta]:
        """How long what says nothing of its own lives; None: for ever."""
        milliseconds = c_uint64()
        call("family_ttl", self._handle, byref(milliseconds))
        return timedelta(milliseconds=milliseconds.value) if milliseconds.value else None

    def stats(self) -> "dict[str, Any]":
        """What it has in tables: their number, bytes, entries, deletes, range_deletes, and the levels."""
        text = c_void_p()
        call("family_stats_json", self._handle, byref(text))
        return json.loads(take_string(text, -1))

    def rename(self, name: str) -> None:
        """Gives it another name. Whatever refers to it stays good."""
        call("rename_family", self._handle, as_name(name))

    def batch(self, *, durability: Optional[Durability] = None) -> "Batch":
        """As of the database, for operations on this family where they name none."""
        self._durability_number(durability)
        return Batch(self._database, durability, self)


class _FamilySnapshot(Reader):
    """A family as of the moment of a snapshot."""

    def __init__(self, snapshot: "Snapshot", family: Family) -> None:
        self._of = snapshot
        self._family = family
        self._snapshot = snapshot._snapshot

    def _db(self) -> c_void_p:
        self._of._db()
        return self._family._handle


class Snapshot(Handle, Reader):
    """A database as of one moment, for reading. While it lives, what it sees takes space. Safe for many threads."""

    def __init__(self, db: Database, handle: Optional[c_void_p] = None) -> None:
        self._database = db
        if handle is None:
            self._own("snapshot", "snapshot_create", db._handle)
        else:
            self._adopt("snapshot", handle)
        self._snapshot = self._handle

    def _db(self) -> c_void_p:
        if not self._release.alive:
            raise ClosedError("the snapshot was closed")
        return self._database._handle

    def family(self, name: str) -> Reader:
        """A family of the database as of the same moment."""
        self._db()
        return _FamilySnapshot(self, self._database.family(name))

    @property
    def sequence(self) -> int:
        """The number of the newest write that the snapshot sees."""
        self._db()
        number = c_uint64()
        call("snapshot_sequence", self._handle, byref(number))
        return number.value

    def close(self) -> None:
        """Lets go of it."""
        self._release()

    def __enter__(self) -> "Snapshot":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class Batch(Handle):
    """Puts, merges and deletes that are applied as one: all of it or nothing. Each may name the family that it is for.
    Belongs to one thread at a time."""

    def __init__(self, db: Optional[Database] = None, durability: Optional[Durability] = None,
                 family: Optional[WritableMap] = None) -> None:
        self._database = db
        self._durability = durability
        self._family = family  # Of the operations that name none.
        self._current: Optional[WritableMap] = None  # That the library has been told.
        self._own("batch", "batch_create")

    def _add(self, function: str, family: Optional[WritableMap], *arguments: Any) -> None:
        family = self._family if family is None else family
        if family is not self._current:
            call("batch_set_family", self._handle, handle_of(family))
            self._current = family
        call(function, self._handle, *arguments)

    def put(self, key: Bytes, value: Bytes, *, ttl: Optional[Ttl] = None, expires_at: Optional[Moment] = None,
            family: Optional[WritableMap] = None) -> None:
        """As of Database; later operations on a key win over earlier ones."""
        entry = (*buffer_arguments(as_bytes(key, "key")), *buffer_arguments(as_bytes(value, "value")))
        if ttl is None and expires_at is None:
            self._add("batch_put", family, *entry)
        else:
            self._add("batch_put_expiring", family, *entry, expiry_number(ttl, expires_at))

    def merge(self, key: Bytes, operand: Bytes, *, ttl: Optional[Ttl] = None, expires_at: Optional[Moment] = None,
              family: Optional[WritableMap] = None) -> None:
        """As of Database, whose errors come when the batch is written."""
        entry = (*buffer_arguments(as_bytes(key, "key")), *buffer_arguments(as_bytes(operand, "operand")))
        if ttl is None and expires_at is None:
            self._add("batch_merge", family, *entry)
        else:
            self._add("batch_merge_expiring", family, *entry, expiry_number(ttl, expires_at))

    def incr(self, key: Bytes, n: int = 1, *, family: Optional[WritableMap] = None) -> None:
        """As of Database."""
        self.merge(key, as_operand(n), family=family)

    def delete(self, key: Bytes, *, family: Optional[WritableMap] = None) -> None:
        """Removes `key`."""
        self._add("batch_delete", family, *buffer_arguments(as_bytes(key, "key")))

    def delete_range(self, start: Optional[Bytes] = None, stop: Optional[Bytes] = None, *,
                     family: Optional[WritableMap] = None) -> None:
        """As of Database, whose errors come when the batch is written."""
        self._add("batch_delete_range", family, *bound_arguments(start, stop))

    def delete_prefix(self, prefix: Bytes, *, family: Optional[WritableMap] = None) -> None:
        """As of Database, whose errors come when the batch is written."""
        self._add("batch_delete_prefix", family, *buffer_arguments(as_bytes(prefix, "key")))

    __setitem__ = put
    __delitem__ = delete

    def append(self, other: "Batch") -> None:
        """Adds all operations of `other`."""
        call("batch_append", self._handle, other._handle)

    def clear(self) -> None:
        """Forgets all operations."""
        call("batch_clear", self._handle)
        self._current = None

    def __len__(self) -> int:
        count = c_uint32()
        call("batch_size", self._handle, byref(count), None)
        return count.value

    def __enter__(self) -> "Batch":
        return self

    def __exit__(self, kind: Optional[type], *_: object) -> None:
        if kind is None and self._database is not None:
            self._database.write(self, durability=self._durability)
            self.clear()


def open(path: Path, *, durability: Durability = "buffered", comparator: Optional[Comparator] = None,
         environment: Optional[Environment] = None, memory_budget: Optional[MemoryBudget] = None,
         logger: Optional[Callable[[str], None]] = None, merge_operator: Optional[str] = None,
         ttl: Optional[Ttl] = None, comparators: Optional[Mapping[str, Comparator]] = None, **options: Any) -> Database:
    """Opens or creates the database in directory `path`.

    `durability` is that of writes that name none: "buffered" survives a crash of the process, "sync" a power loss,
    "none" nothing until the next flush. `merge_operator` (such as "int64.add") and `ttl` are of the default family, the
    database's own keys: what `merge` does, and how long what is written lives. `comparators` has the orders of other
    families, by their names. `options` are the settings of amethyst/options.h, such as memory_budget_bytes=1 << 30,
    compression="zstd" or read_only=True.
    """
    durability_number(durability)  # Before anything is opened.
    settings = Options(comparator, environment, memory_budget, logger, options)
    settings.set_family("default", merge_operator=merge_operator, ttl=ttl)
    settings.set_comparators(comparators or {})
    handle = c_void_p()
    call("open", as_path(path), settings._handle, byref(handle))
    return Database(handle, durability)


def open_follower(path: Path, *, refresh_interval_ms: int = 100, grace_s: int = 60,
                  comparator: Optional[Comparator] = None, environment: Optional[Environment] = None,
                  memory_budget: Optional[MemoryBudget] = None, logger: Optional[Callable[[str], None]] = None,
                  comparators: Optional[Mapping[str, Comparator]] = None, **options: Any) -> Database:
    """Opens a database for reading beside the process that writes it, and goes along with it; writes raise
    NotSupportedError.

    It looks by itself every `refresh_interval_ms`, more often while there is something new, and in `refresh`; 0: in
    `refresh` alone. The writer keeps files for what it still shows for `grace_s` seconds: a read that needs one which
    is gone raises TooOldError, until the next `refresh`. All else is as of `open`, as far as it concerns reads.
    """
    following = follower_options(refresh_interval_ms, grace_s)
    settings = Options(comparator, environment, memory_budget, logger, options)
    settings.set_comparators(comparators or {})
    handle = c_void_p()
    call("open_follower", as_path(path), settings._handle, byref(following), byref(handle))
    return Database(handle, "buffered")


def destroy(path: Path) -> None:
    """Removes a database's own files, and the directory if nothing else is in it."""
    call("destroy", as_path(path))


def repair(source: Path, target: Path) -> "dict[str, Any]":
    """Salvages what can be read of `source`, left as it is, into a new directory; returns what was kept and dropped."""
    report = c_void_p()
    call("repair", as_path(source), as_path(target), byref(report))
    return json.loads(take_string(report, -1))
