'use strict'

// What goes wrong does so with an error that says what, and harms nothing: neither the data nor the process.

const { spawnSync } = require('node:child_process')
const fs = require('node:fs')
const path = require('node:path')
const test = require('tape')
const { Worker } = require('node:worker_threads')
const { AmethystLevel } = require('..')
const binding = require('../binding')
const { newLocation, small } = require('./common')

const codeOf = (promise) => promise.then(() => 'no error', ({ code, cause }) => cause?.code ?? code)

// Runs a script that has `AmethystLevel`, `small` and `location`, in a process of its own.
function runScript (location, script) {
  const prelude = `const { AmethystLevel } = require(${JSON.stringify(path.join(__dirname, '..'))});
    const { small } = require(${JSON.stringify(path.join(__dirname, 'common.js'))});
    const location = ${JSON.stringify(location)};`
  return spawnSync(process.execPath, ['--expose-gc', '-e', prelude + script], { encoding: 'utf8' })
}

test('a database that is open cannot be opened, destroyed or repaired beside', async (t) => {
  const location = newLocation()
  const db = new AmethystLevel(location, small)
  await db.open()
  t.is(await codeOf(new AmethystLevel(location, small).open()), 'LEVEL_LOCKED')
  t.is(await codeOf(AmethystLevel.destroy(location)), 'LEVEL_LOCKED')
  t.is(await codeOf(AmethystLevel.repair(location)), 'LEVEL_LOCKED')
  const other = runScript(location, 'new AmethystLevel(location).open().catch(({ cause }) => console.log(cause.code))')
  t.is(other.stdout, 'LEVEL_LOCKED\n', 'nor by another process')
  await db.close()
})

test('a directory that is none of ours is refused', async (t) => {
  const location = newLocation()
  fs.mkdirSync(location)
  fs.writeFileSync(path.join(location, 'thesis.txt'), 'dear reader')
  t.is(await codeOf(new AmethystLevel(location, small).open()), 'LEVEL_INVALID_ARGUMENT')
  t.is(fs.readFileSync(path.join(location, 'thesis.txt'), 'utf8'), 'dear reader')
})

test('options that mean nothing are refused', async (t) => {
  t.is(await codeOf(new AmethystLevel(newLocation(), { compression: 'snappy' }).open()), 'LEVEL_INVALID_ARGUMENT')
  t.is(await codeOf(new AmethystLevel(newLocation(), { blockSize: 1 }).open()), 'LEVEL_INVALID_ARGUMENT')
  for (const location of [undefined, '', 7]) t.throws(() => new AmethystLevel(location), TypeError)
})

test('damage is named, and repair saves what is left', async (t) => {
  const location = newLocation()
  const db = new AmethystLevel(location, small)
  await db.batch(Array.from({ length: 2000 }, (_, i) => ({ type: 'put', key: `k${i}`, value: `${i}`.repeat(50) })))
  await db.compactRange('', '~')
  await db.close()
  const table = fs.readdirSync(location).find(name => name.endsWith('.sst'))
  const file = fs.openSync(path.join(location, table), 'r+')
  fs.writeSync(file, Buffer.alloc(64, 0xff), 0, 64, 4096)
  fs.closeSync(file)

  const damaged = new AmethystLevel(location, small)
  await damaged.open()
  t.is(await codeOf(damaged.iterator().all()), 'LEVEL_CORRUPTION')
  const outcomes = await Promise.allSettled(Array.from({ length: 2000 }, (_, i) => damaged.get(`k${i}`)))
  const failed = outcomes.filter(({ status }) => status === 'rejected')
  t.ok(failed.length > 0 && failed.length < 2000, 'reads of one turn fail each for itself')
  t.ok(failed.every(({ reason }) => reason.code === 'LEVEL_CORRUPTION' && reason.message.includes(table)))
  t.ok(outcomes.every(({ status, value }, i) => status === 'rejected' || value === `${i}`.repeat(50)), 'none is wrong')
  await damaged.close()

  const report = await AmethystLevel.repair(location)
  t.ok(report.entriesKept > 0 && report.entriesKept < 2000, `${report.entriesKept} entries are saved`)
  t.ok(report.dropped.length > 0, 'the report tells what was lost')
  const repaired = new AmethystLevel(location, small)
  t.is((await repaired.keys().all()).length, report.entriesKept)
  await repaired.close()
  t.ok(fs.existsSync(path.join(report.damaged, table)), 'the damaged files are kept')
  t.is(await codeOf(AmethystLevel.repair(location)), 'LEVEL_INVALID_ARGUMENT', 'and not overwritten')
})

test('a snapshot of another database, or a closed one, is refused', async (t) => {
  const [one, other] = [new AmethystLevel(newLocation(), small), new AmethystLevel(newLocation(), small)]
  await Promise.all([one.open(), other.open()])
  const snapshot = other.snapshot()
  t.is(await codeOf(one.get('a', { snapshot })), 'LEVEL_INVALID_SNAPSHOT')
  t.is(await codeOf(one.getMany(['a'], { snapshot })), 'LEVEL_INVALID_SNAPSHOT')
  t.is(await codeOf(one.clear({ snapshot })), 'LEVEL_INVALID_SNAPSHOT')
  t.throws(() => one.getSync('a', { snapshot }), { code: 'LEVEL_INVALID_SNAPSHOT' })
  t.throws(() => one.iterator({ snapshot }), { code: 'LEVEL_INVALID_SNAPSHOT' })
  await snapshot.close()
  t.is(await codeOf(other.get('a', { snapshot })), 'LEVEL_SNAPSHOT_NOT_OPEN')
  await Promise.all([one.close(), other.close()])
})

