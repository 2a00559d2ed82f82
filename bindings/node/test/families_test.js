'use strict'

// Families, merges and entries that expire.

const test = require('tape')
const { AmethystLevel, Family } = require('..')
const { newLocation, small } = require('./common')

const opened = (options) => new AmethystLevel(newLocation(), { ...small, ...options })
const codeOf = (promise) => promise.then(() => 'no error', (error) => error.cause?.code ?? error.code)
const codeOfCall = (call) => { try { call() } catch (error) { return error.code } return 'no error' }
const keysOf = async (level) => (await level.keys().all()).join('')
const count = async (level, key) => (await level.get(key, { valueEncoding: 'buffer' })).readBigInt64LE()

test('a family is a level of its own', async (t) => {
  const db = opened()
  const users = await db.createFamily('users', { valueEncoding: 'json', compression: 'zstd', blockSize: 1024 })
  t.ok(users instanceof Family)
  t.is(users.name, 'users')
  t.is(users.db, db)
  await db.put('k', 'of the database')
  await users.put('k', { of: 'the family' })
  await users.put('l', 1)
  t.is(await db.get('k'), 'of the database')
  t.same(await users.get('k'), { of: 'the family' })
  t.same(users.getSync('l'), 1)
  t.same(await users.getMany(['k', 'x']), [{ of: 'the family' }, undefined])
  t.is(await users.has('l'), true)
  t.is(await db.has('l'), false)
  t.same(await users.iterator({ gte: 'l' }).all(), [['l', 1]])
  await users.compactRange('a', 'z')
  t.is(typeof await users.approximateSize('a', 'z'), 'number')
  await users.del('k')
  await users.deleteRange('l', 'm', { sync: true })
  t.is(await keysOf(users), '')
  await users.batch([{ type: 'put', key: 'a', value: 1 }, ...['b', 'c'].map(key => ({ type: 'put', key, value: 2 }))])
  await users.sublevel('s').put('c', 'in a sublevel')
  t.is(await users.sublevel('s').get('c'), 'in a sublevel')
  await users.clear({ lt: 'b' })
  await users.clear({ limit: 1 })
  t.is(await keysOf(users), 'c')
  t.is(await keysOf(db), 'k')
  await db.close()
})

test('a family tells what it has in tables', async (t) => {
  const db = opened()
  const users = await db.createFamily('users')
  await db.put('k', 'v')
  await users.batch(['a', 'b', 'c'].map(key => ({ type: 'put', key, value: 'v' })))
  await users.del('c')
  await users.compactRange('a', 'z')
  const { tables, entries, bytes, levels } = users.stats()
  t.same([tables, entries], [1, 2])
  t.is(bytes, levels.reduce((sum, level) => sum + level.bytes, 0))
  t.is(db.stats().range_deletes, 0)
  await db.dropFamily('users')
  t.is(codeOfCall(() => users.stats()), 'LEVEL_INVALID_ARGUMENT')
  await db.close()
  t.is(codeOfCall(() => users.stats()), 'LEVEL_DATABASE_NOT_OPEN')
})

test('families are listed, opened again and dropped', async (t) => {
  const location = newLocation()
  const db = new AmethystLevel(location, small)
  await (await db.createFamily('users')).put('k', 'v')
  await db.createFamily('größe')
  t.same(await db.families(), ['default', 'users', 'größe'])
  await db.close()
  const again = new AmethystLevel(location, small)
  const users = again.family('users')
  t.is(users.status, 'opening')
  t.is(await users.get('k'), 'v', 'a call waits for the open')
  await again.dropFamily('users')
  t.same(await again.families(), ['default', 'größe'])
  t.is(await codeOf(users.get('k')), 'LEVEL_INVALID_ARGUMENT')
  t.is(await codeOf(users.put('k', 'v')), 'LEVEL_INVALID_ARGUMENT')
  t.is(await codeOf(again.family('users').open()), 'LEVEL_INVALID_ARGUMENT')
  t.is(await codeOf(again.dropFamily('users')), 'LEVEL_INVALID_ARGUMENT')
  t.is(await codeOf(again.dropFamily('default')), 'LEVEL_INVALID_ARGUMENT')
  t.is(await again.family('default').get('k'), undefined)
  await again.close()
})

