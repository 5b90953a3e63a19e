/** What only a real socket can do: garbage, floods of headers, slowness, and going down while somebody is served. */
import assert from 'node:assert/strict'
import { connect, type AddressInfo } from 'node:net'
import { Agent, get } from 'node:http'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { test } from 'node:test'
import { ownServer, type OwnServer } from './http.fixture.ts'

async function server(slow?: { entered: () => void }): Promise<OwnServer & { port: number }> {
  const own = await ownServer({
    routes: (app) => {
      const config = { permission: 'public' }
      app.post('/api/v1/things', { config, schema: { operationId: 'make' } }, (request) => ({
        got: request.body ?? null,
      }))
      app.get('/api/v1/slow', { config, schema: { operationId: 'slow' } }, async () => {
        slow?.entered()
        await sleep(300)
        return { done: true }
      })
    },
  })
  await own.http.listen({ host: '127.0.0.1', port: 0 })
  return {
    ...own,
    port: (own.http.server.address() as AddressInfo).port,
    [Symbol.asyncDispose]: () => own.http.close(),
  }
}

async function send(port: number, bytes: string | Buffer): Promise<string> {
  const socket = connect(port, '127.0.0.1')
  let answer = ''
  socket.on('data', (data: Buffer) => (answer += data.toString()))
  socket.on('error', () => undefined)
  await once(socket, 'connect')
  socket.write(bytes)
  await Promise.race([once(socket, 'close'), sleep(2000)])
  socket.destroy()
  return answer
}

const CLOSE = 'Host: x\r\nConnection: close\r\n'
const garbage: [name: string, bytes: string | Buffer, statuses: number[]][] = [
  ['no HTTP', 'hello there\r\n\r\n', [400]],
  ['bytes', Buffer.from([0, 255, 13, 10, 13, 10]), [400]],
  ['a TLS hello', Buffer.from('16030100a5010000a1030300', 'hex'), [400]],
  ['an unknown method', `BREW / HTTP/1.1\r\n${CLOSE}\r\n`, [400]],
  ['no such version', `GET / HTTP/9.9\r\n${CLOSE}\r\n`, [400, 505]],
  ['a header without a name', `GET / HTTP/1.1\r\n${CLOSE}: x\r\n\r\n`, [400]],
  ['a header with a NUL', `GET / HTTP/1.1\r\n${CLOSE}X: a\u0000b\r\n\r\n`, [400]],
  ['headers of 100 kB', `GET / HTTP/1.1\r\n${CLOSE}X: ${'a'.repeat(100_000)}\r\n\r\n`, [431]],
  ['two lengths', `POST /api/v1/things HTTP/1.1\r\n${CLOSE}Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}`, [400]],
  [
    'a length and chunks (smuggling)',
    `POST /api/v1/things HTTP/1.1\r\n${CLOSE}Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
    [400],
  ],
  [
    'a chunk that lies',
    `POST /api/v1/things HTTP/1.1\r\n${CLOSE}Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n`,
    [400],
  ],
  ['a length that is none', `POST /api/v1/things HTTP/1.1\r\n${CLOSE}Content-Length: -1\r\n\r\n`, [400]],
]
for (const [name, bytes, statuses] of garbage) {
  test(`${name}: refused in the envelope, and the next one is served`, async () => {
    await using app = await server()
    const answer = await send(app.port, bytes)
    const status = Number(/^HTTP\/1\.1 (\d+)/.exec(answer)?.[1])
    assert.ok(statuses.includes(status), answer.slice(0, 200))
    const body = answer.slice(answer.indexOf('\r\n\r\n') + 4)
    const { error } = JSON.parse(body) as { error: Record<string, string> }
    assert.deepEqual(Object.keys(error), ['type', 'code', 'message', 'request_id'])
    assert.match(await send(app.port, `GET /api/v1/public HTTP/1.1\r\n${CLOSE}\r\n`), /^HTTP\/1\.1 200/)
  })
}

test('a body that never comes and a client that leaves harm nobody', async () => {
  await using app = await server()
  for (let i = 0; i < 20; i += 1) {
    const socket = connect(app.port, '127.0.0.1')
    await once(socket, 'connect')
    socket.write(
      'POST /api/v1/things HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{"a":',
    )
    socket.resetAndDestroy()
  }
  assert.match(await send(app.port, `GET /api/v1/public HTTP/1.1\r\n${CLOSE}\r\n`), /^HTTP\/1\.1 200/)
  await sleep(50)
  assert.equal(
    app.lines().filter((line) => Number(line['level']) >= 50).length,
    0,
    'a client that leaves is no error of ours',
  )
})

test('requests in one write are answered in their order', async () => {
  await using app = await server()
  const one = (name: string): string => `GET /api/v1/${name} HTTP/1.1\r\nHost: x\r\n`
  const answer = await send(app.port, `${one('slow')}\r\n${one('nothing')}Connection: close\r\n\r\n`)
  const statuses = [...answer.matchAll(/HTTP\/1\.1 (\d+)/g)].map((match) => match[1])
  assert.deepEqual(statuses, ['200', '404'])
})

test('going down: who is being served gets the answer and a closed connection, new ones are turned away', async () => {
  const entered = Promise.withResolvers<void>()
  const app = await server({ entered: entered.resolve })
  const agent = new Agent({ keepAlive: true })
  const answer = new Promise<{ status: number | undefined; connection: string | undefined; body: string }>(
    (resolve, reject) => {
      get({ port: app.port, path: '/api/v1/slow', agent }, (response) => {
        let body = ''
        response.on('data', (data: Buffer) => (body += data.toString()))
        response.on('end', () =>
          resolve({ status: response.statusCode, connection: response.headers.connection, body }),
        )
      }).on('error', reject)
    },
  )
  await entered.promise
  const closing = app.http.close()
  await sleep(20)
  const late = connect(app.port, '127.0.0.1')
  const [error] = (await once(late, 'error')) as [{ code: string }]
  assert.equal(error.code, 'ECONNREFUSED')
  assert.deepEqual(await answer, { status: 200, connection: 'close', body: '{"done":true}' })
  const before = performance.now()
  await closing
  assert.ok(performance.now() - before < 2000, 'an idle connection does not hold it up')
  agent.destroy()
})
