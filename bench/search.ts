/**
 * Search in 100,000 passages of one company: what a query costs by words and by both, what indexing takes, what lies on disk and in memory, at 384 and at 1,536
 * dimensions; beside PostgreSQL's own ranking without any scope. BENCH_PASSAGES makes it fewer.
 */
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { newId } from '#platform/new-id.ts'
import { newMatrix } from '#platform/vectors/matrix.ts'
import { planesOf } from '#platform/vectors/quantised.ts'
import type { Ground } from './ground.ts'
import { type Server, startServer } from './processes.ts'
import { ask, costOf, readCost, sizeOf, type ReadCost } from './readings-shapes.ts'
import { chanceOf, paragraphOf, RARE } from './search-words.ts'
import { table } from './table.ts'

const PASSAGES = Number(process.env['BENCH_PASSAGES'] ?? 100_000)
/** A page of three paragraphs is three passages. */
const [PAGES, PER_PAGE] = [17, 3]
const INDEXED_WITHIN_MS = 30 * 60_000
const WIDTHS = [384, 1_536] as const

export type SearchCosts = {
  passages: number
  indexing: { passages_per_s: number; cpu_ms_per_passage: number }
  megabytes: Record<string, number>
  queries: Record<string, ReadCost & { alone?: number }>
  vectors: Record<
    string,
    { megabytes: number; memory_mb: number; first_ms: number; scan_ms: number; loop_ms: number; recall: number }
  >
}

/** Files, documents and pages of one company, as reading leaves them; answers with the tenant. */
async function layDocuments({ admin, sessions }: Ground): Promise<string> {
  const tenant = await admin.query<{ id: string }>('select tenant_id as id from control.sessions where id = $1', [
    sessions[0],
  ])
  const tenantId = tenant.rows[0]!.id
  const plants = await admin.query<{ id: string }>(
    'select id from shared.plants where tenant_id = $1 order by id limit 50',
    [tenantId],
  )
  const chance = chanceOf(1)
  const contents = Math.ceil(PASSAGES / (PAGES * PER_PAGE))
  for (let n = 0; n < contents; n += 1) {
    const sha256 = createHash('sha256').update(`bench ${n}`).digest('hex')
    const pages = Array.from({ length: PAGES }, () =>
      Array.from({ length: PER_PAGE }, () => paragraphOf(chance)).join('\n\n'),
    )
    await admin.query(
      `with file as (
         insert into shared.files (tenant_id, sha256, size, media_type, scan, stored_at) values ($1, $2, 1, 'application/pdf', 'clean', now())),
       document as (
         insert into shared.documents (tenant_id, id, plant_id, name, source, version, sha256, type, media_type, size, search_text, created_at, updated_at)
         values ($1, $3, $4, $5, 'uploaded', 1, $2, 'pdf', 'application/pdf', 1, '', now(), now())),
       version as (
         insert into shared.document_versions (tenant_id, document_id, version, sha256, file_name, type, media_type, size, created_at)
         values ($1, $3, 1, $2, $5, 'pdf', 'application/pdf', 1, now()))
       insert into shared.file_pages (tenant_id, sha256, page, text, method)
       select $1, $2, place, page, 'text' from unnest($6::text[]) with ordinality as p (page, place)`,
      [tenantId, sha256, newId(), plants.rows[n % plants.rows.length]!.id, `Documento ${n}.pdf`, pages],
    )
  }
  return tenantId
}

