import assert from 'node:assert/strict'
import { test } from 'node:test'
import { newId } from './new-id.ts'

test('ids are of version 7, of now, and each is greater than the one before, however many are made at once', () => {
  const before = Date.now()
  const ids = Array.from({ length: 20_000 }, () => newId())
  for (const id of ids) assert.match(id, /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
  assert.ok(ids.every((id, i) => i === 0 || id > ids[i - 1]!))
  const at = Number.parseInt(ids[0]!.replace('-', '').slice(0, 12), 16)
  assert.ok(at >= before && at <= Date.now() + 1, `${at}`)
})

test('a clock that goes back makes no id that is smaller', (t) => {
  const last = newId()
  t.mock.method(Date, 'now', () => 1_000)
  assert.ok(newId() > last)
})
