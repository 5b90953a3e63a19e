import { callerOf, type Call } from './api.ts'
import { none, type Finding, type Say } from './proof.ts'
import { type Book, type Company, timesOf, valueOf } from './readings-load.ts'
import type { Sensor } from './readings-wire.ts'

type Page = { items: { ts: string; value: number }[]; next_cursor: string | null }

/** What was wrong, each with its sensor and time, and how many were looked at. */
type Tally = {
  readonly missing: string[]
  readonly strange: string[]
  readonly wrongValue: string[]
  readonly outOfOrder: string[]
  acknowledged: number
  there: number
  unknownThere: number
}

const PAGE = 10_000

/** All of a sensor, page after page, in the order in which it comes. */
async function* readingsOf(call: Call, { id }: Sensor): AsyncGenerator<{ at_ms: number; value: number }> {
  const first = `/api/v1/plant-ops/sensors/${id}/readings?limit=${PAGE}`
  let path: string | null = first
  while (path !== null) {
    const page: Page = await pageOf(call, path)
    for (const { ts, value } of page.items) yield { at_ms: Date.parse(ts), value }
    path = page.next_cursor === null ? null : `${first}&cursor=${page.next_cursor}`
  }
}

async function pageOf(call: Call, path: string): Promise<Page> {
  const answer = await call<Page>('GET', path)
  if (answer?.status !== 200) throw new Error(`GET ${path}: ${answer?.status} ${JSON.stringify(answer?.body)}`)
  return answer.body
}

async function countSensor(call: Call, sensor: Sensor, book: Book, tally: Tally): Promise<void> {
  // Late ones may have been sent twice, in two requests: one acknowledgement is enough.
  const sent = new Map<number, boolean>()
  for (const run of book.runs.get(sensor.id)!)
    for (const at of timesOf(run)) sent.set(at, run.acknowledged || sent.get(at) === true)
  let last = Number.NEGATIVE_INFINITY
  for await (const { at_ms, value } of readingsOf(call, sensor)) {
    const name = `${sensor.id}:${at_ms}`
    if (at_ms <= last) tally.outOfOrder.push(name)
    else if (!sent.has(at_ms)) tally.strange.push(name)
    else if (value !== valueOf(sensor, at_ms)) tally.wrongValue.push(name)
    last = Math.max(last, at_ms)
    tally.there += 1
    if (sent.get(at_ms) === true) tally.acknowledged += 1
    else tally.unknownThere += 1
    sent.delete(at_ms)
  }
  for (const [at, acknowledged] of sent) {
    if (!acknowledged) continue
    tally.acknowledged += 1
    tally.missing.push(`${sensor.id}:${at}`)
  }
}

/** Reads everything back over HTTP, and compares it with what was sent. */
export async function countBack(url: string, companies: readonly Company[], book: Book, say: Say): Promise<Finding[]> {
  const tally: Tally = {
    ...{ missing: [], strange: [], wrongValue: [], outOfOrder: [] },
    ...{ acknowledged: 0, there: 0, unknownThere: 0 },
  }
  for (const { key, sensors } of companies)
    for (const sensor of sensors) await countSensor(callerOf(url, key), sensor, book, tally)
  const { acknowledged, there } = tally
  say(`${acknowledged} readings were acknowledged; ${tally.unknownThere} more are there of which no answer came`)
  return [
    none('acknowledged readings that are not there', tally.missing, acknowledged),
    none('readings there that nobody sent', tally.strange, there),
    none('readings with another value than was sent', tally.wrongValue, there),
    none('readings out of order or twice', tally.outOfOrder, there),
  ]
}
