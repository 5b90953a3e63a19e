import assert from 'node:assert/strict'
import { test } from 'node:test'
import { takeGate } from './take-gate.ts'

const never = new AbortController().signal

test('one at a time, in the order of asking; whoever gives up holds nobody up', async () => {
  const order: string[] = []
  const leave = await takeGate(never)
  const giving = new AbortController()
  const second = takeGate(never).then((next) => {
    order.push('second')
    return next
  })
  const impatient = takeGate(giving.signal)
  const fourth = takeGate(never).then((next) => {
    order.push('fourth')
    return next
  })
  giving.abort(new Error('Enough'))
  await assert.rejects(impatient, /Enough/)
  assert.deepEqual(order, [])
  leave()
  const next = await second
  // The fourth would be through by now, if it could pass the second.
  await new Promise((resolve) => setImmediate(resolve))
  assert.deepEqual(order, ['second'])
  next()
  const last = await fourth
  assert.deepEqual(order, ['second', 'fourth'])
  last()
})
