import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Refusal } from '#platform/refusal.ts'
import { parseCsv } from './csv.ts'
import type { Precision } from './instant.ts'
import { parseLineProtocol } from './line-protocol.ts'
import { parseNdjson } from './ndjson.ts'
import type { RowParser } from './row-parser.ts'
import { MAX_ROWS, type Rows } from './rows.ts'

const A = '0198a000-0000-7000-8000-00000000000a'
const B = '0198a000-0000-7000-8000-00000000000b'
const AT = Date.UTC(2026, 10, 21, 10, 0, 0, 123)
const RECEIVED = Date.UTC(2026, 10, 21, 12)

const lineProtocol = (precision: Precision, receivedMs: number) => parseLineProtocol({ precision, receivedMs })

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

const codes = ({ refused }: Rows) => refused.map(({ index, code }) => [index, code.replace('plant_ops.', '')])
const taken = ({ columns: { index, sensor, at_ms, value, quality } }: Rows) =>
  index.map((one, i) => [one, sensor[i], at_ms[i], value[i], quality[i]])
const code = (run: () => unknown): string => {
  try {
    run()
  } catch (error) {
    assert.ok(error instanceof Refusal)
    return error.code
  }
  return 'none'
}

test('NDJSON: each line is a reading or a refusal of its own', () => {
  const lines = [
    `{"sensor_id":"${A}","ts":"2026-11-21T10:00:00.123999Z","value":1.5}`,
    `{"sensor_id":"${B.toUpperCase()}","ts":"2026-11-21 11:00:00.123+01:00","value":-0,"quality":0,"unit":"kW"}`,
    '',
    `{"sensor_id":"${A}","ts":"2026-11-21T10:00:00Z","value":`,
    `{"sensor_id":"${A}","ts":"2026-11-21T10:00:00Z","value":NaN}`,
    `{"sensor_id":"${A}","ts":"2026-11-21T10:00:00Z","value":1e400}`,
    `{"sensor_id":"${A}","ts":"2026-11-21T10:00:00Z","value":"1"}`,
    `{"sensor_id":"${A}","ts":"2026-11-21T10:00:00Z","value":null}`,
    `{"sensor_id":"${A}","ts":"2026-11-21T10:00:00","value":1}`,
    `{"sensor_id":"${A}","ts":"2026-02-29T10:00:00Z","value":1}`,
    `{"sensor_id":"${A}","value":1}`,
    `{"sensor_id":"${A}","ts":"2026-11-21T10:00:00Z","value":1,"quality":64}`,
    `{"sensor_id":"boiler","ts":"2026-11-21T10:00:00Z","value":1}`,
    `{"sensor_id":"${A}","ts":"2026-11-21T10:00:00Z","value":1,"note":"x"}`,
    `{"__proto__":1,"sensor_id":"${A}","ts":"2026-11-21T10:00:00Z","value":1}`,
    '[1]',
    'null',
    `{"sensor_id":"${A}","ts":"2026-11-21T10:00:00Z","value":1,"unit":7}`,
  ]
  const rows = parsed(parseNdjson(), lines.join('\r\n'))
  assert.deepEqual(taken(rows), [
    [0, A, AT, 1.5, 192],
    [1, B, AT, 0, 0],
  ])
  assert.ok(Object.is(rows.columns.value[1], 0), 'there is one zero')
  assert.deepEqual([...rows.units], [[1, 'kW']])
  assert.deepEqual(codes(rows), [
    [3, 'malformed_row'],
    [4, 'not_finite'],
    [5, 'not_finite'],
    [6, 'not_a_number'],
    [7, 'not_a_number'],
    [8, 'bad_time'],
    [9, 'bad_time'],
    [10, 'bad_time'],
    [11, 'bad_quality'],
    [12, 'unknown_sensor'],
    [13, 'unknown_field'],
    [14, 'unknown_field'],
    [15, 'malformed_row'],
    [16, 'malformed_row'],
    [17, 'other_unit'],
  ])
})

test('CSV: with commas, and with semicolons and decimal commas as Excel writes it in Italy', () => {
  const plain = parsed(
    parseCsv(),
    `sensor_id,ts,value\n${A},2026-11-21T10:00:00.123Z,-12.5e1\n"${B}", "2026-11-21T10:00:00.123Z" ,.5`,
  )
  assert.deepEqual(taken(plain), [
    [0, A, AT, -125, 192],
    [1, B, AT, 0.5, 192],
  ])
  const italian = parsed(
    parseCsv(),
    `\ufeffSensor_ID;"Value";ts;quality;unit\r\n${A};1,25;2026-11-21T10:00:00.123Z;500;°C\r\n\r\n${A};1.25;2026-11-21T10:00:00.123Z;;\r\n${A};1.234,5;2026-11-21T10:00:00.123Z;192;`,
  )
  assert.deepEqual(taken(italian), [
    [0, A, AT, 1.25, 500],
    [2, A, AT, 1.25, 192],
  ])
  assert.deepEqual([...italian.units], [[0, '°C']])
  assert.deepEqual(codes(italian), [[3, 'not_a_number']])
})

