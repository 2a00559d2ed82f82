"""Entries in order, read from the library many at a time."""
from __future__ import annotations

import ctypes
import struct
from ctypes import byref, c_size_t, c_void_p
from typing import Iterator, List, Optional, Tuple

from ._c import Handle, ReadOptions, call

_HEADER = struct.Struct("<II")
_FIRST_BYTES, _MOST_BYTES = 4096, 256 << 10


class Range(Handle, Iterator[Tuple[bytes, bytes]]):
    """An iterator over the entries of a range as of the moment when it was made; may be closed early, or used in a
    `with`. Belongs to one thread at a time, that of a transaction together with it."""

    def __init__(self, db: Optional[c_void_p], options: ReadOptions, reverse: bool,
                 transaction: Optional[c_void_p] = None) -> None:
        if transaction is None:
            self._own("iterator", "iterator_create", db, byref(options))
        else:
            self._own("iterator", "transaction_iterator", transaction, db, byref(options))
        # What is read ahead counts as read by a transaction.
        self._most_bytes = _MOST_BYTES if transaction is None else _FIRST_BYTES
        self._backward = int(reverse)
        self._buffer = ctypes.create_string_buffer(_FIRST_BYTES)
        self._entries: List[Tuple[bytes, bytes]] = []  # Read ahead, the next one last.
        self._positioned = False

    def __iter__(self) -> "Range":
        return self

    def __next__(self) -> Tuple[bytes, bytes]:
        try:
            return self._entries.pop()
        except IndexError:
            pass
        if not self._read():
            raise StopIteration
        return self._entries.pop()

    def _read(self) -> bool:
        if not self._release.alive:
            return False
        if not self._positioned:
            call("iterator_seek_to_last" if self._backward else "iterator_seek_to_first", self._handle)
            self._positioned = True
        entries, used = c_size_t(), c_size_t()
        while True:
            call("iterator_read", self._handle, self._backward, 1 << 20, self._buffer, len(self._buffer),
                 byref(entries), byref(used))
            if entries.value != 0 or used.value == 0:
                break
            self._buffer = ctypes.create_string_buffer(used.value)
        self._take(self._buffer.raw[:used.value] if entries.value else b"")
        if len(self._buffer) < self._most_bytes:
            self._buffer = ctypes.create_string_buffer(2 * len(self._buffer))
        return bool(self._entries)

    def _take(self, encoded: bytes) -> None:
        found, offset = [], 0
        while offset < len(encoded):
            key_bytes, value_bytes = _HEADER.unpack_from(encoded, offset)
            key_end = offset + _HEADER.size + key_bytes
            found.append((encoded[offset + _HEADER.size:key_end], encoded[key_end:key_end + value_bytes]))
            offset = key_end + value_bytes
        found.reverse()
        self._entries = found

    def close(self) -> None:
        """Ends the walk and lets go of what it holds."""
        self._entries = []
        self._release()

    def __enter__(self) -> "Range":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
