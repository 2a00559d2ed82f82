"""Checkpoints and backups, against the library that AMETHYST_LIBRARY names."""
import amethyst
import pytest


@pytest.fixture
def db(tmp_path):
    with amethyst.open(tmp_path / "db") as opened:
        opened[b"key"] = b"first"
        yield opened


class TestCopies:
    def test_a_checkpoint_is_a_database_as_of_the_call(self, db, tmp_path):
        db.checkpoint(tmp_path / "copy")
        db[b"key"] = b"second"
        with amethyst.open(tmp_path / "copy") as copy:
            assert dict(copy) == {b"key": b"first"}
        with pytest.raises(amethyst.InvalidArgumentError, match="copy"):
            db.checkpoint(tmp_path / "copy")
        db.close()
        with pytest.raises(amethyst.ClosedError):
            db.checkpoint(tmp_path / "other")

    def test_a_store_keeps_backups_and_gives_them_back(self, db, tmp_path):
        store = amethyst.BackupStore(tmp_path / "store")
        with pytest.raises(amethyst.InvalidArgumentError, match="no store"):
            store.list()
        assert store.create(db) == 1
        db[b"key"] = b"second"
        assert store.create(db) == 2
        first, second = store.list()
        assert (first["id"], second["id"]) == (1, 2) and first["database"] == second["database"]
        assert first["new_bytes"] == first["bytes"] > 0
        store.verify(1)
        store.restore(1, tmp_path / "restored")
        with amethyst.open(tmp_path / "restored") as restored:
            assert restored[b"key"] == b"first"
        assert store.prune(1)["backups_removed"] == 1
        with pytest.raises(amethyst.InvalidArgumentError, match="no backup 1"):
            store.verify(1)

    def test_damage_is_found(self, db, tmp_path):
        store = amethyst.BackupStore(tmp_path / "store")
        store.create(db)
        for table in (tmp_path / "store" / "tables").iterdir():
            table.write_bytes(table.read_bytes()[:-1])
        with pytest.raises(amethyst.CorruptionError, match="sst"):
            store.verify(1)
        with pytest.raises(amethyst.CorruptionError):
            store.restore(1, tmp_path / "restored")
        assert not (tmp_path / "restored").exists()
