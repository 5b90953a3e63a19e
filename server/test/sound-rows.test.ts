import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { test } from 'node:test'
import type pg from 'pg'
import { newTenant, testApp } from './harness.ts'

type Row = Record<string, unknown>

/** Writes each row past all of our code, and answers with the constraint that refused it; null where none did. Keeps nothing. */
async function refusedBy(table: string, rows: readonly Row[]): Promise<(string | null)[]> {
  const { custody } = (await testApp()).deps.installation
  return custody.session(async (client) => {
    await client.query('begin; set local role officina_custody')
    const answers: (string | null)[] = []
    for (const row of rows) {
      await client.query('savepoint one')
      const names = Object.keys(row)
      const text = `insert into ${table} (${names.join(', ')}) values (${names.map((_, i) => `$${i + 1}`).join(', ')})`
      answers.push(
        await client.query(text, Object.values(row)).then(
          () => null,
          (error: pg.DatabaseError) => (error.code === '23514' ? (error.constraint ?? '') : error.message),
        ),
      )
      await client.query('rollback to savepoint one')
    }
    await client.query('rollback')
    return answers
  })
}

test('the database itself refuses a plant that cannot be', async () => {
  const { admin } = await newTenant()
  const sound = { name: 'n', code: 'c', type: 'Wind', status: 'In Operation', search_text: 'n' }
  const plant = (change: Row): Row => ({ tenant_id: admin.tenantId, id: randomUUID(), ...sound, ...change })
  const good = [
    {},
    { name: 'n'.repeat(200), code: 'c'.repeat(50), power_kw: 0, country: 'CH', latitude: 90, longitude: -180 },
  ]
  const bad = [
    ...[
      { name: '' },
      { name: 'n'.repeat(201) },
      { code: '' },
      { code: 'c'.repeat(51) },
      { type: 'Coal' },
      { status: 'Off' },
    ],
    ...[
      { power_kw: -1 },
      { country: 'it' },
      { country: 'ITA' },
      { latitude: 90.1, longitude: 0 },
      { latitude: -91, longitude: 0 },
    ],
    ...[{ latitude: 0, longitude: 180.1 }, { latitude: 0, longitude: -181 }, { latitude: 1 }, { longitude: 1 }],
  ]
  assert.deepEqual(await refusedBy('shared.plants', good.map(plant)), [null, null])
  assert.deepEqual(new Set(await refusedBy('shared.plants', bad.map(plant))), new Set(['plants_sound']))
})

test('the database itself refuses an entry of the trail by nobody that there is, or with no outcome that there is', async () => {
  const { admin } = await newTenant()
  const entry = (change: Row): Row => ({
    ...{ tenant_id: admin.tenantId, id: randomUUID(), actor_kind: 'user', action: 'a', resource: 'r' },
    ...change,
  })
  const good = [
    {},
    { outcome: 'denied' },
    { actor_kind: 'api_key' },
    { actor_kind: 'system' },
    { actor_kind: 'account' },
  ]
  assert.deepEqual(
    await refusedBy('shared.audit', good.map(entry)),
    good.map(() => null),
  )
  const bad = [{ outcome: 'tried' }, { actor_kind: 'robot' }]
  assert.deepEqual(await refusedBy('shared.audit', bad.map(entry)), ['audit_sound', 'audit_sound'])
})