test('a family closes with its database, and is opened again after it', async (t) => {
  const db = opened()
  const users = await db.createFamily('users')
  const written = users.put('k', 'v')
  const closed = db.close()
  await written
  await closed
  t.is(users.status, 'closed')
  t.is(await codeOf(users.get('k')), 'LEVEL_DATABASE_NOT_OPEN')
  t.is(await codeOf(users.open()), 'LEVEL_DATABASE_NOT_OPEN')
  t.is(await codeOf(db.families()), 'LEVEL_DATABASE_NOT_OPEN')
  t.is(await codeOf(db.createFamily('more')), 'LEVEL_DATABASE_NOT_OPEN')
  t.is(await codeOf(db.dropFamily('users')), 'LEVEL_DATABASE_NOT_OPEN')
  await db.open()
  t.is(await codeOf(users.get('k')), 'LEVEL_DATABASE_NOT_OPEN')
  await users.open()
  t.is(await users.get('k'), 'v')
  await users.close()
  t.is(db.status, 'open')
  t.is(await db.family('users').get('k'), 'v')
  await db.close()
  const never = opened()
  never.family('users')
  await never.close()
})

test('a batch names a family as it names a sublevel', async (t) => {
  const db = opened()
  const users = await db.createFamily('users', { valueEncoding: 'json' })
  const orders = await db.createFamily('orders')
  const names = users.sublevel('names')
  await db.batch([
    { type: 'put', key: 'k', value: 'db' },
    { type: 'put', key: 'k', value: { of: 'users' }, sublevel: users },
    { type: 'put', key: 'n', value: 'ada', sublevel: names },
    { type: 'put', key: 'o', value: 'tea', sublevel: orders },
    { type: 'put', key: 'l', value: 'db' },
    { type: 'put', key: 'x', value: 'tea', sublevel: orders },
    { type: 'del', key: 'x', sublevel: orders }
  ], { sync: true })
  t.is(await keysOf(db), 'kl')
  t.same(await users.get('k'), { of: 'users' })
  t.is(await names.get('n'), 'ada')
  t.is(await orders.get('o'), 'tea')

  await db.batch([{ type: 'del', key: 'x', sublevel: db.family('users') }]) // Which was not open so far.
  const chained = users.batch().put('m', 1).del('l', { sublevel: db }).del('n', { sublevel: names })
  await chained.put('p', 'cake', { sublevel: orders }).deletePrefix('k').write()
  t.is(await keysOf(db), 'k')
  t.is(await keysOf(users), 'm')
  t.is(await keysOf(orders), 'op')
  await db.close()
})

test('a batch of a dropped family or another database is refused whole', async (t) => {
  const db = opened()
  const other = opened()
  const users = await db.createFamily('users')
  const foreign = await other.createFamily('users')
  const gone = await db.createFamily('gone')
  await db.dropFamily('gone')
  const put = { type: 'put', key: 'k', value: 'v' }
  for (const sublevel of [gone, foreign, other, foreign.sublevel('s')]) {
    t.is(await codeOf(db.batch([put, { ...put, sublevel }])), 'LEVEL_INVALID_ARGUMENT')
    const chained = async () => users.batch().put('k', 'v').put('k', 'v', { sublevel }).write()
    t.is(await codeOf(chained()), 'LEVEL_INVALID_ARGUMENT')
  }
  await foreign.close()
  await other.close()
  t.is(await codeOf(db.batch([put, { ...put, sublevel: foreign }])), 'LEVEL_DATABASE_NOT_OPEN')
  t.is(await keysOf(db) + await keysOf(users), '')
  await db.close()
})

test('no read sees a write of another level that was asked for after it', async (t) => {
  const db = opened()
  const users = await db.createFamily('users')
  const before = Array.from({ length: 100 }, () => users.get('k'))
  const batch = db.batch([{ type: 'put', key: 'k', value: 'v', sublevel: users }])
  t.same(new Set(await Promise.all(before)), new Set([undefined]))
  await batch
  const written = []
  for (let i = 0; i < 3; i++) written.push(users.put('k', String(i)), db.put('k', String(i)))
  await Promise.all(written)
  t.is(await users.get('k') + await db.get('k'), '22')
  const tooLong = 'x'.repeat((8 << 20) + 1)
  t.is(await codeOf(Promise.all([users.put('a', '1'), users.put(tooLong, '1')])), 'LEVEL_INVALID_ARGUMENT')
  t.is(await users.get('a'), '1', 'each write of a turn has its own outcome')
  const snapshot = db.snapshot()
  await users.put('k', 'later')
  t.is(await users.get('k', { snapshot }), '2', 'a snapshot is of all families')
  await snapshot.close()
  await db.close()
})

