import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readFile } from 'node:fs/promises'
import { newTenant, plantOf, testApp } from '#test/harness.ts'

const migration = new URL('../../../migrations/tenant/0004_sensors.sql', import.meta.url)
const OLD = `create table readings (
  tenant_id uuid not null, plant_id uuid not null, quantity text not null, ts timestamptz not null, value double precision not null,
  quality smallint not null default 192, primary key (tenant_id, plant_id, quantity, ts))`

test('readings that were kept row by row are there after the migration, packed', async () => {
  const tenant = await newTenant({ isolation: 'schema' })
  const plant = await plantOf(tenant)
  const { custody } = (await testApp()).deps.installation
  const text = await readFile(migration, 'utf8')
  const carrying = text.slice(text.indexOf('-- What was kept row by row'))
  await custody.session(async (client) => {
    await client.query(`begin; set local role officina_owner; set local search_path = ${tenant.schema}, ext; ${OLD};
      grant all on readings to officina_custody`)
    await client.query(
      `insert into readings select $1, $2, q, timestamptz '2026-01-01Z' + n * interval '15 minutes', n / 7.0, case n % 10 when 0 then 0 when 1 then 500 else 192 end
         from generate_series(0, 2399) n, unnest(array['ac_power_kw', 'module_temperature_c']) q`,
      [tenant.id, plant],
    )
    await client.query(`${carrying}; commit`)
  })
  const { items } = (await tenant.admin.call('GET', `/plant-ops/sensors?plant_id=${plant}`)).body
  assert.deepEqual(
    items.map((one: { name: string; unit: string }) => `${one.name} ${one.unit}`),
    ['AC power kW', 'Module temperature Cel'],
  )
  const path = `/plant-ops/sensors/${items[0].id}/readings`
  const page = (await tenant.admin.call('GET', `${path}?limit=10000`)).body
  assert.equal(page.items.length, 2400)
  assert.deepEqual(page.items[2399], {
    ts: '2026-01-25T23:45:00.000Z',
    value: 2399 / 7,
    quality: 192,
    anomaly_score: 0,
  })
  assert.deepEqual([page.items[10].quality, page.items[11].quality], [0, 500])
  const more = { value: 1, ts: '2026-01-26T00:00:00Z' }
  assert.equal((await tenant.admin.call('POST', path, more)).body.late, false)
  assert.equal((await tenant.admin.call('POST', path, { ...more, ts: '2026-01-25T23:45:00Z' })).status, 409)
  const month = (await tenant.admin.call('GET', `${path}?bucket=1mo`)).body.items
  assert.equal(
    month.reduce((sum: number, one: { count: number }) => sum + one.count, 0),
    1921,
  )
})
