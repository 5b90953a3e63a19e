import assert from 'node:assert/strict'
import { test } from 'node:test'
import { getConstructionPlans } from 'pg-boss'
import { readFile } from 'node:fs/promises'
import { Type } from 'typebox'
import { Shape } from '../http/shapes.ts'
import { refusals } from '../refusal.ts'
import { failureOf, waitBefore } from './job-failure.ts'
import { job, jobKind, jobsByName } from './job-kind.ts'

const limits = jobKind({
  name: 'test.limits',
  input: Shape({}),
  limits: { wait: 10, longestWait: 100, attempts: 4 },
}).limits
const table = refusals({
  'test.busy': ['unavailable', 'Busy.'],
  'test.gone': ['not_found', 'Gone.'],
})

test('the wait doubles up to the longest, and chance takes at most half of it away', () => {
  assert.deepEqual(
    [1, 2, 3, 4, 5, 500].map((attempt) => waitBefore(attempt, limits, 0)),
    [10_000, 20_000, 40_000, 80_000, 100_000, 100_000],
  )
  assert.equal(waitBefore(3, limits, 0.5), 30_000)
  assert.equal(waitBefore(3, limits, 1), 20_000)
})

test('what may pass is tried again until the attempts are used up; what cannot help ends at once', () => {
  const busy = table.refuse('test.busy')
  assert.deepEqual(failureOf(busy, 1, limits, 0), { reason: 'test.busy: Busy.', retryInMs: 10_000 })
  assert.deepEqual(failureOf(busy, 4, limits, 0), { reason: 'test.busy: Busy.', retryInMs: null })
  assert.deepEqual(failureOf(table.refuse('test.gone'), 1, limits, 0), { reason: 'test.gone: Gone.', retryInMs: null })
  assert.equal(failureOf(new Error('a bug'), 1, limits, 0).retryInMs, 10_000)
})

test('whoever says when to come back is not asked before', () => {
  assert.equal(failureOf(table.refuse('test.busy', { retryAfterS: 60 }), 1, limits, 0).retryInMs, 60_000)
  assert.equal(failureOf(table.refuse('test.busy', { retryAfterS: 1 }), 1, limits, 0).retryInMs, 10_000)
})

test('of a bug nothing is shown', () => {
  assert.equal(failureOf(new Error('select secret from …'), 9, limits, 0).reason, 'internal: Something broke.')
  assert.equal(failureOf('a text', 9, limits, 0).reason, 'internal: Something broke.')
})

test('a kind says why a payload does not fit, and two of one name stop the start', () => {
  const kind = jobKind({ name: 'test.shape', input: Shape({ plant_id: Type.String({ format: 'uuid' }) }) })
  assert.equal(kind.misfit({ plant_id: '01890000-0000-7000-8000-000000000000' }), null)
  assert.match(kind.misfit({ plant_id: 7 }) ?? '', /plant_id must be string/)
  assert.match(kind.misfit({ plant_id: '01890000-0000-7000-8000-000000000000', more: 1 }) ?? '', /additional/)
  assert.match(kind.misfit(null) ?? '', /must be object/)
  const one = job(kind, { run: () => Promise.resolve() })
  assert.equal(jobsByName([one]).get('test.shape'), one)
  assert.throws(() => jobsByName([one, job(kind, { run: () => Promise.resolve() })]), /Two kinds .* test\.shape/)
  assert.throws(() => jobKind({ name: 'Mail send', input: Shape({}) }), /is named <part>\.<verb>/)
})

test('half of what a kind may do at once is a tenant’s share where nothing is said', () => {
  const share = (concurrency: number) =>
    jobKind({ name: 'test.share', input: Shape({}), limits: { concurrency } }).limits
  assert.deepEqual(
    [1, 2, 5, 10].map((n) => share(n).perTenant),
    [1, 1, 3, 5],
  )
})

test('the tables of the delivery engine are those of the installed version', async () => {
  const file = await readFile(new URL('../../migrations/control/0006_job_delivery.sql', import.meta.url), 'utf8')
  const ours = file.slice(file.indexOf('begins\n') + 7, file.indexOf('-- pg-boss 12.33.7 ends'))
  const words = (sql: string): string => sql.replaceAll(/\s+/g, ' ').trim()
  const theirs = words(getConstructionPlans('jobs', { createSchema: false }))
  const whole = theirs
    .replace(/^BEGIN; (SET LOCAL [^;]*; )+SELECT pg_advisory_xact_lock[^;]*; ; /, '')
    .replace(/ COMMIT;$/, '')
  assert.ok(whole.length > 10_000 && whole.length < theirs.length)
  assert.equal(words(ours), whole)
})
