import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { takePlain } from './plain-payload.ts'
import { decodePayload } from './sparkplug-payload.ts'
import { newSparkplugState, rebirthPayload, rebirthTopic, takeSparkplug } from './sparkplug.ts'

// Written by sparkplug-payload 1.0.3, the encoder of Eclipse Tahu.
const NBIRTH =
  '0880d2b1ec9f34120b0a05626453657120085807121a0a144e6f646520436f6e74726f6c2f52656269727468200b700012280a12426f696c65722f54656d706572617475726510011881d2b1ec9f34200a69000000000080354012180a09426f696c65722f4f6e10021882d2b1ec9f34200b7001121a0a0b426f696c65722f4e616d651003200c7a0763616c646169611800'
const DBIRTH =
  '0880d2b1ec9f3412150a026938100a1880d2b1ec9f34200150fbffffff0f12160a03693136100b1880d2b1ec9f34200250d4fdffff0f12160a03693332100c1880d2b1ec9f3420035090ddfbff0f121b0a03693634100d1880d2b1ec9f3420045882808080808080f0ff0112120a027538100e1880d2b1ec9f34200550c80112160a03753332100f1880d2b1ec9f3420075880d0acf30e121b0a0375363410101880d2b1ec9f34200858ffffffffffffffffff0112130a016610111880d2b1ec9f342009650000003f12400a077175616c69747910121880d2b1ec9f34200a4a210a075175616c6974790a07656e67556e69741205080318f4031206080c42026b5769000000000000084012130a04676f6e6510131880d2b1ec9f34200a38011801'
const DDATA =
  '08e8d9b1ec9f341211100a18e8d9b1ec9f34200150faffffff0f120f100d18a0fdadec9f34200428015805120910112009650000a0bf1802'
const NDEATH = '0880d2b1ec9f34120b0a05626453657120085807'

const T = 1_795_255_200_000
const NOW = T + 5_000
const N = 'plant/node'
const topic = (kind: string, device = '') => `spBv1.0/plant/${kind}/node${device && `/${device}`}`
const hex = (text: string) => Buffer.from(text, 'hex')

test('Sparkplug: births, data by alias, and death as a real encoder writes them', () => {
  const state = newSparkplugState()
  const take = (kind: string, payload: string, device?: string) =>
    takeSparkplug(state, topic(kind, device), hex(payload), NOW)
  assert.deepEqual(take('NBIRTH', NBIRTH), {
    samples: [
      { key: `${N} Boiler/Temperature`, at_ms: T + 1, value: 21.5, quality: 192 },
      { key: `${N} Boiler/On`, at_ms: T + 2, value: 1, quality: 192 },
    ],
    ...{ rebirth: null, garbage: null },
  })
  const born = take('DBIRTH', DBIRTH, 'd')
  assert.equal(born.rebirth, null)
  assert.deepEqual(
    born.samples.map(({ key, value, quality }) => [key.replace(`${N}/d `, ''), value, quality]),
    [
      ['i8', -5, 192],
      ['i16', -300, 192],
      ['i32', -70_000, 192],
      ['i64', -9_007_199_254_740_990, 192],
      ['u8', 200, 192],
      ['u32', 4_000_000_000, 192],
      ['u64', 2 ** 64, 192],
      ['f', 0.5, 192],
      ['quality', 3, 500],
    ],
  )
  assert.deepEqual(take('DDATA', DDATA, 'd'), {
    samples: [
      { key: `${N}/d i8`, at_ms: T + 1_000, value: -6, quality: 192 },
      { key: `${N}/d i64`, at_ms: T - 60_000, value: 5, quality: 192 },
      { key: `${N}/d f`, at_ms: T + 1_000, value: -1.25, quality: 192 },
    ],
    ...{ rebirth: null, garbage: null },
  })
  const other = hex(NDEATH.replace(/07$/, '06'))
  assert.deepEqual(takeSparkplug(state, topic('NDEATH'), other, NOW).samples, [], 'a death of an earlier session')
  const dead = take('NDEATH', NDEATH)
  assert.deepEqual(dead.samples[0], { key: `${N} Boiler/Temperature`, at_ms: NOW, value: 21.5, quality: 500 })
  assert.equal(dead.samples.length, 11)
  assert.equal(
    dead.samples.find(({ key }) => key.endsWith(' i64'))?.value,
    -9_007_199_254_740_990,
    'what is historical is not the last',
  )
  assert.deepEqual(take('NDEATH', NDEATH).samples, [])
})

test('Sparkplug: after the clock of a node was set back, its last value is the one that came last', () => {
  const state = newSparkplugState()
  const later = NBIRTH.replaceAll('80d2b1ec9f34', '80b08deeb034').replaceAll('81d2b1ec9f34', '81b08deeb034')
  takeSparkplug(state, topic('NBIRTH'), hex(later.replace('0000000000803540', '0000000000804540')), NOW)
  takeSparkplug(state, topic('NBIRTH'), hex(NBIRTH), NOW)
  takeSparkplug(state, topic('DBIRTH', 'd'), hex(DBIRTH), NOW)
  const back = DDATA.replaceAll('e8d9b1ec9f34', 'e8d9b1ec9e34')
  const [moved] = takeSparkplug(state, topic('DDATA', 'd'), hex(back), NOW).samples
  assert.ok(moved!.at_ms < T)
  const dead = takeSparkplug(state, topic('NDEATH'), hex(NDEATH), NOW).samples
  assert.deepEqual([dead[0]?.value, dead[2]?.value], [21.5, -6])
})

