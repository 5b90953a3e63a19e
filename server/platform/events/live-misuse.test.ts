/** A WebSocket client that floods, sends garbage or never reads. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { test } from 'node:test'
import { newTenant, type TestUser } from '#test/harness.ts'
import {
  frame,
  liveServer,
  makePlant,
  openSocket,
  openStream,
  rawSocket,
  subscribed,
  tellMany,
} from './live.fixture.ts'
import { bearer } from '../http/http.fixture.ts'

const TEXT = 1
const PING = 9

const garbage: [name: string, message: string | Uint8Array, code: number, reason: string][] = [
  ['no JSON', 'hello', 1007, 'events.not_json'],
  ['half of an object', '{"type":', 1007, 'events.not_json'],
  ['a list', '[]', 1007, 'events.not_json'],
  ['null', 'null', 1007, 'events.not_json'],
  ['a number', '1e999', 1007, 'events.not_json'],
  ['bytes', new Uint8Array([0, 255, 13]), 1003, 'events.not_text'],
  ['a subscription before auth', '{"type":"subscribe"}', 4401, 'events.not_signed_in'],
  ['no such message', '{"type":"constructor"}', 4401, 'events.not_signed_in'],
  ['auth without a token', '{"type":"auth"}', 4401, 'events.not_signed_in'],
  ['auth with a list', '{"type":"auth","token":["a"]}', 4401, 'events.not_signed_in'],
  ['a token that is none', '{"type":"auth","token":"nonsense"}', 4401, 'auth.token_invalid'],
  ['a key that is none', `{"type":"auth","token":"oka_${'a'.repeat(43)}"}`, 4401, 'auth.token_invalid'],
  ['more than is read', JSON.stringify({ type: 'auth', token: 'a'.repeat(17_000) }), 1009, ''],
]
for (const [name, message, code, reason] of garbage) {
  test(`${name}: the connection ends, with the reason`, async () => {
    await using server = await liveServer({})
    const client = await openSocket(server.port)
    client.send(message)
    assert.deepEqual(await client.closed, { code, reason })
  })
}

test('text that is no UTF-8, frames that are none: the connection ends, and the next client is served', async () => {
  await using server = await liveServer({})
  const frames: [Buffer, number][] = [
    [frame(TEXT, Buffer.from([0xff, 0xfe])), 1007],
    [frame(3, 'x'), 1002],
    [Buffer.from([0x81, 0x02, 0x61, 0x62]), 1002],
    [Buffer.from([0xf1, 0x80, 0, 0, 0, 0]), 1002],
  ]
  for (const [bytes, code] of frames) {
    const socket = await rawSocket(server.port)
    socket.write(bytes)
    const [answer] = (await once(socket, 'data')) as [Buffer]
    assert.deepEqual([answer[0], answer.readUInt16BE(2)], [0x88, code])
    socket.destroy()
  }
  await subscribed(server.port, (await newTenant()).admin)
})

test('who says nothing is sent away', async () => {
  await using server = await liveServer({ authMs: 100 })
  const client = await openSocket(server.port)
  assert.deepEqual(await client.closed, { code: 4401, reason: 'events.not_signed_in' })
})

test('a flood of messages, and one of pings, ends the connection', async () => {
  await using server = await liveServer({})
  const { admin } = await newTenant()
  const client = await subscribed(server.port, admin)
  for (let n = 0; n < 200; n += 1) client.send({ type: 'ping' })
  assert.deepEqual(await client.closed, { code: 1008, reason: 'events.too_many_messages' })
  assert.ok(client.messages.filter(({ type }) => type === 'pong').length <= 30)

  const socket = await rawSocket(server.port)
  let answered = 0
  socket.on('data', (data: Buffer) => (answered += data.length))
  for (let n = 0; n < 1_000; n += 1) socket.write(frame(PING, 'x'.repeat(100)))
  await once(socket, 'close')
  assert.ok(answered < 40 * 102 + 1_000, `${answered} bytes were answered`)
})

/** 40 MB, of which the systems of both ends take some; answers how much at most waited in the server meanwhile. */
async function pourOver({ untaken }: { untaken: () => number }, admin: TestUser): Promise<number> {
  let most = 0
  const timer = setInterval(() => (most = Math.max(most, untaken())), 1)
  for (let n = 0; n < 40; n += 1) await tellMany(admin, 100, 10_000)
  clearInterval(timer)
  return most
}
/** A hundred events of 10 kB: what is read at once. */
const BATCH_BYTES = 1_200_000

test('a client that never reads is cut off; it costs one batch of memory, and the others nothing', async () => {
  await using server = await liveServer({ stallMs: 500 })
  const { admin } = await newTenant()
  const reading = await subscribed(server.port, admin)
  const socket = await rawSocket(server.port)
  socket.write(frame(TEXT, JSON.stringify({ type: 'auth', token: admin.token })))
  socket.write(frame(TEXT, JSON.stringify({ type: 'subscribe' })))
  await sleep(200)
  socket.pause()
  const gone = once(socket, 'close')
  const most = await pourOver(server, admin)
  // One batch each, of the one that reads and of the one that does not.
  assert.ok(most > 0 && most < 2 * BATCH_BYTES, `${most} bytes waited`)
  await reading.saw(({ type, event }) => type === 'event' && event.sequence === 4_000)
  await sleep(600)
  socket.resume()
  await gone
  assert.equal(server.untaken(), 0)
})

test('a client whose system does not answer is given up', async () => {
  await using server = await liveServer({ heartbeatMs: 100 })
  const socket = await rawSocket(server.port)
  socket.write(frame(TEXT, JSON.stringify({ type: 'auth', token: (await newTenant()).admin.token })))
  socket.resume()
  await once(socket, 'close')
})

test('a stream that is never read is cut off', async () => {
  await using server = await liveServer({ stallMs: 500 })
  const { admin } = await newTenant()
  const socket = connect(server.port, '127.0.0.1')
  socket.on('error', () => undefined)
  await once(socket, 'connect')
  socket.write(`GET /api/v1/stream HTTP/1.1\r\nHost: x\r\nAuthorization: ${bearer(admin).authorization}\r\n\r\n`)
  await once(socket, 'data')
  socket.pause()
  const gone = once(socket, 'close')
  const most = await pourOver(server, admin)
  assert.ok(most > 0 && most < BATCH_BYTES, `${most} bytes waited`)
  await sleep(600)
  socket.resume()
  await gone
  const stream = await openStream(server.port, '', bearer(admin))
  await makePlant(admin)
  await stream.saw(({ data }) => data?.type === 'PlantCreated')
  stream.close()
})
