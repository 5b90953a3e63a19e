import assert from 'node:assert/strict'
import { test } from 'node:test'
import { sql } from 'kysely'
import { newTenant, type TestUser } from '../../test/harness.ts'
import { addPlant } from '../database/database.fixture.ts'
import { bearer, ownServer, type OwnServer } from './http.fixture.ts'
import { checkRevision, expectedRevisions } from './etag.ts'
import { WithId } from './shapes.ts'
import type { EdgeWork } from '../database/work.ts'

type Row = { id: string; revision: number }
const find = async (work: EdgeWork, id: string): Promise<Row> => {
  const { rows } =
    await sql<Row>`select id, revision from plants where tenant_id = ${work.tenantId} and id = ${id} for update`.execute(
      work.db,
    )
  return rows[0]!
}
const server = (): Promise<OwnServer> =>
  ownServer({
    routes: (app, edges) => {
      const config = { permission: 'signed_in' }
      app.get<{ Params: { id: string } }>(
        '/api/v1/things/:id',
        { config, schema: { operationId: 'get', params: WithId } },
        (request, reply) =>
          edges.read(
            request,
            async (work) => {
              const { rows } = await sql<Row>`select id, revision from plants where id = ${request.params.id}`.execute(
                work.db,
              )
              return rows[0]!
            },
            reply,
          ),
      )
      app.patch<{ Params: { id: string } }>(
        '/api/v1/things/:id',
        { config, schema: { operationId: 'change', params: WithId } },
        (request, reply) =>
          edges.write(request, reply, async (work) => {
            const row = await find(work, request.params.id)
            checkRevision(row, expectedRevisions(request))
            await sql`update plants set revision = revision + 1 where id = ${row.id}`.execute(work.db)
            return { ...row, revision: row.revision + 1 }
          }),
      )
    },
  })

async function thing(): Promise<{ url: string; user: TestUser; headers: { authorization: string } }> {
  const { admin } = await newTenant()
  const id = await admin.write(null, (work) => addPlant(work))
  return { url: `/api/v1/things/${id}`, user: admin, headers: bearer(admin) }
}

test('the ETag is the revision; If-None-Match that holds it is answered 304 without a body', async () => {
  await using app = await server()
  const { url, headers } = await thing()
  const first = await app.http.inject({ url, headers })
  assert.deepEqual([first.statusCode, first.headers['etag']], [200, '"1"'])
  for (const tag of ['"1"', 'W/"1"', '*', '"7", "1"', '"7",W/"1" , "9"']) {
    const again = await app.http.inject({ url, headers: { ...headers, 'if-none-match': tag } })
    assert.deepEqual([again.statusCode, again.body, again.headers['etag']], [304, '', '"1"'], tag)
    assert.equal(again.headers['content-type'], undefined)
  }
  for (const tag of ['"2"', '1', '""', '"11"', 'nonsense, ,']) {
    assert.equal((await app.http.inject({ url, headers: { ...headers, 'if-none-match': tag } })).statusCode, 200, tag)
  }
  const head = await app.http.inject({ method: 'HEAD', url, headers: { ...headers, 'if-none-match': '"1"' } })
  assert.equal(head.statusCode, 304)
})

test('If-Match: the right revision, a list that holds it, a weak one (proxies weaken) and * change; nothing else does', async () => {
  await using app = await server()
  const { url, headers } = await thing()
  const change = (tag?: string) =>
    app.http.inject({ method: 'PATCH', url, headers: { ...headers, ...(tag !== undefined && { 'if-match': tag }) } })
  const fits = [undefined, '"2"', 'W/"3"', '*', '"1", "5"', ' * ']
  for (const [i, tag] of fits.entries()) {
    const answer = await change(tag)
    assert.deepEqual([answer.statusCode, answer.headers['etag']], [200, `"${i + 2}"`], tag)
  }
  for (const tag of ['"1"', '"6", "8"', '7', '""', '"abc"', '"7.0"', '"007"x', `"${'9'.repeat(30)}"`, '"-1"']) {
    const answer = await change(tag)
    assert.deepEqual(
      [answer.statusCode, answer.json<{ error: { code: string; type: string } }>().error.code],
      [412, 'request.stale'],
      tag,
    )
  }
  assert.equal((await change('"7"')).statusCode, 200)
})

test('of two changes of the same revision at once one is done and one is stale', async () => {
  await using app = await server()
  const { url, headers } = await thing()
  const both = await Promise.all(
    [1, 2].map(() => app.http.inject({ method: 'PATCH', url, headers: { ...headers, 'if-match': '"1"' } })),
  )
  assert.deepEqual(new Set(both.map((one) => one.statusCode)), new Set([200, 412]))
})
