/** The proof of events, small. By hand with larger numbers: `npm run proof -- events`. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { newHome, run } from './release.ts'

test(
  'while processes and PostgreSQL are killed, each committed event gets one place, and each subscriber its one effect',
  { timeout: 110_000 },
  async () => {
    const size = ['--seconds', '5', '--writers', '4', '--servers', '2', '--tenants', '3', '--plants', '3']
    const { exit, output } = run('proof/run.ts', newHome(), ['events', ...size])
    const { code } = await exit
    assert.equal(code, 0, output())
    assert.match(output(), /(\d+) of \1 promises hold/)
  },
)