/** By the product's own job, in its own worker. */
async function index({ admin, postmaster }: Ground, server: Server, tenantId: string) {
  const { rows } = await admin.query<{ sha256: string }>('select sha256 from shared.files where tenant_id = $1', [
    tenantId,
  ])
  const cost = await costOf(PASSAGES, { server: server.pid, family: postmaster }, async () => {
    await admin.query(
      `insert into control.jobs (id, tenant_id, kind, payload, priority, key, state, run_at)
       select gen_random_uuid(), $1, 'documents.make_passages', jsonb_build_object('sha256', one), -5, one, 'waiting', now() from unnest($2::text[]) one`,
      [tenantId, rows.map((one) => one.sha256)],
    )
    for (const giveUp = Date.now() + INDEXED_WITHIN_MS; ; await sleep(500)) {
      const left = await admin.query<{ n: string }>(
        "select count(*) as n from control.jobs where kind = 'documents.make_passages' and finished_at is null",
      )
      if (Number(left.rows[0]!.n) === 0) return
      if (Date.now() > giveUp) throw new Error('Not everything is indexed yet')
    }
  })
  const made = await admin.query<{ n: string }>(
    'select sum(passages) as n from shared.passage_sets where tenant_id = $1',
    [tenantId],
  )
  await admin.query('vacuum (analyze) shared.passages; ').catch(() => undefined)
  for (const name of ['passages', 'passage_words', 'passage_sets', 'documents', 'files', 'document_versions'])
    await admin.query(`vacuum (analyze) shared.${name}`)
  return { made: Number(made.rows[0]!.n), cost }
}

const QUERIES: Record<string, readonly string[]> = {
  'a rare word': RARE,
  'a word of half of the passages': ['impianto', 'impianti'],
  'two words': ['polizza assicurazione', 'guasto trasformatore', 'pump bearing', 'scadenza licenza'],
  'a typing error': ['tracimazoine', 'sversamneto', 'pirometor', 'trasfromatore'],
  'half a word': ['tracim', 'delami', 'trasfor', 'assicur'],
  'a question': ['quando scade la polizza dell’impianto di Foggia', 'which bearing of the turbine shows vibration'],
  'a phrase': ['"impianto fotovoltaico"', '"energia elettrica"'],
}
const path = (q: string, mode: string, more = ''): string =>
  `/api/v1/documents/search?mode=${mode}&q=${encodeURIComponent(q)}${more}`

/** What PostgreSQL takes to rank the same words by itself, as who sees everything: no scope, no cap, no rarity, no typing errors. */
const PLAIN = `select sha256, ord from shared.passages, to_tsquery('italian', $2) q
  where tenant_id = $1 and tsv @@ q order by ts_rank(tsv, q) desc limit 50`
const PLAIN_WORDS: Record<string, readonly string[]> = {
  'a rare word': RARE.slice(0, 4),
  'a word of half of the passages': ['impianto'],
  'two words': ['polizza | assicurazione', 'guasto | trasformatore'],
}

async function byWords(ground: Ground, server: Server, tenantId: string, token: string) {
  const pids = { server: server.pid, family: ground.postmaster }
  const costs: SearchCosts['queries'] = {}
  for (const [name, all] of Object.entries(QUERIES)) {
    costs[`keyword: ${name}`] = await readCost(pids, (n) =>
      ask(server.port, 'GET', path(all[n % all.length]!, 'keyword'), token),
    )
    const plain = PLAIN_WORDS[name]
    if (!plain) continue
    const alone = await readCost({ server: null, family: ground.postmaster }, (n) =>
      ground.admin.query(PLAIN, [tenantId, plain[n % plain.length]]),
    )
    costs[`keyword: ${name}`]!.alone = alone.database_ms
  }
  const plant = await ground.admin.query<{ id: string }>(
    'select min(plant_id::text) as id from shared.documents where tenant_id = $1',
    [tenantId],
  )
  const filter = `&plant_id=${plant.rows[0]!.id}`
  for (const [name, q] of [
    ['a rare word', RARE[0]!],
    ['a word of half of the passages', 'impianto'],
  ] as const)
    costs[`keyword: ${name}, of one plant in 50`] = await readCost(pids, () =>
      ask(server.port, 'GET', path(q, 'keyword', filter), token),
    )
  return costs
}

const vectorOf = (chance: () => number, dimensions: number): Float32Array => {
  const vector = Float32Array.from({ length: dimensions }, () => chance() + chance() + chance() - 1.5)
  const length = Math.hypot(...vector)
  return vector.map((one) => one / length)
}

