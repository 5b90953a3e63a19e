import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import { test } from 'node:test'
import { sql } from 'kysely'
import { Type } from 'typebox'
import type { AllTables } from '#tables'
import { newTenant, testApp, type TestUser } from '../../test/harness.ts'
import type { Custody } from '../database/custody.ts'
import { addPlant, countPlants } from '../database/database.fixture.ts'
import { refusals } from '../refusal.ts'
import { bearer, ownServer, type OwnServer } from './http.fixture.ts'
import { Line, Shape } from './shapes.ts'

const own = refusals({ 'things.no': ['conflict', 'No.'] })
type Make = { name: string; slow?: boolean; fail?: boolean }
const Body = Shape({ name: Line(50), slow: Type.Optional(Type.Boolean()), fail: Type.Optional(Type.Boolean()) })

const server = (): Promise<OwnServer> =>
  ownServer({
    refusals: own.table,
    routes: (app, edges) => {
      const config = { permission: 'signed_in' }
      const make = (url: string, operationId: string, more = {}) =>
        app.post<{ Body: Make }>(
          url,
          { config: { ...config, ...more }, schema: { operationId, body: Body } },
          (request, reply) =>
            edges.write(request, reply.code(201).header('location', '/somewhere'), async (work) => {
              const id = await addPlant(work)
              if (request.body.slow) await sleep(200)
              if (request.body.fail) throw own.refuse('things.no')
              return { id, name: request.body.name, secret: 'x', revision: 1 }
            }),
        )
      make('/api/v1/things', 'make')
      make('/api/v1/other', 'other')
      make('/api/v1/keys', 'keys', { idempotent: false })
      app.post('/api/v1/empty', { config, schema: { operationId: 'empty' } }, (request, reply) =>
        edges.write(request, reply.code(204), async (work) => void (await addPlant(work))),
      )
    },
  })

type Sent = {
  status: number
  body: Record<string, string> & { error?: { code: string } }
  headers: Record<string, unknown>
}
async function send(
  { http }: OwnServer,
  user: TestUser,
  key: string | undefined,
  payload: object,
  url = '/api/v1/things',
): Promise<Sent> {
  const headers = { ...bearer(user), ...(key !== undefined && { 'idempotency-key': key }) }
  const answer = await http.inject({ method: 'POST', url, headers, payload })
  return { status: answer.statusCode, body: answer.body === '' ? {} : answer.json(), headers: answer.headers }
}
const made = (user: TestUser): Promise<number> => user.read(null, countPlants)

test('the same key and body: one effect, and the same answer with its status and headers', async () => {
  await using app = await server()
  const { admin } = await newTenant()
  const first = await send(app, admin, 'k1', { name: 'x' })
  const again = await send(app, admin, 'k1', { name: 'x' })
  assert.equal(first.status, 201)
  assert.deepEqual([again.status, again.body], [201, first.body])
  assert.deepEqual([again.headers['location'], again.headers['etag']], ['/somewhere', '"1"'])
  assert.deepEqual([first.headers['idempotent-replayed'], again.headers['idempotent-replayed']], [undefined, 'true'])
  assert.equal(await made(admin), 1)
})

test('an answer without content is repeated too', async () => {
  await using app = await server()
  const { admin } = await newTenant()
  for (let i = 0; i < 2; i += 1) assert.equal((await send(app, admin, 'k1', {}, '/api/v1/empty')).status, 204)
  assert.equal(await made(admin), 1)
})

test('without a key, or with another, each request has its effect', async () => {
  await using app = await server()
  const { admin } = await newTenant()
  for (const key of [undefined, undefined, 'a', 'b']) await send(app, admin, key, { name: 'x' })
  assert.equal(await made(admin), 4)
})

test('422 request.key_reused: the same key with another body, or at another address', async () => {
  await using app = await server()
  const { admin } = await newTenant()
  await send(app, admin, 'k1', { name: 'x' })
  for (const answer of [
    await send(app, admin, 'k1', { name: 'y' }),
    await send(app, admin, 'k1', { name: 'x' }, '/api/v1/other'),
  ]) {
    assert.deepEqual([answer.status, answer.body.error?.code], [422, 'request.key_reused'])
  }
  assert.equal(await made(admin), 1)
})

