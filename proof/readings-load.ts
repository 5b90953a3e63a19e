import { randomInt } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Answer, callerOf, type Call } from './api.ts'
import { type Reading, type Sensor, type Taken, WAYS } from './readings-wire.ts'

/** A company with what its agents know of it. */
export type Company = {
  readonly id: string
  readonly schema: string
  readonly key: string
  readonly sensors: readonly Sensor[]
}

/** So many readings of one sensor that went in one request, at equal distances. */
type Run = {
  readonly sensor: Sensor
  readonly from_ms: number
  readonly step_ms: number
  readonly count: number
  /** False: no answer came, so they may be there or not. */
  acknowledged: boolean
}

export type Book = {
  /** By sensor's id. */
  readonly runs: Map<string, Run[]>
  /** Requests that were acknowledged, by the way they went. */
  readonly ways: Map<string, number>
  /** Requests without an answer, or with one that the database was away. */
  unknown: number
  /** Of these, those that were sent again until they were acknowledged. */
  repeated: number
  /** Reads meanwhile. */
  reads: number
  /** What must not happen. */
  readonly wrong: string[]
}

/** Any reading's value follows from where it belongs, so that one in the wrong place is seen. */
export const valueOf = ({ id }: Sensor, at_ms: number): number =>
  Math.sqrt(at_ms % 1_000_003) + Number.parseInt(id.slice(-4), 16)

export const timesOf = ({ from_ms, step_ms, count }: Run): number[] =>
  Array.from({ length: count }, (_, n) => from_ms + n * step_ms)

const newBook = (companies: readonly Company[]): Book => ({
  runs: new Map(companies.flatMap(({ sensors }) => sensors.map(({ id }) => [id, []]))),
  ways: new Map(Object.keys(WAYS).map((name) => [name, 0])),
  ...{ unknown: 0, repeated: 0, reads: 0, wrong: [] },
})

const BEGIN = Date.UTC(2026, 0, 1)
/** Of one sensor in one request; half of them are left free for late ones. */
const SLOTS = 100
const ALL_WAYS = Object.entries(WAYS)
const one = <T>(of: readonly T[]): T => of[randomInt(of.length)]!

type Writer = { readonly n: number; readonly writers: number; turn: number }

/** In time, or, one request in five, of an earlier time that was left free; the times of two writers never meet. */
function nextRuns(writer: Writer, { sensors }: Company, most: number): Run[] {
  const { n, writers } = writer
  writer.turn += 1
  const isLate = randomInt(5) === 0
  const slot = (isLate ? randomInt(writer.turn) : writer.turn) * SLOTS + (isLate ? SLOTS / 2 : 0)
  const chosen = new Set(Array.from({ length: most === 1 ? 1 : 1 + randomInt(5) }, () => one(sensors)))
  return [...chosen].map((sensor) => ({
    sensor,
    from_ms: BEGIN + slot * writers + n,
    step_ms: writers,
    count: Math.min(most, 1 + randomInt(SLOTS / 2)),
    acknowledged: false,
  }))
}

const readingsOf = (runs: readonly Run[]): Reading[] =>
  runs.flatMap((run) => timesOf(run).map((at_ms) => ({ sensor: run.sensor, at_ms, value: valueOf(run.sensor, at_ms) })))

type Calls = readonly (readonly [Company, Call])[]

/** Writes until it is over; half of what nobody knows of is sent again, as agents do, until somebody does. */
async function write(writer: Writer, calls: Calls, book: Book, over: AbortSignal): Promise<void> {
  while (!over.aborted) {
    const [company, call] = one(calls)
    const way = ALL_WAYS[(writer.n + writer.turn) % ALL_WAYS.length]!
    const runs = nextRuns(writer, company, way[1].most)
    for (const run of runs) book.runs.get(run.sensor.id)!.push(run)
    const readings = readingsOf(runs)
    const request = [way[1].path(readings), way[1].body(readings)] as const
    const isStubborn = randomInt(2) === 0
    for (let tries = 1; ; tries += 1) {
      const answer = await call<Taken>('POST', ...request)
      if (answer !== null && answer.status !== 503) {
        note(book, way, runs, way[1].acknowledges(answer, readings) ? tries : answer)
        break
      }
      if (tries === 1) book.unknown += 1
      await sleep(50)
      if (over.aborted || !isStubborn) break
    }
    await sleep(randomInt(10))
  }
}

/** `outcome`: how often it was sent until it was acknowledged, or what was answered instead. */
function note(
  book: Book,
  [name]: (typeof ALL_WAYS)[number],
  runs: readonly Run[],
  outcome: number | Answer<Taken>,
): void {
  if (typeof outcome === 'object')
    return void book.wrong.push(`${name}: ${outcome.status} ${JSON.stringify(outcome.body)}`)
  for (const run of runs) run.acknowledged = true
  book.ways.set(name, book.ways.get(name)! + 1)
  if (outcome > 1) book.repeated += 1
}

type Page = { items: { ts: string; value: number }[] }

/** What was acknowledged is there at once, in order, and once, while blocks are sealed, merged and killed. */
async function read(calls: Calls, book: Book, over: AbortSignal): Promise<void> {
  while (!over.aborted) {
    const [{ sensors }, call] = one(calls)
    const run = book.runs.get(one(sensors).id)!.at(-1 - randomInt(20))
    if (run?.acknowledged === true) {
      const times = timesOf(run)
      const period = [run.from_ms, times.at(-1)! + 1].map((at) => new Date(at).toISOString())
      const path = `/api/v1/plant-ops/sensors/${run.sensor.id}/readings?from=${period[0]}&to=${period[1]}`
      const answer = await call<Page>('GET', path)
      if (answer !== null && answer.status !== 503)
        book.wrong.push(...wrongIn(run.sensor, times, answer.status, answer.body))
      if (answer?.status === 200) book.reads += 1
    }
    await sleep(randomInt(20))
  }
}

function wrongIn(sensor: Sensor, times: readonly number[], status: number, page: Page): string[] {
  if (status !== 200) return [`GET: ${status} ${JSON.stringify(page)}`]
  const found = page.items.map(({ ts }) => Date.parse(ts))
  const there = new Set(found)
  return [
    ...times.filter((at) => !there.has(at)).map((at) => `${sensor.id}:${at} is not there`),
    ...page.items
      .filter(({ value }, i) => value !== valueOf(sensor, found[i]!))
      .map(({ ts }) => `${sensor.id}:${ts} has another value`),
    ...found
      .filter((at, i) => i > 0 && at <= found[i - 1]!)
      .map((at) => `${sensor.id}:${at} is out of order or there twice`),
  ]
}

export type Load = { readonly book: Book; readonly stop: () => Promise<void> }

/** Writers and readers over HTTP, each time of any of the servers, until they are stopped. */
export function startLoad(
  urls: readonly string[],
  companies: readonly Company[],
  { writers, readers }: { writers: number; readers: number },
): Load {
  const [book, over] = [newBook(companies), new AbortController()]
  const calls = companies.flatMap((company) => urls.map((url) => [company, callerOf(url, company.key)] as const))
  const all = [
    ...Array.from({ length: writers }, (_, n) => write({ n, writers, turn: 0 }, calls, book, over.signal)),
    ...Array.from({ length: readers }, () => read(calls, book, over.signal)),
  ]
  return {
    book,
    stop: async () => {
      over.abort()
      await Promise.all(all)
    },
  }
}
