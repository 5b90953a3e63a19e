/** Against a real Mosquitto: `npm run test:services` says where it is. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import net from 'node:net'
import { after, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import mqtt from 'mqtt'
import { v7 as uuidv7 } from 'uuid'
import { connectToBroker, type BrokerMessage, type BrokerOptions } from '#platform/mqtt/broker-connection.ts'
import { databaseRefusals } from '#platform/database/database-refusals.ts'
import { ADDRESS, connected, message, metric, place, readingsOf, start, stateOf, until } from './brokers.fixture.ts'

const publisher = await mqtt.connectAsync(ADDRESS, { reconnectPeriod: 200 })
after(() => publisher.endAsync(true))

const say = (topic: string, body: string | Buffer, retain = false) =>
  publisher.publishAsync(topic, body, { qos: 1, retain })

for (const version of ['3.1.1', '5']) {
  test(`MQTT ${version}: what is published becomes readings; garbage is counted and shown, and harms nothing`, async () => {
    const brokers = await start()
    try {
      const here = await place('plain', { version })
      await connected(here)
      const topic = `${here.root}/boiler/temp`
      await say(topic, '21.5')
      await say(topic, '{"value":22,"quality":0}')
      await say(topic, 'nonsense')
      await say(topic, Buffer.from([0xff, 0x00]))
      await say(topic, '23')
      const source = `${topic} value`
      await until('three readings', async () => (await readingsOf(here, source)).length === 3)
      assert.deepEqual(await readingsOf(here, source), [
        [21.5, 192],
        [22, 0],
        [23, 192],
      ])
      const state = await until('counted', async () => {
        const now = await stateOf(here)
        return now['messages'] === 5 && now
      })
      assert.deepEqual([state['readings'], state['garbage']], [3, 2])
      assert.match(String(state['last_error']), /The payload is/)
    } finally {
      await brokers.stop()
    }
  })
}

test('what is published while nobody listens comes when somebody does, once', async () => {
  const first = await start()
  const here = await place('plain')
  await connected(here)
  await first.stop()
  for (let i = 1; i <= 50; i += 1) await say(`${here.root}/x`, `{"value":${i},"ts":${Date.now() - 60_000 + i}}`)
  const second = await start()
  try {
    await until('fifty', async () => (await readingsOf(here, `${here.root}/x value`)).length === 50)
    assert.equal((await stateOf(here))['rejected'], 0)
  } finally {
    await second.stop()
  }
})

test('of two processes one holds the connection, and the other takes over what is released', async () => {
  const [one, two] = [await start(), await start()]
  const here = await place('plain')
  await connected(here)
  await sleep(600)
  await say(`${here.root}/x`, '1')
  await until('one reading', async () => (await readingsOf(here, `${here.root}/x value`)).length === 1)
  await one.stop()
  await say(`${here.root}/x`, '2')
  await until('the second', async () => (await readingsOf(here, `${here.root}/x value`)).length === 2)
  await two.stop()
})

const T = Date.now() - 60_000

test('Sparkplug: a node is asked for births that were missed, and its death makes its sensors stale', async () => {
  const brokers = await start()
  try {
    const here = await place('sparkplug')
    await connected(here)
    const node = `spBv1.0/${here.root}`
    const asked: string[] = []
    publisher.on('message', (topic) => void asked.push(topic))
    await publisher.subscribeAsync(`${node}/NCMD/#`, { qos: 0 })
    await say(`${node}/NDATA/n`, message(T, 5, metric(1, 1)))
    await until('a rebirth is asked for', async () => asked.includes(`${node}/NCMD/n`))
    await say(`${node}/NBIRTH/n`, message(T, 0, metric(20, 1, 'temp')))
    await say(`${node}/NDATA/n`, message(T + 1_000, 1, metric(21, 1)))
    await say(`${node}/NDEATH/n`, message(T, null))
    const source = `${here.root}/n temp`
    await until('three readings', async () => (await readingsOf(here, source)).length === 3)
    assert.deepEqual(await readingsOf(here, source), [
      [20, 192],
      [21, 192],
      [21, 500],
    ])
  } finally {
    await brokers.stop()
  }
})

function connection(more: Partial<BrokerOptions>) {
  const news: { connected?: boolean; error?: string }[] = []
  const options: BrokerOptions = {
    ...{
      url: new URL(ADDRESS),
      ca: null,
      mayCall: () => true,
      username: null,
      password: null,
      version: 4,
      filters: ['none'],
    },
    clientId: `t${uuidv7()}`,
    take: () => Promise.resolve(),
    abandoned: () => undefined,
    told: (one) => void news.push(one),
    ...more,
  }
  return { options, news, open: () => connectToBroker(options) }
}
const up = (news: { connected?: boolean }[]) => until('connected', async () => news.at(-1)?.connected)

test('nothing is acknowledged before it is committed: what was not comes again', async () => {
  const filter = `t${uuidv7()}/x`
  const taken: string[] = []
  let works = false
  const take = async (messages: readonly BrokerMessage[]): Promise<void> => {
    if (!works) throw databaseRefusals.refuse('database.unavailable')
    taken.push(...messages.map(({ payload }) => payload.toString()))
  }
  const { news, open, options } = connection({ filters: [filter], take })
  const first = open()
  await up(news)
  for (let i = 0; i < 30; i += 1) await say(filter, String(i))
  await until('told', async () => news.some(({ error }) => error?.includes('database')))
  await first.close()
  works = true
  const second = connectToBroker(options)
  await until('all thirty', async () => taken.length >= 30)
  assert.deepEqual(new Set(taken).size, 30)
  await second.close()
  const before = taken.length
  const third = connectToBroker(options)
  await sleep(1_000)
  await third.close()
  assert.equal(taken.length, before, 'what was committed does not come again')
})

test('one message that cannot be taken does not hold the others up', async () => {
  const filter = `t${uuidv7()}/x`
  const [taken, abandoned]: [string[], string[]] = [[], []]
  const { news, open } = connection({
    filters: [filter],
    take: async (messages) => {
      if (messages.some(({ payload }) => payload.toString() === '13')) throw new Error('a bug')
      taken.push(...messages.map(({ payload }) => payload.toString()))
    },
    abandoned: ({ payload }) => void abandoned.push(payload.toString()),
  })
  const opened = open()
  await up(news)
  await Promise.all(Array.from({ length: 40 }, (_, i) => say(filter, String(i))))
  await until('the others', async () => taken.length === 39)
  assert.deepEqual(abandoned, ['13'])
  await opened.close()
})

test('twenty thousand messages are taken in batches, with a bounded number in memory', async () => {
  const filter = `t${uuidv7()}/x`
  let [seen, largest] = [0, 0]
  const { news, open } = connection({
    ...{ filters: [filter], version: 5 },
    take: async (messages) => {
      largest = Math.max(largest, messages.length)
      seen += messages.length
      await sleep(2)
    },
  })
  const opened = open()
  await up(news)
  const begin = performance.now()
  for (let i = 0; i < 20_000; i += 500) await Promise.all(Array.from({ length: 500 }, () => say(filter, '1')))
  await until('all', async () => seen >= 20_000, 60_000)
  assert.ok(largest > 5 && largest <= 500, `batches of up to ${largest}`)
  process.stdout.write(
    `  ${Math.round(20_000 / ((performance.now() - begin) / 1000))} messages a second, up to ${largest} at once\n`,
  )
  await opened.close()
})

test('an internal address is not connected to where it is not allowed; a broker that is gone is tried again', async () => {
  const { news, open } = connection({ mayCall: () => false })
  const refused = open()
  await until('refused', async () => news.some(({ error }) => error?.includes('internal')))
  await refused.close()
  let dropped = 0
  const proxy = net.createServer((socket) => {
    dropped += 1
    if (dropped < 3) {
      socket.destroy()
      return
    }
    const to = net.connect(Number(new URL(ADDRESS).port || 1883), new URL(ADDRESS).hostname)
    socket.pipe(to).pipe(socket)
    socket.on('error', () => to.destroy())
    to.on('error', () => socket.destroy())
  })
  proxy.listen(0, '127.0.0.1')
  await once(proxy, 'listening')
  const { port } = proxy.address() as net.AddressInfo
  const again = connection({ url: new URL(`mqtt://127.0.0.1:${port}`) })
  const opened = again.open()
  await up(again.news)
  assert.ok(dropped >= 3)
  await opened.close()
  proxy.close()
})
