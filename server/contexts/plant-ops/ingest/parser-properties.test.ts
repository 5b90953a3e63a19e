import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { Refusal } from '#platform/refusal.ts'
import { parseCsv } from './csv.ts'
import type { Precision } from './instant.ts'
import { parseLineProtocol } from './line-protocol.ts'
import { parseNdjson } from './ndjson.ts'
import type { RowParser } from './row-parser.ts'
import type { Rows } from './rows.ts'

const A = '0198a000-0000-7000-8000-00000000000a'
const RECEIVED = Date.UTC(2026, 10, 21, 12)

const lineProtocol = (precision: Precision, receivedMs: number) => parseLineProtocol({ precision, receivedMs })
const parsers: Record<string, () => RowParser> = {
  ndjson: parseNdjson,
  csv: parseCsv,
  'line protocol': () => lineProtocol('ns', RECEIVED),
}

function parsed(parser: RowParser, body: string | Buffer, cuts: number[] = []): Rows {
  const bytes = Buffer.from(body as string)
  let from = 0
  for (const cut of cuts) {
    parser.chunk(bytes.subarray(from, cut))
    from = cut
  }
  parser.chunk(bytes.subarray(from))
  return parser.end()
}

/** Bytes that nearly fit: pieces of every format, cut and mixed with anything. */
const pieces = fc.oneof(
  fc.constantFrom(
    ...[
      '\n',
      '\r\n',
      '\r',
      ',',
      ';',
      '=',
      ' ',
      '"',
      '""',
      '\\',
      '#',
      '\ufeff',
      '\t',
      '1',
      '-',
      '.',
      'e',
      '1e400',
      'NaN',
      '12i',
      't',
    ],
    ...[
      A,
      '2026-11-21T10:00:00Z',
      'sensor_id,ts,value\n',
      'sensor_id;ts;value\n',
      'm,a=b f=1 1795255200000000000',
      '°',
      '太',
      '👩🏽‍🔧',
    ],
    ...[
      `{"sensor_id":"${A}","ts":"2026-11-21T10:00:00Z","value":1}`,
      '{"value":',
      '}',
      '[',
      '__proto__',
      '\u0000',
      '\u2028',
    ],
  ),
  fc.string(),
)
const bodies = fc.oneof(
  fc.array(pieces, { maxLength: 30 }).map((parts) => Buffer.from(parts.join(''))),
  fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes)),
  fc
    .tuple(fc.array(pieces, { maxLength: 20 }), fc.uint8Array({ maxLength: 4 }))
    .map(([parts, bytes]) => Buffer.concat([Buffer.from(parts.join('\n')), bytes, Buffer.from(parts.join(''))])),
)

/** Rows or the code of the refusal; anything else that is thrown is a bug and ends the test. */
const outcome = (make: () => RowParser, body: Buffer, cuts: number[]): unknown => {
  try {
    return parsed(make(), body, cuts)
  } catch (error) {
    if (error instanceof Refusal) return error.code
    throw error
  }
}

for (const [name, make] of Object.entries(parsers)) {
  test(`${name}: no bytes throw anything but a refusal, and no cut changes what is read`, () => {
    fc.assert(
      fc.property(bodies, fc.array(fc.nat(1_000), { maxLength: 6 }), (body, places) => {
        const whole = outcome(make, body, [])
        const cuts = places.map((place) => place % (body.length + 1)).toSorted((a, b) => a - b)
        assert.deepEqual(outcome(make, body, cuts), whole)
        const singly = Array.from({ length: body.length }, (_, at) => at)
        assert.deepEqual(outcome(make, body, singly), whole)
        if (typeof whole === 'string') return
        for (const value of (whole as Rows).columns.value) assert.ok(Number.isFinite(value))
        for (const at of (whole as Rows).columns.at_ms) assert.ok(Number.isSafeInteger(at))
      }),
      { numRuns: 500 },
    )
  })
}

test('decimals and times are those of the language itself', () => {
  fc.assert(
    fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (value) => {
      assert.equal(
        parsed(parseCsv(), `sensor_id,ts,value\n${A},2026-11-21T10:00:00Z,${value}`).columns.value[0],
        value + 0,
      )
    }),
  )
  fc.assert(
    fc.property(fc.integer({ min: -62_135_596_800_000, max: 253_402_300_799_999 }), (at) => {
      const ts = new Date(at).toISOString()
      assert.equal(parsed(parseCsv(), `sensor_id,ts,value\n${A},${ts},1`).columns.at_ms[0], at)
      const of1970 = at >= 0 && at < Date.UTC(1971, 0)
      assert.equal(parsed(lineProtocol('ms', 0), `m f=1 ${at}`).columns.at_ms[0], of1970 ? undefined : at)
    }),
  )
})
