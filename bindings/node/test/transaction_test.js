'use strict'

// Transactions and conditional writes.

const test = require('tape')
const { AmethystLevel } = require('..')
const { newLocation, small } = require('./common')

const opened = (options) => new AmethystLevel(newLocation(), { ...small, ...options })
const codeOf = (promise) => promise.then(() => 'no error', (error) => error.cause?.code ?? error.code)
const entriesOf = (level) => level.iterator().all()

test('what a transaction writes is seen by itself, and by others after it', async (t) => {
  const db = opened()
  await db.batch(['a', 'b', 'x'].map(key => ({ type: 'put', key, value: key.toUpperCase() })))
  const result = await db.transaction(async (tx) => {
    await tx.put('k', 'v')
    tx.del('a') // Calls are done in their order, awaited or not.
    tx.deleteRange('x', 'y')
    t.is(await tx.get('k'), 'v')
    t.is(await tx.get('a'), undefined)
    t.is(await tx.has('b'), true)
    t.same(await tx.getMany(['k', 'x']), ['v', undefined])
    t.same(await tx.keys().all(), ['b', 'k'])
    t.same(await tx.iterator({ reverse: true }).all(), [['k', 'v'], ['b', 'B']])
    t.same(await tx.values({ gt: 'b' }).all(), ['v'])
    t.is(await db.get('k'), undefined)
    return 'done'
  }, { sync: true })
  t.is(result, 'done')
  t.same(await entriesOf(db), [['b', 'B'], ['k', 'v']])
  await db.close()
})

test('what the function throws rolls back', async (t) => {
  const db = opened()
  let kept
  const failed = db.transaction(async (tx) => {
    kept = tx
    await tx.put('a', '1')
    throw new RangeError('no')
  })
  await failed.then(() => t.fail('no error'), (error) => t.ok(error instanceof RangeError))
  t.same(await entriesOf(db), [])
  t.is(kept.ended, true)
  t.is(await codeOf(kept.get('a')), 'LEVEL_TRANSACTION_NOT_OPEN')
  await db.close()
})

test('it runs again after a conflict, with keys and with ranges', async (t) => {
  const db = opened()
  for (const read of [(tx) => tx.get('a'), (tx) => tx.iterator({ gte: 'a', lt: 'b' }).all()]) {
    let runs = 0
    await db.transaction(async (tx) => {
      await read(tx)
      if (++runs < 3) await db.put('a', String(runs))
      await tx.put('out', String(runs))
    })
    t.is(runs, 3)
    t.is(await db.get('out'), '3')
    await db.del('a')
  }
  t.is(await codeOf(db.transaction(() => { throw Object.assign(new Error(), { code: 'OTHER' }) })), 'OTHER')
  await db.close()
})

test('updates from many at once are not lost', async (t) => {
  const db = opened()
  await db.put('n', '0')
  await Promise.all(Array.from({ length: 20 }, async () => {
    for (let i = 0; i < 5; i++) {
      await db.transaction(async (tx) => tx.put('n', String(Number(await tx.get('n')) + 1)))
    }
  }))
  t.is(await db.get('n'), '100')
  await db.close()
})

test('slow work comes through a storm of quick work', async (t) => {
  const db = opened()
  await db.put('n', '0')
  let runs = 0
  let done = false
  const add = async (tx, ms) => {
    const n = Number(await tx.get('n'))
    if (ms > 0) await new Promise((resolve) => setTimeout(resolve, ms))
    await tx.put('n', String(n + 1))
  }
  let added = 0
  const storm = async () => {
    while (!done && runs < 100) {
      await db.transaction((tx) => add(tx, 0))
      added++
    }
  }
  const storms = Array.from({ length: 8 }, storm)
  await db.transaction((tx) => {
    runs++
    return add(tx, 20)
  })
  done = true
  await Promise.all(storms)
  t.ok(runs < 50, 'without a turn it goes on until the storm is over')
  t.is(await db.get('n'), String(added + 1))
  await db.close()
})

