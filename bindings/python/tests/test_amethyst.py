"""The Python module, against the library that AMETHYST_LIBRARY names."""
import copy
import gc
import pickle
import subprocess
import sys
import threading
import weakref

import amethyst
import pytest
from conftest import fill


class TestMapping:
    def test_it_is_a_mapping_in_order_of_keys(self, db):
        fill(db, "cab")
        assert list(db) == [b"a", b"b", b"c"]
        assert list(reversed(db)) == [b"c", b"b", b"a"]
        assert list(db.items()) == [(b"a", b"A"), (b"b", b"B"), (b"c", b"C")]
        assert list(db.values()) == [b"A", b"B", b"C"]
        assert dict(db) == {b"a": b"A", b"b": b"B", b"c": b"C"}
        assert len(db) == 3 and db

    def test_absent_keys_are_as_in_a_dict(self, db):
        with pytest.raises(KeyError):
            db[b"a"]
        with pytest.raises(KeyError):
            del db[b"a"]
        assert db.get(b"a") is None and db.get(b"a", b"x") == b"x" and b"a" not in db and not db
        db.delete(b"a")
        assert db.setdefault(b"a", b"1") == b"1" and db.pop(b"a") == b"1" and db.pop(b"a", None) is None
        db.update({b"p": b"q"})
        assert db[b"p"] == b"q"

    def test_bytes_may_be_empty_and_hold_zeros(self, db):
        db[b""] = b""
        db[b"\0a\0"] = b"\0" * 100_000
        assert db[b""] == b"" and db[b"\0a\0"] == b"\0" * 100_000 and b"" in db
        db[bytearray(b"k")] = memoryview(b"v")
        assert db[b"k"] == b"v"

    def test_text_is_refused_with_advice(self, db):
        with pytest.raises(TypeError, match="encode"):
            db["a"] = b"1"
        with pytest.raises(TypeError, match="value is bytes"):
            db[b"a"] = 1

    def test_many_keys_are_read_at_once(self, db):
        fill(db, "ac")
        assert db.get_many([b"a", b"b", b"c"]) == [b"A", None, b"C"] and db.get_many([]) == []

    def test_clear_leaves_nothing(self, db):
        for number in range(2500):
            db[b"%d" % number] = b"x"
        db.clear()
        assert not db


class TestRanges:
    def test_bounds_and_directions(self, db):
        fill(db, "abcde")
        keys = lambda *bounds, **options: b"".join(key for key, _ in db.range(*bounds, **options))  # noqa: E731
        assert keys(b"b", b"d") == b"bc" and keys(b"b", b"d", reverse=True) == b"cb"
        assert keys(None, b"c") == b"ab" and keys(b"d") == b"de" and keys(b"d", b"b") == b""

    def test_prefixes(self, db):
        for key in (b"a", b"ab", b"b", b"\xff", b"\xff\xff", b"a\xff\xff"):
            db[key] = b""
        assert [key for key, _ in db.prefix(b"a")] == [b"a", b"ab", b"a\xff\xff"]
        assert [key for key, _ in db.prefix(b"\xff", reverse=True)] == [b"\xff\xff", b"\xff"]
        assert [key for key, _ in db.prefix(b"a\xff")] == [b"a\xff\xff"]

    @pytest.mark.parametrize("reverse", [False, True])
    def test_long_ranges_and_large_values_arrive_whole(self, db, reverse):
        expected = {b"%05d" % number: bytes([number % 256]) * (number % 97 * 10) for number in range(2000)}
        batch = amethyst.Batch()
        for key, value in expected.items():
            batch.put(key, value)
        db.write(batch)
        db[b"00100"] = expected[b"00100"] = b"x" * 900_000
        assert list(db.range(reverse=reverse)) == sorted(expected.items(), reverse=reverse)

    def test_a_range_sees_the_moment_when_it_was_made(self, db):
        fill(db, "ab")
        entries = db.range()
        fill(db, "c")
        assert len(list(entries)) == 2 and next(entries, None) is None

    def test_a_closed_range_is_at_its_end(self, db):
        fill(db, "ab")
        with db.range() as entries:
            next(entries)
        assert list(entries) == []


class TestBatches:
    def test_all_of_it_or_nothing(self, db):
        fill(db, "a")
        with db.batch(durability="sync") as batch:
            batch[b"b"] = b"B"
            del batch[b"a"]
            assert len(batch) == 2 and b"b" not in db
        assert list(db) == [b"b"]
        with pytest.raises(RuntimeError):
            with db.batch() as batch:
                batch[b"c"] = b"C"
                raise RuntimeError
        assert list(db) == [b"b"]

    def test_batches_append_and_clear(self, db):
        batch, other = amethyst.Batch(), amethyst.Batch()
        batch.put(b"a", b"1")
        other.delete(b"a")
        batch.append(other)
        assert len(batch) == 2
        db.write(batch)
        assert not db
        batch.clear()
        assert len(batch) == 0


