"""Transactions and conditional writes, against the library that AMETHYST_LIBRARY names."""
import copy
import datetime
import threading
import time

import amethyst
import pytest
from conftest import fill


class TestTransactions:
    def test_a_with_commits_at_its_end(self, db):
        fill(db, "abcx")
        with db.transaction(durability="sync") as t:
            t.put(b"k", b"v")
            t[b"l"] = b"w"
            del t[b"a"]
            t.delete(b"b")
            t.delete_range(b"c", b"d")
            t.delete_prefix(b"x")
            assert t.get(b"k") == t[b"k"] == b"v" and b"l" in t and b"a" not in t
            assert t.get_many([b"a", b"l"]) == [None, b"w"] and t.get(b"a", 7) == 7
            assert db.get(b"k") is None and db[b"a"] == b"A"
            assert t.count == 6
            with pytest.raises(KeyError):
                t[b"a"]
            with pytest.raises(KeyError):
                del t[b"a"]
        assert dict(db) == {b"k": b"v", b"l": b"w"}

    def test_an_exception_rolls_back(self, db):
        with pytest.raises(ZeroDivisionError):
            with db.transaction() as t:
                t[b"a"] = b"1"
                1 / 0
        assert not db
        with pytest.raises(amethyst.InvalidArgumentError, match="ended"):
            t.get(b"a")

    def test_a_conflict_is_raised_and_nothing_is_written(self, db):
        fill(db, "a")
        with pytest.raises(amethyst.ConflictError, match="run it again") as raised:
            with db.transaction() as t:
                t[b"b"] = t[b"a"]
                db[b"a"] = b"2"
        assert raised.value.code == 10 and b"b" not in db

    def test_ranges_show_own_writes_and_guard_against_phantoms(self, db):
        fill(db, "abc")
        with db.transaction() as t:
            t.put(b"bb", b"1")
            t.delete(b"a")
            assert [key for key, _ in t.range()] == [b"b", b"bb", b"c"]
            assert [key for key, _ in t.range(b"b", b"c", reverse=True)] == [b"bb", b"b"]
            assert list(t.prefix(b"bb")) == [(b"bb", b"1")]
        t = db.transaction()
        assert list(t.range(b"x", b"y")) == []
        t.put(b"k", b"1")
        db[b"xx"] = b"a phantom"
        with pytest.raises(amethyst.ConflictError):
            t.commit()

    def test_a_range_reads_little_ahead(self, db):
        for i in range(1000):
            db[b"%04d" % i] = b"v" * 100
        with db.transaction() as t:
            with t.range() as entries:
                assert next(entries)[0] == b"0000"
            t.put(b"out", b"1")
            db[b"0500"] = b"changed"
        assert db[b"out"] == b"1"

    def test_snapshot_isolation_checks_less(self, db):
        for for_update in (False, True):
            t = db.transaction(isolation="snapshot")
            t.get(b"a", for_update=for_update)
            t.put(b"b", b"1")
            db[b"a"] = b"2"
            if for_update:
                with pytest.raises(amethyst.ConflictError):
                    t.commit()
            else:
                t.commit(durability="sync")
        with pytest.raises(amethyst.InvalidArgumentError, match="serializable, snapshot"):
            db.transaction(isolation="none")
        with pytest.raises(amethyst.InvalidArgumentError, match="durability"):
            db.transaction(durability="much")

    def test_savepoints_nest(self, db):
        with db.transaction() as t:
            t.put(b"a", b"1")
            t.savepoint()
            t.put(b"b", b"1")
            t.savepoint()
            t.put(b"a", b"2")
            t.rollback_to_savepoint()
            assert t[b"a"] == b"1" and t[b"b"] == b"1"
            t.rollback_to_savepoint()
            assert b"b" not in t
            with pytest.raises(amethyst.InvalidArgumentError, match="savepoint"):
                t.rollback_to_savepoint()
        assert dict(db) == {b"a": b"1"}

    def test_one_transaction_writes_to_families(self, db):
        users = db.create_family("users")
        visits = db.create_family("visits", merge_operator="int64.add")
        with db.transaction() as t:
            t.put(b"7", b"ada", family=users)
            t.incr(b"7", 2, family=visits)
            t.merge(b"7", (3).to_bytes(8, "little"), ttl=60, family=visits)
            t.put(b"7", b"root", family=db)
            t.put(b"short", b"1", ttl=60, family=users)
            t.put(b"past", b"1", expires_at=datetime.datetime(1970, 1, 2), family=users)
            assert t.get(b"7", family=users) == b"ada" and t.get(b"7") == b"root"
            assert t.get_many([b"7", b"past"], family=users) == [b"ada", None]
            assert [key for key, _ in t.range(family=users)] == [b"7", b"short"]
            assert [key for key, _ in t.prefix(b"s", family=users)] == [b"short"]
            t.delete_range(b"x", family=users)
            t.delete_prefix(b"x", family=users)
            t.delete(b"x", family=users)
            with pytest.raises(TypeError, match="Family"):
                t.put(b"k", b"v", family="users")
            with pytest.raises(TypeError, match="Family"):
                t.range(family="users")
        assert users[b"7"] == b"ada" and int.from_bytes(visits[b"7"], "little") == 5
        assert users.expiry(b"short") is not None

    def test_a_transaction_that_is_let_go_of_writes_nothing(self, db):
        db.transaction().put(b"a", b"1")
        t = db.transaction()
        t.put(b"a", b"1")
        t.rollback()
        with pytest.raises(amethyst.InvalidArgumentError):
            t.commit()
        with db.transaction() as t:
            t.commit()
        with pytest.raises(TypeError, match="copied"):
            copy.copy(t)
        assert not db

    def test_an_end_that_finds_it_busy_is_no_end(self, db):
        refused = []

        def order(a, b):  # Is asked within a call of the transaction.
            for end in ends:
                try:
                    end()
                except amethyst.BusyError as error:
                    refused.append(error)
            ends.clear()
            return (a > b) - (a < b)

        ends = []
        family = db.create_family("ordered", comparator=amethyst.Comparator("test.busy", order))
        family[b"a"] = b"1"
        with db.transaction() as t:
            t.put(b"b", b"2", family=family)
            ends += [t.commit, t.rollback]
            assert t.get(b"a", family=family) == b"1"
            assert len(refused) == 2 and family.get(b"b") is None
            t.put(b"c", b"3", family=family)
        assert list(family) == [b"a", b"b", b"c"]  # Its end did commit.

    def test_after_close_it_says_closed(self, db):
        t = db.transaction()
        t.put(b"a", b"1")
        db.close()
        with pytest.raises(amethyst.ClosedError):
            t.get(b"a")
        with pytest.raises(amethyst.ClosedError):
            t.commit()
        with pytest.raises(amethyst.ClosedError):
            db.transaction()