test('savepoints, commit and rollback', async (t) => {
  const db = opened()
  await db.transaction(async (tx) => {
    await tx.put('a', '1')
    await tx.savepoint()
    await tx.put('b', '1')
    await tx.savepoint()
    await tx.put('a', '2')
    await tx.rollbackToSavepoint()
    t.same(await tx.iterator().all(), [['a', '1'], ['b', '1']])
    await tx.rollbackToSavepoint()
    t.is(await codeOf(tx.rollbackToSavepoint()), 'LEVEL_INVALID_ARGUMENT')
    await tx.commit({ sync: true })
    t.is(await codeOf(tx.put('a', '3')), 'LEVEL_TRANSACTION_NOT_OPEN')
  })
  t.same(await entriesOf(db), [['a', '1']])
  await db.transaction(async (tx) => {
    tx.put('a', '3')
    await tx.rollback()
  })
  t.same(await entriesOf(db), [['a', '1']])
  await db.close()
})

test('an end waits for the calls before it, and none is busy', async (t) => {
  const db = opened()
  await db.put('a', '1')
  let reads
  await db.transaction(async (tx) => {
    reads = Array.from({ length: 100 }, () => tx.get('a'))
    tx.put('b', '2')
    await tx.commit()
  })
  t.same(new Set(await Promise.all(reads)), new Set(['1']))
  t.is(await db.get('b'), '2')
  await db.transaction(async (tx) => {
    reads = Array.from({ length: 100 }, () => tx.get('a'))
    tx.put('b', '3')
    const ends = [tx.commit(), tx.rollback(), tx.commit()] // The first is the one that counts.
    const ended = 'LEVEL_TRANSACTION_NOT_OPEN'
    t.same(await Promise.all(ends.map(codeOf)), ['no error', ended, ended])
  })
  t.is(await db.get('b'), '3')
  await db.close()
})

test('it writes to families and sublevels', async (t) => {
  const db = opened()
  const users = await db.createFamily('users', { valueEncoding: 'json' })
  const visits = await db.createFamily('visits', { mergeOperator: 'int64.add' })
  const inside = db.sublevel('inside')
  await db.transaction(async (tx) => {
    await tx.put('7', 'of the database')
    await tx.put('7', { name: 'ada' }, { sublevel: users })
    await tx.put('7', 'within', { sublevel: inside })
    await tx.merge('7', 2, { sublevel: visits })
    await tx.merge('7', 3n, { sublevel: visits })
    await tx.put('t', 1, { sublevel: users, ttl: 3600000 })
    t.same(await tx.get('7', { sublevel: users }), { name: 'ada' })
    t.is(await tx.get('7', { sublevel: inside }), 'within')
    t.same(await tx.iterator({ sublevel: users }).all(), [['7', { name: 'ada' }], ['t', 1]])
    t.same(await tx.iterator({ gt: 'a' }).all(), [])
    await tx.deleteRange('t', null, { sublevel: users })
    await tx.get('7', { valueEncoding: 'buffer' }).then(value => t.ok(Buffer.isBuffer(value)))
    try { tx.iterator({ sublevel: inside }) } catch (error) { t.is(error.code, 'LEVEL_NOT_SUPPORTED') }
  })
  t.same(await users.get('7'), { name: 'ada' })
  t.is(await users.get('t'), undefined)
  t.is(await inside.get('7'), 'within')
  t.is((await visits.get('7', { valueEncoding: 'buffer' })).readBigInt64LE(), 5n)
  const other = opened()
  const foreign = await other.createFamily('users')
  t.is(await codeOf(db.transaction((tx) => tx.put('k', 'v', { sublevel: foreign }))), 'LEVEL_INVALID_ARGUMENT')
  await other.close()
  await db.close()
})

