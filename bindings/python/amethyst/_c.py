"""The C library: where it is, the functions that the module calls, and codes as exceptions."""
from __future__ import annotations

import ctypes
import os
import pathlib
import threading
import weakref
from ctypes import CFUNCTYPE, POINTER, byref, c_char_p, c_double, c_int, c_int64, c_size_t, c_uint32, c_uint64, \
    c_uint8, c_void_p
from typing import Any, Union

Bytes = Union[bytes, bytearray, memoryview]


class Error(Exception):
    """What every failure of the library is; `code` is its number in amethyst/c.h."""

    code = -1


class InvalidArgumentError(Error, ValueError):
    """The call itself is wrong: change it."""

    code = 1


class NotSupportedError(Error):
    """This build or this database cannot do that."""

    code = 2


class BusyError(Error):
    """Somebody else owns the resource: try again later."""

    code = 3


class IoError(Error, OSError):
    """The operating system failed: look at the device."""

    code = 4


class NoSpaceError(Error, OSError):
    """The disk or a quota is full: free space, then try again; nothing is lost."""

    code = 5


class CorruptionError(Error):
    """Bytes on disk are not what was written: restore or repair."""

    code = 6


class ClosedError(Error):
    """The database was closed: open it again."""

    code = 7


class OutOfMemoryError(Error, MemoryError):
    """The process is out of memory; nothing was done."""

    code = 8


class TooOldError(Error):
    """What you ask for is gone: start over from a snapshot, or from now."""

    code = 9


class ConflictError(Error):
    """Somebody else wrote what the transaction read: run it again."""

    code = 10


_ERRORS = {kind.code: kind for kind in (InvalidArgumentError, NotSupportedError, BusyError, IoError, NoSpaceError,
                                        CorruptionError, ClosedError, OutOfMemoryError, TooOldError, ConflictError)}


class FamilyOptions(ctypes.Structure):
    """amethyst_family_options."""

    _fields_ = [("struct_bytes", c_size_t), ("merge_operator", c_char_p), ("ttl_ms", c_uint64),
                ("block_bytes", c_uint64), ("filter_false_positive_rate", c_double), ("compression", c_int64),
                ("comparator", c_void_p)]


class ReadOptions(ctypes.Structure):
    """amethyst_read_options."""

    _fields_ = [("struct_bytes", c_size_t), ("snapshot", c_void_p), ("lower_bound", c_char_p),
                ("lower_bound_bytes", c_size_t), ("upper_bound", c_char_p), ("upper_bound_bytes", c_size_t),
                ("fill_cache", c_uint64)]


class FollowerOptions(ctypes.Structure):
    """amethyst_follower_options."""

    _fields_ = [("struct_bytes", c_size_t), ("refresh_interval_ms", c_uint32), ("grace_s", c_uint32)]


class IngestOptions(ctypes.Structure):
    """amethyst_ingest_options."""

    _fields_ = [("struct_bytes", c_size_t), ("mode", c_int64), ("in_order", c_uint8), ("verify", c_uint8),
                ("replace", c_uint8), ("begin", c_char_p), ("begin_bytes", c_size_t), ("end", c_char_p),
                ("end_bytes", c_size_t)]


COMPARE = CFUNCTYPE(None, c_void_p, c_void_p, c_size_t, c_void_p, c_size_t, POINTER(c_int))
LOG = CFUNCTYPE(None, c_void_p, c_void_p, c_size_t)
DESTROY = CFUNCTYPE(None, c_void_p)