class TestTransact:
    def test_it_runs_again_until_there_is_no_conflict(self, db):
        runs = []

        def work(t):
            runs.append(t.get(b"a"))
            t.put(b"b", b"1")
            if len(runs) < 3:
                db[b"a"] = b"%d" % len(runs)
            return len(runs)

        assert db.transact(work, durability="sync") == 3
        assert runs == [None, b"1", b"2"] and db[b"b"] == b"1"

    def test_what_is_raised_rolls_back(self, db):
        def work(t):
            t.put(b"a", b"1")
            raise LookupError("no")

        with pytest.raises(LookupError):
            db.transact(work)
        assert not db

    def test_slow_work_comes_through_a_storm_of_quick_work(self, db):
        db[b"n"] = b"0"
        runs = []
        done = threading.Event()

        def add(t, pause):
            n = int(t[b"n"])
            time.sleep(pause)
            t.put(b"n", b"%d" % (n + 1))

        def storm():
            while not done.is_set() and len(runs) < 100:
                db.transact(lambda t: add(t, 0))

        def slow(t):
            runs.append(1)
            add(t, 0.02)

        threads = [threading.Thread(target=storm) for _ in range(3)]
        for thread in threads:
            thread.start()
        db.transact(slow)
        done.set()
        for thread in threads:
            thread.join()
        assert len(runs) < 50  # Without a turn it goes on until the storm is over.

    def test_threads_lose_no_update(self, db):
        db[b"n"] = b"0"

        def add():
            for _ in range(50):
                db.transact(lambda t: t.put(b"n", b"%d" % (int(t[b"n"]) + 1)))

        threads = [threading.Thread(target=add) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert db[b"n"] == b"200"


class TestConditionalWrites:
    def test_each_tells_what_was_there(self, db):
        for of in (db, db.create_family("other")):
            assert of.put_if_absent(b"k", b"1", durability="sync") is None
            assert of.put_if_absent(b"k", b"2") == b"1"
            assert of.compare_and_set(b"k", b"0", b"2") == b"1" and of[b"k"] == b"1"
            assert of.compare_and_set(b"k", b"1", b"") == b"1" and of[b"k"] == b""
            assert of.compare_and_set(b"k", None, b"3") == b"" and of[b"k"] == b""
            assert of.compare_and_set(b"k", b"", None) == b"" and b"k" not in of
            assert of.compare_and_set(b"k", None, b"4") is None and of[b"k"] == b"4"
            assert of.delete_if_equal(b"k", b"5") == b"4" and b"k" in of
            assert of.delete_if_equal(b"k", b"4") == b"4" and b"k" not in of
            with pytest.raises(TypeError, match="value"):
                of.put_if_absent(b"k", None)

    def test_they_may_expire(self, db):
        assert db.put_if_absent(b"lock", b"me", ttl=3600) is None
        assert db.put_if_absent(b"lock", b"you", ttl=3600) == b"me"
        assert db.expiry(b"lock") is not None
        assert db.compare_and_set(b"lock", b"me", b"me", expires_at=amethyst.NEVER) == b"me"
        assert db.expiry(b"lock") is None

    def test_a_counter_tells_its_new_value(self, db):
        assert db.increment(b"n") == 1 and db.increment(b"n", -5, durability="sync") == -4
        assert int.from_bytes(db[b"n"], "little", signed=True) == -4
        with pytest.raises(amethyst.InvalidArgumentError, match="64 bits"):
            db.increment(b"n", -(1 << 63))
        with pytest.raises(amethyst.InvalidArgumentError, match="64 bits"):
            db.increment(b"n", 1 << 63)
        with pytest.raises(TypeError, match="int"):
            db.increment(b"n", 1.0)
        db[b"text"] = b"one"
        with pytest.raises(amethyst.InvalidArgumentError, match="3 bytes"):
            db.increment(b"text")