test('iterators of a transaction seek, are left early, and end with it', async (t) => {
  const db = opened()
  for (let i = 0; i < 100; i++) await db.put(String(i).padStart(3, '0'), 'v')
  let left
  await db.transaction(async (tx) => {
    const iterator = tx.iterator()
    iterator.seek('050')
    t.same(await iterator.next(), ['050', 'v'])
    iterator.seek('010')
    const first = iterator.next()
    tx.put('0101', 'own') // It is not shown by an iterator that was there before.
    t.same(await first, ['010', 'v'])
    t.same(await iterator.next(), ['011', 'v'])
    for await (const [key] of tx.iterator({ gte: '010' })) {
      if (key === '0101') break
    }
    left = tx.iterator()
    await left.next()
  })
  t.is(await codeOf(left.next()), 'LEVEL_ITERATOR_NOT_OPEN')
  await db.close()
})

test('a transaction of a database that is closed meanwhile fails', async (t) => {
  const db = opened()
  const failed = db.transaction(async (tx) => {
    await tx.put('a', '1')
    await db.close()
    await tx.get('a')
  })
  t.is(await codeOf(failed), 'LEVEL_DATABASE_NOT_OPEN')
  t.is(await codeOf(db.transaction(() => {})), 'LEVEL_DATABASE_NOT_OPEN')
  await db.open()
  t.is(await db.get('a'), undefined)
  await db.transaction('no function').then(() => t.fail('no error'), (error) => t.ok(error instanceof TypeError))
  await db.close()
})

test('a conditional write tells what was there', async (t) => {
  const db = opened()
  const users = await db.createFamily('users', { valueEncoding: 'json' })
  t.is(await db.putIfAbsent('k', '1', { sync: true }), undefined)
  t.is(await db.putIfAbsent('k', '2'), '1')
  t.is(await db.compareAndSet('k', '0', '2'), '1')
  t.is(await db.compareAndSet('k', '1', ''), '1')
  t.is(await db.compareAndSet('k', undefined, '3'), '')
  t.is(await db.get('k'), '')
  t.is(await db.compareAndSet('k', '', undefined), '')
  t.is(await db.compareAndSet('k', undefined, '4'), undefined)
  t.is(await db.deleteIfEqual('k', '5'), '4')
  t.is(await db.deleteIfEqual('k', '4'), '4')
  t.is(await db.has('k'), false)
  t.is(await users.putIfAbsent('k', { a: 1 }), undefined)
  t.same(await users.compareAndSet('k', { a: 1 }, { a: 2 }), { a: 1 })
  t.same(await users.get('k'), { a: 2 })
  t.is(await db.putIfAbsent('lock', 'me', { ttl: 1 }), undefined)
  await new Promise((resolve) => setTimeout(resolve, 10))
  t.is(await db.putIfAbsent('lock', 'you', { ttl: 3600000 }), undefined)
  t.is(await codeOf(db.putIfAbsent('k', null)), 'LEVEL_INVALID_VALUE')
  t.is(await codeOf(db.putIfAbsent(null, '1')), 'LEVEL_INVALID_KEY')
  await db.close()
})

test('a counter tells its new value', async (t) => {
  const db = opened()
  t.is(await db.increment('n'), 1)
  t.is(await db.increment('n', -5, { sync: true }), -4)
  t.is(await db.increment('n', 2n ** 60n), 2n ** 60n - 4n)
  t.is(await codeOf(db.increment('n', 2n ** 63n - 1n)), 'LEVEL_INVALID_ARGUMENT')
  t.is(await codeOf(db.increment('n', 2n ** 64n)), 'LEVEL_INVALID_ARGUMENT')
  t.is(await codeOf(db.increment('n', 1.5)), 'LEVEL_INVALID_ARGUMENT')
  await db.put('text', 'one')
  t.is(await codeOf(db.increment('text')), 'LEVEL_INVALID_ARGUMENT')
  await db.close()
})

test('a commit that work does not wait for is done before transaction() ends', async (t) => {
  const db = new AmethystLevel(newLocation(), small)
  await db.open()
  t.is(await db.transaction(async (tx) => {
    tx.put('a', '1')
    tx.commit()
    return 7
  }), 7)
  t.is(await db.get('a'), '1')
  await db.close()
})