_HANDLE, _OUT, _KEY, _CODE = c_void_p, POINTER(c_void_p), [c_char_p, c_size_t], c_int
_VALUE_OUT, _IN_TRANSACTION = [_OUT, POINTER(c_size_t)], [_HANDLE, _HANDLE]
# The functions that return a code: what they take before `error`.
_SIGNATURES: "dict[str, list[Any]]" = {
    "options_create": [_OUT],
    "options_set": [_HANDLE, c_int, c_uint64],
    "options_set_filter_false_positive_rate": [_HANDLE, c_double],
    "options_set_comparator": [_HANDLE, _HANDLE],
    "options_set_family_comparator": [_HANDLE, c_char_p, _HANDLE],
    "options_set_environment": [_HANDLE, _HANDLE],
    "options_set_memory_budget": [_HANDLE, _HANDLE],
    "options_set_merge_operator": [_HANDLE, c_char_p, c_char_p],
    "options_set_ttl": [_HANDLE, c_char_p, c_uint64],
    "options_set_logger": [_HANDLE, c_void_p, LOG, DESTROY],
    "comparator_create_checked": [c_char_p, c_void_p, COMPARE, DESTROY, _OUT],
    "environment_create_in_memory": [_OUT],
    "memory_budget_create": [c_uint64, _OUT],
    "open": [c_char_p, _HANDLE, _OUT],
    "open_follower": [c_char_p, _HANDLE, POINTER(FollowerOptions), _OUT],
    "refresh": [_HANDLE],
    "close": [_HANDLE],
    "destroy": [c_char_p],
    "repair": [c_char_p, c_char_p, _OUT],
    "checkpoint": [_HANDLE, c_char_p],
    "backup_create": [_HANDLE, c_char_p, POINTER(c_uint64)],
    "backup_list": [c_char_p, _OUT],
    "backup_verify": [c_char_p, c_uint64],
    "backup_restore": [c_char_p, c_uint64, c_char_p],
    "backup_prune": [c_char_p, c_uint64, _OUT],
    "table_writer_create": [c_char_p, POINTER(FamilyOptions), _OUT],
    "table_writer_put": [_HANDLE, *_KEY, *_KEY],
    "table_writer_put_expiring": [_HANDLE, *_KEY, *_KEY, c_uint64],
    "table_writer_merge": [_HANDLE, *_KEY, *_KEY],
    "table_writer_delete": [_HANDLE, *_KEY],
    "table_writer_delete_range": [_HANDLE, *_KEY, *_KEY],
    "table_writer_finish": [_HANDLE, POINTER(c_uint64)],
    "ingest": [_HANDLE, c_size_t, POINTER(c_char_p), POINTER(IngestOptions)],
    "create_family": [_HANDLE, c_char_p, POINTER(FamilyOptions), _OUT],
    "open_family": [_HANDLE, c_char_p, _OUT],
    "drop_family": [_HANDLE],
    "rename_family": [_HANDLE, c_char_p],
    "family_name": [_HANDLE, _OUT],
    "family_merge_operator": [_HANDLE, _OUT],
    "family_ttl": [_HANDLE, POINTER(c_uint64)],
    "family_stats_json": [_HANDLE, _OUT],
    "family_names": [_HANDLE, _OUT, POINTER(c_size_t)],
    "put": [_HANDLE, *_KEY, *_KEY, c_int],
    "put_expiring": [_HANDLE, *_KEY, *_KEY, c_uint64, c_int],
    "merge": [_HANDLE, *_KEY, *_KEY, c_int],
    "merge_expiring": [_HANDLE, *_KEY, *_KEY, c_uint64, c_int],
    "delete": [_HANDLE, *_KEY, c_int],
    "delete_range": [_HANDLE, *_KEY, *_KEY, c_int],
    "delete_prefix": [_HANDLE, *_KEY, c_int],
    "write": [_HANDLE, _HANDLE, c_int],
    "get": [_HANDLE, POINTER(ReadOptions), *_KEY, _OUT, POINTER(c_size_t)],
    "get_pinned": [_HANDLE, POINTER(ReadOptions), *_KEY, _OUT],
    "pinned_expires_at": [_HANDLE, POINTER(c_uint64)],
    "multi_get": [_HANDLE, POINTER(ReadOptions), c_size_t, POINTER(c_char_p), POINTER(c_size_t), _OUT,
                  POINTER(c_size_t), POINTER(c_int)],
    "flush": [_HANDLE],
    "compact_range": [_HANDLE, *_KEY, *_KEY],
    "wait_for_idle": [_HANDLE],
    "sync_wal": [_HANDLE],
    "approximate_size": [_HANDLE, *_KEY, *_KEY, POINTER(c_uint64)],
    "stats_json": [_HANDLE, _OUT],
    "snapshot_create": [_HANDLE, _OUT],
    "snapshot_sequence": [_HANDLE, POINTER(c_uint64)],
    "batch_create": [_OUT],
    "batch_put": [_HANDLE, *_KEY, *_KEY],
    "batch_put_expiring": [_HANDLE, *_KEY, *_KEY, c_uint64],
    "batch_merge": [_HANDLE, *_KEY, *_KEY],
    "batch_merge_expiring": [_HANDLE, *_KEY, *_KEY, c_uint64],
    "batch_set_family": [_HANDLE, _HANDLE],
    "batch_delete": [_HANDLE, *_KEY],
    "batch_delete_range": [_HANDLE, *_KEY, *_KEY],
    "batch_delete_prefix": [_HANDLE, *_KEY],
    "batch_clear": [_HANDLE],
    "batch_append": [_HANDLE, _HANDLE],
    "batch_size": [_HANDLE, POINTER(c_uint32), POINTER(c_size_t)],
    "begin": [_HANDLE, c_int, _OUT],
    "transaction_get": [*_IN_TRANSACTION, POINTER(ReadOptions), *_KEY, *_VALUE_OUT],
    "transaction_get_for_update": [*_IN_TRANSACTION, POINTER(ReadOptions), *_KEY, *_VALUE_OUT],
    "transaction_multi_get": [*_IN_TRANSACTION, POINTER(ReadOptions), c_size_t, POINTER(c_char_p), POINTER(c_size_t),
                              *_VALUE_OUT, POINTER(c_int)],
    "transaction_iterator": [*_IN_TRANSACTION, POINTER(ReadOptions), _OUT],
    "transaction_put": [*_IN_TRANSACTION, *_KEY, *_KEY],
    "transaction_put_expiring": [*_IN_TRANSACTION, *_KEY, *_KEY, c_uint64],
    "transaction_merge": [*_IN_TRANSACTION, *_KEY, *_KEY],
    "transaction_merge_expiring": [*_IN_TRANSACTION, *_KEY, *_KEY, c_uint64],
    "transaction_delete": [*_IN_TRANSACTION, *_KEY],
    "transaction_delete_range": [*_IN_TRANSACTION, *_KEY, *_KEY],
    "transaction_delete_prefix": [*_IN_TRANSACTION, *_KEY],
    "transaction_count": [_HANDLE, POINTER(c_uint32)],
    "transaction_set_savepoint": [_HANDLE],
    "transaction_rollback_to_savepoint": [_HANDLE],
    "transaction_commit": [_HANDLE, c_int],
    "transaction_rollback": [_HANDLE],
    "attempts_create": [_HANDLE, _OUT],
    "attempts_begin": [_HANDLE, _OUT],
    "put_if_absent": [_HANDLE, *_KEY, *_KEY, c_uint64, c_int, *_VALUE_OUT],
    "compare_and_set": [_HANDLE, *_KEY, *_KEY, *_KEY, c_uint64, c_int, *_VALUE_OUT],
    "delete_if_equal": [_HANDLE, *_KEY, *_KEY, c_int, *_VALUE_OUT],
    "increment": [_HANDLE, *_KEY, c_int64, c_int, POINTER(c_int64)],
    "create_cursor": [_HANDLE, c_char_p, c_char_p],
    "create_cursor_with_snapshot": [_HANDLE, c_char_p, _OUT],
    "drop_cursor": [_HANDLE, c_char_p],
    "cursors_json": [_HANDLE, _OUT],
    "feed_snapshot": [_HANDLE, _OUT, _OUT],
    "open_feed": [_HANDLE, c_char_p, c_int, _OUT],
    "open_feed_at": [_HANDLE, c_char_p, c_int, _OUT],
    "feed_next": [_HANDLE, c_uint64, c_void_p],
    "feed_commit": [_HANDLE, c_char_p],
    "feed_position": [_HANDLE, _OUT],
    "iterator_create": [_HANDLE, POINTER(ReadOptions), _OUT],
    "iterator_seek_to_first": [_HANDLE],
    "iterator_seek_to_last": [_HANDLE],
    "iterator_read": [_HANDLE, c_int, c_size_t, c_void_p, c_size_t, POINTER(c_size_t), POINTER(c_size_t)],
}
_RELEASES = ("db", "options", "batch", "iterator", "snapshot", "pinned", "comparator", "environment", "memory_budget",
             "transaction", "attempts", "feed", "table_writer")


