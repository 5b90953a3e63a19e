/** Checks a trail as an outsider does: SHA-256, a JOSE library, the published keys, and nothing of this installation's code. */
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { test } from 'node:test'
import { compactVerify, importJWK } from 'jose'
import { newTenant, request, testApp } from '#test/harness.ts'
import { systemScope } from '#platform/database/system-scope.ts'
import { sequenceEvents } from '#platform/events/sequencer.ts'
import { exportTrail, type TrailLine } from './export-trail.ts'
import { sealAudit } from './seal-audit.ts'

const sha = (...parts: Buffer[]): string => createHash('sha256').update(Buffer.concat(parts)).digest('hex')
const hex = (text: string): Buffer => Buffer.from(text.replaceAll('-', ''), 'hex')
const part = (salt: string, text: string): string => sha(hex(salt), Buffer.from(text))

function check(tenantId: string, lines: readonly TrailLine[], head: { number: number; link: string }): string[] {
  const wrong: string[] = []
  let link = sha(hex(tenantId))
  for (const [at, line] of lines.entries()) {
    link = sha(hex(link), hex(line.digest), hex(line.audit_id))
    if (line.number !== at + 1 || line.link !== link) wrong.push(`link ${line.number}`)
    if (line.entry === null || sha(Buffer.from(line.entry)) !== line.digest) wrong.push(`entry ${line.number}`)
    const fields = JSON.parse(line.entry ?? '[]') as unknown[]
    if (line.contents_salt !== null && part(line.contents_salt, line.contents ?? '') !== fields[10])
      wrong.push(`contents ${line.number}`)
    if (line.address_salt !== null && part(line.address_salt, line.address ?? '') !== fields[11])
      wrong.push(`address ${line.number}`)
    if (line.number === head.number && link !== head.link) wrong.push('head')
  }
  return lines.length < head.number ? [...wrong, 'cut off'] : wrong
}

test('whoever has an exported trail, a signed head and the published keys checks it without Officina', async () => {
  const { installation, issuing } = (await testApp()).deps
  const tenant = await newTenant()
  const person = await tenant.user('Viewer')
  for (const name of ['Tecnici', 'Officina «A» — turno di notte', 'شمس']) {
    await tenant.admin.call('POST', '/roles', { name, permissions: ['plants.read'] })
  }
  await person.call('PATCH', '/auth/me', { name: 'Nuovo' })
  assert.equal(
    (await tenant.admin.call('POST', `/users/${person.userId}/erase`, { confirm: person.email })).status,
    200,
  )
  for (let n: number | null = null; n !== 0;) n = await sequenceEvents(installation.custody)
  const system = systemScope(tenant.id, 'test')
  const sealed = await installation.database.write(system, (work) => sealAudit(work, issuing.current().keys))
  const { lines } = await installation.database.read(system, (work) => exportTrail(work, 0))
  const { keys } = (await request('GET', '/.well-known/audit-jwks.json')).body

  const { payload } = await compactVerify(sealed!.jws, async ({ kid }) =>
    importJWK(keys.find((key: { kid: string }) => key.kid === kid)),
  )
  const head = JSON.parse(new TextDecoder().decode(payload))
  assert.deepEqual([head.tenant_id, head.number], [tenant.id, 5])
  assert.deepEqual(check(tenant.id, lines, head), [])
  assert.equal(lines.filter(({ contents_salt }) => contents_salt === null).length, 1)
  const changed = lines.map((line) =>
    line.number === 2 ? { ...line, contents: line.contents!.replace('notte', 'giorno') } : line,
  )
  assert.deepEqual(check(tenant.id, changed, head), ['contents 2'])
  assert.deepEqual(check(tenant.id, lines.slice(0, -1), head), ['cut off'])
})