test('ten at once under one key: one effect; the others are told that it runs, or get its answer', async () => {
  await using app = await server()
  const { admin } = await newTenant()
  const all = await Promise.all(Array.from({ length: 10 }, () => send(app, admin, 'k1', { name: 'x', slow: true })))
  const ids = new Set(all.filter(({ status }) => status === 201).map(({ body }) => body['id']))
  assert.equal(ids.size, 1)
  const told = all.filter(({ status }) => status !== 201)
  assert.ok(told.length > 0)
  for (const { status, body, headers } of told) {
    assert.deepEqual([status, body.error?.code, headers['retry-after']], [409, 'request.running', '1'])
  }
  assert.equal(await made(admin), 1)
  assert.equal((await send(app, admin, 'k1', { name: 'x', slow: true })).status, 201)
})

test('a refusal is not kept: the next try is a new one', async () => {
  await using app = await server()
  const { admin } = await newTenant()
  for (let i = 0; i < 2; i += 1) {
    const refused = await send(app, admin, 'k1', { name: 'x', fail: true })
    assert.deepEqual([refused.status, refused.headers['idempotent-replayed']], [409, undefined])
  }
  assert.equal((await send(app, admin, 'k1', { name: 'y' })).status, 201)
  assert.equal(await made(admin), 1)
})

test('keys belong to the user: a colleague’s or another tenant’s same key is another', async () => {
  await using app = await server()
  const tenant = await newTenant()
  const users = [tenant.admin, await tenant.user('Admin'), (await newTenant()).admin]
  const answers = [] as Sent[]
  for (const user of users) answers.push(await send(app, user, 'same', { name: 'x' }))
  assert.equal(new Set(answers.map(({ body }) => body['id'])).size, 3)
})

test('whoever may no longer act does not get the kept answer', async () => {
  await using app = await server()
  const { admin } = await newTenant()
  await send(app, admin, 'k1', { name: 'x' })
  const { installation } = (await testApp()).deps
  await installation.custody.run(({ db }: Custody<AllTables>) =>
    db
      .updateTable('control.sessions')
      .set({ ended_at: new Date().toISOString() })
      .where('id', '=', admin.sessionId)
      .execute(),
  )
  assert.equal((await send(app, admin, 'k1', { name: 'x' })).status, 401)
})

test('who sees fewer plants than when the answer was kept does not get it', async () => {
  await using app = await server()
  const tenant = await newTenant()
  const user = await tenant.user('Asset Manager')
  assert.equal((await send(app, user, 'k1', { name: 'x' })).status, 201)
  const { installation } = (await testApp()).deps
  await installation.custody.run(({ db }: Custody<AllTables>) =>
    db.updateTable('control.users').set({ plant_ids: [] }).where('id', '=', user.userId).execute(),
  )
  const again = await send(app, user, 'k1', { name: 'x' })
  assert.deepEqual([again.status, again.body.error?.code], [422, 'request.key_reused'])
  assert.equal(await made(tenant.admin), 1)
})

test('after 24 hours the key is free again, also for another body', async () => {
  await using app = await server()
  const { admin } = await newTenant()
  await send(app, admin, 'k1', { name: 'x' })
  const age = (hours: number) =>
    admin.write(null, (work) =>
      sql`update control.idempotency_keys set created_at = now() - make_interval(hours => ${hours}::int)`.execute(
        work.db,
      ),
    )
  await age(23)
  assert.equal((await send(app, admin, 'k1', { name: 'x' })).headers['idempotent-replayed'], 'true')
  await age(25)
  const anew = await send(app, admin, 'k1', { name: 'other' })
  assert.deepEqual([anew.status, anew.headers['idempotent-replayed'], anew.body['name']], [201, undefined, 'other'])
  assert.equal(await made(admin), 2)
  assert.equal((await send(app, admin, 'k1', { name: 'other' })).headers['idempotent-replayed'], 'true')
})

test('where the answer holds a secret the key is ignored and nothing is kept', async () => {
  await using app = await server()
  const { admin } = await newTenant()
  const two = [
    await send(app, admin, 'k1', { name: 'x' }, '/api/v1/keys'),
    await send(app, admin, 'k1', { name: 'x' }, '/api/v1/keys'),
  ]
  assert.notEqual(two[0]!.body['id'], two[1]!.body['id'])
  const kept = await admin.read(null, (work) => work.db.selectFrom('control.idempotency_keys').select('key').execute())
  assert.deepEqual(kept, [])
})

for (const key of ['', 'a b', 'è', 'x'.repeat(201), 'a\tb']) {
  test(`400 request.bad_header: the key «${key.slice(0, 10)}»`, async () => {
    await using app = await server()
    const { admin } = await newTenant()
    const answer = await send(app, admin, key, { name: 'x' })
    assert.deepEqual([answer.status, answer.body.error?.code], [400, 'request.bad_header'])
    assert.equal(await made(admin), 0)
  })
}
