'use strict'

// Deletes of ranges and prefixes, and clear, which is one where it can be.

const test = require('tape')
const { AmethystLevel } = require('..')
const { newLocation, small } = require('./common')

const LONGEST_KEY = 8 << 20

async function filled (keys, options) {
  const db = new AmethystLevel(newLocation(), { ...small, ...options })
  await db.batch([...keys].map(key => ({ type: 'put', key, value: 'v' })))
  return db
}

const keysOf = async (db) => (await db.keys().all()).join('')
const codeOf = (promise) => promise.then(() => 'no error', ({ code }) => code)

test('deleteRange goes up to its end, and undefined and null leave a side open', async (t) => {
  const db = await filled('abcdefgh')
  await db.deleteRange('c', 'e')
  t.is(await keysOf(db), 'abefgh')
  await db.deleteRange('h', null, { sync: true })
  await db.deleteRange(undefined, 'b')
  t.is(await keysOf(db), 'befg')
  await db.deleteRange('b', 'b')
  await db.deleteRange(null, '')
  t.is(await keysOf(db), 'befg', 'the empty key is a bound')
  await db.deleteRange(Buffer.from('b'), new Uint8Array([0x66]), { keyEncoding: 'buffer' })
  t.is(await keysOf(db), 'fg')
  await db.deleteRange(null, null)
  t.is(await keysOf(db), '')
  await db.put('a', 'later')
  t.is(await db.get('a'), 'later')
  await db.close()
})

test('a range the wrong way round, and what is no bound, are refused', async (t) => {
  const db = await filled('ab')
  t.is(await codeOf(db.deleteRange('b', 'a')), 'LEVEL_INVALID_ARGUMENT')
  t.is(await codeOf(db.deleteRange('a'.repeat(LONGEST_KEY + 1), null)), 'LEVEL_INVALID_ARGUMENT')
  await db.deleteRange('a').then(() => t.fail(), (error) => t.ok(error instanceof TypeError))
  t.is(await codeOf(db.deletePrefix()), 'LEVEL_INVALID_KEY')
  t.is(await keysOf(db), 'ab')
  await db.close()
})

test('deletePrefix takes all that begins with it, as encoded', async (t) => {
  const binary = { keyEncoding: 'buffer' }
  const db = await filled(['a', 'b', 'bb', 'b\u{10ffff}', 'c'])
  await db.put(Buffer.from([0xff, 0xff]), 'v', binary)
  await db.deletePrefix('b')
  t.is((await db.keys().all()).length, 3)
  await db.deletePrefix(Buffer.from([0xff]), { ...binary, sync: true })
  t.is(await keysOf(db), 'ac')
  await db.deletePrefix('')
  t.is(await keysOf(db), '')
  await db.close()
})

test('a chained batch deletes ranges in its order', async (t) => {
  const db = await filled(['a', 'b', 'c', 'u:1', 'u:2'])
  const batch = db.batch().put('bb', 'gone').deleteRange('b', 'd').put('c', 'later').deletePrefix('u:')
  t.is(batch.length, 4)
  await batch.write({ sync: true })
  t.same(await db.iterator().all(), [['a', 'v'], ['c', 'later']])
  await db.close()
})

test('a chained batch of nothing but ranges is written', async (t) => {
  const db = await filled('abcd')
  const batch = db.batch().deleteRange('b', null)
  await batch.write()
  t.is(await keysOf(db), 'a')
  t.throws(() => batch.deleteRange('a', 'b'), { code: 'LEVEL_BATCH_NOT_OPEN' })
  t.throws(() => batch.deletePrefix('a'), { code: 'LEVEL_BATCH_NOT_OPEN' })
  t.throws(() => batch.put('a', '1'), { code: 'LEVEL_BATCH_NOT_OPEN' })
  t.is(await codeOf(batch.write()), 'LEVEL_BATCH_NOT_OPEN')
  const cleared = db.batch().deletePrefix('a').clear()
  t.is(cleared.length, 0)
  await cleared.write()
  t.is(await keysOf(db), 'a')
  t.is(await codeOf(db.batch().deleteRange('b', 'a').write()), 'LEVEL_INVALID_ARGUMENT')
  t.throws(() => db.batch().deleteRange('a'), TypeError)
  await db.close()
})

