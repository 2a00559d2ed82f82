"""Transactions: reads and writes that happen as if at one moment, or not at all."""
from __future__ import annotations

from ctypes import byref, c_size_t, c_uint32, c_void_p
from typing import Any, Iterable, List, Literal, Optional, Tuple

from ._c import BusyError, Bytes, Handle, InvalidArgumentError, as_bytes, bound_arguments, buffer_arguments, call, \
    take_string
from ._expiry import Moment, Ttl, as_operand, expiry_number
from ._mapping import WritableMap, handle_of, prefix_bounds, range_options, read_many
from ._options import Durability
from ._range import Range

Isolation = Literal["serializable", "snapshot"]
_ISOLATIONS = {"serializable": 0, "snapshot": 1}


def isolation_number(isolation: str) -> int:
    """The number of an isolation in C."""
    try:
        return _ISOLATIONS[isolation]
    except (KeyError, TypeError):
        raise InvalidArgumentError(f"isolation {isolation!r}: it is one of {', '.join(_ISOLATIONS)}") from None


class Attempts(Handle):
    """One piece of work that is run until it is committed: each time but the first it waits before it begins, and lets
    others go ahead, or goes ahead of them."""

    def __init__(self, db: WritableMap) -> None:
        self._own("attempts", "attempts_create", db._handle)

    def begin(self, db: WritableMap, durability: Optional[Durability]) -> "Transaction":
        return Transaction(db, durability, "attempts_begin", self._handle)


class Transaction(Handle):
    """A transaction reads the database as of its begin, with its own writes on top, and holds these back until its
    commit, which raises ConflictError if somebody has since written what was read. Made by transaction and transact of
    a database; a `with` commits at its end and rolls back where an exception leaves it. Each call may name the family
    that it is for. Belongs to one thread at a time, together with its ranges."""

    def __init__(self, db: WritableMap, durability: Optional[Durability], begin: str, *arguments: Any) -> None:
        self._database = db
        self._durability = durability
        self._ended = False
        self._own("transaction", begin, *arguments)

    def _in(self, function: str, family: Optional[WritableMap], *arguments: Any) -> None:
        call("transaction_" + function, self._handle, handle_of(family), *arguments)

    def _add(self, function: str, family: Optional[WritableMap], entry: "Tuple[bytes, bytes]", ttl: Optional[Ttl],
             expires_at: Optional[Moment]) -> None:
        arguments = (*buffer_arguments(entry[0]), *buffer_arguments(entry[1]))
        if ttl is None and expires_at is None:
            self._in(function, family, *arguments)
        else:
            self._in(function + "_expiring", family, *arguments, expiry_number(ttl, expires_at))

    def get(self, key: Bytes, default: Any = None, *, for_update: bool = False,
            family: Optional[WritableMap] = None) -> Any:
        """The value of `key`, or `default`. Under the isolation "snapshot", `for_update` lets the commit fail if
        somebody else writes the key meanwhile."""
        value, size = c_void_p(), c_size_t()
        self._in("get_for_update" if for_update else "get", family, byref(range_options()),
                 *buffer_arguments(as_bytes(key, "key")), byref(value), byref(size))
        return take_string(value, size.value) if value else default

    def get_many(self, keys: Iterable[Bytes], *, family: Optional[WritableMap] = None) -> List[Optional[bytes]]:
        """The values of many keys; None for those that are not there."""
        return read_many(keys, lambda *many: self._in("multi_get", family, byref(range_options()), *many))

    def range(self, start: Optional[Bytes] = None, stop: Optional[Bytes] = None, *, reverse: bool = False,
              family: Optional[WritableMap] = None) -> Range:
        """The entries from `start` up to but not including `stop`, as they are when this is called. What the walk has
        come by counts as read, and up to 4 KiB of entries ahead of it. Close it before the commit, or use it up."""
        return Range(handle_of(family), range_options(start, stop), reverse, self._handle)

    def prefix(self, prefix: Bytes, *, reverse: bool = False, family: Optional[WritableMap] = None) -> Range:
        """The entries whose keys begin with `prefix`, under the order by bytes."""
        return self.range(*prefix_bounds(prefix), reverse=reverse, family=family)

    def put(self, key: Bytes, value: Bytes, *, ttl: Optional[Ttl] = None, expires_at: Optional[Moment] = None,
            family: Optional[WritableMap] = None) -> None:
        """As of Database. A `ttl` counts from this call on."""
        self._add("put", family, (as_bytes(key, "key"), as_bytes(value, "value")), ttl, expires_at)

    def merge(self, key: Bytes, operand: Bytes, *, ttl: Optional[Ttl] = None, expires_at: Optional[Moment] = None,
              family: Optional[WritableMap] = None) -> None:
        """As of Database. It is no read: those who merge into the same key do not meet."""
        self._add("merge", family, (as_bytes(key, "key"), as_bytes(operand, "operand")), ttl, expires_at)

    def incr(self, key: Bytes, n: int = 1, *, family: Optional[WritableMap] = None) -> None:
        """As of Database."""
        self.merge(key, as_operand(n), family=family)

    def delete(self, key: Bytes, *, family: Optional[WritableMap] = None) -> None:
        """Removes `key`; an absent one is no error."""
        self._in("delete", family, *buffer_arguments(as_bytes(key, "key")))

    def delete_range(self, start: Optional[Bytes] = None, stop: Optional[Bytes] = None, *,
                     family: Optional[WritableMap] = None) -> None:
        """As of Database."""
        self._in("delete_range", family, *bound_arguments(start, stop))

    def delete_prefix(self, prefix: Bytes, *, family: Optional[WritableMap] = None) -> None:
        """As of Database."""
        self._in("delete_prefix", family, *buffer_arguments(as_bytes(prefix, "key")))

    def __getitem__(self, key: Bytes) -> bytes:
        value = self.get(key)
        if value is None:
            raise KeyError(key)
        return value

    def __contains__(self, key: object) -> bool:
        return self.get(key) is not None  # type: ignore[arg-type]

    __setitem__ = put

    def __delitem__(self, key: Bytes) -> None:
        """As of a dict: KeyError if there is none, for which it reads; `delete` does not."""
        if key not in self:
            raise KeyError(key)
        self.delete(key)

    @property
    def count(self) -> int:
        """How many operations it holds back."""
        count = c_uint32()
        call("transaction_count", self._handle, byref(count))
        return count.value

    def savepoint(self) -> None:
        """A place to roll back to. They nest."""
        call("transaction_set_savepoint", self._handle)

    def rollback_to_savepoint(self) -> None:
        """Takes back all writes since the last savepoint, and that savepoint. What was read stays read."""
        call("transaction_rollback_to_savepoint", self._handle)

    def commit(self, *, durability: Optional[Durability] = None) -> None:
        """Writes all of it, or nothing: ConflictError if somebody has since written what was read. The transaction has
        ended, either way. BusyError, another call of it is in progress: nothing has happened, and it goes on."""
        chosen = self._durability if durability is None else durability
        self._end("transaction_commit", self._database._durability_number(chosen))

    def rollback(self) -> None:
        """Ends it, and writes nothing. BusyError as of commit."""
        self._end("transaction_rollback")

    def _end(self, function: str, *arguments: Any) -> None:
        self._ended = True
        try:
            call(function, self._handle, *arguments)
        except BusyError:
            self._ended = False
            raise

    def __enter__(self) -> "Transaction":
        return self

    def __exit__(self, kind: Optional[type], *_: object) -> None:
        if self._ended:
            return
        if kind is None:
            self.commit()
        else:
            self.rollback()
