"""Databases, snapshots and batches."""
from __future__ import annotations

import json
import os
from collections.abc import ItemsView, Mapping, MutableMapping, ValuesView
from ctypes import byref, c_char_p, c_int, c_size_t, c_uint32, c_uint64, c_void_p, sizeof
from typing import Any, Callable, Iterable, Iterator, List, Optional, Tuple, Union

from ._c import Bytes, ClosedError, Handle, ReadOptions, as_bytes, as_c_string, bound_arguments, \
    buffer_arguments, call, release_memory, take_string
from ._options import Comparator, Durability, Environment, MemoryBudget, Options, durability_number
from ._range import Range

Path = Union[str, "os.PathLike[str]"]


def _path(path: Path) -> bytes:
    return as_c_string(os.fsencode(path), "path")


class _Reader(Mapping[bytes, bytes]):
    """What a database and a snapshot of it have in common: reading."""

    _snapshot: Optional[c_void_p] = None

    def _db(self) -> c_void_p:
        raise NotImplementedError

    def _options(self, fill_cache: bool = True) -> ReadOptions:
        return ReadOptions(struct_bytes=sizeof(ReadOptions), snapshot=self._snapshot, fill_cache=int(fill_cache))

    def get(self, key: Bytes, default: Any = None) -> Any:
        """The value of `key`, or `default`."""
        key = as_bytes(key, "key")
        value, size = c_void_p(), c_size_t()
        call("get", self._db(), byref(self._options()), key, len(key), byref(value), byref(size))
        return take_string(value, size.value) if value else default

    def get_many(self, keys: Iterable[Bytes]) -> List[Optional[bytes]]:
        """The values of many keys, as of one moment; None for those that are not there."""
        names = [as_bytes(key, "key") for key in keys]
        count = len(names)
        values, sizes, codes = (c_void_p * count)(), (c_size_t * count)(), (c_int * count)()
        try:
            call("multi_get", self._db(), byref(self._options()), count, (c_char_p * count)(*names),
                 (c_size_t * count)(*map(len, names)), values, sizes, codes)
        except BaseException:
            for value in values:
                release_memory(value)
            raise
        return [take_string(c_void_p(value), size) if value else None for value, size in zip(values, sizes)]

    def range(self, start: Optional[Bytes] = None, stop: Optional[Bytes] = None, *, reverse: bool = False,
              fill_cache: bool = True) -> Range:
        """The entries from `start` up to but not including `stop`, in order of keys; `reverse`: the last one first.
        Turn `fill_cache` off for large scans that will not be repeated."""
        options = self._options(fill_cache)
        if start is not None:
            options.lower_bound, options.lower_bound_bytes = buffer_arguments(as_bytes(start, "key"))
        if stop is not None:
            options.upper_bound, options.upper_bound_bytes = buffer_arguments(as_bytes(stop, "key"))
        return Range(self._db(), options, reverse)

    def prefix(self, prefix: Bytes, *, reverse: bool = False) -> Range:
        """The entries whose keys begin with `prefix`, under the order by bytes."""
        prefix = as_bytes(prefix, "key")
        stem = prefix.rstrip(b"\xff")
        stop = stem[:-1] + bytes([stem[-1] + 1]) if stem else None
        return self.range(prefix, stop, reverse=reverse)

    def __getitem__(self, key: Bytes) -> bytes:
        value = self.get(key)
        if value is None:
            raise KeyError(key)
        return value

    def __contains__(self, key: object) -> bool:
        return self.get(key) is not None  # type: ignore[arg-type]

    def __iter__(self) -> Iterator[bytes]:
        return (key for key, _ in self.range())

    def __reversed__(self) -> Iterator[bytes]:
        return (key for key, _ in self.range(reverse=True))

    def __len__(self) -> int:
        """Counts all entries, which takes as long as reading them."""
        return sum(1 for _ in self.range())

    def __bool__(self) -> bool:
        with self.range() as entries:
            return next(entries, None) is not None

    def items(self) -> "ItemsView[bytes, bytes]":
        """All entries, read in one walk."""
        return _Items(self)

    def values(self) -> "ValuesView[bytes]":
        """All values, read in one walk."""
        return _Values(self)

    def approximate_size(self, start: Bytes, stop: Bytes) -> int:
        """About the bytes on disk and in memory of the keys from `start` up to `stop`."""
        size = c_uint64()
        call("approximate_size", self._db(), *buffer_arguments(as_bytes(start, "key")),
             *buffer_arguments(as_bytes(stop, "key")), byref(size))
        return size.value


class _Items(ItemsView):  # type: ignore[type-arg]
    def __iter__(self) -> Iterator[Tuple[bytes, bytes]]:
        return self._mapping.range()


class _Values(ValuesView):  # type: ignore[type-arg]
    def __iter__(self) -> Iterator[bytes]:
        return (value for _, value in self._mapping.range())