test('the addon itself takes nothing for what it is not', (t) => {
  const [database, batch] = [binding.newDatabase(), binding.newBatch()]
  const closed = [
    () => binding.getSync(database, 'a', 0),
    () => binding.tryGet(database, 'a', 0),
    () => binding.getMany(database, ['a'], 0),
    () => binding.writeBatch(database, batch, false, false),
    () => binding.newIterator(database, {}),
    () => binding.newSnapshot(database),
    () => binding.getStats(database)
  ]
  for (const call of closed) t.throws(call, { code: 'LEVEL_DATABASE_NOT_OPEN' }, String(call))
  const wrong = [
    () => binding.getSync(batch, 'a', 0),
    () => binding.getSync({}, 'a', 0),
    () => binding.getSync(),
    () => binding.tryGet(batch, 'a', 0),
    () => binding.batchPut(database, 'a', 'b'),
    () => binding.batchPut(batch, 7, 'b'),
    () => binding.batchPut(batch, 'a', null),
    () => binding.batchDeleteRange(batch, 7, 'b'),
    () => binding.batchDeleteRange(batch, 'a', {}),
    () => binding.batchDeletePrefix(batch, null),
    () => binding.batchDeleteMatching(database, {}),
    () => binding.iteratorRead(batch, 1, 1),
    () => binding.closeSnapshot(null),
    () => binding.open(database, 7, {})
  ]
  for (const call of wrong) t.throws(call, TypeError, String(call))
  t.end()
})

test('a database that was forgotten while open closes when it is collected', (t) => {
  const { status, stdout, stderr } = runScript(newLocation(), `
    (async () => {
      await (async () => {
        const db = new AmethystLevel(location, small)
        await db.put('a', '1')
        db.iterator()
        db.snapshot()
        db.batch().put('b', '2')
        db.get('a')
      })()
      const turn = () => new Promise(resolve => setImmediate(resolve))
      for (let i = 0; ; i++) {
        gc()
        await turn()
        const again = new AmethystLevel(location, small)
        try {
          await again.open()
        } catch (error) {
          if (i < 1000 && error.cause.code === 'LEVEL_LOCKED') continue
          throw error
        }
        console.log(await again.get('a'))
        return again.close()
      }
    })()`)
  t.is(stdout, '1\n')
  t.is(status, 0, stderr)
  t.end()
})

test('a process may end at any time with everything open', async (t) => {
  for (const end of ['process.exit(7)', 'process.exitCode = 7', 'setImmediate(() => process.exit(7))']) {
    const location = newLocation()
    const { status, stderr } = runScript(location, `
      (async () => {
        const db = new AmethystLevel(location, small)
        await db.put('before', '1')
        const iterator = db.iterator()
        db.snapshot()
        await iterator.next()
        for (let i = 0; i < 1000; i++) db.put('k' + i, 'v'.repeat(1000))
        db.clear({ gt: 'z' })
        db.compactRange('', '~')
        iterator.next()
        ${end}
      })()`)
    t.is(status, 7, `${end} ${stderr}`)
    const db = new AmethystLevel(location, small)
    t.is(await db.get('before'), '1', 'what was acknowledged is there')
    await db.close()
  }
})

function runWorker (script, workerData) {
  return new Worker(`
    const { AmethystLevel } = require(${JSON.stringify(path.join(__dirname, '..'))});
    const { parentPort, workerData } = require('node:worker_threads');
    (async () => { ${script} })()`, { eval: true, workerData })
}
const exitOf = (worker) => new Promise(resolve => worker.once('exit', resolve))
const messageOf = (worker) => new Promise((resolve, reject) => worker.once('message', resolve).once('error', reject))

test('a worker thread that is terminated in the middle of its work leaves the database whole', async (t) => {
  for (let round = 0; round < 5; round++) {
    const location = newLocation()
    const worker = runWorker(`
      const db = new AmethystLevel(workerData, { memoryBudget: 4 << 20 })
      await db.put('before', '1')
      parentPort.postMessage('started')
      for (let i = 0; ; i++) {
        db.iterator().next()
        await Promise.all([db.put('k' + i, 'v'.repeat(1000)), db.get('k0'), db.iterator({ limit: 9 }).all()])
      }`, location)
    await messageOf(worker)
    await worker.terminate()
    const db = new AmethystLevel(location, small)
    t.is(await db.get('before'), '1')
    await db.close()
  }
})

test('worker threads share a database that all of them open with multithreading', async (t) => {
  const location = newLocation()
  const options = { ...small, multithreading: true }
  const db = new AmethystLevel(location, options)
  await db.open()
  const workers = [0, 1, 2].map(id => runWorker(`
    const { location, options, id } = workerData
    const db = new AmethystLevel(location, options)
    for (let i = 0; i < 100; i++) await db.put(id + '-' + i, String(i))
    parentPort.postMessage(await db.get(id + '-99'))
    if (id !== 0) await db.close()`, { location, options, id }))
  const exits = workers.map(exitOf)
  t.same(await Promise.all(workers.map(messageOf)), ['99', '99', '99'])
  t.same(await Promise.all(exits), [0, 0, 0])
  t.is((await db.keys().all()).length, 300)
  t.is(await codeOf(new AmethystLevel(location, small).open()), 'LEVEL_LOCKED', 'without the option it is locked')
  await db.close()
  const alone = new AmethystLevel(location, small)
  await alone.open()
  t.pass('the last one closed it')
  await alone.close()
})
