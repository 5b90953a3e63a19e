/** From `npm start` to the line that says it is ready, as a person sees it: on an empty home, and again on the same. */
import { spawn } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { openSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { said } from './processes.ts'

const TIMES = 3

export type Starts = { cold_s: number[]; warm_s: number[] }

async function start(home: string, log: string): Promise<number> {
  const output = openSync(log, 'w')
  const begin = performance.now()
  const child = spawn('npm', ['start'], {
    cwd: join(import.meta.dirname, '..'),
    env: { ...process.env, OFFICINA_HOME: home, PORT: '0' },
    stdio: ['ignore', output, output],
    // A group of its own, so that npm and what it started are stopped together.
    detached: true,
  })
  const gone = new Promise((resolve) => child.once('exit', resolve))
  await said(child, log, /Officina is ready/, 120_000)
  const took = (performance.now() - begin) / 1000
  process.kill(-child.pid!, 'SIGTERM')
  await gone
  return took
}

export async function measureStarts(): Promise<Starts> {
  const starts: Starts = { cold_s: [], warm_s: [] }
  for (let time = 0; time < TIMES; time += 1) {
    const home = await mkdtemp(join(tmpdir(), 'officina-bench-start-'))
    starts.cold_s.push(await start(home, join(home, 'start.log')))
    starts.warm_s.push(await start(home, join(home, 'start.log')))
    await rm(home, { recursive: true, force: true })
  }
  return starts
}
