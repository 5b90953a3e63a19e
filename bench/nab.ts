/**
 * `node bench/nab.ts <corpus> <results>`: scores each reading of the Numenta Anomaly Benchmark by the detector and writes what its
 * scorers read, a CSV per series; says the score of the standard profile. <corpus> holds data/ and windows.json.
 * With BENCH_URL, BENCH_TOKEN and BENCH_PLANT it does so through the public API of a running server: it makes a sensor per series in
 * that plant, sends the readings in bulk and reads them back.
 */
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { ANOMALY, newDetector, scoreReading } from '../server/contexts/plant-ops/anomalies/detector.ts'
import { nabScore, type ScoredSeries } from './nab-score.ts'

type Series = { name: string; times: string[]; values: number[]; windows: [number, number][] }

const [corpus, results] = process.argv.slice(2)
if (corpus === undefined || results === undefined) throw new Error('Say where the corpus is and where the results go')
const { BENCH_URL: url, BENCH_TOKEN: token, BENCH_PLANT: plantId } = process.env

async function readSeries(name: string, labelled: readonly [string, string][]): Promise<Series> {
  const lines = (await readFile(join(corpus!, 'data', name), 'utf8')).trim().split('\n').slice(1)
  const rows = lines.map((line) => line.split(',') as [string, string])
  const times = rows.map(([time]) => time.slice(0, 19))
  const placeOf = (time: string): number => times.indexOf(time.slice(0, 19))
  const windows = labelled.map(([from, to]): [number, number] => [placeOf(from), placeOf(to)])
  return { name, times, values: rows.map(([, value]) => Number(value)), windows }
}

const instantOf = (time: string): string => `${time.replace(' ', 'T')}Z`

function scoreAlone({ times, values }: Series): number[] {
  const state = newDetector()
  const settings = { min: null, max: null, max_rate: null }
  return values.map((value, i) => scoreReading(state, settings, Date.parse(instantOf(times[i]!)), value, 192).score)
}

type Answer = { id: string; items: { ts: string; anomaly_score: number }[]; next_cursor: string | null }

async function ask(method: string, path: string, body?: object): Promise<Answer> {
  const answer = await fetch(`${url}/api/v1/plant-ops/sensors${path}`, {
    method,
    headers: { authorization: `Bearer ${token}`, ...(body && { 'content-type': 'application/json' }) },
    ...(body && { body: JSON.stringify(body) }),
    signal: AbortSignal.timeout(60_000),
  })
  if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${await answer.text()}`)
  return (await answer.json()) as Answer
}

const ROWS_PER_REQUEST = 1_000

async function scoreByApi({ name, times, values }: Series): Promise<number[]> {
  const { id } = await ask('POST', '', { plant_id: plantId, name, unit: '1' })
  for (let from = 0; from < values.length; from += ROWS_PER_REQUEST) {
    const readings = values.slice(from, from + ROWS_PER_REQUEST).map((value, i) => ({
      ...{ sensor_id: id, ts: instantOf(times[from + i]!), value },
    }))
    await ask('POST', '/readings/bulk', { readings })
  }
  const scores = new Map<number, number>()
  const whole = `from=${instantOf(times[0]!)}&to=${new Date(Date.parse(instantOf(times.at(-1)!)) + 1_000).toISOString()}`
  for (let cursor: string | null = ''; cursor !== null;) {
    const page = await ask('GET', `/${id}/readings?${whole}&limit=200${cursor === '' ? '' : `&cursor=${cursor}`}`)
    for (const { ts, anomaly_score } of page.items) scores.set(Date.parse(ts), anomaly_score)
    cursor = page.next_cursor
  }
  // Of several at one time, as when clocks go back, the first was taken.
  return times.map((time, i) => (time === times[i - 1] ? 0 : scores.get(Date.parse(instantOf(time)))) ?? 0)
}

const labels = JSON.parse(await readFile(join(corpus, 'windows.json'), 'utf8')) as Record<string, [string, string][]>
const scored: ScoredSeries[] = []
let readings = 0
const began = process.cpuUsage()
let spent = 0
for (const [name, labelled] of Object.entries(labels)) {
  const series = await readSeries(name, labelled)
  const before = process.cpuUsage(began)
  const scores = url === undefined ? scoreAlone(series) : await scoreByApi(series)
  const after = process.cpuUsage(began)
  spent += after.user + after.system - before.user - before.system
  readings += scores.length
  scored.push({ scores, windows: series.windows })
  const file = join(results, name)
  await mkdir(dirname(file), { recursive: true })
  const rows = scores.map((score, i) => `${series.times[i]},${series.values[i]},${score}`)
  await writeFile(file, `timestamp,value,anomaly_score\n${rows.join('\n')}\n`)
}
const cost = url === undefined ? `, ${(spent / readings).toFixed(2)} µs of CPU each` : ''
process.stdout.write(
  `${scored.length} series, ${readings} readings${cost}\nstandard profile, at the product's threshold: ${nabScore(scored, ANOMALY).toFixed(2)}\n`,
)