test('Sparkplug: births that are missing and gaps in the sequence are asked for', () => {
  const state = newSparkplugState()
  const early = takeSparkplug(state, topic('DDATA', 'd'), hex(DDATA), NOW)
  assert.deepEqual([early.rebirth, early.samples], [N, []])
  takeSparkplug(state, topic('NBIRTH'), hex(NBIRTH), NOW)
  const gap = takeSparkplug(state, topic('DDATA', 'd'), hex(DDATA), NOW)
  assert.equal(gap.rebirth, N, 'its device was never born')
  takeSparkplug(state, topic('NBIRTH'), hex(NBIRTH), NOW)
  takeSparkplug(state, topic('DBIRTH', 'd'), hex(DBIRTH), NOW)
  const jump = takeSparkplug(state, topic('DDATA', 'd'), hex(DDATA.replace(/1802$/, '1809')), NOW)
  assert.deepEqual([jump.rebirth, jump.samples.length], [N, 3], 'what came is taken all the same')
  const ended = takeSparkplug(state, topic('DDEATH', 'd'), hex('0880d2b1ec9f34180a'), NOW)
  assert.deepEqual([ended.samples.length, ended.samples[0]?.quality, ended.rebirth], [9, 500, null])
  assert.equal(rebirthTopic(N), 'spBv1.0/plant/NCMD/node')
  const [asked] = decodePayload(rebirthPayload(T)).metrics
  assert.deepEqual([asked?.name, asked?.datatype, asked?.written?.value], ['Node Control/Rebirth', 11, 1])
  assert.equal(decodePayload(rebirthPayload(T)).at_ms, T)
})

test('Sparkplug: no topic and no bytes throw; half of a payload is garbage', () => {
  const state = newSparkplugState()
  for (const wrong of [
    'spBv1.0/a/NDATA',
    'spBv1.0/a/NDATA/b/c',
    'spBv1.0/a/DDATA/b',
    'spAv1.0/a/NDATA/b',
    'spBv1.0/a/WHAT/b',
    '',
  ]) {
    assert.notEqual(takeSparkplug(state, wrong, hex(''), NOW).garbage, null, wrong)
  }
  const whole = hex(DBIRTH)
  takeSparkplug(state, topic('NBIRTH'), hex(NBIRTH), NOW)
  fc.assert(
    fc.property(fc.constantFrom('NBIRTH', 'NDATA', 'NDEATH'), fc.uint8Array({ maxLength: 100 }), (kind, bytes) => {
      takeSparkplug(state, topic(kind), bytes, NOW)
    }),
    { numRuns: 1_000 },
  )
  fc.assert(
    fc.property(fc.nat(whole.length - 1), fc.nat(whole.length - 1), fc.nat(255), (end, at, byte) => {
      const bent = Buffer.from(whole)
      bent[at] = byte
      for (const { value, at_ms } of takeSparkplug(state, topic('DBIRTH', 'd'), bent.subarray(0, end), NOW).samples) {
        assert.ok(Number.isFinite(value) && Number.isSafeInteger(at_ms))
      }
    }),
    { numRuns: 1_000 },
  )
})

test('plain topics: a number or an object; everything else is garbage and says why', () => {
  const take = (payload: string | Buffer) => takePlain('plant/boiler 1/temp', Buffer.from(payload as string), NOW)
  const key = String.raw`plant/boiler\ 1/temp value`
  for (const [payload, at_ms, value, quality] of [
    ['21.5', NOW, 21.5, 192],
    [' -1e3\n', NOW, -1_000, 192],
    ['true', NOW, 1, 192],
    ['{"value": 3}', NOW, 3, 192],
    [`{"value":false,"timestamp":${T}.7,"quality":0}`, T, 0, 0],
    ['{"value":1,"ts":"2026-11-21T10:00:00Z","quality":500}', T, 1, 500],
  ] as const) {
    assert.deepEqual(take(payload).samples, [{ key, at_ms, value, quality }], payload)
  }
  const none = [
    '',
    'NaN',
    '1e400',
    '1,5',
    'on',
    '[1]',
    '{"value":"1"}',
    '{"value":1',
    '{"value":1,"x":2}',
    '{"value":1,"ts":"now"}',
  ]
  for (const payload of [
    ...none,
    '{"value":1,"quality":7}',
    'x'.repeat(5_000),
    Buffer.from([0xff, 0xfe]),
    '{"value":1e400}',
  ]) {
    const { samples, garbage } = take(payload)
    assert.deepEqual([samples, typeof garbage], [[], 'string'], String(payload))
  }
  fc.assert(fc.property(fc.string(), fc.uint8Array(), (name, bytes) => void takePlain(name, bytes, NOW)))
})
