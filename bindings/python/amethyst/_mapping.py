"""Maps from bytes to bytes in the library: what databases, families and snapshots have in common."""
from __future__ import annotations

from collections.abc import ItemsView, Mapping, MutableMapping, ValuesView
from ctypes import byref, c_char_p, c_int, c_int64, c_size_t, c_uint64, c_void_p, sizeof
from datetime import datetime
from typing import Any, Callable, Iterable, Iterator, List, Optional, Tuple

from ._backup import Path
from ._c import Bytes, Handle, InvalidArgumentError, ReadOptions, as_bytes, bound_arguments, buffer_arguments, call, \
    pinned_free, release_memory, take_string
from ._expiry import AS_FAMILY, Moment, Ttl, as_datetime, as_operand, expiry_number
from ._ingest import IngestMode, ingest_arguments
from ._options import Durability, durability_number
from ._range import Range


def range_options(start: Optional[Bytes] = None, stop: Optional[Bytes] = None, *, snapshot: Optional[c_void_p] = None,
                  fill_cache: bool = True) -> ReadOptions:
    """How to read, as C takes it."""
    options = ReadOptions(struct_bytes=sizeof(ReadOptions), snapshot=snapshot, fill_cache=int(fill_cache))
    if start is not None:
        options.lower_bound, options.lower_bound_bytes = buffer_arguments(as_bytes(start, "key"))
    if stop is not None:
        options.upper_bound, options.upper_bound_bytes = buffer_arguments(as_bytes(stop, "key"))
    return options


def prefix_bounds(prefix: Bytes) -> "Tuple[bytes, Optional[bytes]]":
    """The range of the keys that begin with it."""
    prefix = as_bytes(prefix, "key")
    stem = prefix.rstrip(b"\xff")
    return prefix, stem[:-1] + bytes([stem[-1] + 1]) if stem else None


def read_many(keys: Iterable[Bytes], multi_get: Callable[..., Any]) -> List[Optional[bytes]]:
    """The values of `keys`, as multi_get of C stores them."""
    names = [as_bytes(key, "key") for key in keys]
    count = len(names)
    values, sizes, codes = (c_void_p * count)(), (c_size_t * count)(), (c_int * count)()
    try:
        multi_get(count, (c_char_p * count)(*names), (c_size_t * count)(*map(len, names)), values, sizes, codes)
    except BaseException:
        for value in values:
            release_memory(value)
        raise
    return [take_string(c_void_p(value), size) if value else None for value, size in zip(values, sizes)]


class Reader(Mapping[bytes, bytes]):
    """What all maps have in common, those of a snapshot as well: reading."""

    _snapshot: Optional[c_void_p] = None

    def _db(self) -> c_void_p:
        raise NotImplementedError

    def _options(self) -> ReadOptions:
        return range_options(snapshot=self._snapshot)

    def get(self, key: Bytes, default: Any = None) -> Any:
        """The value of `key`, or `default`."""
        key = as_bytes(key, "key")
        value, size = c_void_p(), c_size_t()
        call("get", self._db(), byref(self._options()), key, len(key), byref(value), byref(size))
        return take_string(value, size.value) if value else default

    def get_many(self, keys: Iterable[Bytes]) -> List[Optional[bytes]]:
        """The values of many keys, as of one moment; None for those that are not there."""
        return read_many(keys, lambda *many: call("multi_get", self._db(), byref(self._options()), *many))

    def range(self, start: Optional[Bytes] = None, stop: Optional[Bytes] = None, *, reverse: bool = False,
              fill_cache: bool = True) -> Range:
        """The entries from `start` up to but not including `stop`, in order of keys; `reverse`: the last one first.
        Turn `fill_cache` off for large scans that will not be repeated."""
        db = self._db()
        return Range(db, range_options(start, stop, snapshot=self._snapshot, fill_cache=fill_cache), reverse)

    def prefix(self, prefix: Bytes, *, reverse: bool = False) -> Range:
        """The entries whose keys begin with `prefix`, under the order by bytes."""
        return self.range(*prefix_bounds(prefix), reverse=reverse)

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

    def expiry(self, key: Bytes) -> Optional[datetime]:
        """When `key` expires, in UTC; None: never. KeyError if it is not there."""
        key = as_bytes(key, "key")
        pinned, moment = c_void_p(), c_uint64()
        call("get_pinned", self._db(), byref(self._options()), key, len(key), byref(pinned))
        if not pinned:
            raise KeyError(key)
        try:
            call("pinned_expires_at", pinned, byref(moment))
        finally:
            pinned_free(pinned)
        return as_datetime(moment.value)


def handle_of(family: "Optional[WritableMap]") -> Optional[c_void_p]:
    """As C takes what names a family; None: the default one."""
    if not isinstance(family, (WritableMap, type(None))):
        raise TypeError(f"a family is a Family or Database, not {type(family).__name__}")
    return None if family is None else family._handle


def _optional_value(value: Optional[Bytes]) -> "Tuple[Optional[bytes], int]":
    return buffer_arguments(None if value is None else as_bytes(value, "value"))


def _expiry_or_default(ttl: Optional[Ttl], expires_at: Optional[Moment]) -> int:
    return AS_FAMILY if ttl is None and expires_at is None else expiry_number(ttl, expires_at)


class _Items(ItemsView):  # type: ignore[type-arg]
    def __iter__(self) -> Iterator[Tuple[bytes, bytes]]:
        return self._mapping.range()


class _Values(ValuesView):  # type: ignore[type-arg]
    def __iter__(self) -> Iterator[bytes]:
        return (value for _, value in self._mapping.range())


