#!/usr/bin/env python3
"""Has redis-server save files with every type and encoding, imports each, and compares what is read back.

    rdb_import.py AMETHYSTD [--keep DIRECTORY] [--rate MIB]

Each key's DUMP by amethystd goes back into redis-server, which digests it and the original (DEBUG DIGEST-VALUE).
--keep leaves the files there, for a corpus. --rate measures instead, with a file of about that size.
Exits with 1 and the first difference, with 77 where there is no redis-server.
"""
import argparse
import json
import pathlib
import random
import shutil
import subprocess
import sys
import tempfile

from redis_compare import Client, Server, free_port

SETTINGS = {
    "small": [],
    "exploded": ["--hash-max-listpack-entries", "0", "--zset-max-listpack-entries", "0", "--set-max-intset-entries",
                 "0", "--list-max-listpack-size", "1"],
    "plain": ["--rdbcompression", "no", "--rdbchecksum", "no"],
}


def words(text):
    return [word.encode() for word in text.split()]


def fill(call, draw):
    """Keys of every type, short and long, that expire and do not, in several databases."""
    for database in (0, 3, 15):
        call(words(f"select {database}"))
        values = [b"", b"12", b"-70000", b"3000000000", b"x" * 5000, b"\x00\xff\r\n", draw.randbytes(20000)]
        for i, value in enumerate(values):
            call([b"set", b"string%d" % i, value])
        for size in (1, 5, 200, 3000):
            for i in range(0, size, 500):
                part = range(i, min(i + 500, size))
                call([b"rpush", b"list%d" % size, *(b"element%d" % j * (j % 9 + 1) for j in part)])
                call([b"sadd", b"set%d" % size, *(b"member%d" % j for j in part)])
                call([b"sadd", b"integers%d" % size, *(b"%d" % (j * j * 1000) for j in part)])
                call([b"hset", b"hash%d" % size, *(word for j in part for word in (b"field%d" % j, b"v" * (j % 70)))])
                call([b"zadd", b"zset%d" % size, *(word for j in part for word in (b"%r" % (j / 7), b"member%d" % j))])
        call(words("zadd zset1 -inf low inf high 1e300 big"))
        call([b"rpush", b"large", b"y" * 20000, b"z"])
        for i in range(300):
            more = " third 3" if i % 7 == 0 else ""
            call(words(f"xadd stream {i + 1}-{i % 3} field {i} other s{'s' * (i % 40)}{more}"))
        call(words("xdel stream 5-1 6-2"))
        call(words("xgroup create stream readers 10-0"))
        call(words("xgroup create stream idle $"))
        call(words("xreadgroup group readers ann count 20 streams stream >"))
        call(words("xreadgroup group readers bob count 3 streams stream >"))
        call(words("xgroup createconsumer stream readers carl"))
        call(words("xgroup create empty readers $ mkstream"))
        call(words("geoadd places 13.361389 38.115556 Palermo 15.087269 37.502669 Catania"))
        call(words("pfadd sketch a b c d e f g"))
        call(words("setbit bits 100000 1"))
        for name in ("string1", "list5", "hash200", "zset3000", "set1", "stream"):
            call([b"pexpireat", name.encode(), b"%d" % (4_000_000_000_000 + database)])
        call([b"set", b"gone", b"1", b"px", b"1"])
    call([b"function", b"load", b"#!lua name=mine\nredis.register_function('f', function() return 1 end)"])


def body(reply):
    return reply.split(b"\r\n", 1)[1] if b"\r\n" in reply else None


