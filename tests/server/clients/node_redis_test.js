'use strict'

// node-redis against the server at AMETHYSTD_PORT (see with_amethystd): what its users build on, in both protocols.

const assert = require('node:assert')
const { test } = require('node:test')
const { createClient, createClientPool, defineScript, WatchError } = require('redis')

const port = Number(process.env.AMETHYSTD_PORT)

// Runs a test with a client of an empty server, once for each protocol.
function both (name, run) {
  for (const RESP of [2, 3]) {
    test(`${name}, RESP${RESP}`, async () => {
      const clients = []
      const connect = async (options) => {
        const client = createClient({ socket: { port }, RESP, ...options })
        client.on('error', () => {})
        clients.push(client)
        return await client.connect()
      }
      const client = await connect()
      await client.flushAll()
      try {
        await run(client, connect)
      } finally {
        for (const each of clients) each.destroy()
      }
    })
  }
}

both('commands of one turn answer in order, and an error stays with its command', async (client) => {
  const answers = await Promise.allSettled([client.set('a', '1'), client.incrBy('a', 4), client.lPush('a', 'x'),
    client.get('a'), client.hSet('h', { f: 'v', g: '2' }), client.hGetAll('h'), client.sAdd('s', ['x', 'y'])])
  assert.deepStrictEqual(answers.map((each) => each.value ?? each.reason.message.slice(0, 9)),
    ['OK', 5, 'WRONGTYPE', '5', 2, answers[5].value, 2])
  assert.deepStrictEqual({ ...answers[5].value }, { f: 'v', g: '2' })
})

both('a transaction is whole, and does not run when a watched key has changed', async (client, connect) => {
  assert.deepStrictEqual(await client.multi().set('a', '1').incr('a').get('a').exec(), ['OK', 2, '2'])
  const other = await connect()
  await client.watch('a')
  await other.set('a', 'changed')
  await assert.rejects(client.multi().set('a', 'mine').exec(), WatchError)
  assert.strictEqual(await client.get('a'), 'changed')
})

both('subscriptions get messages, sharded ones too', async (client, connect) => {
  const subscriber = await connect()
  const messages = []
  const note = (message, channel) => messages.push([channel, message])
  await subscriber.subscribe('news', note)
  await subscriber.pSubscribe('n*', note)
  await subscriber.sSubscribe('shard', note)
  assert.strictEqual(await client.publish('news', 'one'), 2)
  assert.strictEqual(await client.sPublish('shard', 'two'), 1)
  await subscriber.ping()
  assert.deepStrictEqual(messages, [['news', 'one'], ['news', 'one'], ['shard', 'two']])
  await subscriber.unsubscribe()
  await subscriber.pUnsubscribe()
  await subscriber.sUnsubscribe()
  assert.strictEqual(await client.publish('news', 'one'), 0)
})

both('a script that the server has forgotten is sent again', async (_, connect) => {
  const add = defineScript({
    SCRIPT: "return redis.call('INCRBY', KEYS[1], ARGV[1])",
    NUMBER_OF_KEYS: 1,
    parseCommand: (parser, key, number) => { parser.pushKey(key); parser.push(String(number)) },
    transformReply: (reply) => reply
  })
  const client = await connect({ scripts: { add } })
  assert.strictEqual(await client.add('n', 3), 3)
  await client.scriptFlush()
  assert.strictEqual(await client.add('n', 3), 6)
})

both('streams and groups', async (client, connect) => {
  const reader = await connect()
  const waiting = reader.xRead({ key: 's', id: '0' }, { BLOCK: 20000 })
  const id = await client.xAdd('s', '*', { field: 'value' })
  assert.deepStrictEqual((await waiting)[0].messages.map((each) => each.id), [id])
  await client.xGroupCreate('s', 'g', '0')
  const got = await client.xReadGroup('g', 'ann', { key: 's', id: '>' })
  assert.deepStrictEqual({ ...got[0].messages[0].message }, { field: 'value' })
  assert.strictEqual((await client.xPending('s', 'g')).pending, 1)
  assert.strictEqual(await client.xAck('s', 'g', id), 1)
})

both('scans find each key', async (client) => {
  const names = Array.from({ length: 500 }, (_, i) => `k${i}`)
  await client.mSet(names.map((name) => [name, '1']))
  const found = new Set()
  for await (const keys of client.scanIterator({ MATCH: 'k*', COUNT: 9 })) keys.forEach((key) => found.add(key))
  assert.deepStrictEqual([...found].sort(), names.sort())
})

both('answers are understood', async (client) => {
  await client.zAdd('z', [{ score: 1.5, value: 'a' }, { score: Infinity, value: 'b' }])
  assert.deepStrictEqual(await client.zRangeWithScores('z', 0, -1),
    [{ value: 'a', score: 1.5 }, { value: 'b', score: Infinity }])
  assert.strictEqual(await client.zScore('z', 'a'), 1.5)
  assert.deepStrictEqual({ ...await client.configGet('appendfsync') }, { appendfsync: 'everysec' })
  assert.strictEqual((await client.clientInfo()).port, undefined)
  assert.match(await client.info('server'), /redis_version:7\.0\.15/)
  assert.ok((await client.commandCount()) > 200)
  assert.deepStrictEqual(await client.geoSearch('none', { longitude: 1, latitude: 1 }, { radius: 1, unit: 'km' }), [])
})

test('a pool runs blocking commands beside others', async () => {
  const pool = await createClientPool({ socket: { port } }, { minimum: 2, maximum: 4 }).connect()
  const waiting = pool.blPop('queue', 20)
  await pool.lPush('queue', 'job')
  assert.strictEqual((await waiting).element, 'job')
  pool.destroy()
})

test('a cache beside the client forgets what another client changes', async () => {
  const cached = createClient({ socket: { port }, RESP: 3, clientSideCache: { ttl: 0, maxEntries: 100 } })
  const other = createClient({ socket: { port } })
  await Promise.all([cached.connect(), other.connect()])
  await other.set('cached', 'one')
  assert.strictEqual(await cached.get('cached'), 'one')
  const { calls } = await commandCalls(other)
  assert.strictEqual(await cached.get('cached'), 'one')
  assert.strictEqual((await commandCalls(other)).calls, calls, 'the second answer comes from the cache')
  await other.set('cached', 'two')
  await cached.ping()
  assert.strictEqual(await cached.get('cached'), 'two')
  await other.flushAll()
  await cached.ping()
  assert.strictEqual(await cached.get('cached'), null)
  cached.destroy()
  other.destroy()
})

async function commandCalls (client) {
  return { calls: /cmdstat_get:calls=(\d+)/.exec(await client.info('commandstats'))[1] }
}