class TestSnapshots:
    def test_it_sees_what_was(self, db):
        fill(db, "a")
        with db.snapshot() as snapshot:
            db[b"a"] = b"new"
            fill(db, "b")
            assert dict(snapshot) == {b"a": b"A"} and snapshot[b"a"] == b"A" and b"b" not in snapshot
            assert snapshot.get_many([b"a", b"b"]) == [b"A", None] and snapshot.sequence > 0
        with pytest.raises(amethyst.ClosedError):
            snapshot[b"a"]


class TestOptions:
    def test_a_database_stays(self, tmp_path):
        with amethyst.open(tmp_path / "db", compression="zstd", durability="sync", sync_interval_ms=10) as db:
            db[b"a"] = b"1"
            db.put(b"b", b"2", durability="buffered")
            db.sync()
            db.flush()
            db.compact_range(b"a", None)
            db.wait_for_idle()
            assert db.stats()["entries_written"] == 2 and db.approximate_size(b"a", b"z") > 0
            with pytest.raises(amethyst.BusyError):
                amethyst.open(tmp_path / "db")
        assert amethyst.repair(tmp_path / "db", tmp_path / "repaired")["entries_kept"] == 2
        with amethyst.open(str(tmp_path / "repaired"), read_only=True) as db:
            assert db[b"a"] == b"1"
            with pytest.raises(amethyst.Error):
                db[b"a"] = b"2"
        amethyst.destroy(tmp_path / "repaired")
        with pytest.raises(amethyst.InvalidArgumentError):
            amethyst.open(tmp_path / "repaired", create_if_missing=False)

    @pytest.mark.parametrize("options, kind", [
        ({"compression": "gzip"}, amethyst.InvalidArgumentError), ({"durability": "maybe"}, ValueError),
        ({"memory_budget_bytes": 1}, amethyst.InvalidArgumentError), ({"block_bytes": -1}, ValueError),
        ({"max_open_files": 1 << 40}, ValueError), ({"speed": 11}, TypeError)])
    def test_wrong_options_are_refused(self, tmp_path, options, kind):
        with pytest.raises(kind):
            amethyst.open(tmp_path / "db", **options)

    def test_an_order_of_ones_own(self):
        environment = amethyst.Environment()
        order = amethyst.Comparator("by length", lambda a, b: len(a) - len(b) or (a > b) - (a < b))
        kept = weakref.ref(order)
        db = amethyst.open("db", environment=environment, comparator=order)
        del order
        gc.collect()
        assert kept() is None  # The library goes on with it.
        fill(db, ["ccc", "bb", "a"])
        assert list(db) == [b"a", b"bb", b"ccc"]
        db.close()
        with pytest.raises(amethyst.InvalidArgumentError, match="by length"):
            amethyst.open("db", environment=environment)

    def test_an_order_that_raises_fails_the_call_and_loses_nothing(self, tmp_path):
        broken = []

        def compare(a, b):
            if broken:
                raise ZeroDivisionError("no order today")
            return (a > b) - (a < b)

        db = amethyst.open(tmp_path / "db", comparator=amethyst.Comparator("raises", compare))
        fill(db, [f"key{i:03}" for i in range(100)])
        broken.append(True)
        for access in (lambda: db.put(b"key0505", b"new"), lambda: db.get(b"key050")):
            with pytest.raises(amethyst.InvalidArgumentError) as failure:
                access()
            assert isinstance(failure.value.__cause__, ZeroDivisionError)
        broken.clear()
        assert len(list(db)) == 100 and db.get(b"key050") is not None
        for refused in (lambda: db.put(b"another", b"value"), db.close):
            with pytest.raises(amethyst.InvalidArgumentError, match="reopen"):
                refused()
        with amethyst.open(tmp_path / "db", comparator=amethyst.Comparator("raises", compare)) as db:
            assert len(list(db)) in (100, 101) and all(f"key{i:03}".encode() in db for i in range(100))
            db.put(b"another", b"value")

    def test_an_order_that_is_interrupted_is_asked_again(self, tmp_path):
        interrupts = []

        def compare(a, b):
            if interrupts:
                raise interrupts.pop()
            return (a > b) - (a < b)

        db = amethyst.open(tmp_path / "db", comparator=amethyst.Comparator("interrupted", compare))
        for i in range(100):
            key = f"key{(i * 37) % 100:03}".encode()
            if i % 10 == 0 and i > 0:
                interrupts.append(KeyboardInterrupt())
                with pytest.raises(KeyboardInterrupt):
                    db.put(key, b"value")
            else:
                db.put(key, b"value")
        assert list(db) == [f"key{i:03}".encode() for i in range(100)]
        db.close()

    def test_an_order_that_calls_different_keys_equal_is_refused(self, tmp_path):
        db = amethyst.open(tmp_path / "db", comparator=amethyst.Comparator("lazy", lambda a, b: 0))
        db.put(b"one", b"1")
        with pytest.raises(amethyst.InvalidArgumentError, match="'lazy' gives no order"):
            db.put(b"two", b"2")
        assert db.get(b"one") == b"1"
        with pytest.raises(amethyst.InvalidArgumentError, match="reopen"):
            db.close()

    def test_databases_share_memory_and_say_what_they_do(self):
        budget, environment, lines = amethyst.MemoryBudget(16 << 20), amethyst.Environment(), []
        with amethyst.open("a", environment=environment, memory_budget=budget, logger=lines.append) as a, \
                amethyst.open("b", environment=environment, memory_budget=budget) as b:
            a[b"k"] = b[b"k"] = b"v"
            a.flush()
            a.compact_range()
            a.wait_for_idle()
        assert all(isinstance(line, str) for line in lines)


