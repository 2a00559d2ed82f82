#!/usr/bin/env python3
"""Sends the same drawn commands to redis-server and to amethystd, and compares their replies byte for byte.

    redis_compare.py AMETHYSTD [--seed N] [--commands N] [--resp 2|3] [--kills N]

They are sent in pipelines of one to forty. One in ten is called by a script or a function; libraries of functions come,
change and go.
Where Redis has no order (the members of a set, the fields of a hash) the elements are sorted before. Some keys are few
and short, so that commands meet values of every type; collections cross the limits of their small encoding. In between
amethystd is killed with SIGKILL and started again: whatever it has answered must still be there.
Exits with 1 and the commands that lead to the first difference, with 77 where there is no redis-server.
"""
import argparse
import pathlib
import random
import shutil
import signal
import sys
import tempfile

from server_process import Client, Server, free_port

UNORDERED = {"smembers", "hkeys", "hvals", "sinter", "sunion", "sdiff", "keys"}
PAIRS = {"hgetall"}


class Draw:
    """Commands with arguments that fit, mostly."""

    def __init__(self, seed):
        self.random = random.Random(seed)
        self.last_entry = 30

    def key(self):
        return self.random.choice(["a", "b", "c", "d", "{e}f", "long" * 20])

    def value(self):
        pick = self.random.random()
        if pick < 0.3:
            return str(self.random.randint(-5, 20))
        if pick < 0.4:
            return "v" * self.random.choice([63, 64, 65, 600])
        if pick < 0.45:
            return self.random.choice(["", "3.5", "1e3", "9223372036854775807", "nan", "\x00\xff", " 7"])
        return self.random.choice("pqrstuvwxyz") * self.random.randint(1, 4)

    def member(self):
        if self.random.random() < 0.3:
            return str(self.random.randint(0, 200))
        return self.random.choice("klmno") + str(self.random.randint(0, 60))

    def number(self):
        return self.random.choice(["0", "1", "-1", "2", "3", "5", "-3", "10", "100", "-100", "x", "1.5", "07"])

    def score(self):
        return self.random.choice(["0", "1", "2", "-1", "3.25", "inf", "-inf", "1e10", "-0", "x", "7", "100"])

    def bound(self):
        return self.random.choice(["", "("]) + self.random.choice(["0", "1", "2", "-1", "inf", "-inf", "3.25", "x"])

    def lex(self):
        return self.random.choice(["-", "+", "[a", "(k1", "[m", "[o3", "(z", "x"])

    def moment(self):
        return str(self.random.choice([4102444800, 4102444801, 4102444899]))

    def some(self, draw, least=1, most=4):
        return [draw() for _ in range(self.random.randint(least, most))]

    def pairs(self, one, other):
        return [word for _ in range(self.random.randint(1, 4)) for word in (one(), other())]

    def options(self, *groups):
        return [word for group in groups if self.random.random() < 0.3 for word in
                (group() if callable(group) else self.random.choice(group).split())]

    def strings(self):
        r, k, v, n = self.random, self.key, self.value, self.number
        return r.choice([
            lambda: ["get", k()], lambda: ["set", k(), v()] + self.options(
                ["nx", "xx"], ["get"], ["keepttl", "exat " + self.moment(), "exat x"]),
            lambda: ["setnx", k(), v()], lambda: ["getset", k(), v()], lambda: ["getdel", k()],
            lambda: ["getex", k()] + self.options(["persist", "exat " + self.moment()]),
            lambda: ["mget"] + self.some(k), lambda: ["mset"] + self.pairs(k, v), lambda: ["msetnx"] + self.pairs(k, v),
            lambda: ["append", k(), v()], lambda: ["strlen", k()], lambda: ["getrange", k(), n(), n()],
            lambda: ["setrange", k(), r.choice(["0", "3", "70", "-1", "x"]), v()], lambda: ["incr", k()],
            lambda: ["decr", k()], lambda: ["incrby", k(), n()], lambda: ["decrby", k(), n()],
            lambda: ["incrbyfloat", k(), r.choice(["1", "0.5", "-2.25", "1e2", "x"])],
            lambda: ["lcs", k(), k()] + self.options(["len", "idx", "idx withmatchlen", "idx minmatchlen 2"])])()

    def keys(self):
        r, k = self.random, self.key
        return r.choice([
            lambda: ["del"] + self.some(k, 1, 2), lambda: ["exists"] + self.some(k), lambda: ["type", k()],
            lambda: ["expireat", k(), self.moment()] + self.options(["nx", "xx", "gt", "lt"]),
            lambda: ["pexpireat", k(), self.moment() + "000"], lambda: ["expiretime", k()],
            lambda: ["pexpiretime", k()], lambda: ["persist", k()], lambda: ["rename", k(), k()],
            lambda: ["renamenx", k(), k()], lambda: ["copy", k(), k()] + self.options(["replace"], ["db 1", "db 99"]),
            lambda: ["move", k(), "1"], lambda: ["keys", r.choice(["*", "[a-c]", "?", "l*", "\\a"])],
            lambda: ["dbsize"], lambda: ["touch"] + self.some(k), lambda: ["select", r.choice(["0", "0", "1", "99"])],
            lambda: ["swapdb", "0", "1"], lambda: ["expire", k(), r.choice(["-1", "x", "9223372036854775807"])]])()

    def hashes(self):
        r, k, f, v, n = self.random, self.key, self.member, self.value, self.number
        return r.choice([
            lambda: ["hset", k()] + self.pairs(f, v), lambda: ["hset", k()] + self.pairs(f, v),
            lambda: ["hmset", k()] + self.pairs(f, v), lambda: ["hsetnx", k(), f(), v()], lambda: ["hget", k(), f()],
            lambda: ["hmget", k()] + self.some(f), lambda: ["hgetall", k()], lambda: ["hkeys", k()],
            lambda: ["hvals", k()], lambda: ["hdel", k()] + self.some(f), lambda: ["hlen", k()],
            lambda: ["hexists", k(), f()], lambda: ["hstrlen", k(), f()], lambda: ["hincrby", k(), f(), n()],
            lambda: ["hincrbyfloat", k(), f(), r.choice(["1", "0.5", "-2.25", "x"])]])()

    def sets(self):
        r, k, m = self.random, self.key, self.member
        return r.choice([
            lambda: ["sadd", k()] + self.some(m, 1, 8), lambda: ["sadd", k()] + self.some(m, 1, 8),
            lambda: ["srem", k()] + self.some(m), lambda: ["smembers", k()], lambda: ["sismember", k(), m()],
            lambda: ["smismember", k()] + self.some(m), lambda: ["scard", k()], lambda: ["smove", k(), k(), m()],
            lambda: ["sinter"] + self.some(k), lambda: ["sunion"] + self.some(k), lambda: ["sdiff"] + self.some(k),
            lambda: ["sinterstore", k()] + self.some(k), lambda: ["sunionstore", k()] + self.some(k),
            lambda: ["sdiffstore", k()] + self.some(k),
            lambda: ["sintercard", r.choice(["1", "2", "x"]), k(), k()] + self.options(["limit 2"])])()

    def lists(self):
        r, k, v, n = self.random, self.key, self.value, self.number
        end = lambda: r.choice(["left", "right"])
        return r.choice([
            lambda: ["lpush", k()] + self.some(v), lambda: ["rpush", k()] + self.some(v),
            lambda: ["rpush", k()] + self.some(v, 1, 30), lambda: ["lpushx", k()] + self.some(v),
            lambda: ["rpushx", k()] + self.some(v), lambda: ["lpop", k()] + self.options(["2", "0", "-1"]),
            lambda: ["rpop", k()] + self.options(["2", "0", "x"]), lambda: ["llen", k()],
            lambda: ["lrange", k(), n(), n()], lambda: ["lrange", k(), "0", "-1"], lambda: ["lindex", k(), n()],
            lambda: ["lset", k(), n(), v()], lambda: ["linsert", k(), r.choice(["before", "after", "x"]), v(), v()],
            lambda: ["lrem", k(), r.choice(["0", "1", "-1", "2"]), v()], lambda: ["ltrim", k(), n(), n()],
            lambda: ["lpos", k(), v()] + self.options(["rank 1", "rank -1", "rank 0"], ["count 0", "count 2"]),
            lambda: ["lmove", k(), k(), end(), end()], lambda: ["rpoplpush", k(), k()],
            lambda: ["lmpop", r.choice(["1", "2", "0"]), k(), k(), end()]])()

    def sorted_sets(self):
        r, k, m, s, n, b = self.random, self.key, self.member, self.score, self.number, self.bound
        how = lambda: self.options(["withscores"])
        limit = lambda: self.options(["limit 0 2", "limit 1 3", "limit -1 2"])
        o = "one score"  # Ranges by name say nothing of sets with several.
        return r.choice([
            lambda: ["zadd", k()] + self.options(["nx", "xx"], ["gt", "lt"], ["ch"]) + self.pairs(s, m),
            lambda: ["zadd", k()] + self.pairs(s, m), lambda: ["zadd", o] + self.pairs(lambda: "0", m),
            lambda: ["zadd", k(), "incr", s(), m()],
            lambda: ["zincrby", k(), s(), m()], lambda: ["zrem", k()] + self.some(m), lambda: ["zscore", k(), m()],
            lambda: ["zmscore", k()] + self.some(m), lambda: ["zcard", k()], lambda: ["zcount", k(), b(), b()],
            lambda: ["zlexcount", o, self.lex(), self.lex()], lambda: ["zrank", k(), m()],
            lambda: ["zrevrank", k(), m()], lambda: ["zrange", k(), n(), n()] + self.options(["rev"]) + how(),
            lambda: ["zrange", k(), b(), b(), "byscore"] + self.options(["rev"]) + limit() + how(),
            lambda: ["zrange", o, self.lex(), self.lex(), "bylex"] + self.options(["rev"]) + limit(),
            lambda: ["zrevrange", k(), n(), n()] + how(), lambda: ["zrangebyscore", k(), b(), b()] + how() + limit(),
            lambda: ["zrevrangebyscore", k(), b(), b()] + how() + limit(),
            lambda: ["zrangebylex", o, self.lex(), self.lex()] + limit(),
            lambda: ["zrevrangebylex", o, self.lex(), self.lex()] + limit(),
            lambda: ["zremrangebyrank", k(), n(), n()], lambda: ["zremrangebyscore", k(), b(), b()],
            lambda: ["zremrangebylex", o, self.lex(), self.lex()],
            lambda: ["zpopmin", k()] + self.options(["2", "0", "-1"]), lambda: ["zpopmax", k()] + self.options(["3"]),
            lambda: ["zmpop", "2", k(), k(), r.choice(["min", "max"])] + self.options(["count 2"]),
            lambda: ["zunion", "2", k(), k()] + self.options(["weights 2 3"], ["aggregate max"]) + how(),
            lambda: ["zinter", "2", k(), k()] + self.options(["aggregate min"]) + how(),
            lambda: ["zdiff", "2", k(), k()] + how(),
            lambda: ["zrangestore", k(), k(), n(), n()], lambda: ["zunionstore", k(), "2", k(), k()],
            lambda: ["zinterstore", k(), "2", k(), k()] + self.options(["weights 1 2"]),
            lambda: ["zdiffstore", k(), "2", k(), k()], lambda: ["zintercard", "2", k(), k()]])()

    def entry(self):
        return self.random.choice(["", "", "("]) + self.random.choice(["-", "+", "0", "7", "40-1", "60", "x", "90-*"])

    # Ids that are drawn grow slowly, so that some are refused.
    def new_entry(self):
        self.last_entry += self.random.randint(-1, 3)
        return str(self.last_entry) + self.random.choice(["", "-1", "-2", "-*"])

    def some_entry(self):
        return str(self.last_entry - self.random.randint(0, 20))

    def streams(self):
        r, k, n, e, s = self.random, self.key, self.number, self.entry, self.some_entry
        g, c = lambda: r.choice(["g", "h"]), lambda: r.choice(["ann", "bob"])
        add = lambda: (["xadd", k()] + self.options(["nomkstream"]) + [self.new_entry()] +
                       self.pairs(self.member, self.value))
        return r.choice([
            add, add, add, lambda: ["xadd", k(), "maxlen", n(), self.new_entry(), "f", "v"], lambda: ["xlen", k()],
            lambda: ["xrange", k(), e(), e()] + self.options(["count 2", "count 0"]),
            lambda: ["xrevrange", k(), e(), e()] + self.options(["count 3"]), lambda: ["xdel", k()] + self.some(s),
            lambda: ["xtrim", k(), "maxlen", n()], lambda: ["xtrim", k(), "minid", s()],
            lambda: ["xsetid", k(), s()] + self.options(["entriesadded 9"]),
            lambda: ["xread", "count", n(), "streams", k(), k(), s(), r.choice(["0", "$"])],
            lambda: ["xgroup", "create", k(), g(), r.choice(["$", "0", s()])] + self.options(["mkstream"]),
            lambda: ["xgroup", "setid", k(), g(), s()], lambda: ["xgroup", r.choice(["destroy", "createx"]), k(), g()],
            lambda: ["xgroup", r.choice(["createconsumer", "delconsumer"]), k(), g(), c()],
            lambda: ["xreadgroup", "group", g(), c(), "count", n(), "streams", k(), ">"],
            lambda: ["xreadgroup", "group", g(), c(), "noack", "streams", k(), r.choice([">", "0"])],
            lambda: ["xack", k(), g()] + self.some(s), lambda: ["xpending", k(), g()],
            lambda: ["xclaim", k(), g(), c(), "0"] + self.some(s) + self.options(["force"], ["justid"]),
            lambda: ["xautoclaim", k(), g(), c(), "0", r.choice(["-", s()])] + self.options(["count 2"], ["justid"]),
            lambda: ["xinfo", "groups", k()]])()

    def functions(self):
        r = self.random
        library = lambda: r.choice(["one", "two"])
        name = lambda: r.choice(["f", "g", "H"])
        flags = lambda: r.choice(["", "", ", flags={'no-writes'}", ", flags={'allow-oom', 'x'}"])
        body = lambda: r.choice(["return {KEYS, ARGV}", "return redis.call('get', KEYS[1])", "return nosuch",
                                 "return redis.call('incr', KEYS[1])", "return redis.pcall('lpop', ARGV[1])"])
        code = lambda: (f"#!lua name={library()}\n" + r.choice([
            "redis.register_function{function_name='%s', callback=function(KEYS, ARGV) %s end%s}"
            % (name(), body(), flags()),
            "redis.register_function('%s', function() return 1 end)" % name(), "x = 1", "x x"]))
        return r.choice([
            lambda: ["function", "load"] + self.options(["replace"]) + [code()],
            lambda: ["function", "load", "replace", code()],
            lambda: ["fcall", name(), "1", self.key(), self.key()],
            lambda: ["fcall", name(), r.choice(["0", "1", "2", "x"]), self.key()],
            lambda: ["fcall_ro", name(), "1", self.key()],
            lambda: ["function", "list", "libraryname", library()] + self.options(["withcode"]),
            lambda: ["function", "delete", library()], lambda: ["function", "stats"]])()

    def command(self):
        groups = [self.functions, self.strings, self.keys, self.hashes, self.sets, self.lists, self.sorted_sets,
                  self.streams]
        words = self.random.choices(groups, weights=[1, 3, 2, 3, 3, 3, 4, 4])[0]()
        if len(words) > 1 and self.random.random() < 0.02:
            words = words[:-1]
        return [word.encode("latin-1") for word in words]

    # How many commands are sent at once.
    def pipeline(self):
        return self.random.choice([1, 1, 2, 5, 16, 40])

    # Some commands are called by a script. One that selects a database would select it for itself.
    def sent(self, words):
        if words[0] == b"select" or self.random.random() >= 0.1:
            return words
        if self.random.random() < 0.5:
            return [b"fcall", b"call", b"0", *words]
        return [b"eval", b"return redis.call(unpack(ARGV))", b"0", *words]


