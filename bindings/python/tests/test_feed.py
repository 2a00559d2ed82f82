"""The change feed, against the library that AMETHYST_LIBRARY names."""
import asyncio
import datetime
import threading
import time

import amethyst
import pytest

FAR = datetime.datetime(2100, 1, 1, tzinfo=datetime.timezone.utc)


def keys_of(event):
    return [entry.key for entry in event.entries]


class TestFeed:
    def test_gives_all_kinds_of_events_in_order(self, db):
        db.create_cursor("c")
        with db.batch() as batch:
            batch.put(b"a", b"1")
            batch.put(b"b", b"2", expires_at=FAR)
            batch.delete(b"a")
            batch.delete_range(b"c", None)
        family = db.create_family("f", merge_operator="int64.add")
        family.incr(b"n")
        family.rename("g")
        db.put(b"u", b"v", durability="none")
        db.flush()
        db.drop_family("g")
        db.sync()
        with db.feed("c") as feed:
            events = []
            while (event := feed.next(0)) is not None:
                events.append(event)
            assert feed.position == events[-1].position
        assert [event.kind for event in events] == ["batch", "family_created", "batch", "family_renamed",
                                                    "family_dropped", "unlogged"]
        put, expiring, delete, delete_range = events[0].entries
        assert put == amethyst.FeedEntry("put", "default", 0, b"a", b"1")
        assert expiring.expires_at == FAR and delete == amethyst.FeedEntry("delete", "default", 0, b"a")
        assert delete_range.kind == "delete_range" and (delete_range.start, delete_range.stop) == (b"c", None)
        assert events[0].last_sequence == events[0].first_sequence + 3
        assert events[1].family == "f" and events[1].family_id > 0 and events[3].family == events[4].family == "g"
        assert events[2].entries[0].kind == "merge" and events[2].entries[0].family is None  # Dropped since.
        assert events[5].first_sequence == events[2].last_sequence + 1

    def test_goes_on_where_it_was_committed(self, db):
        db[b"before"] = b"1"
        with db.create_cursor_with_snapshot("c") as snapshot:
            db[b"a"] = b"2"
            db[b"b"] = b"3"
            db.sync()
            assert dict(snapshot) == {b"before": b"1"}
        with db.feed("c") as feed:
            first = feed.next(0)
            assert keys_of(first) == [b"a"]
            feed.commit()
        assert db.cursors() == [{"name": "c", "position": first.position, "is_lost": False}]
        with db.feed("c") as feed:
            assert keys_of(feed.next(0)) == [b"b"]
        with db.feed(position=first.position, reach="visible") as feed:
            db[b"unsynced"] = b"4"
            assert keys_of(feed.next(0)) == [b"b"] and keys_of(feed.next(0)) == [b"unsynced"]
            assert feed.next(0) is None
        db.drop_cursor("c")
        assert db.cursors() == []
        with pytest.raises(amethyst.InvalidArgumentError):
            db.feed("c")

    def test_what_is_gone_is_too_old(self, db):
        snapshot, position = db.feed_snapshot()
        snapshot.close()
        for _ in range(10):
            db[b"large"] = bytes(1 << 20)
        db.flush()
        with pytest.raises(amethyst.TooOldError):
            db.feed(position=position)

    def test_an_iterator_waits_for_what_comes_and_ends_with_the_database(self, db):
        db.create_cursor("c")
        got = []

        def follow():
            for event in db.feed("c"):
                got.extend(keys_of(event))

        thread = threading.Thread(target=follow)
        thread.start()
        for key in (b"a", b"b", b"c"):
            db.put(key, b"v", durability="sync")
        while len(got) < 3:
            time.sleep(0.001)
        db.close()
        thread.join(10)
        assert got == [b"a", b"b", b"c"] and not thread.is_alive()

    def test_a_wait_leaves_other_threads_alone(self, db):
        db.create_cursor("c")
        with db.feed("c") as feed:
            turns, stop = [0], threading.Event()

            def count():
                while not stop.is_set():
                    turns[0] += 1
                    time.sleep(0.001)

            thread = threading.Thread(target=count)
            thread.start()
            before = turns[0]
            assert feed.next(0.5) is None
            counted = turns[0] - before
            stop.set()
            thread.join()
        assert counted > 20

    def test_wrong_arguments_are_refused(self, db):
        for arguments in ({}, {"cursor": "c", "position": "p"}, {"cursor": "c", "reach": "far"}):
            with pytest.raises(ValueError):
                db.feed(**arguments)
        with pytest.raises(amethyst.InvalidArgumentError):
            db.feed(position="nowhere")
        db.create_cursor("c")
        with pytest.raises(amethyst.InvalidArgumentError):
            db.create_cursor("c")
        feed = db.feed("c")
        feed.close()
        with pytest.raises(amethyst.ClosedError):
            feed.next(0)
        assert list(feed) == []


class TestAsyncFeed:
    def test_waits_for_what_comes_and_ends_with_the_database(self, db):
        db.create_cursor("c")

        async def follow():
            got = []
            async for event in db.feed("c"):
                got.extend(keys_of(event))
            return got

        async def main():
            task = asyncio.create_task(follow())
            for key in (b"a", b"b"):
                await asyncio.sleep(0.05)
                db.put(key, b"v", durability="sync")
            await asyncio.sleep(0.3)
            db.close()
            return await asyncio.wait_for(task, 10)

        assert asyncio.run(main()) == [b"a", b"b"]

    def test_an_event_is_not_lost_with_a_task_that_is_cancelled(self, db):
        db.create_cursor("c")

        async def main():
            feed = db.feed("c")
            with pytest.raises(asyncio.TimeoutError):
                await asyncio.wait_for(feed.__anext__(), 0.05)
            db.put(b"a", b"v", durability="sync")  # Comes to the wait that goes on.
            await asyncio.sleep(0.3)
            db.put(b"b", b"v", durability="sync")
            first = await asyncio.wait_for(feed.__anext__(), 10)
            second = feed.next(10)
            feed.close()
            return keys_of(first) + keys_of(second)

        assert asyncio.run(main()) == [b"a", b"b"]
        with pytest.raises(amethyst.TooOldError):
            asyncio.run(self.follow_what_is_gone(db))

    async def follow_what_is_gone(self, db):
        snapshot, position = db.feed_snapshot()
        snapshot.close()
        for _ in range(10):
            db[b"large"] = bytes(1 << 20)
        db.drop_cursor("c")
        db.flush()
        async for _ in db.feed(position=position):
            pass
