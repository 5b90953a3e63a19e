import assert from 'node:assert/strict'
import { readdirSync, writeFileSync } from 'node:fs'
import { test } from 'node:test'
import { testApp } from '#test/harness.ts'
import { elsewhere, room } from './copies.fixture.ts'
import { backupJobs, backupSchedules } from './backup-job.ts'
import { verifyCopy } from './open-copy.ts'

test('the nightly backup is one file however often it is done, and removes those whose time is over', async () => {
  using files = room()
  await using from = await elsewhere(true)
  const { config, log } = (await testApp()).deps
  writeFileSync(files.path('officina-20200101T020000Z.backup'), 'old')
  writeFileSync(files.path('of-somebody-else'), 'kept')
  const [{ handler, kind } = assert.fail()] = backupJobs({
    installation: from.installation,
    blobs: from.files.blobs,
    config: { ...config, backupFolder: files.path('') },
    log,
  })
  const due = '2026-11-21T02:00:00.000Z'
  assert.equal(kind.misfit({ due }), null)
  assert.ok('reach' in handler)
  const running = { id: 'x', tenantId: null, attempt: 1, enqueuedBy: null, signal: AbortSignal.timeout(60_000) }
  for (const attempt of [1, 2]) await handler.reach({ due }, { ...running, attempt })
  assert.deepEqual(readdirSync(files.path('')).toSorted(), ['of-somebody-else', 'officina-20261121T020000Z.backup'])
  assert.ok(await verifyCopy(files.path('officina-20261121T020000Z.backup'), from.source.keys))
  const stopped = handler.reach({ due: '2026-11-22T02:00:00.000Z' }, { ...running, signal: AbortSignal.abort() })
  await assert.rejects(stopped, { name: 'AbortError' })
  assert.equal(readdirSync(files.path('')).length, 2, 'one that is ended leaves nothing')
})

test('it is on unless it is switched off', async () => {
  const { config } = (await testApp()).deps
  const [nightly] = backupSchedules({ ...config, BACKUP: 'on', BACKUP_HOUR: 3 })
  assert.deepEqual([nightly?.cron, nightly?.zone], ['0 3 * * *', 'Europe/Rome'])
  assert.deepEqual(backupSchedules({ ...config, BACKUP: 'off' }), [])
})
