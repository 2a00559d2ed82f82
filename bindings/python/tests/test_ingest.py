"""Tables that are taken in, against the library that AMETHYST_LIBRARY names."""
import amethyst
import pytest


def write(path, entries, **options):
    with amethyst.TableWriter(path, **options) as table:
        for key, value in entries:
            table[key] = value
    return path


@pytest.fixture
def db(tmp_path):
    with amethyst.open(tmp_path / "db") as opened:
        yield opened


class TestIngest:
    def test_takes_tables_in_as_one_write(self, db, tmp_path):
        db[b"a"], db[b"b"], db[b"z"] = b"old", b"old", b"old"
        with db.snapshot() as before:
            tables = [write(tmp_path / "1.sst", [(b"a", b"1"), (b"b", b"2")]),
                      write(tmp_path / "2.sst", [(b"c", b"3")])]
            db.ingest(tables)
            assert dict(db) == {b"a": b"1", b"b": b"2", b"c": b"3", b"z": b"old"}
            assert dict(before) == {b"a": b"old", b"b": b"old", b"z": b"old"}
        db.ingest(str(write(tmp_path / "3.sst", [(b"d", b"4")])), replace=(b"b", None), mode="move", verify=True)
        assert dict(db) == {b"a": b"1", b"d": b"4"}
        assert not (tmp_path / "3.sst").exists() and (tmp_path / "1.sst").exists()

    def test_writes_every_kind_of_entry(self, db, tmp_path):
        counters = db.create_family("counters", merge_operator="int64.add", ttl=3600)
        counters.incr(b"n", 2)
        counters.put(b"gone", b"1")
        with amethyst.TableWriter(tmp_path / "t", merge_operator="int64.add", compression="zstd", ttl=3600) as table:
            table.delete_range(b"g", b"h")
            table.put(b"a", b"kept", expires_at=amethyst.NEVER)
            table.put(b"b", b"by its ttl")
            table.put(b"c", b"over", ttl=0.001)
            table.delete(b"d")
            table.incr(b"n", 40)
        counters.ingest([tmp_path / "t"])
        assert int.from_bytes(counters[b"n"], "little") == 42 and b"gone" not in counters
        assert counters.expiry(b"a") is None and counters.expiry(b"b") is not None
        assert list(db) == []

    def test_later_tables_win_in_order(self, db, tmp_path):
        tables = [write(tmp_path / name, [(b"k", name.encode())]) for name in ("first", "second")]
        with pytest.raises(amethyst.InvalidArgumentError, match="overlap"):
            db.ingest(tables)
        db.ingest(tables, in_order=True, mode="copy")
        assert db[b"k"] == b"second"

    def test_an_order_of_its_own(self, tmp_path):
        order = amethyst.Comparator("backwards", lambda a, b: (a < b) - (a > b))
        write(tmp_path / "t", [(b"b", b"1"), (b"a", b"2")], comparator=order)
        with amethyst.open(tmp_path / "db", comparator=order) as db:
            db.ingest(tmp_path / "t")
            assert list(db) == [b"b", b"a"]

    def test_what_is_wrong_is_refused_and_leaves_no_file(self, db, tmp_path):
        table = amethyst.TableWriter(tmp_path / "t")
        table.put(b"b", b"1")
        with pytest.raises(amethyst.InvalidArgumentError):
            table.put(b"a", b"2")  # Not greater.
        with pytest.raises(amethyst.InvalidArgumentError):
            amethyst.TableWriter(tmp_path / "t")  # It is there.
        assert table.finish() == 1
        with pytest.raises(amethyst.Error):
            table.put(b"c", b"3")
        with pytest.raises(KeyError):
            with amethyst.TableWriter(tmp_path / "left") as left:
                left.put(b"a", b"1")
                raise KeyError
        assert not (tmp_path / "left").exists()
        with pytest.raises(amethyst.InvalidArgumentError, match="mode"):
            db.ingest(tmp_path / "t", mode="clone")
        with pytest.raises(amethyst.IoError):
            db.ingest(tmp_path / "none")
        with pytest.raises(amethyst.Error):
            with amethyst.TableWriter(tmp_path / "empty"):
                pass  # A table has an entry at least.

    def test_a_table_is_finished_once_and_a_failed_end_leaves_the_path(self, tmp_path):
        with amethyst.TableWriter(tmp_path / "t") as table:
            table[b"a"] = b"1"
            assert table.finish() == 1
        try:
            with amethyst.TableWriter(tmp_path / "empty"):
                pass
        except amethyst.InvalidArgumentError as refused:
            with amethyst.TableWriter(tmp_path / "empty") as table:  # While the exception lives.
                table[b"a"] = b"1"
            assert refused is not None

    def test_the_feed_tells_of_it(self, db, tmp_path):
        db.create_cursor("c")
        db.ingest(write(tmp_path / "t", [(b"a", b"1")]), replace=(b"a", b"b"))
        with db.feed("c") as feed:
            event = feed.next(0)
        assert event.kind == "ingest" and [entry.kind for entry in event.entries] == ["delete_range"]
