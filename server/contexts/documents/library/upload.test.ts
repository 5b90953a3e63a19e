import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { test } from 'node:test'
import { newTenant } from '#test/harness.ts'
import { sendUpload, uploadDocument } from './upload.fixture.ts'

const sha256 = (bytes: string | Buffer): string => createHash('sha256').update(bytes).digest('hex')

test('a file that is uploaded is a document, with the fields before or behind it, and nobody opens it before it was scanned', async () => {
  const { admin } = await newTenant()
  const bytes = 'Delega per la pratica 2026'
  for (const fileFirst of [true, false]) {
    const { status, body } = await sendUpload(admin, {
      ...{ name: 'delega.txt', bytes, fileFirst },
      fields: {
        name: 'Delega Carpi.txt',
        tags: ['gse, 2026', 'delega'],
        expiry_date: '2027-03-31',
        category: 'delegation',
      },
    })
    assert.equal(status, 201, JSON.stringify(body))
    const { name, type, size, version, sha256: hash, tags, expiry_date, scan } = body
    assert.deepEqual([name, type, size, version, hash], ['Delega Carpi.txt', 'txt', bytes.length, 1, sha256(bytes)])
    assert.deepEqual(
      [tags, expiry_date, body.status, scan],
      [['gse', '2026', 'delega'], '2027-03-31', 'scanning', null],
    )
    const got = await admin.call('GET', `/documents/${body.id}`)
    assert.equal(got.status, 200)
    assert.deepEqual(got.body, body)
    const content = await admin.call('GET', `/documents/${body.id}/content`)
    assert.deepEqual([content.status, content.body.error.code], [409, 'documents.scanning'])
  }
})

test('a content that may be opened is the bytes that were sent', async () => {
  const { admin, id } = await newTenant()
  const document = await uploadDocument(admin, { name: 'a.txt', bytes: 'Perché no' })
  await admin.write('documents.write', ({ db }) =>
    db.updateTable('files').set({ scan: 'clean' }).where('tenant_id', '=', id).execute(),
  )
  const { status, text, headers } = await admin.call('GET', `/documents/${document.id}/content`)
  assert.deepEqual([status, text, headers['etag']], [200, 'Perché no', `"${document.sha256}"`])
})