class WritableMap(Handle, Reader, MutableMapping[bytes, bytes]):
    """A family of keys, or a database, which is its default one: a mapping in order of keys. Safe for many threads."""

    _durability: int

    def _db(self) -> c_void_p:
        return self._handle

    def _durability_number(self, durability: Optional[Durability]) -> int:
        return self._durability if durability is None else durability_number(durability)

    def put(self, key: Bytes, value: Bytes, *, ttl: Optional[Ttl] = None, expires_at: Optional[Moment] = None,
            durability: Optional[Durability] = None) -> None:
        """Stores `value` under `key`; for `ttl` (seconds or a timedelta), up to `expires_at` (a datetime), with
        amethyst.NEVER for ever, or else as long as the family says."""
        key, value, number = as_bytes(key, "key"), as_bytes(value, "value"), self._durability_number(durability)
        if ttl is None and expires_at is None:
            call("put", self._handle, key, len(key), value, len(value), number)
        else:
            call("put_expiring", self._handle, key, len(key), value, len(value), expiry_number(ttl, expires_at), number)

    def merge(self, key: Bytes, operand: Bytes, *, ttl: Optional[Ttl] = None, expires_at: Optional[Moment] = None,
              durability: Optional[Durability] = None) -> None:
        """Writes an operand for the merge operator, without a read. It expires by itself, as a value does."""
        key, operand, number = as_bytes(key, "key"), as_bytes(operand, "operand"), self._durability_number(durability)
        if ttl is None and expires_at is None:
            call("merge", self._handle, key, len(key), operand, len(operand), number)
        else:
            call("merge_expiring", self._handle, key, len(key), operand, len(operand), expiry_number(ttl, expires_at),
                 number)

    def incr(self, key: Bytes, n: int = 1, *, durability: Optional[Durability] = None) -> None:
        """Adds `n` to a counter, without a read, under the operators "int64.add" and "uint64.add". A counter's value is
        int.from_bytes(value, "little", signed=True)."""
        self.merge(key, as_operand(n), durability=durability)

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

    def put_if_absent(self, key: Bytes, value: Bytes, *, ttl: Optional[Ttl] = None,
                      expires_at: Optional[Moment] = None, durability: Optional[Durability] = None) -> Optional[bytes]:
        """Stores `value` if the key is not there, as one step. Returns what is there already; None: it has stored."""
        return self._if("put_if_absent", key, buffer_arguments(as_bytes(value, "value")),
                        _expiry_or_default(ttl, expires_at), durability=durability)

    def compare_and_set(self, key: Bytes, expected: Optional[Bytes], value: Optional[Bytes], *,
                        ttl: Optional[Ttl] = None, expires_at: Optional[Moment] = None,
                        durability: Optional[Durability] = None) -> Optional[bytes]:
        """Stores `value` (None: deletes) if the value is `expected` (None: if the key is not there), as one step.
        Returns what was there before: it has stored if that equals `expected`."""
        return self._if("compare_and_set", key, _optional_value(expected) + _optional_value(value),
                        _expiry_or_default(ttl, expires_at), durability=durability)

    def delete_if_equal(self, key: Bytes, expected: Bytes, *,
                        durability: Optional[Durability] = None) -> Optional[bytes]:
        """Removes `key` if its value is `expected`, as one step. Returns what was there before."""
        return self._if("delete_if_equal", key, buffer_arguments(as_bytes(expected, "value")), durability=durability)

    def _if(self, function: str, key: Bytes, values: "Tuple[Any, ...]", *arguments: Any,
            durability: Optional[Durability]) -> Optional[bytes]:
        before, size = c_void_p(), c_size_t()
        call(function, self._handle, *buffer_arguments(as_bytes(key, "key")), *values, *arguments,
             self._durability_number(durability), byref(before), byref(size))
        return take_string(before, size.value) if before else None

    def increment(self, key: Bytes, n: int = 1, *, durability: Optional[Durability] = None) -> int:
        """Adds `n` to a counter, as one step, and returns the new value. It needs no merge operator. `incr` reads
        nothing, and so is the faster where the new value is not needed."""
        if not isinstance(n, int):
            raise TypeError(f"a counter takes an int, not {type(n).__name__}")
        if not -(1 << 63) <= n < 1 << 63:
            raise InvalidArgumentError(f"{n} has more than 64 bits")
        value = c_int64()
        call("increment", self._handle, *buffer_arguments(as_bytes(key, "key")), n, self._durability_number(durability),
             byref(value))
        return value.value

    def __setitem__(self, key: Bytes, value: Bytes) -> None:
        self.put(key, value)

    def __delitem__(self, key: Bytes) -> None:
        """As of a dict: KeyError if there is none, for which it has to look; `delete` does not."""
        if key not in self:
            raise KeyError(key)
        self.delete(key)

    def clear(self) -> None:
        """Deletes every entry of the map, by one range delete."""
        self.delete_range()

    def ingest(self, paths: "Path | Iterable[Path]", *, mode: IngestMode = "link", in_order: bool = False,
               verify: bool = False,
               replace: "Optional[Tuple[Optional[Bytes], Optional[Bytes]]]" = None) -> None:
        """Takes in tables that a TableWriter has written, as one write, which is durable when this returns. `replace`,
        a pair of bounds: what the map holds there goes in the same step. `in_order`: tables may overlap, and later ones
        are newer. `verify`: all of each is read first."""
        call("ingest", self._handle, *ingest_arguments(paths, mode, in_order, verify, replace))

    def compact_range(self, start: Optional[Bytes] = None, stop: Optional[Bytes] = None) -> None:
        """Rewrites the tables that overlap a range, dropping what is deleted or replaced."""
        call("compact_range", self._handle, *bound_arguments(start, stop))
