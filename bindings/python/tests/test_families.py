"""Families, against the library that AMETHYST_LIBRARY names."""
import copy
import gc
from datetime import timedelta

import amethyst
import pytest
from conftest import fill


class TestFamilies:
    def test_a_family_is_a_map_of_its_own(self, db):
        users = db.create_family("users")
        fill(db, "ab")
        fill(users, "bcd")
        assert list(db) == [b"a", b"b"] and list(users) == [b"b", b"c", b"d"]
        del users[b"b"]
        assert db[b"b"] == b"B" and b"b" not in users and users.get(b"b") is None
        assert users.get_many([b"b", b"c"]) == [None, b"C"]
        assert dict(users.prefix(b"c")) == {b"c": b"C"} and len(users) == 2
        users.compact_range()
        assert users.approximate_size(b"", b"z") >= 0
        users.delete_range(b"d")
        users.clear()
        assert not users and list(db) == [b"a", b"b"]

    def test_they_are_opened_listed_renamed_and_dropped(self, db):
        users = db.create_family("users", compression="zstd", block_bytes=1024, filter_false_positive_rate=0.1)
        db.create_family("größe \udcff")
        assert db.families() == ["default", "users", "größe \udcff"]
        users.rename("people")
        assert users.name == db.family("people").name == "people"
        assert db.family("größe \udcff").name == "größe \udcff"
        users[b"k"] = b"v"
        db.drop_family("people")
        assert db.families() == ["default", "größe \udcff"]
        for use in (lambda: users[b"k"], lambda: users.put(b"k", b"v"), lambda: list(users), lambda: users.name,
                    lambda: users.rename("users"), lambda: users.clear()):
            with pytest.raises(amethyst.InvalidArgumentError, match="dropped"):
                use()
        assert not db.create_family("people")

    def test_each_tells_its_settings_and_what_it_has_in_tables(self, db):
        plain = db.create_family("plain")
        counters = db.create_family("counters", merge_operator="int64.add", ttl=60)
        assert plain.merge_operator is None and plain.ttl is None
        assert counters.merge_operator == "int64.add" and counters.ttl == timedelta(minutes=1)
        fill(plain, "abc")
        db.flush()
        keeps = db.snapshot()  # What is deleted, and so the range delete.
        plain.delete_range(b"b", b"c")
        db.flush()
        stats = plain.stats()
        assert (stats["tables"], stats["entries"], stats["range_deletes"]) == (1, 3, 1)
        assert stats["bytes"] == sum(level["bytes"] for level in stats["levels"])
        assert counters.stats()["tables"] == 0
        assert db.stats()["range_deletes"] == 1
        keeps.close()
        db.drop_family("plain")
        for use in (plain.stats, lambda: plain.ttl, lambda: plain.merge_operator):
            with pytest.raises(amethyst.InvalidArgumentError, match="dropped"):
                use()

    def test_they_are_there_at_the_next_open(self):
        environment = amethyst.Environment()
        with amethyst.open("db", environment=environment) as db:
            fill(db.create_family("users"), "a")
        with amethyst.open("db", environment=environment) as db:
            assert dict(db.family("users")) == {b"a": b"A"} and not db

    def test_each_has_an_order_of_its_own_which_each_open_is_given_again(self):
        environment = amethyst.Environment()
        order = amethyst.Comparator("backwards", lambda a, b: (b > a) - (b < a))
        with amethyst.open("db", environment=environment) as db:
            fill(db.create_family("f", comparator=order), "abc")
        with pytest.raises(amethyst.InvalidArgumentError, match="backwards"):
            amethyst.open("db", environment=environment)
        with amethyst.open("db", environment=environment, comparators={"f": order}) as db:
            assert list(db.family("f")) == [b"c", b"b", b"a"]
            with pytest.raises(TypeError):
                db.create_family("g", comparator=len)
            with pytest.raises(TypeError):
                amethyst.open("other", comparators={"g": len})

    def test_the_default_family_is_the_database_and_stays(self, db):
        fill(db.family("default"), "a")
        assert db[b"a"] == b"A"
        with pytest.raises(amethyst.InvalidArgumentError, match="default"):
            db.drop_family("default")
        with pytest.raises(amethyst.InvalidArgumentError, match="default"):
            db.family("default").rename("x")

    def test_a_snapshot_is_of_all_of_them(self, db):
        users = db.create_family("users")
        fill(db, "a")
        fill(users, "u")
        with db.snapshot() as snapshot:
            users.clear()
            db.clear()
            then = snapshot.family("users")
            assert dict(snapshot) == {b"a": b"A"} and dict(then) == {b"u": b"U"} and not users
        for use in (lambda: then[b"u"], lambda: snapshot.family("users")):
            with pytest.raises(amethyst.ClosedError):
                use()

    def test_a_batch_is_whole_over_them(self, db):
        users, orders = db.create_family("users"), db.create_family("orders")
        fill(orders, "ab")
        with db.batch() as batch:
            batch[b"k"] = b"db"
            batch.put(b"k", b"users", family=users)
            batch.delete(b"a", family=orders)
            batch.delete_range(b"b", family=orders)
            batch.delete_prefix(b"x", family=users)
            batch.put(b"l", b"db", family=db)
            assert len(batch) == 6
        assert dict(db) == {b"k": b"db", b"l": b"db"} and dict(users) == {b"k": b"users"} and not orders
        with users.batch(durability="sync") as batch:
            batch[b"k"] = b"again"
            batch.clear()
            batch[b"m"] = b"users"
            batch.put(b"n", b"db", family=db)
        assert dict(users) == {b"k": b"users", b"m": b"users"} and db[b"n"] == b"db"
        with pytest.raises(amethyst.InvalidArgumentError, match="dropped"):
            with users.batch() as batch:
                batch[b"k"] = b"lost"
                batch.put(b"k", b"lost", family=db)
                db.drop_family("users")
        assert db[b"k"] == b"db"

    def test_a_batch_is_of_one_database(self, db):
        with amethyst.open("other", environment=amethyst.Environment()) as other:
            users, foreign = db.create_family("users"), other.create_family("users")
            batch = amethyst.Batch()
            batch.put(b"k", b"v", family=foreign)
            with pytest.raises(amethyst.InvalidArgumentError, match="another database"):
                batch.put(b"k", b"v", family=users)
            with pytest.raises(amethyst.InvalidArgumentError, match="another database"):
                db.write(batch)
            batch.put(b"l", b"v", family=foreign)
            other.write(batch)
            assert list(foreign) == [b"k", b"l"] and not users

    def test_wrong_names_and_settings_are_refused(self, db):
        wrong = amethyst.InvalidArgumentError
        db.create_family("n" * 255)
        for name, message in (("", "0 bytes"), ("n" * 256, "256 bytes"), ("a\0b", "zero byte"), ("default", "already")):
            with pytest.raises(wrong, match=message):
                db.create_family(name)
        with pytest.raises(wrong, match="no family"):
            db.family("users")
        with pytest.raises(wrong, match="no family"):
            db.drop_family("users")
        for settings, message in (({"merge_operator": "sum"}, "int64.add"), ({"compression": "snappy"}, "zstd"),
                                  ({"block_bytes": 7}, "block_bytes"), ({"block_bytes": -1}, "block_bytes"),
                                  ({"filter_false_positive_rate": 2}, "filter"), ({"ttl": 0}, "ttl")):
            with pytest.raises(wrong, match=message):
                db.create_family("f", **settings)
        for use in (lambda: db.family(b"users"), lambda: db.create_family(None),
                    lambda: db.batch().put(b"k", b"v", family="users")):
            with pytest.raises(TypeError):
                use()
        with pytest.raises(TypeError):
            copy.copy(db.family("default"))

    def test_a_family_keeps_its_database_open(self):
        def made():
            return amethyst.open("db", environment=amethyst.Environment()).create_family("users")

        users = made()
        gc.collect()
        fill(users, "a")
        assert users[b"a"] == b"A"

    def test_after_close_a_family_says_so(self):
        with amethyst.open("db", environment=amethyst.Environment()) as db:
            users = db.create_family("users")
        for use in (lambda: users[b"a"], lambda: fill(users, "a"), lambda: list(users), lambda: users.name,
                    db.families, lambda: db.family("users"), lambda: db.create_family("more"),
                    lambda: db.drop_family("users")):
            with pytest.raises(amethyst.ClosedError):
                use()
