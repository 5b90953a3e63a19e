import { readDecimal } from '../decimal.ts'
import { readInstant } from '../instant.ts'
import { qualityOf } from '../rows.ts'
import { LONGEST_KEY, sourceKey } from '../source-key.ts'
import type { Sample, Taken } from './sparkplug.ts'

const LONGEST = 4_096
const FIELDS = new Set(['value', 'ts', 'timestamp', 'quality'])
const utf8 = new TextDecoder('utf-8', { fatal: true })

const garbage = (why: string): Taken => ({ samples: [], rebirth: null, garbage: why })
const one = (sample: Sample): Taken => ({ samples: [sample], rebirth: null, garbage: null })

/** A message of a plain topic: a number, or `{value, ts?, quality?}`. The topic is the source. Never throws. */
export function takePlain(topic: string, bytes: Uint8Array, receivedMs: number): Taken {
  const key = sourceKey(topic, [], 'value')
  // oxlint-disable-next-line no-control-regex
  if (key.length > LONGEST_KEY || /[\u0000-\u001f\u007f-\u009f\u2028\u2029]/.test(topic)) {
    return garbage('The topic is too long, or has control characters.')
  }
  if (bytes.length > LONGEST) return garbage('The payload is longer than a reading.')
  let text: string
  try {
    text = utf8.decode(bytes).trim()
  } catch {
    return garbage('The payload is not UTF-8.')
  }
  if (text.startsWith('{')) return takeObject(key, text, receivedMs)
  const value = text === 'true' ? 1 : text === 'false' ? 0 : readDecimal(text, 0, text.length)
  if (!Number.isFinite(value)) return garbage('The payload is neither a number nor {"value": …}.')
  return one({ key, at_ms: receivedMs, value, quality: 192 })
}

function takeObject(key: string, text: string, receivedMs: number): Taken {
  let given: Record<string, unknown>
  try {
    given = JSON.parse(text) as Record<string, unknown>
  } catch {
    return garbage('The payload is not JSON.')
  }
  for (const field in given)
    if (!FIELDS.has(field)) return garbage('The payload has a field that readings do not have.')
  const { value } = given
  const number = typeof value === 'boolean' ? Number(value) : value
  if (typeof number !== 'number' || !Number.isFinite(number)) return garbage('The value is not a finite number.')
  const quality = qualityOf(given['quality'])
  if (quality === null) return garbage('The quality is none of 0, 192 and 500.')
  const at_ms = timeOf(given['ts'] ?? given['timestamp'], receivedMs)
  if (Number.isNaN(at_ms)) return garbage('The time is neither RFC 3339 nor milliseconds since 1970.')
  return one({ key, at_ms, value: number, quality })
}

function timeOf(given: unknown, receivedMs: number): number {
  if (given === undefined || given === null) return receivedMs
  if (typeof given === 'string') return readInstant(given, 0, given.length)
  return typeof given === 'number' && Number.isFinite(given) ? Math.floor(given) : Number.NaN
}
