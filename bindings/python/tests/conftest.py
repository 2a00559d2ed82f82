"""A database in memory for each test, and entries for it."""
import amethyst
import pytest


@pytest.fixture
def db():
    with amethyst.open("db", environment=amethyst.Environment(), memory_budget_bytes=8 << 20) as opened:
        yield opened


def fill(db, keys):
    for key in keys:
        db[key.encode()] = key.upper().encode()
