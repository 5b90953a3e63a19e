import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { request as ask } from 'node:http'
import type { AddressInfo } from 'node:net'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { sql } from 'kysely'
import { appWith, newTenant, plantOf, testApp } from '#test/harness.ts'
import { elsewhere, everyRow, room } from './copies.fixture.ts'
import { importTenant } from './import-tenant.ts'
import { verifyCopy } from './open-copy.ts'

const passphrase = 'una frase che ricordo bene'

test('200: a company’s copy comes as a file that another installation takes in', async () => {
  using files = room()
  const tenant = await newTenant()
  await newTenant().then(plantOf)
  await plantOf(tenant)
  const app = await testApp()
  const answer = await app.http.inject({
    ...{ method: 'POST', url: '/api/v1/tenant/export', payload: { passphrase } },
    headers: { authorization: `Bearer ${tenant.admin.token}` },
  })
  assert.equal(answer.statusCode, 200)
  assert.equal(answer.headers['content-type'], 'application/octet-stream')
  assert.equal(answer.headers['content-encoding'], undefined)
  assert.match(String(answer.headers['content-disposition']), /attachment/)
  const path = files.path('company.export')
  writeFileSync(path, answer.rawPayload)
  await using there = await elsewhere(true)
  const keys = { masters: there.installation.masters, passphrase }
  const verified = await verifyCopy(path, keys)
  await importTenant(there.installation.custody, path, keys, { verified, files: there.files })
  const was = await everyRow(app.deps.installation, tenant.schema, tenant.id)
  const is = await everyRow(there.installation, tenant.schema, tenant.id)
  assert.equal(is['plants']?.length, 1)
  assert.deepEqual(is['plants'], was['plants'])
  const trail = await tenant.admin.call('GET', '/audit')
  const [entry] = trail.body.items
  assert.equal(entry.action, 'tenant.exported')
  assert.ok(JSON.stringify(entry).includes(tenant.admin.userId), 'the trail says who')
  assert.ok(!JSON.stringify(entry).includes(passphrase))
})

test('a company that has left or is suspended still exports', async () => {
  for (const status of ['Cancelled', 'Suspended'] as const) {
    const tenant = await newTenant({ status })
    assert.equal((await tenant.admin.call('POST', '/tenant/export', { passphrase })).status, 200, status)
  }
})

test('403 for who may not, and for who may not see all plants', async () => {
  const tenant = await newTenant()
  const plantId = await plantOf(tenant)
  for (const role of ['Asset Manager', 'Plant Owner', 'Operator', 'Viewer']) {
    const { status, body } = await (await tenant.user(role)).call('POST', '/tenant/export', { passphrase })
    assert.deepEqual([status, body.error.code], [403, 'auth.forbidden'])
  }
  const limited = await tenant.user('Admin', [plantId])
  const { status, body } = await limited.call('POST', '/tenant/export', { passphrase })
  assert.deepEqual([status, body.error.code], [403, 'copies.all_plants_needed'])
})

test('422 for a passphrase that is short or missing', async () => {
  const { admin } = await newTenant()
  for (const wrong of [{}, { passphrase: 'short' }, { passphrase: '𝒳'.repeat(11) }, { passphrase: 7 }]) {
    const { status, text } = await admin.call('POST', '/tenant/export', wrong)
    assert.equal(status, 422, text)
  }
})

test('503 while another export runs; one whose reader went away makes room at once', async () => {
  const app = await appWith({})
  await app.http.listen({ host: '127.0.0.1', port: 0 })
  try {
    const { port } = app.http.server.address() as AddressInfo
    const tenant = await newTenant()
    const plantId = await plantOf(tenant)
    // More than the sockets' buffers hold: random, so that it does not compress.
    await tenant.admin.write('plants.write', ({ db }) =>
      sql`update plants set notes = (select string_agg(md5(random()::text), '') from generate_series(1, 500000))
           where id = ${plantId}`.execute(db),
    )
    const headers = { authorization: `Bearer ${tenant.admin.token}`, 'content-type': 'application/json' }
    const reading = ask({ host: '127.0.0.1', port, path: '/api/v1/tenant/export', method: 'POST', headers })
    reading.on('error', () => undefined)
    reading.end(JSON.stringify({ passphrase }))
    const status = await new Promise((resolve) => reading.once('response', (answer) => resolve(answer.statusCode)))
    assert.equal(status, 200)
    const order = { method: 'POST', url: '/api/v1/tenant/export', payload: { passphrase }, headers } as const
    const second = await app.http.inject(order)
    assert.deepEqual(
      [second.statusCode, second.json().error.code, second.headers['retry-after']],
      [503, 'copies.busy', '60'],
    )
    reading.destroy()
    for (let tries = 0; (await app.http.inject(order)).statusCode !== 200; tries++) {
      assert.ok(tries < 100, 'the slot stays taken')
      await sleep(50)
    }
  } finally {
    await app.close()
  }
})