class TestMisuse:
    def test_whatever_is_used_after_close_says_so(self, db):
        fill(db, "ab")
        entries, snapshot, batch = db.range(), db.snapshot(), db.batch()
        batch.put(b"c", b"C")
        db.close()
        db.close()
        for call in (lambda: db[b"a"], lambda: db.put(b"a", b""), db.flush, db.stats, db.snapshot, db.range,
                     lambda: snapshot[b"a"], lambda: next(entries), lambda: db.write(batch)):
            with pytest.raises(amethyst.ClosedError):
                call()

    def test_the_order_in_which_things_are_collected_does_no_harm(self):
        db = amethyst.open("db", environment=amethyst.Environment())
        fill(db, "ab")
        entries, handle = db.range(), weakref.ref(db)
        next(entries)
        snapshot = db.snapshot()
        del db
        gc.collect()
        assert handle() is not None and snapshot[b"a"] == b"A"  # A snapshot keeps its database.
        del snapshot
        gc.collect()
        assert handle() is None
        list(entries)
        del entries

    def test_an_open_database_at_the_end_of_a_program_is_closed(self, tmp_path):
        program = ("import sys, amethyst; db = amethyst.open(sys.argv[1], durability='none'); db[b'a'] = b'1'; "
                   "entries = db.range(); snapshot = db.snapshot(); next(entries)")
        done = subprocess.run([sys.executable, "-c", program, str(tmp_path / "db")], capture_output=True, text=True)
        assert (done.returncode, done.stderr) == (0, "")
        with amethyst.open(tmp_path / "db") as db:
            assert db[b"a"] == b"1"

    def test_threads_share_everything_without_harm(self, db):
        fill(db, [f"{number:04}" for number in range(2000)])
        entries, batch, failures, seen = db.range(), amethyst.Batch(), [], []

        def work():
            try:
                for number in range(200):
                    db[b"%d" % number] = b"x"
                    for use in (lambda: seen.append(next(entries, None)), lambda: batch.put(b"k", b"v")):
                        try:
                            use()
                        except amethyst.BusyError:
                            pass
            except Exception as failure:  # noqa: BLE001
                failures.append(failure)

        threads = [threading.Thread(target=work) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert failures == [] and 0 < len(batch) <= 800

    def test_nothing_is_taken_for_what_it_is_not(self, db, tmp_path):
        for wrong in ({"comparator": 3}, {"environment": db}, {"memory_budget": amethyst.Environment()}, {"logger": 3}):
            with pytest.raises(TypeError, match="not"):
                amethyst.open(tmp_path / "db", **wrong)
        with pytest.raises(TypeError):
            amethyst.Comparator("number", 3)
        for call in (lambda wrong: db.put(wrong, b""), lambda wrong: db.put(b"", wrong), db.get, db.delete, db.range,
                     db.prefix, lambda wrong: db.get_many([wrong]), lambda wrong: db.approximate_size(b"", wrong)):
            with pytest.raises(TypeError):
                call(7)

    def test_what_c_would_cut_at_a_zero_byte_is_refused(self, tmp_path):
        cut, whole = tmp_path / "db", f"{tmp_path}/db\0of somebody else"
        with amethyst.open(cut) as db:
            db[b"a"] = b"1"
        for call in (lambda: amethyst.open(whole), lambda: amethyst.open(whole.encode()),
                     lambda: amethyst.destroy(whole),
                     lambda: amethyst.repair(whole, tmp_path / "new"), lambda: amethyst.repair(cut, whole),
                     lambda: amethyst.Comparator("by length\0", lambda a, b: 0)):
            with pytest.raises(ValueError, match="zero byte"):
                call()
        with amethyst.open(cut) as db:
            assert list(db) == [b"a"]

    def test_handles_are_not_copied(self, db):
        for handle in (db, db.snapshot(), db.range(), db.batch()):
            for duplicate in (copy.copy, copy.deepcopy, pickle.dumps):
                with pytest.raises(TypeError):
                    duplicate(handle)

    def test_errors_are_of_kinds_of_their_own(self):
        assert issubclass(amethyst.ClosedError, amethyst.Error)
        assert issubclass(amethyst.InvalidArgumentError, ValueError)
        with pytest.raises(amethyst.Error) as caught:
            amethyst.destroy("no such database")
        assert caught.value.code == 1 and "no such" in str(caught.value)

    def test_the_library_tells_its_version(self):
        assert amethyst.library_version().count(".") == 2
