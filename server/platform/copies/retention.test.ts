import assert from 'node:assert/strict'
import { test } from 'node:test'
import { backupName, expiredBackups } from './retention.ts'

const RULE = { dailyDays: 7, weeklyDays: 30 }
const day = (iso: string): string => backupName(new Date(`${iso}T03:00:00Z`))
const nightly = (from: string, nights: number): string[] =>
  Array.from({ length: nights }, (_, night) =>
    backupName(new Date(Date.parse(`${from}T03:00:00Z`) + night * 86_400_000)),
  )

test('seven days of nights are kept, and the Sundays of thirty', () => {
  const names = nightly('2026-09-01', 82)
  assert.equal(names.at(-1), day('2026-11-21'))
  const gone = new Set(expiredBackups(names, new Date('2026-11-21T03:00:05Z'), RULE))
  const kept = names.filter((name) => !gone.has(name))
  const sundays = ['2026-10-25', '2026-11-01', '2026-11-08', '2026-11-15'].map(day)
  const days = ['15', '16', '17', '18', '19', '20', '21'].map((date) => day(`2026-11-${date}`))
  assert.deepEqual(kept, [...new Set([...sundays, ...days])].toSorted())
})

test('pruning every night keeps what pruning once would', () => {
  let names: string[] = []
  for (const name of nightly('2026-09-01', 82)) {
    const now = new Date(Date.parse(`${name.slice(9, 13)}-${name.slice(13, 15)}-${name.slice(15, 17)}T03:00:05Z`))
    const gone = new Set(expiredBackups([...names, name], now, RULE))
    names = [...names, name].filter((one) => !gone.has(one))
  }
  assert.equal(names.length, 10)
})

test('the newest stays however old it is, and so does what is not a backup of ours', () => {
  const others = [
    'notes.txt',
    'officina-20260101T030000Z.backup.part',
    'acme-20200101T000000Z.export',
    'officina-20201399T000000Z.backup',
  ]
  const gone = expiredBackups([...others, day('2026-01-01'), day('2026-01-02')], new Date('2026-11-21T00:00:00Z'), RULE)
  assert.deepEqual(gone, [day('2026-01-01')])
  assert.deepEqual(expiredBackups([], new Date(), RULE), [])
})

test('several on one day all stay for the seven days', () => {
  const names = [1, 2, 3].map((hour) => backupName(new Date(Date.UTC(2026, 10, 20, hour))))
  assert.deepEqual(expiredBackups(names, new Date('2026-11-21T00:00:00Z'), RULE), [])
})