test('range deletes and clears of one turn act in the order of its writes, and have an outcome each', async (t) => {
  const db = await filled('az')
  const outcomes = await Promise.allSettled([
    db.put('b', '1'),
    db.deleteRange('b', 'c'),
    db.put('c', '1'),
    db.deleteRange('c', 'b'),
    db.deleteRange('b', 'b'),
    db.put('d', '1'),
    db.clear({ gte: 'd' }),
    db.put('e', '1'),
    db.put('pre:1', '1'),
    db.deletePrefix('pre:')
  ])
  t.same(outcomes.flatMap(({ status }, i) => status === 'rejected' ? [i] : []), [3])
  t.is(outcomes[3].reason.code, 'LEVEL_INVALID_ARGUMENT')
  t.is(await keysOf(db), 'ace')
  await db.close()
})

test('a get that was asked for before a range delete of the same turn does not see it', async (t) => {
  const db = await filled('a')
  for (let round = 0; round < 50; round++) {
    await db.put('a', 'old')
    const [, seen] = await Promise.all([db.put('b', '1'), db.get('a'), db.deleteRange('a', 'b')])
    if (seen !== 'old') t.fail(`saw ${seen}`)
  }
  t.is(await db.get('a'), undefined)
  await db.close()
})

test('clear of a range is one write, with each kind of bound', async (t) => {
  for (const [range, left] of [
    [{}, ''], [{ gte: 'c' }, 'ab'], [{ gt: 'c' }, 'abc'], [{ lt: 'c' }, 'cdef'], [{ lte: 'c' }, 'def'],
    [{ gt: 'b', lte: 'd' }, 'abef'], [{ gte: 'b', lt: 'd', reverse: true }, 'adef'], [{ gt: 'b', gte: 'c' }, 'ab'],
    [{ limit: -1, gt: 'e' }, 'abcde'], [{ limit: Infinity, gt: 'e' }, 'abcde']]) {
    const db = await filled('abcdef')
    await db.put('c\0', 'v')
    await db.del('c\0')
    const before = db.stats().entries_written
    await db.clear(range)
    t.is(await keysOf(db), left, JSON.stringify(range))
    t.is(db.stats().entries_written - before, 1)
    await db.close()
  }
})

test('clear of a range without keys does nothing', async (t) => {
  const db = await filled('abc')
  for (const range of [{ gt: 'b', lt: 'b' }, { gte: 'c', lt: 'a' }, { gte: 'b', lt: 'b' }, { limit: 0 }]) {
    await db.clear(range)
    t.is(await keysOf(db), 'abc', JSON.stringify(range))
  }
  await db.close()
})

test('clear goes up to and beyond the longest keys', async (t) => {
  const longest = 'b'.repeat(LONGEST_KEY)
  const db = await filled(['a', longest, 'c'], { memoryBudget: 128 << 20 })
  await db.clear({ gt: longest, lt: 'c' })
  t.is((await db.keys().all()).length, 3)
  await db.clear({ gte: 'a', lte: longest })
  t.is(await keysOf(db), 'c')
  await db.close()
})

test('clear with a snapshot spares what came after it', async (t) => {
  const db = await filled('abc')
  const snapshot = db.snapshot()
  await db.put('bb', 'later')
  await db.clear({ gte: 'b', snapshot })
  t.same(await db.keys().all(), ['a', 'bb'])
  await snapshot.close()
  await db.close()
})

test('a sublevel is cleared by one write, and nothing beside it', async (t) => {
  const db = await filled('a')
  const [one, two] = [db.sublevel('one'), db.sublevel('two')]
  await one.batch([...'abc'].map(key => ({ type: 'put', key, value: 'v' })))
  await two.put('a', 'v')
  const before = db.stats().entries_written
  await one.clear()
  t.is(db.stats().entries_written - before, 1)
  t.same([await keysOf(one), await keysOf(two), await db.get('a')], ['', 'a', 'v'])
  await db.close()
})

test('range deletes are deferred until the database is open, and refused once it is closed', async (t) => {
  const db = await filled('abc')
  await db.close()
  const again = new AmethystLevel(db.location, small)
  await Promise.all([again.deleteRange('a', 'b'), again.deletePrefix('c')])
  t.is(await keysOf(again), 'b')
  await again.close()
  t.is(await codeOf(again.deleteRange('a', 'b')), 'LEVEL_DATABASE_NOT_OPEN')
  t.is(await codeOf(again.deletePrefix('a')), 'LEVEL_DATABASE_NOT_OPEN')
})
