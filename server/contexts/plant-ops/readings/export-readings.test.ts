import assert from 'node:assert/strict'
import { test } from 'node:test'
import { newTenant, plantOf, testApp } from '#test/harness.ts'
import type { EdgeWork } from '#platform/database/work.ts'
import { exportText, type ExportPart } from './export-readings.ts'
import { ingestReadings } from './ingest-readings.ts'

const START = Date.parse('2026-03-01T00:00:00Z')

test('what is exported is every reading, a line each, and is a duplicate where it is sent again', async () => {
  const tenant = await newTenant()
  const plant = await plantOf(tenant)
  const { body } = await tenant.admin.call('POST', '/plant-ops/sensors', { plant_id: plant, name: 'S', unit: '' })
  const count = 20_003
  const all = Array.from({ length: count }, (_, n) => n)
  await tenant.admin.write('readings.write', (work: EdgeWork) =>
    ingestReadings(work, {
      index: all,
      sensor: all.map(() => body.id),
      at_ms: all.map((n) => START + n * 7_001),
      value: all.map((n) => Math.sqrt(n)),
      quality: all.map((n) => (n % 9 === 0 ? 0 : 192)),
    }),
  )
  const path = `/plant-ops/sensors/${body.id}/readings/export`
  const csv = await tenant.admin.call('GET', path)
  assert.equal(csv.status, 200)
  assert.match(String(csv.headers['content-type']), /^text\/csv/)
  assert.equal(csv.headers['x-raw-from'], undefined)
  const lines = csv.text.split('\r\n')
  assert.deepEqual([lines.length, lines[0], lines.at(-1)], [count + 2, 'sensor_id,ts,value,quality', ''])
  assert.equal(
    lines.at(-2),
    `${body.id},${new Date(START + (count - 1) * 7_001).toISOString()},${Math.sqrt(count - 1)},192`,
  )
  const type = { 'content-type': 'text/csv' }
  const again = await tenant.admin.call('POST', '/plant-ops/sensors/readings/bulk', csv.text, type)
  assert.deepEqual(again.body, { accepted: 0, duplicates: count, late: 0, rejected: [] })

  const to = new Date(START + 3 * 7_001).toISOString()
  const query = `format=ndjson&from=${new Date(START + 1).toISOString()}&to=${to}`
  const { http } = await testApp()
  const ndjson = await http.inject({
    url: `/api/v1${path}?${query}`,
    headers: { authorization: `Bearer ${tenant.admin.token}` },
  })
  assert.match(String(ndjson.headers['content-type']), /^application\/x-ndjson/)
  assert.deepEqual(
    ndjson.body
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line)),
    [1, 2].map((n) => ({
      ...{ sensor_id: body.id, ts: new Date(START + n * 7_001).toISOString() },
      ...{ value: Math.sqrt(n), quality: 192 },
    })),
  )
  const viewer = await tenant.user('Viewer', [])
  assert.equal((await viewer.call('GET', path)).status, 404)
  assert.equal((await tenant.admin.call('GET', `${path}?format=xlsx`)).status, 422)
})

test('an export whose readings are removed while it is sent is cut off, not with a hole', async () => {
  const part = (next: number | null, raw_from_ms: number | null): ExportPart => ({
    ...{ text: `${next}\n`, next, raw_from_ms, kept_from_ms: null },
  })
  const seen: string[] = []
  const reading = async (): Promise<void> => {
    const text = exportText(part(10, null), 'ndjson', (from) =>
      Promise.resolve(part(from === 10 ? 20 : null, from === 10 ? 10 : 30)),
    )
    for await (const piece of text) seen.push(piece)
  }
  await assert.rejects(reading, /were removed/)
  assert.deepEqual(seen, ['10\n', '20\n'])
})
