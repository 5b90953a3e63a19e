/** A sensor and readings of it, for tests of what is kept of them. */
import assert from 'node:assert/strict'
import type { TestTenant } from '#test/harness.ts'
import type { EdgeWork } from '#platform/database/work.ts'
import { ingestReadings } from './ingest-readings.ts'

/** A sensor of a plant, as somebody makes it over HTTP. */
export const sensorOf = async (tenant: TestTenant, plant: string, more: object = {}): Promise<string> => {
  const made = { plant_id: plant, name: 'S', unit: '', ...more }
  const { status, body } = await tenant.admin.call('POST', '/plant-ops/sensors', made)
  assert.equal(status, 201, JSON.stringify(body))
  return body.id as string
}
export type Sent = { at: number; value: number; quality?: number }
/** Readings of one sensor, as every way in hands them on. */
export const ingest = (tenant: TestTenant, id: string, rows: readonly Sent[], correction = false) =>
  tenant.admin.write('readings.write', (work: EdgeWork) =>
    ingestReadings(
      work,
      {
        index: rows.map((_, i) => i),
        sensor: rows.map(() => id),
        at_ms: rows.map((row) => row.at),
        value: rows.map((row) => row.value),
        quality: rows.map((row) => row.quality ?? 192),
      },
      { correction },
    ),
  )
