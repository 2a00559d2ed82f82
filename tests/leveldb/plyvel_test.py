"""plyvel's whole interface. Runs unchanged on LevelDB and, through LD_LIBRARY_PATH, on Amethyst: every assertion is
about both."""
import contextlib
import threading

import plyvel
import pytest


def opened(directory, **options):
    return contextlib.closing(plyvel.DB(directory, **options))


@pytest.fixture
def directory(tmp_path):
    return str(tmp_path / "db")


@pytest.fixture
def db(directory):
    with opened(directory, create_if_missing=True) as database:
        yield database


def fill(db, count=100, prefix=b"key"):
    with db.write_batch() as batch:
        for i in range(count):
            batch.put(prefix + b"%03d" % i, b"value%d" % i)


def test_open_says_what_is_missing_or_there(directory):
    with pytest.raises(plyvel.Error, match="does not exist"):
        plyvel.DB(directory)
    with opened(directory, create_if_missing=True) as db:
        assert db.name == directory and not db.closed
        with pytest.raises(plyvel.IOError, match="^b'IO error: lock .*LOCK: already held by process'$"):
            plyvel.DB(directory)
    assert db.closed
    with pytest.raises(plyvel.Error, match="exists"):
        plyvel.DB(directory, error_if_exists=True)
    with pytest.raises(RuntimeError):
        db.get(b"a")


def test_every_option_is_taken(directory):
    options = dict(paranoid_checks=True, write_buffer_size=1 << 20, max_open_files=100, lru_cache_size=1 << 20,
                   block_size=8192, block_restart_interval=8, max_file_size=1 << 22, bloom_filter_bits=10)
    for compression in ("snappy", None):
        with opened(directory, create_if_missing=True, compression=compression, **options) as db:
            fill(db)
            assert db.get(b"key042") == b"value42"
    with pytest.raises(ValueError):
        plyvel.DB(directory, compression="zip")


def test_put_get_delete_of_any_bytes(db):
    for key, value in ((b"", b"empty key"), (b"empty value", b""), (bytes(range(256)), bytes(range(255, -1, -1))),
                       (b"large", b"x" * 3_000_000)):
        db.put(key, value, sync=True)
        assert db.get(key, verify_checksums=True, fill_cache=False) == value
        db.delete(key, sync=True)
        db.delete(key)
        assert db.get(key) is None
        assert db.get(key, b"default") == b"default"
    with pytest.raises(TypeError):
        db.put("text", b"")


def test_data_is_there_after_reopening(directory):
    with opened(directory, create_if_missing=True) as db:
        fill(db)
    with opened(directory) as db:
        assert len(list(db)) == 100


def test_batches(db):
    with db.write_batch() as batch:
        batch.put(b"a", b"1")
        batch.put(b"b", b"2")
        batch.delete(b"a")
        assert db.get(b"b") is None and batch.approximate_size() == 12 + 5 + 5 + 3
        batch.append(make_batch(db))
    assert list(db) == [(b"b", b"2"), (b"c", b"3")]
    batch = db.write_batch(sync=True)
    batch.put(b"d", b"4")
    batch.clear()
    batch.write()
    assert db.get(b"d") is None
    with pytest.raises(ValueError):
        with db.write_batch(transaction=True) as batch:
            batch.put(b"e", b"5")
            raise ValueError
    assert db.get(b"e") is None
    with pytest.raises(ValueError):
        with db.write_batch() as batch:
            batch.put(b"e", b"5")
            raise ValueError
    assert db.get(b"e") == b"5"


def make_batch(db):
    batch = db.write_batch()
    batch.put(b"c", b"3")
    return batch


def test_iteration_both_ways(db):
    fill(db, 10)
    keys = [b"key%03d" % i for i in range(10)]
    assert list(db.iterator(include_value=False)) == keys
    assert list(db.iterator(include_key=False)) == [b"value%d" % i for i in range(10)]
    assert list(db.iterator(reverse=True, include_value=False)) == keys[::-1]
    assert list(db.iterator(start=keys[2], stop=keys[5], include_value=False)) == keys[2:5]
    assert list(db.iterator(start=keys[2], stop=keys[5], include_start=False, include_stop=True,
                            include_value=False)) == keys[3:6]
    assert list(db.iterator(start=keys[2], stop=keys[5], reverse=True, include_value=False)) == keys[4:1:-1]
    it = db.iterator(include_value=False)
    assert [next(it), next(it), it.prev(), it.prev()] == [keys[0], keys[1], keys[1], keys[0]]
    with pytest.raises(StopIteration):
        it.prev()
    it.seek(keys[7])
    assert next(it) == keys[7]
    it.seek(b"key0075")
    assert next(it) == keys[8]
    it.seek_to_stop()
    assert it.prev() == keys[9]
    it.seek_to_start()
    assert next(it) == keys[0]
    it.close()
    with pytest.raises(RuntimeError):
        next(it)


def test_prefixes(db):
    fill(db, 5, b"a")
    fill(db, 5, b"b")
    fill(db, 5, b"\xff")
    for prefix in (b"a", b"b", b"\xff"):
        expected = [prefix + b"%03d" % i for i in range(5)]
        assert list(db.iterator(prefix=prefix, include_value=False)) == expected
        assert list(db.iterator(prefix=prefix, reverse=True, include_value=False)) == expected[::-1]
    assert list(db.iterator(prefix=b"c")) == []