def _open() -> ctypes.CDLL:
    """The library that is named, or that the system finds, or the one that was installed with this module."""
    name = os.environ.get("AMETHYST_LIBRARY", "libamethyst.so.0")
    try:
        return ctypes.CDLL(name)
    except OSError:
        folder = pathlib.Path(__file__).resolve().parents[3]  # lib/python3.11/dist-packages/amethyst/_c.py
        beside = [*folder.glob(name), *folder.glob("*-linux-gnu/" + name)] if "/" not in name else []
        if not beside:
            raise
        return ctypes.CDLL(str(beside[0]))


def _load() -> ctypes.CDLL:
    try:
        loaded = _open()
    except OSError as failure:
        raise ImportError(f"{failure}; install the Amethyst library, or set AMETHYST_LIBRARY to its path") from failure
    for function, arguments in _SIGNATURES.items():
        prototype = getattr(loaded, "amethyst_" + function)
        prototype.argtypes, prototype.restype = [*arguments, _OUT], _CODE
    for kind in _RELEASES:
        release = getattr(loaded, f"amethyst_{kind}_free")
        release.argtypes, release.restype = [_HANDLE], _CODE
    loaded.amethyst_free.argtypes, loaded.amethyst_free.restype = [c_void_p], None
    loaded.amethyst_version.restype = c_char_p
    return loaded


