/** Brokers that refuse, go away, come back, or talk nonsense: real ones, started and stopped here. */
import assert from 'node:assert/strict'
import { execFileSync, spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import net from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import mqtt, { type MqttClient } from 'mqtt'
import { v7 as uuidv7 } from 'uuid'
import { connectToBroker } from '#platform/mqtt/broker-connection.ts'
import { addBroker, connected, message, metric, place, readingsOf, start, stateOf, until } from './brokers.fixture.ts'

const folder = await mkdtemp(join(tmpdir(), 'officina-brokers-'))
const running = new Set<ChildProcess>()
const clients = new Set<MqttClient>()
after(async () => {
  await Promise.all([...clients].map((one) => one.endAsync(true)))
  for (const child of running) child.kill('SIGKILL')
  await rm(folder, { recursive: true, force: true })
})

async function freePort(): Promise<number> {
  const server = net.createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as net.AddressInfo
  server.close()
  await once(server, 'close')
  return port
}

const PATHS = { ...process.env, PATH: `${process.env['PATH']}:/usr/sbin:/usr/local/sbin` }
/** A Mosquitto of one's own: started, stopped as by its service, and started again. */
async function mosquitto(port: number, settings: readonly string[]) {
  const file = join(folder, `${port}.conf`)
  // It would give up being root, and then not read this folder.
  const lines = ['user root', 'log_dest stderr', 'connection_messages true', 'max_inflight_messages 0', ...settings]
  await writeFile(file, lines.join('\n'))
  let child: ChildProcess | undefined
  let log = ''
  const run = async (): Promise<void> => {
    child = spawn('mosquitto', ['-c', file], { env: PATHS, stdio: ['ignore', 'ignore', 'pipe'] })
    running.add(child)
    child.stderr?.on('data', (piece: Buffer) => void (log += piece.toString()))
    await until('Mosquitto listens', async () => {
      const socket = net.connect(port, '127.0.0.1')
      const up = await once(socket, 'connect').then(
        () => true,
        () => false,
      )
      socket.destroy()
      return up
    }).catch((error: unknown) => assert.fail(`${String(error)}\n${log}`))
  }
  const stop = async (): Promise<void> => {
    const ended = once(child!, 'exit')
    child!.kill('SIGTERM')
    await ended
    running.delete(child!)
  }
  await run()
  return { run, stop, log: () => log }
}

async function talkTo(url: string, more: mqtt.IClientOptions = {}): Promise<MqttClient> {
  const client = await mqtt.connectAsync(url, { reconnectPeriod: 100, ...more })
  clients.add(client)
  return client
}

/** An authority, and certificates that it signed for hosts, made here. */
function authority(name: string, hosts: Record<string, string>): string {
  const openssl = (...words: string[]) =>
    execFileSync('openssl', words, { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'] })
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2']
  openssl('req', '-x509', ...key, '-keyout', `${name}.key`, '-out', `${name}.pem`, '-subj', `/CN=${name}`)
  for (const [host, names] of Object.entries(hosts)) {
    const signed = ['-CA', `${name}.pem`, '-CAkey', `${name}.key`, '-addext', `subjectAltName=${names}`]
    openssl('req', '-x509', ...key, ...signed, '-keyout', `${host}.key`, '-out', `${host}.pem`, '-subj', '/CN=broker')
  }
  return join(folder, `${name}.pem`)
}

const secured = (port: number, host: string): string[] => [
  `listener ${port} 127.0.0.1`,
  ...[`certfile ${join(folder, `${host}.pem`)}`, `keyfile ${join(folder, `${host}.key`)}`],
]

test('TLS: what a private authority signed is trusted where its certificate was given; anything else is refused, shown, and mended by a change', async () => {
  const ca = await readFile(
    authority('Our authority', { here: 'IP:127.0.0.1', elsewhere: 'DNS:broker.example.test' }),
    'utf8',
  )
  const other = await readFile(authority('Another authority', {}), 'utf8')
  execFileSync('mosquitto_passwd', ['-b', '-c', join(folder, 'passwords'), 'officina', 'right'], { env: PATHS })
  const [port, portElsewhere] = [await freePort(), await freePort()]
  const broker = await mosquitto(port, [
    ...['allow_anonymous false', `password_file ${join(folder, 'passwords')}`],
    ...[...secured(port, 'here'), ...secured(portElsewhere, 'elsewhere')],
  ])
  const url = `mqtts://127.0.0.1:${port}`
  const login = { username: 'officina', password: 'right' }
  const here = await place('plain', { url, ca, ...login })
  const wrong: [RegExp, Record<string, unknown>][] = [
    [/unable to verify|self-signed|unable to get/, { url, ...login }],
    [/unable to verify|self-signed|unable to get/, { url, ca: other, ...login }],
    [/altnames/, { url: `mqtts://127.0.0.1:${portElsewhere}`, ca, ...login }],
    [/Not authorized/i, { url, ca, ...login, password: 'wrong' }],
    [/Not authorized/i, { url, ca, ...login, password: 'wrong', version: '3.1.1' }],
    [/Not authorized/i, { url, ca }],
    [/./, { url: `mqtt://127.0.0.1:${port}`, ...login }],
  ]
  const ids = await Promise.all(wrong.map(([, more]) => addBroker(here, more)))
  const brokers = await start()
  try {
    await connected(here)
    for (const [at, [error]] of wrong.entries()) {
      const state = await until(`refused: ${at}`, async () => {
        const now = await stateOf({ ...here, broker: ids[at]! })
        return now['last_error'] !== null && now
      })
      assert.match(String(state['last_error']), error, JSON.stringify(wrong[at]![1]))
      assert.deepEqual([state['connected'], state['messages']], [false, 0])
    }
    const publisher = await talkTo(url, { ca, ...login })
    await publisher.publishAsync(`${here.root}/x`, '1', { qos: 1 })
    await until('its reading', async () => (await readingsOf(here, `${here.root}/x value`)).length === 1)
    const mended = { ...here, broker: ids[3]! }
    const answer = await here.tenant.admin.call('PATCH', `/plant-ops/brokers/${mended.broker}`, { password: 'right' })
    assert.equal(answer.status, 200, answer.text)
    await connected(mended)
  } finally {
    await brokers.stop()
    await broker.stop()
  }
})

test('a wrong password is tried again with longer and longer waits, and not by the second', async () => {
  const port = await freePort()
  await writeFile(join(folder, 'nobody'), '')
  const broker = await mosquitto(port, [
    `listener ${port} 127.0.0.1`,
    'allow_anonymous false',
    `password_file ${join(folder, 'nobody')}`,
  ])
  const tries: number[] = []
  const connection = connectToBroker({
    ...{ url: new URL(`mqtt://127.0.0.1:${port}`), ca: null, mayCall: () => true, clientId: uuidv7(), version: 5 },
    ...{
      username: 'officina',
      password: 'wrong',
      filters: ['#'],
      take: () => Promise.resolve(),
      abandoned: () => undefined,
    },
    told: ({ error }) => void (error !== undefined && tries.push(performance.now())),
  })
  await until('three tries', async () => tries.length >= 3)
  await connection.close()
  await broker.stop()
  // One second, and half of two at least; a busy machine only makes it longer.
  assert.ok(tries[1]! - tries[0]! >= 990 && tries[2]! - tries[1]! >= 990, tries.join(' '))
})

test('a broker that goes away takes nothing with it: others go on, and what it kept comes when it is back, once', async () => {
  const port = await freePort()
  const broker = await mosquitto(port, [
    ...[`listener ${port} 127.0.0.1`, 'allow_anonymous true', 'persistence true', `persistence_location ${folder}/`],
  ])
  const url = `mqtt://127.0.0.1:${port}`
  const [here, there] = [await place('plain', { url }), await place('plain')]
  const brokers = await start()
  const say = (client: MqttClient, i: number, root = here.root) =>
    client.publishAsync(`${root}/x`, `{"value":${i},"ts":${T + i}}`, { qos: 1 })
  try {
    await Promise.all([connected(here), connected(there)])
    let publisher = await talkTo(url, { reconnectPeriod: 0 })
    for (let i = 0; i < 20; i += 1) await say(publisher, i)
    await broker.stop()
    await until('gone', async () => {
      const now = await stateOf(here)
      return now['connected'] === false && /ECONNREFUSED/.test(String(now['last_error']))
    })
    const elsewhere = await talkTo(process.env['TEST_MQTT_URL'] ?? 'mqtt://127.0.0.1:1883')
    await say(elsewhere, 1, there.root)
    await until('the other goes on', async () => (await readingsOf(there, `${there.root}/x value`)).length === 1)
    assert.equal((await stateOf(there))['connected'], true)
    await broker.run()
    publisher = await talkTo(url)
    for (let i = 20; i < 40; i += 1) await say(publisher, i)
    const source = `${here.root}/x value`
    await until('all forty', async () => (await readingsOf(here, source)).length === 40)
    assert.deepEqual(
      (await readingsOf(here, source)).map(([value]) => value),
      Array.from({ length: 40 }, (_, i) => i),
    )
    assert.deepEqual([(await stateOf(here))['rejected'], (await stateOf(here))['garbage']], [0, 0])
  } finally {
    await brokers.stop()
    await broker.stop()
  }
})
const T = Date.now() - 60_000

test('a connection to a broker that answers nothing any more is closed in time', async () => {
  let subscribing: () => void
  const subscribed = new Promise<void>((resolve) => (subscribing = resolve))
  const silent = net.createServer((socket) => {
    socket.on('error', () => undefined)
    // Lets in, and from then on is silent: the subscription is never granted.
    socket.once('data', () => {
      socket.write(Buffer.from([0x20, 2, 0, 0]))
      socket.once('data', () => subscribing())
    })
  })
  silent.listen(0, '127.0.0.1')
  await once(silent, 'listening')
  const { port } = silent.address() as net.AddressInfo
  const connection = connectToBroker({
    ...{ url: new URL(`mqtt://127.0.0.1:${port}`), ca: null, mayCall: () => true, clientId: uuidv7(), version: 4 },
    ...{ username: null, password: null, filters: ['x'], take: () => Promise.resolve() },
    ...{ abandoned: () => undefined, told: () => undefined },
  })
  await subscribed
  const begin = performance.now()
  await connection.close()
  assert.ok(performance.now() - begin < 60_000)
  silent.close()
})

test('a clock that was set back: what comes with earlier times is kept at those times', async () => {
  const here = await place('plain')
  const brokers = await start()
  try {
    await connected(here)
    const publisher = await talkTo(process.env['TEST_MQTT_URL'] ?? 'mqtt://127.0.0.1:1883')
    for (const [i, at] of [T, T + 1_000, T - 3_600_000, T - 3_599_000, T + 1_000, T + 2_000].entries()) {
      await publisher.publishAsync(`${here.root}/x`, `{"value":${i},"ts":${at}}`, { qos: 1 })
    }
    const source = `${here.root}/x value`
    await until('five', async () => (await readingsOf(here, source)).length === 5)
    assert.deepEqual(
      (await readingsOf(here, source)).map(([value]) => value),
      [2, 3, 0, 1, 5],
    )
    const state = await until('told', async () => {
      const now = await stateOf(here)
      return now['rejected'] === 1 && now
    })
    assert.deepEqual([state['readings'], state['garbage']], [5, 0], 'another value at a time that has one is refused')
  } finally {
    await brokers.stop()
  }
})

test('Sparkplug: whoever takes over asks the nodes that feed sensors at once, and what cannot be read until then is named', async () => {
  const here = await place('sparkplug')
  const publisher = await talkTo(process.env['TEST_MQTT_URL'] ?? 'mqtt://127.0.0.1:1883')
  const topic = (kind: string) => `spBv1.0/${here.root}/${kind}/node 1`
  const say = (kind: string, body: Buffer) => publisher.publishAsync(topic(kind), body, { qos: 1 })
  const source = String.raw`${here.root}/node\ 1 temp`
  const first = await start()
  await connected(here)
  await say('NBIRTH', message(T, 0, metric(20, 1, 'temp')))
  await say('NDATA', message(T + 1_000, 1, metric(21, 1)))
  await until('two readings', async () => (await readingsOf(here, source)).length === 2)
  await first.stop()
  await say('NDATA', message(T + 2_000, 2, metric(22, 1)))
  let asked = 0
  publisher.on('message', (name) => void (name === topic('NCMD') && (asked += 1)))
  await publisher.subscribeAsync(topic('NCMD'), { qos: 0 })
  const second = await start()
  try {
    await until('asked', async () => asked > 0)
    const told = await until('named', async () => {
      const now = await stateOf(here)
      return now['garbage'] === 1 && now
    })
    assert.match(String(told['last_error']), /NDATA\/node 1: Data came before its birth/)
    await say('NBIRTH', message(T + 3_000, 3, metric(23, 1, 'temp')))
    await say('NDATA', message(T + 4_000, 4, metric(24, 1)))
    await until('two more', async () => (await readingsOf(here, source)).length === 4)
    assert.deepEqual(
      (await readingsOf(here, source)).map(([value]) => value),
      [20, 21, 23, 24],
    )
    assert.equal(asked, 1, 'once, though there were two reasons')
  } finally {
    await second.stop()
  }
})

test('Sparkplug: a quiet node is asked though it says nothing', async () => {
  const here = await place('sparkplug')
  const publisher = await talkTo(process.env['TEST_MQTT_URL'] ?? 'mqtt://127.0.0.1:1883')
  const first = await start()
  await connected(here)
  await publisher.publishAsync(`spBv1.0/${here.root}/NBIRTH/q`, message(T, 0, metric(20, 1, 'a/b c')), { qos: 1 })
  const source = String.raw`${here.root}/q a/b\ c`
  await until('its birth', async () => (await readingsOf(here, source)).length === 1)
  await first.stop()
  const asked = new Promise<string>((resolve) => publisher.once('message', resolve))
  await publisher.subscribeAsync(`spBv1.0/${here.root}/NCMD/+`, { qos: 0 })
  const second = await start()
  assert.equal(await asked, `spBv1.0/${here.root}/NCMD/q`)
  await second.stop()
})

test('what is no broker, or stops being one in the middle, is let go of and tried again later', async () => {
  const sockets: net.Socket[] = []
  /** Lets in, grants the subscription, says one message, and then nonsense. */
  const nonsense = net.createServer((socket) => {
    sockets.push(socket)
    socket.on('error', () => undefined)
    socket.resume()
    if (sockets.length === 1) {
      socket.write('HTTP/1.1 400 Bad Request\r\n\r\n')
      return
    }
    socket.once('data', () => {
      socket.write(Buffer.from([0x20, 2, 0, 0]))
      socket.once('data', (bytes: Buffer) => {
        socket.write(Buffer.from([0x90, 3, bytes[2]!, bytes[3]!, 1]))
        socket.write(Buffer.from([0x30, 4, 0, 1, 120, 49]))
        socket.write(Buffer.alloc(1_000, 0xff))
      })
    })
  })
  nonsense.listen(0, '127.0.0.1')
  await once(nonsense, 'listening')
  const { port } = nonsense.address() as net.AddressInfo
  const [taken, errors]: [string[], string[]] = [[], []]
  const connection = connectToBroker({
    ...{ url: new URL(`mqtt://127.0.0.1:${port}`), ca: null, mayCall: () => true, clientId: uuidv7(), version: 4 },
    ...{ username: null, password: null, filters: ['x'], abandoned: () => undefined },
    take: async (messages) => void taken.push(...messages.map(({ payload }) => payload.toString())),
    told: ({ error }) => void (error !== undefined && errors.push(error)),
  })
  await until('let go twice', async () => sockets.length >= 3 && sockets[0]!.destroyed && sockets[1]!.destroyed)
  await connection.close()
  assert.ok(errors.length >= 2, errors.join('\n'))
  assert.equal(taken[0], '1', 'what was said before is taken')
  nonsense.close()
})
