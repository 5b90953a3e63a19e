import { randomUUID } from 'node:crypto'

let [ms, count, head] = [0, 0, '']

/**
 * A new id: a UUID of version 7, of which this process makes each greater than the one before (RFC 9562, 6.2, method 1: the twelve
 * bits after the time count). Its 62 random bits come from Node's store of them; a call of the system for each id costs
 * four times as much.
 */
export function newId(): string {
  const now = Date.now()
  if (now <= ms && count < 0xfff) count += 1
  else {
    ms = Math.max(now, ms + 1)
    count = 0
    const hex = ms.toString(16).padStart(12, '0')
    head = `${hex.slice(0, 8)}-${hex.slice(8)}-7`
  }
  return head + count.toString(16).padStart(3, '0') + randomUUID().slice(18)
}