def comparable(words, reply):
    name = words[0].decode().lower()
    if isinstance(reply, list) and name in UNORDERED:
        return [reply[0]] + sorted(reply[1:])
    if isinstance(reply, list) and name in PAIRS:
        return [reply[0]] + sorted(zip(reply[1::2], reply[2::2]))
    return reply


def shown(words):
    return " ".join(repr(word)[1:] for word in words)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("amethystd")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--commands", type=int, default=20000)
    parser.add_argument("--resp", type=int, choices=(2, 3), default=2)
    parser.add_argument("--kills", type=int, default=3)
    arguments = parser.parse_args()
    if shutil.which("redis-server") is None:
        print("there is no redis-server")
        return 77
    draw = Draw(arguments.seed)
    with tempfile.TemporaryDirectory() as directory:
        folder = pathlib.Path(directory)
        (folder / "redis").mkdir()
        ports = free_port(), free_port()
        theirs = Server(["redis-server", "--port", str(ports[0]), "--save", "", "--dir", str(folder / "redis")],
                        ports[0])
        ours = Server([arguments.amethystd, "--port", str(ports[1]), "--dir", str(folder / "ours")], ports[1])
        try:
            theirs.start()
            ours.start()
            return compare(arguments, draw, theirs, ours)
        finally:
            theirs.end()
            ours.end()


