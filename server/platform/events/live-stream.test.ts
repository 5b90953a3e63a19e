import assert from 'node:assert/strict'
import { test } from 'node:test'
import { newTenant, request } from '#test/harness.ts'
import { bearer } from '../http/http.fixture.ts'
import { listeningApp, liveServer, makePlant, openStream, tellMany } from './live.fixture.ts'

const headersOf = ({ token }: { token: string }, more: Record<string, string> = {}) => ({
  authorization: `Bearer ${token}`,
  ...more,
})

test('events arrive as they happen, each under its sequence, and nothing keeps them back on their way', async () => {
  await using server = await listeningApp()
  const { admin } = await newTenant()
  const stream = await openStream(
    server.port,
    '?topics=plants,workflows',
    headersOf(admin, { 'accept-encoding': 'gzip' }),
  )
  assert.equal(stream.status, 200)
  for (const [name, value] of [
    ['content-type', 'text/event-stream; charset=utf-8'],
    ['cache-control', 'no-store, no-transform'],
    ['content-encoding', null],
    ['x-content-type-options', 'nosniff'],
  ] as const)
    assert.equal(stream.headers.get(name), value)
  const id = await makePlant(admin)
  const part = await stream.saw(({ data }) => data?.type === 'PlantCreated')
  assert.deepEqual([part.id, part.data.subject], ['1', `plants/${id}`])
  assert.deepEqual(part.data, (await admin.call('GET', '/events')).body.items[0])
  stream.close()
})

test('Last-Event-ID goes on from there, without a gap or a repetition', async () => {
  await using server = await listeningApp()
  const { admin } = await newTenant()
  await tellMany(admin, 250, 10)
  const ids: number[] = []
  for (const last of [0, 120]) {
    const stream = await openStream(server.port, '', headersOf(admin, { 'last-event-id': String(last) }))
    await stream.saw(({ id, data }) => data !== undefined && Number(id) === (last === 0 ? 120 : 250))
    stream.close()
    ids.push(
      ...stream.parts
        .filter(({ data, id }) => data !== undefined && (last > 0 || Number(id) <= 120))
        .map(({ id }) => Number(id)),
    )
  }
  assert.deepEqual(
    ids,
    Array.from({ length: 250 }, (_, at) => at + 1),
  )
})

test('a session that ends ends the stream, which says why', async () => {
  await using server = await listeningApp()
  const tenant = await newTenant()
  const viewer = await tenant.user('Viewer')
  const stream = await openStream(server.port, '', headersOf(viewer))
  await viewer.call('POST', '/auth/logout')
  const { data } = await stream.saw(({ event }) => event === 'error')
  assert.equal(data.error.code, 'auth.not_signed_in')
  await stream.ended
})

test('going down ends streams', async () => {
  const server = await listeningApp()
  const { admin } = await newTenant()
  const stream = await openStream(server.port, '', headersOf(admin))
  await stream.saw(({ id }) => id === '0')
  await server.app.close()
  await stream.ended
  assert.equal(stream.parts.at(-1)?.data.error.code, 'events.going_down')
})

test('what can be refused is refused before the stream begins', async () => {
  const tenant = await newTenant()
  const { admin } = tenant
  await admin.call('POST', '/roles', { name: 'Muto', permissions: ['plants.read'] })
  const mute = await tenant.user('Muto')
  assert.equal((await request('GET', '/api/v1/stream')).status, 401)
  assert.equal((await mute.call('GET', '/stream')).status, 403)
  const refused = async (query: string, headers: Record<string, string> = {}) => {
    const { status, body } = await admin.call('GET', `/stream${query}`, undefined, headers)
    return [status, body.error.code, body.error.details[0].field]
  }
  assert.deepEqual(await refused('?topics=nothing'), [422, 'stream.invalid', 'topics'])
  assert.deepEqual(await refused('?topics='), [422, 'stream.invalid', 'topics'])
  assert.deepEqual(await refused('?after=1'), [422, 'stream.invalid', 'after'])
  assert.deepEqual(await refused('', { 'last-event-id': 'x' }), [422, 'stream.invalid', 'last-event-id'])
  assert.deepEqual(await refused('', { 'last-event-id': '7' }), [422, 'events.message_invalid', 'after'])
})

test('where no notice can be heard events arrive all the same, a moment later', async () => {
  await using server = await liveServer({}, { hearingUrl: 'postgres://nobody:nothing@127.0.0.1:1/none' })
  const { admin } = await newTenant()
  const stream = await openStream(server.port, '', bearer(admin))
  for (const sequence of ['1', '2']) {
    await makePlant(admin)
    await stream.saw(({ id, data }) => data !== undefined && id === sequence)
  }
  stream.close()
})