/** A model that knows nothing: a vector by chance for each text. What it takes is nobody's here. */
async function startModel(dimensions: number): Promise<{ url: string; stop: () => void }> {
  const chance = chanceOf(7)
  const server = createServer((request, answer) => {
    request.resume().on('end', () => {
      const data = [{ index: 0, embedding: [...vectorOf(chance, dimensions)] }]
      answer.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ data }))
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`, stop: () => server.close() }
}

/** Vectors by chance for every passage, written as the job writes them; the first so many are given back. */
async function layVectors({ admin }: Ground, tenantId: string, dimensions: number): Promise<void> {
  const edition = `bench@${dimensions}`
  await admin.query('delete from shared.passage_vectors where tenant_id = $1', [tenantId])
  await admin.query('delete from shared.vector_editions where tenant_id = $1', [tenantId])
  await admin.query(
    `insert into shared.vector_editions (tenant_id, edition, model, dimensions, state, started_at) values ($1, $2, 'bench', $3, 'current', now())`,
    [tenantId, edition, dimensions],
  )
  const sets = await admin.query<{ sha256: string; passages: number }>(
    'select sha256, passages from shared.passage_sets where tenant_id = $1',
    [tenantId],
  )
  const chance = chanceOf(3)
  let [written, vectors] = [0, 0]
  for (const { sha256, passages } of sets.rows) {
    for (let ord = 0; ord < passages; ord += 64) {
      const count = Math.min(64, passages - ord)
      const { scales, coarse, fine } = planesOf(Array.from({ length: count }, () => vectorOf(chance, dimensions)))
      written += 1
      vectors += count
      await admin.query(
        `insert into shared.passage_vectors (tenant_id, edition, sha256, ord, count, written, scales, coarse, fine) values ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
        [tenantId, edition, sha256, ord, count, written, scales, coarse, fine],
      )
    }
  }
  await admin.query('update shared.vector_editions set written = $2, vectors = $3 where tenant_id = $1', [
    tenantId,
    written,
    vectors,
  ])
  await admin.query('vacuum (analyze) shared.passage_vectors')
}

const cpuMs = (): number => process.threadCpuUsage().user / 1000

/** The scan alone, in this process: by SIMD over int8, by a loop over float32, and whom of the loop's best 50 the first pass has among its 80. CPU. */
export function scanAlone(dimensions: number): { scan_ms: number; loop_ms: number; recall: number } {
  const chance = chanceOf(11)
  const matrix = newMatrix(dimensions)
  const count = Math.floor(PASSAGES / 4)
  const flat = new Float32Array(count * dimensions)
  const contents: string[] = []
  for (let from = 0; from < count; from += 50) {
    const vectors = Array.from({ length: Math.min(50, count - from) }, () => vectorOf(chance, dimensions))
    for (const [n, vector] of vectors.entries()) flat.set(vector, (from + n) * dimensions)
    contents.push(String(from))
    matrix.add([{ content: String(from), ord: 0, count: vectors.length, written: 1, ...planesOf(vectors) }])
  }
  let [scan, loop, kept] = [0, 0, 0]
  const turns = 10
  for (let turn = 0; turn < turns; turn += 1) {
    const query = vectorOf(chance, dimensions)
    let started = cpuMs()
    matrix.nearest(query, contents, 3, 80)
    scan += cpuMs() - started
    const near = new Set(matrix.nearest(query, contents, 50, 80).map(({ content, ord }) => Number(content) + ord))
    started = cpuMs()
    const all = new Float32Array(count)
    for (let row = 0; row < count; row += 1) {
      let sum = 0
      for (let i = 0, at = row * dimensions; i < dimensions; i += 1, at += 1) sum += flat[at]! * query[i]!
      all[row] = sum
    }
    const best = [...all.keys()].toSorted((a, b) => all[b]! - all[a]!).slice(0, 50)
    loop += cpuMs() - started
    kept += best.filter((one) => near.has(one)).length
  }
  const whole = PASSAGES / count / turns
  return { scan_ms: scan * whole, loop_ms: loop * whole, recall: kept / turns / 50 }
}

const residentMb = ({ pid }: Server): number =>
  Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))![1]) / 1024

