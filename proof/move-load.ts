import { setTimeout as sleep } from 'node:timers/promises'
import { callerOf, type Answer, type Call } from './api.ts'

/** What became of requests while a company was moved. */
export type Book = {
  /** Plants that were acknowledged. */
  readonly made: Set<string>
  /** By plant: the last note that was acknowledged, and those after it of which nobody knows. */
  readonly notes: Map<string, { last: string; perhaps: Set<string> }>
  /** Every note that was acknowledged: each left an entry in the trail. */
  readonly acknowledged: Set<string>
  reads: number
  /** Answers 503 «being moved», each with Retry-After. */
  refused: number
  /** No answer, or one that says that the database was away. */
  unknown: number
  /** What must not happen. */
  readonly wrong: string[]
}

export type Load = { readonly book: Book; readonly stop: () => Promise<void> }
type Body = { id?: string; error?: { code: string }; pagination?: { total: number } }

const AWAY = new Set(['database.unavailable', 'database.busy'])

/** Whether it was done: null where nobody knows. */
function outcome(book: Book, what: string, answer: Answer<Body> | null): boolean | null {
  if (answer !== null && answer.status < 300) return true
  const code = answer?.body.error?.code
  if (answer === null || (code !== undefined && AWAY.has(code))) {
    book.unknown += 1
    return null
  }
  if (answer.status === 503 && code === 'tenant.moving' && answer.retryAfter !== null) book.refused += 1
  else book.wrong.push(`${what}: ${answer.status} ${code}`)
  return false
}

async function makePlant(call: Call, book: Book, code: string): Promise<string | null> {
  const plant = { name: code, code, type: 'Wind', status: 'In Operation', power_kw: 1000 }
  const answer = await call<Body>('POST', '/api/v1/plants', plant)
  if (outcome(book, 'POST', answer) !== true) return null
  book.made.add(answer!.body.id!)
  return answer!.body.id!
}

/** Makes plants now and then, and changes its last one again and again. */
async function write(call: Call, book: Book, name: string, over: AbortSignal): Promise<void> {
  let mine: string | null = null
  for (let n = 0; !over.aborted; n += 1) {
    if (mine === null || n % 10 === 0) mine = (await makePlant(call, book, `${name}-${n}`)) ?? mine
    if (mine !== null) await note(call, book, mine, `${name}-${n}`)
    else await sleep(20)
  }
}

async function note(call: Call, book: Book, plant: string, text: string): Promise<void> {
  const done = outcome(book, 'PATCH', await call<Body>('PATCH', `/api/v1/plants/${plant}`, { notes: text }))
  if (done === true) {
    book.notes.set(plant, { last: text, perhaps: new Set() })
    book.acknowledged.add(text)
  } else if (done === null) book.notes.get(plant)?.perhaps.add(text)
  // As Retry-After asks, only sooner: many knock at the door.
  if (done !== true) await sleep(20)
}

/** Every plant that was acknowledged before is there, at any time. */
async function read(call: Call, book: Book, over: AbortSignal): Promise<void> {
  while (!over.aborted) {
    const [before, some] = [book.made.size, [...book.made].at(-1)]
    const list = await call<Body>('GET', '/api/v1/plants?limit=1')
    const one = some === undefined ? null : await call<Body>('GET', `/api/v1/plants/${some}`)
    for (const answer of [list, one]) if (answer !== null && outcome(book, 'GET', answer) !== null) book.reads += 1
    if (list?.status === 200 && list.body.pagination!.total < before)
      book.wrong.push(`a list of ${list.body.pagination!.total} plants where there were ${before}`)
  }
}

/** Writers and readers over HTTP until they are stopped. */
export function startLoad(
  url: string,
  token: string,
  { writers, readers }: { writers: number; readers: number },
): Load {
  const book: Book = {
    made: new Set(),
    notes: new Map(),
    acknowledged: new Set(),
    reads: 0,
    refused: 0,
    unknown: 0,
    wrong: [],
  }
  const [call, over] = [callerOf(url, token), new AbortController()]
  const all = [
    ...Array.from({ length: writers }, (_, n) => write(call, book, `W${n}`, over.signal)),
    ...Array.from({ length: readers }, () => read(call, book, over.signal)),
  ]
  return {
    book,
    stop: async () => {
      over.abort()
      await Promise.all(all)
    },
  }
}
