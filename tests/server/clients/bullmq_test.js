'use strict'

// BullMQ against the server at AMETHYSTD_PORT (see with_amethystd): a queue's whole life, whose scripts touch lists,
// sorted sets, hashes, streams and keys that they do not declare.

const assert = require('node:assert')
const { test, after } = require('node:test')
const Redis = require('ioredis')
const { FlowProducer, Queue, QueueEvents, Worker } = require('bullmq')

const connection = { host: '127.0.0.1', port: Number(process.env.AMETHYSTD_PORT), maxRetriesPerRequest: null }
const open = []

// One of BullMQ's objects, which is closed behind all tests, in reverse order.
function using (object) {
  open.unshift(object)
  object.on('error', (error) => { throw error })
  return object
}

const queueOf = (name) => using(new Queue(name, { connection }))
const workerOf = (name, process, options) => using(new Worker(name, process, { connection, ...options }))

async function eventsOf (name) {
  const events = using(new QueueEvents(name, { connection }))
  await events.waitUntilReady()
  return events
}

after(async () => {
  for (const each of open) await each.close()
})

test('jobs that are added are done, in their order, and leave their results', async () => {
  const queue = queueOf('plain')
  const events = await eventsOf('plain')
  const done = []
  const jobs = await queue.addBulk(Array.from({ length: 50 }, (_, n) => ({ name: 'square', data: { n } })))
  assert.strictEqual(await queue.getWaitingCount(), 50)
  workerOf('plain', async (job) => { done.push(job.data.n); await job.log('seen'); return job.data.n ** 2 })
  const results = await Promise.all(jobs.map((job) => job.waitUntilFinished(events, 20000)))
  assert.deepStrictEqual(results, Array.from({ length: 50 }, (_, n) => n ** 2))
  assert.deepStrictEqual(done, Array.from({ length: 50 }, (_, n) => n))
  assert.deepStrictEqual((await queue.getJobCounts('waiting', 'active', 'completed', 'failed')),
    { waiting: 0, active: 0, completed: 50, failed: 0 })
  assert.deepStrictEqual((await queue.getJobLogs(jobs[0].id)).logs, ['seen'])
})

test('a worker that waits gets what is added, several at a time', async () => {
  const queue = queueOf('waiting')
  const events = await eventsOf('waiting')
  let atOnce = 0
  let most = 0
  const worker = workerOf('waiting', async () => {
    most = Math.max(most, ++atOnce)
    await new Promise((resolve) => setTimeout(resolve, 10))
    atOnce--
  }, { concurrency: 5 })
  await worker.waitUntilReady()
  const jobs = []
  for (let n = 0; n < 20; n++) jobs.push(await queue.add('job', { n }))
  await Promise.all(jobs.map((job) => job.waitUntilFinished(events, 20000)))
  assert.ok(most > 1 && most <= 5, `${most} at once`)
})

test('a delayed job waits for its time', async () => {
  const queue = queueOf('delayed')
  const events = await eventsOf('delayed')
  const begin = Date.now()
  const late = await queue.add('late', {}, { delay: 300 })
  assert.strictEqual(await late.getState(), 'delayed')
  workerOf('delayed', async (job) => job.name)
  assert.strictEqual(await late.waitUntilFinished(events, 20000), 'late')
  assert.ok(Date.now() - begin >= 299)
})

test('a job that fails is tried again, with a pause, and kept when it has failed for good', async () => {
  const queue = queueOf('retries')
  const events = await eventsOf('retries')
  workerOf('retries', async (job) => {
    if (job.data.fails > job.attemptsMade) throw new Error(`attempt ${job.attemptsMade}`)
    return job.attemptsMade
  })
  const options = { attempts: 3, backoff: { type: 'exponential', delay: 20 } }
  const mended = await queue.add('mended', { fails: 2 }, options)
  const lost = await queue.add('lost', { fails: 9 }, options)
  assert.strictEqual(await mended.waitUntilFinished(events, 20000), 2)
  await assert.rejects(lost.waitUntilFinished(events, 20000), /attempt 2/)
  const [failed] = await queue.getFailed()
  assert.deepStrictEqual([failed.name, failed.attemptsMade, failed.stacktrace.length], ['lost', 3, 3])
  await failed.updateData({ fails: 0 })
  await failed.retry()
  assert.strictEqual(await lost.waitUntilFinished(events, 20000), 3)
})

