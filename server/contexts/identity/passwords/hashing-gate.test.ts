import assert from 'node:assert/strict'
import test from 'node:test'
import { HashingBusyError, hashingGate } from './hashing-gate.ts'

test('so many run at a time, so many wait in order, and the rest are refused at once', async () => {
  const gate = hashingGate(2, 3)
  const finish: (() => void)[] = []
  const started: number[] = []
  const work = (i: number) => () => {
    started.push(i)
    return new Promise<number>((resolve) => finish.push(() => resolve(i)))
  }
  const results = [0, 1, 2, 3, 4].map((i) => gate(work(i)))
  await assert.rejects(gate(work(5)), HashingBusyError)
  assert.deepEqual(started, [0, 1])
  for (let i = 0; i < 5; i++) {
    finish[i]?.()
    await results[i]
    await new Promise(setImmediate)
  }
  assert.deepEqual(started, [0, 1, 2, 3, 4])
  assert.deepEqual(await Promise.all(results), [0, 1, 2, 3, 4])
})

test('work that throws gives its place back', async () => {
  const gate = hashingGate(1, 0)
  await assert.rejects(
    gate(() => Promise.reject(new Error('broken'))),
    /broken/,
  )
  assert.equal(await gate(() => Promise.resolve('next')), 'next')
})
