import assert from 'node:assert/strict'
import { test } from 'node:test'
import move from './move.ts'

test('a company is moved there and back under load, by movers that are killed, and nothing is lost', async (t) => {
  const asked = {
    ...move.options,
    moves: '2',
    writers: '2',
    readers: '1',
    readings: '2000',
    kills: 'mover',
    times: '1',
  }
  const findings = await move.run(asked, (line) => t.diagnostic(line))
  assert.ok(findings.length > 8)
  assert.deepEqual(
    findings.filter(({ holds }) => !holds),
    [],
  )
})