test('CSV: each bad cell refuses its row', () => {
  const rows = (cells: string[]) => codes(parsed(parseCsv(), ['sensor_id,ts,value,quality', ...cells].join('\n')))
  const at = '2026-11-21T10:00:00Z'
  assert.deepEqual(
    rows([
      `${A},${at},1`,
      `${A},${at},1,192,`,
      `${A},${at},"1,5",192`,
      `${A},${at},,192`,
      `${A},${at},NaN,192`,
      `${A},${at},-inf,192`,
      `${A},${at},1e400,192`,
      `${A},${at},0x10,192`,
      `${A},${at},1_000,192`,
      `${A},${at},1,good`,
      `${A},${at},1,constructor`,
      `${A},21/11/2026 10:00,1,192`,
      `${A},${at}","1,192`,
      `"${A},${at},1,192`,
      `"${A}"x,${at},1,192`,
      `,${at},1,192`,
    ]),
    [
      [0, 'malformed_row'],
      [1, 'malformed_row'],
      [2, 'not_a_number'],
      [3, 'not_a_number'],
      [4, 'not_finite'],
      [5, 'not_finite'],
      [6, 'not_finite'],
      [7, 'not_a_number'],
      [8, 'not_a_number'],
      [9, 'bad_quality'],
      [10, 'bad_quality'],
      [11, 'bad_time'],
      [12, 'malformed_row'],
      [13, 'malformed_row'],
      [14, 'malformed_row'],
      [15, 'unknown_sensor'],
    ],
  )
})

test('CSV: a header that does not say what is where refuses the whole', () => {
  for (const body of [
    '',
    'a,b,c\n',
    'sensor_id,ts\n',
    'sensor_id,ts,value,value\n',
    'sensor_id,ts,value,colour\n',
    '\xff\xfe',
  ]) {
    assert.equal(
      code(() => parsed(parseCsv(), Buffer.from(body, 'latin1'))),
      'plant_ops.csv_header',
      body,
    )
  }
})

const ns = (ms: number): string => `${ms}000000`

test('line protocol: every field is a reading of its own source, whatever the order of the tags', () => {
  const body = [
    '# a comment',
    `boiler,plant=P1,b=2,a=1 temperature=21.5,pressure=3i,flow=7u,on=t,off=FALSE ${ns(AT)}`,
    `boiler,a=1,b=2,plant=P1 temperature=22 ${AT}999999`,
    'boiler temperature=23',
    '',
    String.raw`my\ boiler\,x,a\ b=c\=d,e=f\\g the\ field=1 ${ns(AT)}`,
    `w text="a \\"quoted, word=1\\" #",n=5 ${ns(AT)}`,
  ].join('\n')
  const rows = parsed(lineProtocol('ns', RECEIVED), body)
  assert.deepEqual(taken(rows), [
    [1, 'boiler,a=1,b=2,plant=P1 temperature', AT, 21.5, 192],
    [1, 'boiler,a=1,b=2,plant=P1 pressure', AT, 3, 192],
    [1, 'boiler,a=1,b=2,plant=P1 flow', AT, 7, 192],
    [1, 'boiler,a=1,b=2,plant=P1 on', AT, 1, 192],
    [1, 'boiler,a=1,b=2,plant=P1 off', AT, 0, 192],
    [2, 'boiler,a=1,b=2,plant=P1 temperature', AT, 22, 192],
    [3, 'boiler temperature', RECEIVED, 23, 192],
    [5, String.raw`my\ boiler\,x,a\ b=c\=d,e=f\\g the\ field`, AT, 1, 192],
    [6, 'w n', AT, 5, 192],
  ])
  assert.deepEqual(codes(rows), [[6, 'text_value']])
  const key = 'boiler,a=1,b=2,plant=P1 on'
  assert.deepEqual(rows.sources.get(key), { key, plant: 'P1' })
  const named = parseLineProtocol({ precision: 'ns', receivedMs: 0, plant: 'P2' })
  assert.deepEqual([...parsed(named, 'm,plant=P1 f=1\nm f=1').sources.keys()], ['m,plant=P1 f', 'm,plant=P2 f'])
})