_library = _load()
_functions = {name: getattr(_library, "amethyst_" + name) for name in _SIGNATURES}


def library_version() -> str:
    """The version of the C library."""
    return _library.amethyst_version().decode()


class _Raised(threading.local):
    """What comparisons have raised during a call of this thread, which cannot pass through C."""

    anywhere = False  # Whether there are comparisons at all: else calls need not look.
    calls = 0
    first: "BaseException | None" = None

    def keep(self, failure: BaseException) -> bool:
        """False in a thread of the library, where nobody could raise it again."""
        if self.first is None:
            self.first = failure
        return self.calls > 0

    def during(self, function: Any, *arguments: Any) -> "tuple[int, BaseException | None]":
        """The code that the function returns, and the first that was raised meanwhile."""
        self.calls += 1
        try:
            code = function(*arguments)
        finally:
            self.calls -= 1
            first, self.first = self.first, None
        return code, first


raised = _Raised()


def call(function: str, *arguments: Any) -> None:
    """Calls amethyst_<function>; a failure is raised as the exception of its code. What a comparison raised meanwhile
    is raised too: as the cause of the failure, or by itself if it is no error (as Ctrl-C), or did no harm."""
    error = c_void_p()
    cause = None
    if _Raised.anywhere:
        code, cause = raised.during(_functions[function], *arguments, byref(error))
    else:
        code = _functions[function](*arguments, byref(error))
    if code == 0 and cause is None:
        return
    message = take_string(error, -1).decode(errors="replace") if error else "no message"
    if code == 0 or (cause is not None and not isinstance(cause, Exception)):
        assert cause is not None
        raise cause
    raise _ERRORS.get(code, Error)(message) from cause


def release_memory(memory: "int | None") -> None:
    """Releases what the library has handed out."""
    _library.amethyst_free(memory)


def pinned_free(pinned: c_void_p) -> None:
    """Releases a pinned value."""
    _library.amethyst_pinned_free(pinned)


def take_string(memory: c_void_p, size: int) -> bytes:
    """The bytes that the library has handed out, which are released; -1: up to the zero."""
    try:
        return ctypes.string_at(memory, size)
    finally:
        _library.amethyst_free(memory)


def take_names(memory: c_void_p, count: int) -> "list[bytes]":
    """Texts that the library has handed out, one behind the other."""
    names, address = [], memory.value or 0
    try:
        for _ in range(count):
            names.append(ctypes.string_at(address))
            address += len(names[-1]) + 1
    finally:
        _library.amethyst_free(memory)
    return names


def as_bytes(value: Bytes, what: str) -> bytes:
    """Bytes as they are, other buffers copied."""
    if isinstance(value, bytes):
        return value
    if isinstance(value, (bytearray, memoryview)):
        return bytes(value)
    raise TypeError(f"a {what} is bytes, not {type(value).__name__}; encode it first, as with \"text\".encode()")


def as_c_string(text: bytes, what: str) -> bytes:
    """Text that C ends at a zero byte, which therefore holds none."""
    if b"\0" in text:
        raise InvalidArgumentError(f"a {what} cannot hold a zero byte: {text!r}")
    return text


def as_name(name: str) -> bytes:
    """The name of a family, as C takes it."""
    if not isinstance(name, str):
        raise TypeError(f"a name is a str, not {type(name).__name__}")
    return as_c_string(name.encode(errors="surrogateescape"), "name")


def from_name(name: bytes) -> str:
    """The other way round."""
    return name.decode(errors="surrogateescape")


def buffer_arguments(value: "bytes | None") -> "tuple[bytes | None, int]":
    """How bytes, or the absence of a bound, are passed."""
    return value, 0 if value is None else len(value)


def bound_arguments(*bounds: "Bytes | None") -> "list[Any]":
    """How the bounds of a range are passed; None leaves its side open."""
    return [part for bound in bounds
            for part in buffer_arguments(None if bound is None else as_bytes(bound, "key"))]


class Handle:
    """A handle of the library, released when nobody refers to it any more, or at the end of the program."""

    _handle: c_void_p

    def __reduce__(self) -> Any:
        # A copy would use the handle after the original has released it.
        raise TypeError(f"a {type(self).__name__} can neither be copied nor pickled")

    def _own(self, kind: str, create: str, *arguments: Any) -> None:
        handle = c_void_p()
        call(create, *arguments, byref(handle))
        self._adopt(kind, handle)

    def _adopt(self, kind: str, handle: c_void_p) -> None:
        self._handle = handle
        self._release = weakref.finalize(self, getattr(_library, f"amethyst_{kind}_free"), handle)
