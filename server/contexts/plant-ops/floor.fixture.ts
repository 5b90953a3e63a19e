/** A line on which tests work, and what they do on it over HTTP. */
import assert from 'node:assert/strict'
import { sql } from 'kysely'
import { doDue } from '#platform/jobs/jobs.fixture.ts'
import { newTenant, plantOf, type TestTenant, type TestUser } from '#test/harness.ts'
import { oeeJobs } from './oee/write-restatements.ts'

export const MIN = 60_000
export const HOUR = 60 * MIN
/** A whole minute, so many hours ago. */
export const start = (hours: number): number => Math.floor((Date.now() - hours * HOUR) / MIN) * MIN
export const iso = (at: number): string => new Date(at).toISOString()

export async function floor(ideal_cycle_time_s: number | null = 30) {
  const tenant = await newTenant()
  const plant_id = await plantOf(tenant)
  const { admin } = tenant
  const body = { plant_id, name: 'Corta', code: 'L1', ideal_cycle_time_s }
  const line_id = (await done(admin.call('POST', '/plant-ops/lines', body), 201)).id as string
  return { tenant, plant_id, admin, line_id, line: `/plant-ops/lines/${line_id}` }
}
export const done = async (answer: ReturnType<TestUser['call']>, status = 200) => {
  const { status: got, text, body } = await answer
  assert.equal(got, status, text)
  return body
}
export const near = (value: number | null, expected: number): void =>
  assert.ok(value !== null && Math.abs(value - expected) < 5e-7, `${value} is not ${expected}`)

/** A shift of so many hours from an instant on, by its local times. */
export async function shift(admin: TestUser, line_id: string, from: number, hours: number) {
  const [starts, ends] = [iso(from).slice(11, 16), iso(from + hours * HOUR).slice(11, 16)]
  const day = iso(from).slice(0, 10)
  const all = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat']
  const body = {
    line_id,
    name: 'Turno',
    days: all,
    starts,
    ends,
    time_zone: 'Etc/UTC',
    valid_from: day,
    valid_until: day,
  }
  return done(admin.call('POST', '/plant-ops/shift-patterns', body), 201)
}

export async function run(
  admin: TestUser,
  line_id: string,
  from: number,
  to: number,
  result: object,
  product = 'PENNE',
) {
  const body = { line_id, product_code: product, planned_quantity: 600, unit: 'pcs' }
  const { id } = await done(admin.call('POST', '/plant-ops/batches', body), 201)
  await done(admin.call('POST', `/plant-ops/batches/${id}/start`, { at: iso(from) }))
  return done(admin.call('POST', `/plant-ops/batches/${id}/complete`, { ...result, at: iso(to) }))
}

export async function planned(admin: TestUser, line_id: string, more: object = {}) {
  const body = { line_id, product_code: 'PENNE', planned_quantity: 100, unit: 'kg', ...more }
  const made = await admin.call('POST', '/plant-ops/batches', body)
  assert.equal(made.status, 201, made.text)
  return { id: made.body.id as string, path: `/plant-ops/batches/${made.body.id}`, body: made.body }
}
export const refused = async (answer: ReturnType<TestUser['call']>, status: number, code: string) => {
  const { status: got, body, text } = await answer
  assert.deepEqual([got, body?.error?.code], [status, code], text)
  return body.error
}
export const ago = (minutes: number): string => iso(Date.now() - minutes * MIN)

/** What closed shifts of a line said, one version after the other. */
export async function versions(admin: TestUser, line: string, period = 'shift') {
  await doDue([...oeeJobs])
  const { items } = await done(admin.call('GET', `${line}/restatements?period=${period}&limit=200`))
  return items as { version: number; reason: string; figures: { oee: number | null; mttr_h: number | null } }[]
}
export const said = (rows: { version: number; reason: string }[]) =>
  rows.map(({ version, reason }) => `${version} ${reason}`)
export const pending = async ({ tenant }: { tenant: TestTenant }): Promise<number> =>
  tenant.admin.read('lines.read', async ({ db }) => {
    const { rows } = await sql<{ n: number }>`
      select count(*)::int as n from line_changes where tenant_id = ${tenant.id}`.execute(db)
    return rows[0]!.n
  })
