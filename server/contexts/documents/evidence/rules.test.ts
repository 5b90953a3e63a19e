/** The pure rules of evidence packs. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { chainSpans } from './chain-span.ts'
import { decisionOf, isDecision } from './decision.ts'
import { documentPath, safeName } from './safe-name.ts'
import type { TrailEntry } from './source.ts'
import { writtenSize } from './words.ts'

test('a name in a pack is one that every system stores, whatever was given', () => {
  const cases: [string, string][] = [
    ['Licenza d’officina n° 7/2026.PDF', 'Licenza_d_officina_n_7_2026.PDF'],
    ['../../etc/passwd', 'etc_passwd'],
    ['è già àèìòù.docx', 'e_gia_aeiou.docx'],
    ['fattura\u202Efdp.exe', 'fattura_fdp.exe'],
    ['', 'file'],
    ['...', 'file'],
    ['.htaccess', 'htaccess'],
    ['合同.pdf', 'pdf'],
    [`${'x'.repeat(300)}.p7m`, `${'x'.repeat(76)}.p7m`],
    ['a\u0000b\nc.txt', 'a_b_c.txt'],
  ]
  for (const [given, expected] of cases) assert.equal(safeName(given), expected, JSON.stringify(given))
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 300 }), (given) => {
      const name = safeName(given)
      assert.match(name, /^[A-Za-z0-9][A-Za-z0-9._-]*$/)
      assert.ok(name.length <= 84 && !name.includes('..') && !name.endsWith('.'))
    }),
  )
  assert.equal(documentPath(7, 2, 'CON.txt'), 'documents/00007-v2-CON.txt')
})

test('each entry is under the next signed head, and entries that share a stretch share it', () => {
  assert.deepEqual(chainSpans([], [5]), [])
  assert.deepEqual(chainSpans([3], [3, 9]), [{ from: 3, to: 3 }])
  assert.deepEqual(chainSpans([2, 3, 8], [5, 9, 20]), [
    { from: 2, to: 5 },
    { from: 8, to: 9 },
  ])
  assert.deepEqual(chainSpans([2, 6], [5, 9]), [{ from: 2, to: 9 }], 'side by side they are one')
  assert.throws(() => chainSpans([6], [5]), /No signed head/)
})

test('every entry lies in a stretch that ends at a head, and no stretch is longer than it must be', () => {
  const numbers = fc.uniqueArray(fc.integer({ min: 1, max: 200 }), { minLength: 1, maxLength: 40 })
  fc.assert(
    fc.property(numbers, numbers, (some, others) => {
      const entries = some.toSorted((a, b) => a - b)
      const heads = [...others.filter((head) => head < 200), 200].toSorted((a, b) => a - b)
      const spans = chainSpans(entries, heads)
      for (const entry of entries) assert.equal(spans.filter(({ from, to }) => from <= entry && entry <= to).length, 1)
      for (const { from, to } of spans) assert.ok(entries.includes(from) && heads.includes(to))
      for (const [at, { from }] of spans.entries()) assert.ok(at === 0 || from > spans[at - 1]!.to + 1)
    }),
  )
})

const entry: TrailEntry = {
  ...{ number: 4, audit_id: 'a', entry: '[]', digest: '', link: '', at: '2026-11-21T10:00:00Z' },
  ...{
    action: 'batches.held',
    resource: 'batch',
    resource_id: 'b',
    actor: { kind: 'user', id: 'u', name: 'Anna Neri' },
  },
  ...{ contents: '[null, {"reason": "Attesa"}]', contents_salt: '00' },
}

test('a decision is an act by which somebody takes responsibility; it carries what was set, where that may be seen', () => {
  const deciding = [
    'documents.approved',
    'documents.hold_set',
    'batches.held',
    'controls.corrected',
    'obligations.waived',
  ]
  for (const action of deciding) assert.ok(isDecision(action), action)
  for (const action of ['documents.created', 'batches.produced', 'plants.updated', 'x.unheld']) {
    assert.ok(!isDecision(action), action)
  }
  assert.deepEqual(decisionOf(entry)?.after, { reason: 'Attesa' })
  assert.equal(decisionOf({ ...entry, contents: null })?.after, null)
  assert.equal(decisionOf({ ...entry, action: 'batches.produced' }), null)
})

test('sizes are written in powers of 1024, with the decimal sign of the language', () => {
  assert.deepEqual(
    [writtenSize(0, 'it'), writtenSize(1023, 'it'), writtenSize(1536, 'it'), writtenSize(1536, 'en')],
    ['0 B', '1023 B', '1,5 KiB', '1.5 KiB'],
  )
  assert.equal(writtenSize(2 * 1024 ** 3, 'en'), '2 GiB')
})
