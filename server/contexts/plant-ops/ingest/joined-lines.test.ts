import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { parseLineProtocol } from './line-protocol.ts'
import type { Rows } from './rows.ts'

const AT = Date.UTC(2026, 10, 21, 10)

function parsed(lines: readonly string[], cuts: readonly number[] = []): Rows {
  const parser = parseLineProtocol({ precision: 'ms', receivedMs: AT })
  const bytes = Buffer.from(lines.join('\n'))
  let from = 0
  for (const cut of [...cuts.filter((one) => one < bytes.length).toSorted((a, b) => a - b), bytes.length]) {
    parser.chunk(bytes.subarray(from, cut))
    from = cut
  }
  return parser.end()
}
const taken = ({ columns: { index, sensor, value } }: Rows) => index.map((one, i) => [one, sensor[i], value[i]])
const codes = ({ refused }: Rows) =>
  refused
    .map(({ index, code }) => [index, code.replace('plant_ops.', '')] as const)
    .toSorted(([one], [other]) => one - other)

test('a quoted text may span lines, wherever the body is cut: what stands beside it is a reading', () => {
  const lines = [
    'log,host=a message="first',
    '# no comment',
    '',
    String.raw`a \"quoted\" word=1`,
    `last",severity=3i ${AT}`,
    'm v=1',
    'm a="x',
    'y",b="z',
    '",v=2',
  ]
  fc.assert(
    fc.property(fc.array(fc.nat(150), { maxLength: 5 }), (cuts) => {
      const rows = parsed(lines, cuts)
      assert.deepEqual(taken(rows), [
        [0, 'log,host=a severity', 3],
        [5, 'm v', 1],
        [6, 'm v', 2],
      ])
      assert.deepEqual(codes(rows), [
        [0, 'text_value'],
        [6, 'text_value'],
        [6, 'text_value'],
      ])
    }),
  )
})

test('a text that does not end costs its own line alone', () => {
  const good = Array.from({ length: 3_000 }, (_, i) => `m,i=${i} v=${i}`)
  const rows = parsed(['m s="open', ...good, 'm s="on",v=1', 'm s="open again', 'm s="two', 'lines",v=5', 'm s="end'])
  assert.equal(rows.columns.index.length, good.length + 2)
  assert.deepEqual(codes(rows), [
    [0, 'malformed_row'],
    [3_001, 'text_value'],
    [3_002, 'malformed_row'],
    [3_003, 'text_value'],
    [3_005, 'malformed_row'],
  ])
  const unreadable = parseLineProtocol({ precision: 'ms', receivedMs: AT })
  unreadable.chunk(Buffer.concat([Buffer.from('m s="open\n'), Buffer.from([0xff, 10]), Buffer.from('m v=1\n')]))
  assert.deepEqual(codes(unreadable.end()), [
    [0, 'malformed_row'],
    [1, 'not_utf8'],
  ])
})

test('lines made to be put together again and again are looked at a few times each', () => {
  const before = process.cpuUsage()
  const rows = parsed(Array.from({ length: 99_000 }, () => 'x",b="y'))
  const { user } = process.cpuUsage(before)
  assert.equal(rows.refused.length, 99_000)
  // Each with all before it, as a text may be long, would be 200 times as much.
  assert.ok(user < 5_000_000, `${user / 1_000} ms`)
})