def test_raw_iterators(db):
    fill(db, 3)
    it = db.raw_iterator()
    with pytest.raises(plyvel.IteratorInvalidError):
        it.key()
    it.seek_to_first()
    assert it.valid() and it.item() == (b"key000", b"value0")
    it.next()
    assert (it.key(), it.value()) == (b"key001", b"value1")
    it.seek_to_last()
    assert it.key() == b"key002"
    it.prev()
    it.seek(b"key0005")
    assert it.key() == b"key001"
    it.seek(b"z")
    assert not it.valid()
    it.close()


def test_snapshots_do_not_move(db):
    db.put(b"a", b"old")
    with db.snapshot() as snapshot:
        db.put(b"a", b"new")
        db.put(b"b", b"2")
        assert snapshot.get(b"a") == b"old" and snapshot.get(b"b") is None and snapshot.get(b"b", b"no") == b"no"
        assert list(snapshot) == [(b"a", b"old")]
        assert list(snapshot.iterator(reverse=True)) == [(b"a", b"old")]
        it = snapshot.raw_iterator()
        it.seek_to_last()
        assert it.key() == b"a"
        it.close()
    assert list(db) == [(b"a", b"new"), (b"b", b"2")]


def test_prefixed_databases(db):
    sub = db.prefixed_db(b"sub:")
    subsub = sub.prefixed_db(b"x:")
    db.put(b"root", b"0")
    sub.put(b"a", b"1")
    subsub.put(b"b", b"2")
    assert db.get(b"sub:a") == b"1" and db.get(b"sub:x:b") == b"2"
    assert list(sub) == [(b"a", b"1"), (b"x:b", b"2")]
    assert list(subsub.iterator(reverse=True)) == [(b"b", b"2")]
    with sub.write_batch() as batch:
        batch.put(b"c", b"3")
        batch.delete(b"a")
    with sub.snapshot() as snapshot:
        sub.delete(b"c")
        assert snapshot.get(b"c") == b"3"
    assert sub.get(b"a") is None and sub.get(b"c") is None and sub.db is db and sub.prefix == b"sub:"


def number_order(a, b):
    return (int(a, 0) > int(b, 0)) - (int(a, 0) < int(b, 0))


def test_custom_comparators(directory):
    options = dict(comparator=number_order, comparator_name=b"numbers")
    with opened(directory, create_if_missing=True, **options) as db:
        for number in (10, 9, 100, 1):
            db.put(b"%d" % number, b"")
        assert list(db.iterator(include_value=False)) == [b"1", b"9", b"10", b"100"]
        assert list(db.iterator(start=b"5", stop=b"100", include_value=False)) == [b"9", b"10"]
    with opened(directory, **options) as db:
        assert list(db.iterator(include_value=False, reverse=True)) == [b"100", b"10", b"9", b"1"]
    with pytest.raises(plyvel.Error, match="comparator"):
        plyvel.DB(directory)


def test_spellings_that_a_comparator_calls_equal_are_one_key(directory):
    with opened(directory, create_if_missing=True, comparator=number_order, comparator_name=b"numbers") as db:
        db.put(b"16", b"decimal")
        assert db.get(b"0x10") == b"decimal"
        db.put(b"0x10", b"hexadecimal")
        assert db.get(b"16") == b"hexadecimal" and len(list(db)) == 1
        db.put(b"0o20", b"octal")
        it = db.raw_iterator()
        for spelling in (b"0x10", b"16", b"0b10000"):
            it.seek(spelling)
            assert it.valid() and it.value() == b"octal"
        it.close()
        with db.write_batch() as batch:
            batch.put(b"16", b"a")
            batch.put(b"0x10", b"b")
            batch.put(b"17", b"c")
            batch.delete(b"0x11")
        assert [value for _, value in db] == [b"b"]
        db.delete(b"16")
        assert list(db) == [] and db.get(b"0x10") is None


def test_compaction_sizes_and_properties(db):
    value = bytes(i * 7919 % 251 for i in range(1000))
    for i in range(20_000):
        db.put(b"%06d" % i, value + b"%d" % i)
    db.compact_range()
    db.compact_range(start=b"000100", stop=b"010000")
    assert db.approximate_size(b"000000", b"020000") > 100_000
    first, second = db.approximate_sizes((b"000000", b"005000"), (b"005000", b"020000"))
    assert 0 < first < second and db.approximate_size(b"z", b"zz") == 0
    assert sum(int(db.get_property(b"leveldb.num-files-at-level%d" % level)) for level in range(7)) > 0
    assert db.get_property(b"leveldb.num-files-at-level7") is None
    assert b"Compactions" in db.get_property(b"leveldb.stats")
    assert b"--- level 0 ---" in db.get_property(b"leveldb.sstables")
    assert int(db.get_property(b"leveldb.approximate-memory-usage")) > 0
    assert db.get_property(b"nonsense") is None


def test_repair_and_destroy(directory, tmp_path):
    with opened(directory, create_if_missing=True) as db:
        fill(db)
        with pytest.raises(plyvel.IOError):
            plyvel.destroy_db(directory)
    plyvel.repair_db(directory)
    with opened(directory) as db:
        assert len(list(db)) == 100
    assert [path.name for path in tmp_path.iterdir()] == ["db"]
    (tmp_path / "db" / "CURRENT").unlink()
    plyvel.repair_db(directory)
    with opened(directory) as db:
        assert len(list(db)) == 100
    plyvel.destroy_db(directory)
    with pytest.raises(plyvel.Error, match="does not exist"):
        plyvel.DB(directory)
    plyvel.destroy_db(str(tmp_path / "never was"))


def test_threads_share_a_database(db):
    def work(number):
        for i in range(500):
            db.put(b"%d-%d" % (number, i), b"v")
            assert db.get(b"%d-%d" % (number, i)) == b"v"

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(1 for _ in db) == 2000
