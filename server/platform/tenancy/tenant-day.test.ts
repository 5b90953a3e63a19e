import assert from 'node:assert/strict'
import { test } from 'node:test'
import { systemScope } from '#platform/database/system-scope.ts'
import { newTenant, testApp } from '#test/harness.ts'
import { dayIn, knownTimeZone, tenantToday } from './tenant-day.ts'

test('a day is the day of the zone', () => {
  const instant = new Date('2026-12-31T23:30:00Z')
  assert.equal(dayIn('Europe/Rome', instant), '2027-01-01')
  assert.equal(dayIn('Etc/UTC', instant), '2026-12-31')
  assert.equal(dayIn('America/Denver', instant), '2026-12-31')
})

test('what is no zone is Rome', () => {
  assert.equal(knownTimeZone('America/Denver'), 'America/Denver')
  for (const wrong of ['Mars/Olympus', '', null, undefined]) assert.equal(knownTimeZone(wrong), 'Europe/Rome')
})

test("today is the tenant's", async () => {
  const { database } = (await testApp()).deps.installation
  const today = async (configuration: Record<string, unknown>): Promise<string> => {
    const tenant = await newTenant({ configuration })
    return database.read({ ...systemScope(tenant.id, 'test'), now: new Date('2026-12-31T23:30:00Z') }, tenantToday)
  }
  assert.equal(await today({}), '2027-01-01')
  assert.equal(await today({ time_zone: 'America/Denver' }), '2026-12-31')
})