test('names and settings that cannot be are refused', async (t) => {
  const db = opened()
  await db.createFamily('n'.repeat(255))
  for (const name of ['n'.repeat(256), 'default']) {
    t.is(await codeOf(db.createFamily(name)), 'LEVEL_INVALID_ARGUMENT')
  }
  for (const name of ['', undefined, 7, Buffer.from('b')]) {
    await db.createFamily(name).then(() => t.fail(), (error) => t.ok(error instanceof TypeError))
    t.throws(() => db.family(name), TypeError)
  }
  for (const options of [{ mergeOperator: 'sum' }, { mergeOperator: 7 }, { ttl: 0 }, { ttl: 'x' }, { ttl: NaN },
    { compression: 'snappy' }, { blockSize: 7 }]) {
    t.is(await codeOf(db.createFamily('f', options)), 'LEVEL_INVALID_ARGUMENT')
  }
  t.is(await codeOf(db.family('users').open()), 'LEVEL_INVALID_ARGUMENT')
  t.is(await codeOf(opened({ mergeOperator: 'sum' }).open()), 'LEVEL_INVALID_ARGUMENT')
  t.same(await db.families(), ['default', 'n'.repeat(255)])
  await db.close()
})

test('merge counts without a read', async (t) => {
  const db = opened({ mergeOperator: 'int64.add' })
  const lists = await db.createFamily('lists', { mergeOperator: 'append:,' })
  await Promise.all([db.merge('hits', 1), db.merge('hits', 41n), db.merge('down', -2, { sync: true })])
  t.is(await count(db, 'hits'), 42n)
  t.is(await count(db, 'down'), -2n)
  await lists.merge('k', 'a')
  await lists.merge(Buffer.from('k'), Buffer.from('b'), { keyEncoding: 'buffer' })
  await db.batch().merge('hits', -2).merge('k', 'c', { sublevel: lists }).write()
  t.is(await count(db, 'hits'), 40n)
  t.is(await lists.get('k'), 'a,b,c')

  for (const operand of [1.5, 2n ** 64n, undefined, {}, 'short']) {
    t.is(await codeOf(db.merge('hits', operand)), 'LEVEL_INVALID_ARGUMENT')
  }
  t.is(codeOfCall(() => db.batch().merge('hits', {})), 'LEVEL_INVALID_ARGUMENT')
  t.is(await codeOf(db.merge(null, 1)), 'LEVEL_INVALID_KEY')
  const writes = [db.merge('hits', 1), db.merge('hits', 'x'), db.put('p', 'v')]
  const outcomes = await Promise.all(writes.map(codeOf))
  t.same(outcomes, ['no error', 'LEVEL_INVALID_ARGUMENT', 'no error'])
  t.is(await count(db, 'hits'), 41n)
  await db.close()
  t.is(await codeOf(db.merge('hits', 1)), 'LEVEL_DATABASE_NOT_OPEN')
  const plain = opened()
  t.is(await codeOf(plain.merge('k', 'v')), 'LEVEL_INVALID_ARGUMENT')
  await plain.close()
})

test('entries expire', async (t) => {
  const db = opened()
  const sessions = await db.createFamily('sessions', { ttl: 1 })
  await sessions.put('gone', 'v')
  await sessions.put('stays', 'v', { ttl: Infinity })
  await sessions.put('hour', 'v', { ttl: 3600000 })
  await db.batch([{ type: 'put', key: 'gone', value: 'v', ttl: 1 }, { type: 'put', key: 'stays', value: 'v' }])
  await db.batch().put('gone too', 'v', { ttl: 1 }).put('hour', 'v', { ttl: 3600000 }).write()
  await db.sublevel('s').put('gone', 'v', { ttl: 1 })
  while (await sessions.has('gone') || (await db.keys().all()).length > 2); // Their moment comes.
  t.same(await sessions.keys().all(), ['hour', 'stays'])
  t.same(await db.keys().all(), ['hour', 'stays'])

  for (const ttl of [0, -1, NaN, 0.5, '1', 2 ** 60]) {
    t.is(await codeOf(db.put('k', 'v', { ttl })), 'LEVEL_INVALID_ARGUMENT')
    t.is(await codeOf(db.batch([{ type: 'put', key: 'k', value: 'v', ttl }])), 'LEVEL_INVALID_ARGUMENT')
    t.is(codeOfCall(() => db.batch().put('k', 'v', { ttl })), 'LEVEL_INVALID_ARGUMENT')
  }
  t.is(await codeOf(db.put('k', 'v', { ttl: Number.MAX_SAFE_INTEGER })), 'LEVEL_INVALID_ARGUMENT')
  const outcomes = await Promise.all([
    codeOf(db.put('long', 'v', { ttl: 3600000 })), codeOf(db.put('x'.repeat((8 << 20) + 1), 'v'))])
  t.same(outcomes, ['no error', 'LEVEL_INVALID_ARGUMENT'])
  t.is(await db.get('long'), 'v')
  await db.close()
})