def compare(arguments, draw, theirs, ours):
    clients = [Client(server.port, arguments.resp) for server in (theirs, ours)]
    for client in clients:
        client.call([b"function", b"load", b"#!lua name=always\nredis.register_function('call', "
                     b"function(KEYS, ARGV) return redis.call(unpack(ARGV)) end)"])
    done, database = [], b"0"
    kill_at = [(i + 1) * arguments.commands // (arguments.kills + 1) for i in range(arguments.kills)]
    while len(done) < arguments.commands:
        if kill_at and len(done) >= kill_at[0]:
            kill_at.pop(0)
            ours.end(signal.SIGKILL)
            ours.start()
            clients[1] = Client(ours.port, arguments.resp)
            clients[1].call([b"select", database])
        drawn = [draw.command() for _ in range(min(draw.pipeline(), arguments.commands - len(done)))]
        sent = [draw.sent(words) for words in drawn]
        for client in clients:
            client.send_all(sent)
        for place, words in enumerate(drawn):
            done.append(words)
            replies = [comparable(words, client.reply()) for client in clients]
            if words[0] == b"select" and replies[0] == b"+OK":
                database = words[1]
            if replies[0] != replies[1]:
                print(f"seed {arguments.seed}, command {len(done) - 1}, {place} of its pipeline: {shown(sent[place])}")
                print(f"  redis-server: {replies[0]}\n  amethystd:    {replies[1]}\n  before it:")
                for earlier in [other for other in done[:-1] if set(other[1:]) & set(words[1:])][-12:]:
                    print(f"    {shown(earlier)}")
                return 1
    print(f"{arguments.commands} commands with the same replies, {arguments.kills} kills in between")
    return 0


if __name__ == "__main__":
    sys.exit(main())
