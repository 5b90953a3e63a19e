/**
 * A closed loop: each connection sends its next request when the last one is answered. Raw sockets and requests built
 * ahead, so that the client costs little beside the servers on the same cores. Run by startLoad().
 */
import { connect } from 'node:net'
import type { Asked, Client, Round, RoundResult } from './processes.ts'

let clients: Client[] = []
let made = 0

const head = (method: string, path: string, token: string, more = ''): string =>
  `${method} /api/v1${path} HTTP/1.1\r\nhost: 127.0.0.1\r\nauthorization: Bearer ${token}\r\naccept: application/json\r\n${more}\r\n`

function createRequest(token: string, path: string): string {
  made += 1
  const code = `BENCH-${process.pid}-${made}`
  const body = JSON.stringify({
    name: `Impianto ${code}`,
    code,
    type: 'Photovoltaic',
    status: 'In Operation',
    power_kw: 998.4,
    address: 'Strada provinciale 12, km 4',
    municipality: 'Foggia',
    province: 'FG',
    region: 'Puglia',
    latitude: 41.4621,
    longitude: 15.5446,
    notes: 'Made by the bench and removed by it.',
  })
  return (
    head('POST', path, token, `content-type: application/json\r\ncontent-length: ${Buffer.byteLength(body)}\r\n`) + body
  )
}

/** Requests of all tenants in rotation. */
function requestsOf(operation: Asked): () => string {
  let turn = 0
  const ready = clients.map(({ token, plants }) =>
    operation === 'list'
      ? [head('GET', '/plants?limit=50', token)]
      : plants.map((id) => head('GET', `/plants/${id}`, token)),
  )
  return () => {
    turn += 1
    const which = turn % clients.length
    if (operation === 'create') return createRequest(clients[which]!.token, '/plants')
    if (operation === 'create_with_trail') return createRequest(clients[which]!.token, '/plants/with-trail')
    const mine = ready[which]!
    return mine[Math.floor(turn / clients.length) % mine.length]!
  }
}

const BODY_LENGTH = /\r\ncontent-length: (\d+)/i

/** The length of the answer whose head is whole in `received`, or null. */
function lengthOf(received: Buffer): number | null {
  const end = received.indexOf('\r\n\r\n')
  if (end < 0) return null
  const length = BODY_LENGTH.exec(received.toString('latin1', 0, end))?.[1]
  if (length === undefined) throw new Error('An answer without content-length')
  return end + 4 + Number(length)
}

/** An answer that is fast because it is empty is no answer. */
type Wanted = { status: string; bytes: number }
const WANTED: Record<Asked, Wanted> = {
  list: { status: '200', bytes: 20_000 },
  get: { status: '200', bytes: 600 },
  create: { status: '201', bytes: 600 },
  create_with_trail: { status: '201', bytes: 600 },
}

type Counts = { latencies: number[]; bad: number; firstBad: string | null }

function connection(port: number, next: () => string, wanted: Wanted, until: number, counts: Counts): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: '127.0.0.1', noDelay: true })
    let received: Buffer = Buffer.alloc(0)
    let length: number | null = null
    let sentAt = 0
    const send = (): void => {
      sentAt = performance.now()
      socket.write(next())
    }
    socket.on('connect', send)
    socket.on('error', reject)
    socket.on('data', (chunk) => {
      received = received.length === 0 ? chunk : Buffer.concat([received, chunk])
      length ??= lengthOf(received)
      if (length === null || received.length < length) return
      const now = performance.now()
      counts.latencies.push(now - sentAt)
      if (received.toString('latin1', 9, 12) !== wanted.status || received.length < wanted.bytes) {
        counts.bad += 1
        counts.firstBad ??= received.toString('utf8').slice(0, 1000)
      }
      received = Buffer.alloc(0)
      length = null
      if (now < until) return send()
      socket.end()
      resolve()
    })
  })
}

async function run({ port, operation, seconds, connections }: Round): Promise<RoundResult> {
  const counts: Counts = { latencies: [], bad: 0, firstBad: null }
  const next = requestsOf(operation)
  const start = performance.now()
  await Promise.all(
    Array.from({ length: connections }, () =>
      connection(port, next, WANTED[operation], start + seconds * 1000, counts),
    ),
  )
  const took = (performance.now() - start) / 1000
  const sorted = counts.latencies.toSorted((a, b) => a - b)
  const at = (part: number): number => sorted[Math.floor(part * (sorted.length - 1))] ?? 0
  return {
    requests: sorted.length,
    bad: counts.bad,
    firstBad: counts.firstBad,
    seconds: took,
    p50_ms: at(0.5),
    p99_ms: at(0.99),
  }
}

process.on('message', (message: { clients?: Client[]; round?: Round }) => {
  if (message.clients) {
    clients = message.clients
    process.send?.('ready')
  }
  if (message.round) void run(message.round).then((result) => process.send?.(result))
})
