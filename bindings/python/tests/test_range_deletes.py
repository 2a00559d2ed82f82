"""Deletes of ranges and prefixes, against the library that AMETHYST_LIBRARY names."""
import amethyst
import pytest
from conftest import fill


class TestRangeDeletes:
    def test_a_range_goes_up_to_its_stop_and_none_is_an_open_side(self, db):
        fill(db, "abcdefg")
        db.delete_range(b"c", b"e")
        assert b"".join(db) == b"abefg"
        db.delete_range(b"g", durability="sync")
        db.delete_range(stop=b"b")
        assert b"".join(db) == b"bef"
        db.delete_range(b"b", b"b")
        db.delete_range(stop=b"")  # The empty key is a bound, and nothing comes before it.
        assert b"".join(db) == b"bef"
        db.delete_range(bytearray(b"b"), memoryview(b"f"))
        assert list(db) == [b"f"]
        db.delete_range(b"")
        assert not db
        fill(db, "a")
        assert db[b"a"] == b"A"

    def test_prefixes(self, db):
        for key in (b"a", b"b", b"b\xff", b"b\xff\xff", b"c", b"\xff", b"\xff\0"):
            db[key] = b""
        db.delete_prefix(b"b\xff")
        assert list(db) == [b"a", b"b", b"c", b"\xff", b"\xff\0"]
        db.delete_prefix(b"\xff", durability="sync")
        assert list(db) == [b"a", b"b", b"c"]
        db.delete_prefix(b"")
        assert not db

    def test_a_batch_deletes_them_in_its_order(self, db):
        fill(db, ["a", "b", "c", "user:1"])
        with db.batch() as batch:
            batch[b"bb"] = b"gone"
            batch.delete_range(b"b")
            batch[b"c"] = b"later"
            batch.delete_prefix(b"user:")
            batch.delete_range(None, b"a")
            assert len(batch) == 5
        assert dict(db) == {b"a": b"A", b"c": b"later"}

    def test_a_snapshot_still_sees_what_was(self, db):
        fill(db, "abc")
        with db.snapshot() as snapshot:
            db.clear()
            assert not db and list(snapshot) == [b"a", b"b", b"c"]

    def test_a_range_the_wrong_way_round_is_refused(self, db):
        fill(db, "ab")
        with pytest.raises(amethyst.InvalidArgumentError, match="before it begins"):
            db.delete_range(b"b", b"a")
        with pytest.raises(amethyst.InvalidArgumentError, match="before it begins"):
            with db.batch() as batch:
                batch.delete(b"a")
                batch.delete_range(b"b", b"a")
        assert list(db) == [b"a", b"b"]

    def test_an_order_of_ones_own_has_ranges_and_no_prefixes(self):
        order = amethyst.Comparator("backwards", lambda a, b: (b > a) - (b < a))
        with amethyst.open("db", environment=amethyst.Environment(), comparator=order) as db:
            fill(db, "abcd")
            with pytest.raises(amethyst.NotSupportedError, match="backwards"):
                db.delete_prefix(b"a")
            db.delete_range(b"c", b"a")
            assert list(db) == [b"d", b"a"]

    def test_text_is_refused_with_advice(self, db):
        for call in (lambda: db.delete_range("a"), lambda: db.delete_range(None, "a"), lambda: db.delete_prefix("a"),
                     lambda: db.delete_prefix(None), lambda: db.batch().delete_range("a"),
                     lambda: db.batch().delete_prefix("a")):
            with pytest.raises(TypeError, match="encode"):
                call()