test('the most urgent job comes first', async () => {
  const queue = queueOf('priorities')
  const events = await eventsOf('priorities')
  const jobs = []
  for (const priority of [5, 1, 3, 0, 1]) jobs.push(await queue.add(`${priority}`, {}, { priority }))
  const order = []
  workerOf('priorities', async (job) => { order.push(job.name) })
  await Promise.all(jobs.map((job) => job.waitUntilFinished(events, 20000)))
  assert.deepStrictEqual(order, ['0', '1', '1', '3', '5'])
})

test('a flow runs a parent behind its children', async () => {
  const producer = using(new FlowProducer({ connection }))
  const events = await eventsOf('parents')
  const order = []
  const flow = await producer.add({
    name: 'sum',
    queueName: 'parents',
    children: [1, 2, 3].map((n) => ({ name: 'part', queueName: 'children', data: { n } }))
  })
  assert.strictEqual(await flow.job.getState(), 'waiting-children')
  workerOf('children', async (job) => { order.push('part'); return job.data.n })
  workerOf('parents', async (job) => {
    order.push('sum')
    return Object.values(await job.getChildrenValues()).reduce((sum, n) => sum + n, 0)
  })
  assert.strictEqual(await flow.job.waitUntilFinished(events, 20000), 6)
  assert.deepStrictEqual(order, ['part', 'part', 'part', 'sum'])
})

test('a scheduler adds jobs again and again; a limited, paused, emptied queue does as it is told', async () => {
  const queue = queueOf('managed')
  const begin = Date.now()
  const seen = []
  let enough
  const three = new Promise((resolve) => { enough = resolve })
  workerOf('managed', async () => { seen.push(Date.now() - begin); if (seen.length === 3) enough() },
    { limiter: { max: 1, duration: 50 } })
  await queue.upsertJobScheduler('often', { every: 60 }, { name: 'tick' })
  await three
  assert.ok(seen[2] >= 100, `${seen}`)
  assert.strictEqual(await queue.removeJobScheduler('often'), true)
  await queue.pause()
  assert.strictEqual(await queue.isPaused(), true)
  await queue.add('held', {})
  assert.strictEqual(await queue.count() > 0, true)
  await queue.drain(true)
  await queue.resume()
  await queue.obliterate({ force: true })
  assert.strictEqual((await queue.getJobs()).length, 0)
})

test('a job whose worker is gone is given to another one', async () => {
  const queue = queueOf('stalled')
  const events = await eventsOf('stalled')
  const begun = new Promise((resolve) => {
    const lost = new Worker('stalled', () => { resolve(lost); return new Promise(() => {}) },
      { connection, lockDuration: 200, skipLockRenewal: true, skipStalledCheck: true })
    lost.on('error', () => {})
  })
  const job = await queue.add('job', {})
  const lost = await begun
  await lost.close(true)
  workerOf('stalled', async () => 'saved', { stalledInterval: 100, lockDuration: 1000 })
  assert.strictEqual(await job.waitUntilFinished(events, 20000), 'saved')
})

test('nothing of it failed on the server', async () => {
  const client = new Redis(connection)
  const failed = (await client.info('commandstats')).match(/cmdstat_\S+(?=:.*(?:rejected|failed)_calls=[1-9])/g) ?? []
  client.disconnect()
  // A script that is asked for first and then sent.
  assert.deepStrictEqual(failed.filter((name) => name !== 'cmdstat_evalsha'), [])
})