class Database(Handle, _Reader, MutableMapping[bytes, bytes]):
    """An open database: a mapping from bytes to bytes, in order of keys. Made by amethyst.open. Safe for use by many
    threads. Closed by `close`, at the end of a `with`, or when nobody refers to it any more."""

    def __init__(self, handle: c_void_p, durability: Durability) -> None:
        self._durability = durability_number(durability)
        self._adopt("db", handle)

    def _db(self) -> c_void_p:
        return self._handle

    def _durability_number(self, durability: Optional[Durability]) -> int:
        return self._durability if durability is None else durability_number(durability)

    def put(self, key: Bytes, value: Bytes, *, durability: Optional[Durability] = None) -> None:
        """Stores `value` under `key`."""
        key, value = as_bytes(key, "key"), as_bytes(value, "value")
        call("put", self._handle, key, len(key), value, len(value), self._durability_number(durability))

    def delete(self, key: Bytes, *, durability: Optional[Durability] = None) -> None:
        """Removes `key`; an absent one is no error."""
        key = as_bytes(key, "key")
        call("delete", self._handle, key, len(key), self._durability_number(durability))

    def delete_range(self, start: Optional[Bytes] = None, stop: Optional[Bytes] = None, *,
                     durability: Optional[Durability] = None) -> None:
        """Removes the keys from `start` up to but not including `stop`, however many, at the cost of one write; None:
        no bound on that side. InvalidArgumentError if `stop` comes before `start`."""
        call("delete_range", self._handle, *bound_arguments(start, stop), self._durability_number(durability))

    def delete_prefix(self, prefix: Bytes, *, durability: Optional[Durability] = None) -> None:
        """Removes all keys that begin with `prefix`, likewise. NotSupportedError under an order of one's own."""
        prefix = as_bytes(prefix, "key")
        call("delete_prefix", self._handle, prefix, len(prefix), self._durability_number(durability))

    def __setitem__(self, key: Bytes, value: Bytes) -> None:
        self.put(key, value)

    def __delitem__(self, key: Bytes) -> None:
        """As of a dict: KeyError if there is none, for which it has to look; `delete` does not."""
        if key not in self:
            raise KeyError(key)
        self.delete(key)

    def write(self, batch: "Batch", *, durability: Optional[Durability] = None) -> None:
        """Applies all of `batch`, or nothing."""
        call("write", self._handle, batch._handle, self._durability_number(durability))

    def batch(self, *, durability: Optional[Durability] = None) -> "Batch":
        """A batch that is written when its `with` ends without an exception."""
        self._durability_number(durability)  # Refuses a wrong one here.
        return Batch(self, durability)

    def clear(self) -> None:
        """Deletes every entry, by one range delete."""
        self.delete_range()

    def snapshot(self) -> "Snapshot":
        """A view of the database as it is now."""
        return Snapshot(self)

    def flush(self) -> None:
        """Writes everything in memory to tables, and waits for it."""
        call("flush", self._handle)

    def compact_range(self, start: Optional[Bytes] = None, stop: Optional[Bytes] = None) -> None:
        """Rewrites the tables that overlap a range, dropping what is deleted or replaced."""
        call("compact_range", self._handle, *bound_arguments(start, stop))

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


class Snapshot(Handle, _Reader):
    """A database as of one moment, for reading. While it lives, what it sees takes space. Safe for many threads."""

    def __init__(self, db: Database) -> None:
        self._database = db
        self._own("snapshot", "snapshot_create", db._handle)
        self._snapshot = self._handle

    def _db(self) -> c_void_p:
        if not self._release.alive:
            raise ClosedError("the snapshot was closed")
        return self._database._handle

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
    """Puts and deletes that are applied as one: all of it or nothing. Belongs to one thread at a time."""

    def __init__(self, db: Optional[Database] = None, durability: Optional[Durability] = None) -> None:
        self._database = db
        self._durability = durability
        self._own("batch", "batch_create")

    def put(self, key: Bytes, value: Bytes) -> None:
        """Stores `value` under `key`; later operations on a key win over earlier ones."""
        call("batch_put", self._handle, *buffer_arguments(as_bytes(key, "key")),
             *buffer_arguments(as_bytes(value, "value")))

    def delete(self, key: Bytes) -> None:
        """Removes `key`."""
        call("batch_delete", self._handle, *buffer_arguments(as_bytes(key, "key")))

    def delete_range(self, start: Optional[Bytes] = None, stop: Optional[Bytes] = None) -> None:
        """As of Database, whose errors come when the batch is written."""
        call("batch_delete_range", self._handle, *bound_arguments(start, stop))

    def delete_prefix(self, prefix: Bytes) -> None:
        """As of Database, whose errors come when the batch is written."""
        call("batch_delete_prefix", self._handle, *buffer_arguments(as_bytes(prefix, "key")))

    __setitem__ = put
    __delitem__ = delete

    def append(self, other: "Batch") -> None:
        """Adds all operations of `other`."""
        call("batch_append", self._handle, other._handle)

    def clear(self) -> None:
        """Forgets all operations."""
        call("batch_clear", self._handle)

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
         logger: Optional[Callable[[str], None]] = None, **options: Any) -> Database:
    """Opens or creates the database in directory `path`.

    `durability` is that of writes that name none: "buffered" survives a crash of the process, "sync" a power loss,
    "none" nothing until the next flush. `options` are the settings of amethyst/options.h, such as
    memory_budget_bytes=1 << 30, compression="zstd" or read_only=True.
    """
    durability_number(durability)  # Before anything is opened.
    settings = Options(comparator, environment, memory_budget, logger, options)
    handle = c_void_p()
    call("open", _path(path), settings._handle, byref(handle))
    return Database(handle, durability)


def destroy(path: Path) -> None:
    """Removes a database's own files, and the directory if nothing else is in it."""
    call("destroy", _path(path))


def repair(source: Path, target: Path) -> "dict[str, Any]":
    """Salvages what can be read of `source`, left as it is, into a new directory; returns what was kept and dropped."""
    report = c_void_p()
    call("repair", _path(source), _path(target), byref(report))
    return json.loads(take_string(report, -1))
