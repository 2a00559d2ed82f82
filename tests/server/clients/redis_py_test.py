#!/usr/bin/env python3
"""redis-py against the server at AMETHYSTD_PORT and AMETHYSTD_SOCKET (see with_amethystd): what its users build on."""
import os
import sys
import threading
import unittest

try:
    import redis
    from redis.exceptions import LockNotOwnedError, NoScriptError, ResponseError, WatchError
except ImportError:
    print("there is no redis-py (Debian: python3-redis)")
    sys.exit(77)

PORT = int(os.environ["AMETHYSTD_PORT"])


class Case(unittest.TestCase):
    def setUp(self):
        self.client = redis.Redis(port=PORT, decode_responses=True)
        self.addCleanup(self.client.close)
        self.client.flushall()


class Connections(Case):
    def test_a_unix_socket_reaches_the_same_data(self):
        self.client.set("a", "1")
        with redis.Redis(unix_socket_path=os.environ["AMETHYSTD_SOCKET"]) as other:
            self.assertEqual(other.get("a"), b"1")

    def test_a_url_names_database_and_client(self):
        with redis.from_url(f"redis://127.0.0.1:{PORT}/3?client_name=tester") as third:
            third.set("a", "1")
            self.assertEqual(third.client_getname(), "tester")
            self.assertEqual([each["db"] for each in third.client_list() if each["name"] == "tester"], ["3"])
        self.assertIsNone(self.client.get("a"))
        self.assertEqual(self.client.info("keyspace"), {"db3": {"keys": 1, "expires": 0, "avg_ttl": 0}})

    def test_a_pool_serves_more_threads_than_it_has_connections(self):
        pool = redis.BlockingConnectionPool(port=PORT, max_connections=3, timeout=20)
        client = redis.Redis(connection_pool=pool)
        threads = [threading.Thread(target=lambda: [client.incr("n") for _ in range(50)]) for _ in range(12)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(client.get("n"), b"600")
        pool.disconnect()

    def test_a_connection_that_was_killed_is_made_again(self):
        self.client.set("a", "1")
        with redis.Redis(port=PORT, retry_on_error=[redis.ConnectionError]) as other:
            other.ping()
            self.client.client_kill_filter(_type="normal", skipme=True)
            self.assertEqual(other.get("a"), b"1")

    def test_monitor_shows_what_others_send(self):
        with self.client.monitor() as monitor:
            self.client.set("a", "two words")
            self.assertEqual(monitor.next_command()["command"], "SET a two words")


class Pipelines(Case):
    def test_answers_come_in_order_and_an_error_stays_with_its_command(self):
        with self.client.pipeline(transaction=False) as pipe:
            for i in range(1000):
                pipe.set(f"k{i}", i)
            pipe.lpush("k0", "x").mget([f"k{i}" for i in range(3)])
            answers = pipe.execute(raise_on_error=False)
        self.assertEqual(answers[:1000], [True] * 1000)
        self.assertIsInstance(answers[1000], ResponseError)
        self.assertEqual(answers[1001], ["0", "1", "2"])

    def test_a_transaction_is_whole(self):
        with self.client.pipeline() as pipe:
            pipe.multi()
            pipe.set("a", 1).incrby("a", 4).hset("h", mapping={"f": "v", "g": 2}).hgetall("h").zadd("z", {"m": 1.5})
            self.assertEqual(pipe.execute(), [True, 5, 2, {"f": "v", "g": "2"}, 1])

    def test_a_watched_key_that_changes_stops_it(self):
        with self.client.pipeline() as pipe:
            pipe.watch("a")
            self.client.set("a", "other")
            pipe.multi()
            pipe.set("a", "mine")
            with self.assertRaises(WatchError):
                pipe.execute()
        self.assertEqual(self.client.get("a"), "other")

    def test_transactions_of_many_threads_lose_nothing(self):
        def add():
            with redis.Redis(port=PORT) as client:
                for _ in range(20):
                    client.transaction(lambda pipe: (lambda value: (pipe.multi(), pipe.set("n", value + 1)))(
                        int(pipe.get("n") or 0)), "n")
        threads = [threading.Thread(target=add) for _ in range(5)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(self.client.get("n"), "100")


class PubSub(Case):
    def message(self, pubsub):
        return pubsub.get_message(timeout=10)

    def test_channels_and_patterns_get_messages_and_stop(self):
        with self.client.pubsub() as pubsub:
            pubsub.subscribe("news")
            pubsub.psubscribe("n*")
            self.assertEqual([self.message(pubsub)["data"] for _ in range(2)], [1, 2])
            self.assertEqual(self.client.publish("news", "hello"), 2)
            got = [self.message(pubsub) for _ in range(2)]
            self.assertEqual([(each["type"], each["channel"], each["data"]) for each in got],
                             [("message", "news", "hello"), ("pmessage", "news", "hello")])
            pubsub.ping("still there")
            self.assertEqual(self.message(pubsub)["data"], "still there")
            pubsub.unsubscribe()
            pubsub.punsubscribe()
            self.assertEqual([self.message(pubsub)["type"] for _ in range(2)], ["unsubscribe", "punsubscribe"])
            self.assertEqual(self.client.publish("news", "hello"), 0)

    def test_a_thread_of_handlers_is_told_of_expired_keys(self):
        told, is_told = [], threading.Event()

        def note(message):
            told.append(message["data"])
            is_told.set()
        self.client.config_set("notify-keyspace-events", "Ex")
        self.addCleanup(self.client.config_set, "notify-keyspace-events", "")
        with self.client.pubsub() as pubsub:
            pubsub.subscribe(**{"__keyevent@0__:expired": note})
            self.assertEqual(self.message(pubsub)["type"], "subscribe")
            thread = pubsub.run_in_thread(sleep_time=0.05)
            self.client.set("soon", "gone", px=20)
            self.assertTrue(is_told.wait(10))
            thread.stop()
            thread.join()
        self.assertEqual(told, ["soon"])


class Locks(Case):
    def test_one_holds_it_and_others_do_not(self):
        first, second = self.client.lock("l", timeout=20), self.client.lock("l", blocking_timeout=0.05)
        self.assertTrue(first.acquire())
        self.assertFalse(second.acquire())
        self.assertTrue(first.owned())
        self.assertTrue(first.extend(100, replace_ttl=True))
        self.assertGreater(self.client.ttl("l"), 50)
        self.assertTrue(first.reacquire())
        first.release()
        self.assertTrue(second.acquire())
        second.release()
        self.assertIsNone(self.client.get("l"))

    def test_a_lock_that_was_lost_is_not_released(self):
        lock = self.client.lock("l", timeout=20)
        lock.acquire()
        self.client.set("l", "another's")
        with self.assertRaises(LockNotOwnedError):
            lock.release()
        self.assertEqual(self.client.get("l"), "another's")


class Scripts(Case):
    def test_a_script_is_loaded_when_the_server_does_not_know_it(self):
        self.client.script_flush()
        script = self.client.register_script("return {KEYS[1], ARGV[1], redis.call('INCRBY', KEYS[1], ARGV[1])}")
        with self.assertRaises(NoScriptError):
            self.client.evalsha(script.sha, 1, "n", 3)
        self.assertEqual(script(keys=["n"], args=[3]), ["n", "3", 3])
        self.client.script_flush()
        with self.client.pipeline() as pipe:
            script(keys=["n"], args=[4], client=pipe)
            pipe.get("n")
            self.assertEqual(pipe.execute(), [["n", "4", 7], "7"])

    def test_an_error_of_a_script_leaves_nothing(self):
        with self.assertRaises(ResponseError):
            self.client.eval("return redis.call('LPUSH', KEYS[1], 'x') + redis.call('NONSENSE')", 1, "l")


class Streams(Case):
    def test_groups_hand_out_claim_and_acknowledge(self):
        ids = [self.client.xadd("s", {"n": i}) for i in range(5)]
        self.assertTrue(self.client.xgroup_create("s", "g", id="0"))
        got = self.client.xreadgroup("g", "ann", {"s": ">"}, count=3)
        self.assertEqual(got, [["s", [(ids[i], {"n": str(i)}) for i in range(3)]]])
        self.assertEqual(self.client.xack("s", "g", ids[0]), 1)
        pending = self.client.xpending("s", "g")
        self.assertEqual((pending["pending"], pending["consumers"]), (2, [{"name": "ann", "pending": 2}]))
        self.assertEqual(self.client.xclaim("s", "g", "bob", 0, [ids[1]], justid=True), [ids[1]])
        self.assertEqual(self.client.xautoclaim("s", "g", "bob", 0, justid=True), [ids[1], ids[2]])
        self.assertEqual([each["pending"] for each in self.client.xinfo_consumers("s", "g")], [0, 2])
        self.assertEqual(self.client.xinfo_groups("s")[0]["last-delivered-id"], ids[2])
        self.assertEqual(self.client.xinfo_stream("s")["length"], 5)

    def test_a_reader_that_blocks_gets_what_is_added(self):
        got = []
        with redis.Redis(port=PORT, decode_responses=True) as reader:
            thread = threading.Thread(target=lambda: got.append(reader.xread({"s": "0"}, block=20000)))
            thread.start()
            added = self.client.xadd("s", {"a": "b"})
            thread.join()
        self.assertEqual(got, [[["s", [(added, {"a": "b"})]]]])
        self.assertEqual(self.client.xread({"s": added}, block=20), [])


class Collections(Case):
    def test_scans_find_each_key_and_member_once_at_least(self):
        self.client.mset({f"k{i}": i for i in range(500)})
        self.assertEqual(set(self.client.scan_iter("k*", count=7)), {f"k{i}" for i in range(500)})
        self.client.hset("h", mapping={f"f{i}": i for i in range(600)})
        self.assertEqual(dict(self.client.hscan_iter("h")), {f"f{i}": str(i) for i in range(600)})
        self.client.sadd("s", *range(600))
        self.assertEqual(set(self.client.sscan_iter("s")), {str(i) for i in range(600)})
        self.client.zadd("z", {f"m{i}": i for i in range(600)})
        self.assertEqual(dict(self.client.zscan_iter("z")), {f"m{i}": float(i) for i in range(600)})
        self.assertEqual(set(self.client.scan_iter(_type="zset")), {"z"})

    def test_queues_block_and_move(self):
        got = []
        with redis.Redis(port=PORT, decode_responses=True) as worker:
            thread = threading.Thread(target=lambda: got.append(worker.blmove("todo", "doing", 20, "RIGHT", "LEFT")))
            thread.start()
            self.client.lpush("todo", "job")
            thread.join()
        self.assertEqual((got, self.client.lrange("doing", 0, -1)), (["job"], ["job"]))
        self.assertIsNone(self.client.blpop(["todo", "other"], timeout=0.02))
        self.client.zadd("z", {"a": 1, "b": 2})
        self.assertEqual(self.client.bzpopmin("z", 1), ("z", "a", 1.0))

    def test_answers_are_understood(self):
        self.client.zadd("z", {"a": 1.5, "b": 2})
        self.assertEqual(self.client.zrange("z", 0, -1, withscores=True), [("a", 1.5), ("b", 2.0)])
        self.client.geoadd("g", (13.361389, 38.115556, "Palermo", 15.087269, 37.502669, "Catania"))
        self.assertEqual(self.client.geodist("g", "Palermo", "Catania", "km"), 166.2742)
        self.client.rpush("l", 3, 1, 2)
        self.assertEqual(self.client.sort("l", desc=True), ["3", "2", "1"])
        self.assertEqual(self.client.bitfield("b").set("u8", 0, 255).incrby("u8", 0, 1, "SAT").execute(), [0, 255])
        self.assertEqual(self.client.pfadd("p", *range(1000)), 1)
        self.assertEqual(self.client.set("a", "new", get=True), None)
        self.assertEqual(self.client.getex("a", ex=100), "new")
        self.assertEqual(self.client.object("encoding", "z"), "listpack")
        self.assertGreater(self.client.memory_usage("z"), 0)
        self.assertEqual(self.client.info()["redis_version"], "7.0.15")
        self.assertIn("GET", {name.upper() for name in self.client.command()})
        self.assertEqual(self.client.config_get("appendfsync"), {"appendfsync": "everysec"})
        self.assertIsInstance(self.client.slowlog_get(), list)
        self.assertTrue(self.client.copy("a", "d"))
        self.client.restore("c", 0, redis.Redis(port=PORT).dump("a"))
        self.assertEqual(self.client.get("c"), "new")


if __name__ == "__main__":
    unittest.main(verbosity=1)
