/**
 * `npm test [-- part-of-a-path …]`: a PostgreSQL of its own in a temporary folder, one migrated database, then node:test
 * over every *.test.ts in one process. A part that begins with «!» leaves out what contains it.
 *
 * TEST_DATABASE_URL uses that server instead (a database is made in it and dropped). TEST_POOLER, a host and port, is
 * the PgBouncer in front of it: the application then goes through it, and only the direct URL around it.
 */
import { spawn } from 'node:child_process'
import { globSync } from 'node:fs'
import { appendFile, mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import pg from 'pg'
import { startEmbeddedServer } from '#platform/database/embedded/embedded-server.ts'
import type { Tally } from './tally-reporter.ts'

const root = join(import.meta.dirname, '..')
/** A test that never yields cannot be ended by its own time limit, because all run in one process. The suite takes 7 minutes on two cores. */
const LONGEST_MS = 25 * 60_000
const quiet = { info: () => undefined, warn: () => undefined }

async function withServer(use: (adminUrl: string, home: string) => Promise<number>): Promise<number> {
  const home = await mkdtemp(join(tmpdir(), 'officina-test-'))
  try {
    const given = process.env['TEST_DATABASE_URL']
    if (given) return await use(given, home)
    const server = await startEmbeddedServer({ home, log: quiet })
    const { user, password, host, port, database } = server
    try {
      return await use(`postgres://${user}:${encodeURIComponent(password)}@${host}:${port}/${database}`, home)
    } finally {
      await server.stop()
    }
  } finally {
    await rm(home, { recursive: true, force: true })
  }
}

type Addresses = { DATABASE_URL: string; DATABASE_DIRECT_URL?: string; DATABASE_NAMED_STATEMENTS?: string }

function addressesOf(direct: URL): Addresses {
  const pooler = process.env['TEST_POOLER']
  if (pooler === undefined) return { DATABASE_URL: direct.toString() }
  const pooled = new URL(direct)
  pooled.host = pooler
  return { DATABASE_URL: pooled.toString(), DATABASE_DIRECT_URL: direct.toString(), DATABASE_NAMED_STATEMENTS: 'off' }
}

async function withDatabase(adminUrl: string, use: (addresses: Addresses) => Promise<number>): Promise<number> {
  const name = `officina_test_${process.pid}`
  const admin = new pg.Client({ connectionString: adminUrl })
  await admin.connect()
  await admin.query(`create database ${name}`)
  // Nothing kills this server (journeys bring their own), and waiting for the disk is 2.5 of a commit's 2.7 ms.
  await admin.query(`alter database ${name} set synchronous_commit = off`)
  const url = new URL(adminUrl)
  url.pathname = `/${name}`
  try {
    return await use(addressesOf(url))
  } finally {
    await admin.query(`drop database ${name} with (force)`)
    await admin.query(`drop role if exists officina_login_app_${name}, officina_login_owner_${name}`)
    await admin.end()
  }
}

function testFiles(parts: readonly string[]): string[] {
  const wanted = parts.filter((part) => !part.startsWith('!'))
  const unwanted = parts.filter((part) => part.startsWith('!')).map((part) => part.slice(1))
  const files = globSync(['{server,cli,launch,bench,proof}/**/*.test.ts'], { cwd: root })
    .filter((file) => wanted.length === 0 || wanted.some((part) => file.includes(part)))
    .filter((file) => !unwanted.some((part) => file.includes(part)))
    // What needs a service besides PostgreSQL; `npm run test:services` says where it is.
    .filter((file) => process.env['TEST_SERVICES'] === 'on' || !file.endsWith('.services.test.ts'))
  if (files.length === 0) throw new Error(`No test file's path contains ${wanted.join(' or ')}`)
  return files.toSorted()
}

/** TEST_FAILURES is a file in which a run of several suites gathers what failed. */
async function tellFailures(failed: Tally['failed'], how = ''): Promise<void> {
  const gathered = process.env['TEST_FAILURES']
  if (gathered)
    await appendFile(gathered, failed.map(({ name, file, error }) => `✖ ${name}${how}\n  ${file}\n${error}\n`).join(''))
}

/** More than these are no accident, and are not tried again. */
const MOST_ACCIDENTS = 3

type Run = { code: number; tally: Tally }
type Suite = (files: readonly string[]) => Promise<Run | null>

/**
 * What failed runs once more, by itself, file by file: seven thousand tests beside servers, brokers and kills, one of which meets a slow
 * moment, must not hide what a change broke behind a habit of starting all of it again. What then passes is named as
 * unsteady, at the very end, and is to be mended; what fails twice has failed (docs/adr/0013-unsteady-tests.md).
 */
async function againAlone(first: Run, run: Suite): Promise<Run> {
  const { failed } = first.tally
  if (first.code === 0 || failed.length === 0 || failed.length > MOST_ACCIDENTS) return first
  const files = [...new Set(failed.map(({ file }) => file.replace(/:\d+$/, '')))]
  process.stdout.write(`\nOnce more, alone: ${files.join(', ')}\n`)
  for (const file of files) {
    const second = await run([file])
    if (second === null || second.code !== 0) return first
  }
  process.stdout.write('\nUNSTEADY, to be mended: failed once in the suite and passed alone\n')
  for (const { name, file, error } of failed) process.stdout.write(`  ${name} (${file})\n${error}\n`)
  await tellFailures(failed, ' (unsteady: passed alone)')
  return { code: 0, tally: { ...first.tally, failed: [] } }
}

/** The summary must be there, or the suite ended early and would look green; in CI nothing may be skipped. */
async function verdict(files: readonly string[], run: Suite): Promise<number> {
  const first = await run(files)
  if (first === null) {
    process.stderr.write('The suite ended before it had run to its end.\n')
    return 1
  }
  const { code, tally } = await againAlone(first, run)
  await tellFailures(tally.failed)
  if (tally.skipped.length === 0 || !process.env['CI']) return code
  process.stderr.write(`Skipped, which fails in CI:\n${tally.skipped.map((name) => `  ${name}\n`).join('')}`)
  return code || 1
}

const suite =
  (addresses: Addresses, home: string, coverage: boolean): Suite =>
  async (files) => {
    const tallyFile = join(home, 'tally.json')
    await rm(tallyFile, { force: true })
    const options = [
      '--test',
      '--test-isolation=none',
      '--test-force-exit',
      '--test-timeout=120000',
      '--test-reporter=spec',
      '--test-reporter-destination=stdout',
      `--test-reporter=${join(import.meta.dirname, 'tally-reporter.ts')}`,
      `--test-reporter-destination=${tallyFile}`,
      ...(coverage
        ? [
            '--experimental-test-coverage',
            '--test-coverage-include={server,cli}/**',
            '--test-coverage-exclude=**/*.test.ts',
          ]
        : []),
    ]
    const env = { ...process.env, ...addresses, OFFICINA_HOME: home, LOG_LEVEL: 'silent', RATE_LIMIT: 'off' }
    const child = spawn(process.execPath, [...options, ...files], { cwd: root, env, stdio: 'inherit' })
    const clock = setTimeout(() => child.kill('SIGKILL'), LONGEST_MS)
    const code = await new Promise<number>((resolve) => child.on('exit', (exitCode) => resolve(exitCode ?? 1)))
    clearTimeout(clock)
    const tally = JSON.parse((await readFile(tallyFile, 'utf8').catch(() => '')) || 'null') as Tally | null
    return tally === null || tally.tests === 0 ? null : { code, tally }
  }

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { coverage: { type: 'boolean', default: false } },
})
process.exitCode = await withServer((adminUrl, home) =>
  withDatabase(adminUrl, (addresses) => verdict(testFiles(positionals), suite(addresses, home, values.coverage))),
)
