"""Amethyst: an embedded, ordered, durable key-value store, as a mapping from bytes to bytes.

    import amethyst

    with amethyst.open("pantry.db") as db:
        db[b"apple"] = b"artichoke"
        with db.batch(durability="sync") as batch:  # All of it or nothing.
            batch[b"banana"] = b"beetroot"
            del batch[b"apple"]
        for key, value in db.range(b"a", b"m"):
            print(key, value)

A database and a snapshot may be used from any thread; a batch and a range belong to one thread at a time, and raise
BusyError when two meet. Whatever is used after its end raises ClosedError. The module needs libamethyst.so.0, which the
environment variable AMETHYST_LIBRARY may name.
"""
from ._backup import BackupStore
from ._c import (BusyError, ClosedError, ConflictError, CorruptionError, Error, InvalidArgumentError, IoError,
                 NoSpaceError, NotSupportedError, OutOfMemoryError, TooOldError, library_version)
from ._database import Batch, Database, Family, Snapshot, destroy, open, open_follower, repair
from ._expiry import NEVER
from ._feed import Feed, FeedEntry, FeedEvent
from ._ingest import TableWriter
from ._options import Comparator, Durability, Environment, MemoryBudget
from ._range import Range
from ._transaction import Transaction

__all__ = [
    "BackupStore", "Batch", "BusyError", "ClosedError", "Comparator", "ConflictError", "CorruptionError", "Database",
    "Durability", "Environment", "Error", "Family", "Feed", "FeedEntry", "FeedEvent", "InvalidArgumentError",
    "IoError", "MemoryBudget", "NEVER", "NoSpaceError", "NotSupportedError", "OutOfMemoryError", "Range", "Snapshot",
    "TableWriter", "TooOldError", "Transaction", "destroy", "library_version", "open", "open_follower", "repair",
]