test('line protocol: what cannot be read refuses its line, a value that is none its field', () => {
  const lines = [
    'boiler',
    'boiler ',
    'boiler temperature=',
    'boiler =1',
    'boiler temperature=1,',
    ',a=b t=1',
    'boiler,a t=1',
    'boiler,a= t=1',
    'boiler,a=1,a=2 t=1',
    'boiler t="open',
    'boiler t="x"y',
    'boiler t=1 soon',
    'boiler t=1 1.5',
    'boiler t=1 99999999999999999999',
    'boiler t=NaN',
    'boiler t=1e400,u=2',
    'boiler t=12ii',
    'boiler t=-1u',
    'boiler t=9223372036854775807i',
    'boiler t=9223372036854775808i',
    'boiler t=-9223372036854775808i',
    'boiler t=18446744073709551615u',
    'boiler t=18446744073709551616u',
    'boiler t=truE',
    'boiler t=1 1 1',
    `boiler,a=${'x'.repeat(600)} t=1`,
    'bo\u0000iler t=1',
  ]
  const rows = parsed(lineProtocol('s', RECEIVED), lines.join('\n'))
  const malformed = [...Array.from({ length: 14 }, (_, i) => i), 16, 17, 19, 22, 23, 24, 26]
  assert.deepEqual(
    rows.refused.filter((one) => one.code === 'plant_ops.malformed_row').map(({ index }) => index),
    malformed,
  )
  assert.deepEqual(
    codes(rows).filter(([, one]) => one !== 'malformed_row'),
    [
      [14, 'not_finite'],
      [15, 'not_finite'],
      [25, 'unknown_source'],
    ],
  )
  assert.deepEqual(
    taken(rows).map(([index, , , value]) => [index, value]),
    [
      [15, 2],
      [18, 2 ** 63],
      [20, -(2 ** 63)],
      [21, 2 ** 64],
    ],
  )
})

test('line protocol: a time in every precision, rounded down', () => {
  const at = (precision: Precision, time: string) =>
    parsed(lineProtocol(precision, 0), `m f=1 ${time}`).columns.at_ms[0]
  assert.equal(at('ns', `${AT}999999`), AT)
  assert.equal(at('us', `${AT}999`), AT)
  assert.equal(at('ms', `${AT}`), AT)
  assert.equal(at('s', '1795255200'), 1_795_255_200_000)
  assert.equal(at('m', '29920920'), 1_795_255_200_000)
  assert.equal(at('h', '498682'), 1_795_255_200_000)
  assert.equal(at('ns', '1795255200'), undefined, 'seconds that are read as nanoseconds are not of 1970')
  assert.equal(at('ns', '-1'), -1)
  assert.equal(at('ms', '253402300799999'), Date.UTC(9999, 11, 31, 23, 59, 59, 999))
  assert.equal(at('ms', '253402300800000'), undefined)
  assert.equal(at('s', '9223372036854775807'), undefined)
})

test('times of the years 1 and 9999 are times; whether a reading may have them is not asked here', () => {
  const at = (ts: string) => parsed(parseCsv(), `sensor_id,ts,value\n${A},${ts},1`).columns.at_ms[0]
  assert.equal(at('0001-01-01T00:00:00Z'), -62_135_596_800_000)
  assert.equal(at('9999-12-31T23:59:59.999Z'), 253_402_300_799_999)
  assert.equal(at('0000-01-01T00:00:00Z'), undefined)
  assert.equal(at('2024-02-29T00:00:00-23:59'), Date.UTC(2024, 1, 29, 23, 59))
  for (const none of [
    '2026-11-21T24:00:00Z',
    '2026-11-21T10:00:60Z',
    '2026-11-21T10:00:00.Z',
    '2026-11-21T10:00:00+1:00',
    '2026-13-01T00:00:00Z',
    '2026-11-21T10:00:00.1234567890Z',
    '10000-01-01T00:00:00Z',
  ]) {
    assert.equal(at(none), undefined, none)
  }
})

test('a row that is not UTF-8 or too long is refused by itself, also a last one without a break', () => {
  const good = `m f=1 ${ns(AT)}`
  const body = Buffer.concat([
    Buffer.from(`${good}\nm,a=`),
    Buffer.from([0xc3, 0x28]),
    Buffer.from(` f=1\n${good}\n# ${'x'.repeat(70_000)}\n${good}\n${'y'.repeat(200_000)}`),
  ])
  const rows = parsed(lineProtocol('ns', 0), body, [10, 80_000, 80_001, 150_000])
  assert.deepEqual(rows.columns.index, [0, 2, 4])
  assert.deepEqual(codes(rows), [
    [1, 'not_utf8'],
    [3, 'row_too_long'],
    [5, 'row_too_long'],
  ])
})

test('more rows than a request may hold refuse the whole, refused ones counted', () => {
  const many = (line: string) => `${line}\n`.repeat(MAX_ROWS + 1)
  assert.equal(
    code(() => parsed(parseNdjson(), many('x'))),
    'plant_ops.too_many',
  )
  assert.equal(
    code(() => parsed(lineProtocol('ns', 0), many('m f=1'))),
    'plant_ops.too_many',
  )
})