def compare(theirs, ours):
    """How many keys were the same."""
    count = 0
    for database in (0, 3, 15):
        for client in (theirs, ours):
            client.call(words(f"select {database}"))
        names = sorted(map(body, theirs.call(words("keys *"))[1:]))
        if names != sorted(map(body, ours.call(words("keys *"))[1:])):
            sys.exit(f"database {database}: other keys")
        for name in names:
            for command in ([b"type", name], [b"pexpiretime", name]):
                if theirs.call(command) != ours.call(command):
                    sys.exit(f"database {database}, {name}: other {command[0]}")
            expires_ms = max(int(ours.call([b"pexpiretime", name])[1:]), 0)  # It is a part of the digest.
            dumped = body(ours.call([b"dump", name]))
            theirs.call([b"restore", b"again", b"%d" % expires_ms, dumped, b"replace", b"absttl"])
            digests = [theirs.call([b"debug", b"digest-value", which])[1] for which in (name, b"again")]
            if digests[0] != digests[1]:
                sys.exit(f"database {database}, {name}: other value")
            if theirs.call([b"type", name]) == b"+stream":
                full = [b"xinfo", b"stream", name, b"full", b"count", b"0"]
                unlike = (b"radix-tree-keys", b"radix-tree-nodes")
                one, other = (without(client.call(full), unlike) for client in (theirs, ours))
                if one != other:
                    sys.exit(f"database {database}, {name}: other stream\n{one}\n{other}")
            count += 1
        theirs.call(words("del again"))
    return count


def without(reply, names):
    """A flat map without some fields."""
    pairs = list(zip(reply[1::2], reply[2::2]))
    return [(field, value) for field, value in pairs if body(field) not in names]


def import_file(program, file, directory):
    """What the import tells."""
    done = subprocess.run([program, "import", file, "--dir", directory, "--json"], check=True, capture_output=True,
                          text=True)
    return json.loads(done.stdout)


def refuses_what_is_there(program, file, directory):
    """The import works in DIR.import, which may be somebody's."""
    theirs = directory.with_suffix(".import") / "notes"
    theirs.parent.mkdir()
    theirs.write_text("mine")
    done = subprocess.run([program, "import", file, "--dir", directory], capture_output=True, text=True, check=False)
    assert done.returncode == 2 and "is there" in done.stderr, done
    assert theirs.read_text() == "mine"
    theirs.unlink()
    theirs.parent.rmdir()


def check(arguments, name, settings, scratch):
    port = free_port()
    redis = Server(["redis-server", "--port", str(port), "--save", "", "--dir", str(scratch), "--dbfilename",
                    f"{name}.rdb", "--enable-debug-command", "yes", *settings], port)
    ours_port = free_port()
    ours = Server([arguments.amethystd, "--dir", str(scratch / name), "--port", str(ours_port)], ours_port)
    try:
        redis.start()
        theirs = Client(port, 2)
        fill(theirs.call, random.Random(7))
        theirs.call(words("debug set-active-expire 0"))
        assert theirs.call(words("save")) == b"+OK"
        refuses_what_is_there(arguments.amethystd, scratch / f"{name}.rdb", scratch / name)
        told = import_file(arguments.amethystd, scratch / f"{name}.rdb", scratch / name)
        ours.start()
        count = compare(theirs, Client(ours_port, 2))
        print(f"{name}: {count} keys are the same; {json.dumps(told)}")
    finally:
        redis.end()
        ours.end()


def rate(arguments, scratch):
    port = free_port()
    redis = Server(["redis-server", "--port", str(port), "--save", "", "--dir", str(scratch)], port)
    try:
        redis.start()
        client = Client(port, 2)
        keys = arguments.rate * (1 << 20) // 120
        client.socket.settimeout(600)
        client.call([b"eval", b"for i = 1, ARGV[1] do redis.call('set', 'key:' .. i, string.rep('v', 90) .. i) end",
                     b"0", b"%d" % keys])
        client.call(words("save"))
    finally:
        redis.end()
    told = import_file(arguments.amethystd, scratch / "dump.rdb", scratch / "db")
    print(f"{told['keys'] / told['seconds']:,.0f} keys/s, {told['bytes'] / told['seconds'] / (1 << 20):.1f} MiB/s")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("amethystd")
    parser.add_argument("--keep", type=pathlib.Path)
    parser.add_argument("--rate", type=int)
    arguments = parser.parse_args()
    if not shutil.which("redis-server"):
        print("redis-server is not installed")
        sys.exit(77)
    with tempfile.TemporaryDirectory() as name:
        scratch = pathlib.Path(name)
        if arguments.rate:
            return rate(arguments, scratch)
        for name, settings in SETTINGS.items():
            check(arguments, name, settings, scratch)
        if arguments.keep:
            for file in scratch.glob("*.rdb"):
                shutil.copy(file, arguments.keep)


if __name__ == "__main__":
    main()