async function byBoth(
  ground: Ground,
  environment: Record<string, string>,
  tenantId: string,
  token: string,
  costs: SearchCosts,
) {
  for (const dimensions of WIDTHS) {
    await layVectors(ground, tenantId, dimensions)
    const model = await startModel(dimensions)
    const server = await startServer(
      'officina',
      'server/main.ts',
      {
        ...environment,
        OFFICINA_WORKER: 'off',
        EMBEDDING_BASE_URL: model.url,
        EMBEDDING_MODEL: 'bench',
        EMBEDDING_DIMENSIONS: String(dimensions),
      },
      join(ground.home, `search-${dimensions}.log`),
    )
    await ask(server.port, 'GET', path('impianto', 'keyword'), token)
    const before = residentMb(server)
    const started = performance.now()
    const first = JSON.parse((await ask(server.port, 'GET', path('impianto', 'hybrid'), token)).toString()) as {
      mode: string
    }
    if (first.mode !== 'hybrid') throw new Error(`The answer was by ${first.mode}`)
    const first_ms = performance.now() - started
    const memory_mb = residentMb(server) - before
    const pids = { server: server.pid, family: ground.postmaster }
    for (const name of ['a rare word', 'a word of half of the passages', 'two words', 'a question']) {
      const all = QUERIES[name]!
      // Points more or less are no words: each is asked of the model, and by words it is the same.
      costs.queries[`hybrid, ${dimensions}: ${name}`] = await readCost(pids, (n) =>
        ask(server.port, 'GET', path(`${all[n % all.length]!} ${'.'.repeat((n % 200) + 1)}`, 'hybrid'), token),
      )
    }
    const megabytes = (await sizeOf(ground, ['shared.passage_vectors'])) / 1e6
    costs.vectors[String(dimensions)] = { megabytes, memory_mb, first_ms, ...scanAlone(dimensions) }
    await server.stop()
    model.stop()
  }
}

export async function measureSearch(ground: Ground, environment: Record<string, string>): Promise<SearchCosts> {
  const { token } = ground.clients[0]!
  const tenantId = await layDocuments(ground)
  const server = await startServer('officina', 'server/main.ts', environment, join(ground.home, 'search.log'))
  const { made, cost } = await index(ground, server, tenantId)
  const megabytes: Record<string, number> = {}
  for (const name of ['file_pages', 'passages', 'passages_by_stem', 'passage_words'])
    megabytes[name] = (await sizeOf(ground, [`shared.${name}`])) / 1e6
  const costs: SearchCosts = {
    passages: made,
    indexing: { passages_per_s: cost.rows_per_s, cpu_ms_per_passage: (cost.server_us + cost.database_us) / 1000 },
    ...{ megabytes, queries: await byWords(ground, server, tenantId, token), vectors: {} },
  }
  await server.stop()
  await byBoth(ground, environment, tenantId, token, costs)
  return costs
}

export function tellSearch({ passages, indexing, megabytes, queries, vectors }: SearchCosts): string {
  const rows = Object.entries(queries).map(([name, { server_ms, database_ms, ms, alone }]) => [
    ...[
      name.split(': ')[0]!,
      name.split(': ')[1]!,
      ...[server_ms, database_ms, server_ms + database_ms, ms].map((one) => one.toFixed(1)),
    ],
    ...(alone === undefined ? ['', ''] : [alone.toFixed(1), (database_ms / alone).toFixed(2)]),
  ])
  const head = ['how', 'what', 'server CPU ms', 'PostgreSQL CPU ms', 'both', 'ms', 'plain ts_rank ms', 'ratio']
  const sizes = Object.entries(megabytes).map(([name, mb]) => `${name} ${mb.toFixed(0)} MB`)
  const lying = Object.entries(vectors).map(([width, one]) => [
    ...[width, 'dimensions', one.megabytes.toFixed(0), one.memory_mb.toFixed(0), one.first_ms.toFixed(0)],
    ...[one.scan_ms.toFixed(1), one.loop_ms.toFixed(1), one.recall.toFixed(3)],
  ])
  const columns = [
    'vectors',
    '',
    'MB on disk',
    'MB in memory',
    'first search ms',
    'scan ms',
    'float32 loop ms',
    'recall of first pass',
  ]
  return [
    `${passages} passages, indexed at ${indexing.passages_per_s.toFixed(0)} a second, ${indexing.cpu_ms_per_passage.toFixed(2)} ms of CPU each; ${sizes.join(', ')}`,
    ...['', table(head, rows), '', table(columns, lying)],
  ].join('\n')
}
