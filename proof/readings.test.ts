import assert from 'node:assert/strict'
import { test } from 'node:test'
import readings from './readings.ts'

test('readings are acknowledged over HTTP, server and PostgreSQL are killed, and every one of them is there once', async (t) => {
  const asked = {
    ...readings.options,
    ...{
      seconds: '1',
      companies: '1',
      sensors: '1',
      servers: '1',
      writers: '4',
      readers: '1',
      kills: 'all',
      pause: '1',
    },
  }
  const findings = await readings.run(asked, (line) => t.diagnostic(line))
  assert.ok(findings.length > 8)
  assert.deepEqual(
    findings.filter(({ holds }) => !holds),
    [],
  )
})
