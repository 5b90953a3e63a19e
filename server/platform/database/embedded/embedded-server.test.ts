import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync } from 'node:fs'
import { statSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { Client } from 'pg'
import { accountFor } from './account.ts'
import { type EmbeddedServer, HomeInUse, startEmbeddedServer } from './embedded-server.ts'
import { isAlive, processesIn } from './process-table.ts'

const root = realpathSync(mkdtempSync(join(tmpdir(), 'officina-embedded-')))
const warnings: string[] = []
const log = { info: () => {}, warn: (_: object, message: string) => void warnings.push(message) }
const isRoot = process.getuid?.() === 0
let homes = 0

after(() => rmSync(root, { recursive: true, force: true }))

const newHome = () => join(root, `home-${++homes}`)
const pgdataOf = (home: string) => join(realpathSync(home), 'postgres', 'pgdata')
const pidFile = (home: string) => join(pgdataOf(home), 'postmaster.pid')
const postmasterOf = (home: string) => Number.parseInt(readFileSync(pidFile(home), 'utf8'), 10)

async function ask(server: { port: number; password: string }, sql: string): Promise<unknown[]> {
  const client = new Client({ host: '127.0.0.1', user: 'postgres', database: 'postgres', ...pick(server) })
  await client.connect()
  try {
    const { rows } = await client.query({ text: sql, rowMode: 'array' })
    return rows.flat()
  } finally {
    await client.end()
  }
}

const pick = ({ port, password }: { port: number; password: string }) => ({ port, password })

async function withServer<T>(home: string, use: (server: EmbeddedServer) => Promise<T>): Promise<T> {
  const server = await startEmbeddedServer({ home, log })
  try {
    return await use(server)
  } finally {
    await server.stop()
  }
}

async function launcher(home: string, account?: { uid: number; gid: number }) {
  const script = join(import.meta.dirname, 'launcher.fixture.ts')
  const child = spawn(process.execPath, [script, home], { ...account, stdio: ['pipe', 'pipe', 'inherit'] })
  const [line] = await Promise.race([once(child.stdout, 'data'), once(child, 'exit')])
  assert.ok(Buffer.isBuffer(line), 'the launcher ended before its server was ready')
  const server: { port: number; password: string } = JSON.parse(line.toString())
  return { child, server }
}

/** Dead, and its parent knows. */
async function killHard(child: ReturnType<typeof spawn>) {
  const exit = once(child, 'exit')
  child.kill('SIGKILL')
  await exit
}

test('an empty home becomes a running database, and a second start finds its rows', async () => {
  const home = newHome()
  const cold = performance.now()
  await withServer(home, async (server) => {
    assert.ok(performance.now() - cold < 10_000, 'a cold start takes under 3 s on a quiet machine')
    await ask(server, 'create table kept as select generate_series(1, 1000) as n')
    const facts = await ask(
      server,
      `select current_setting('server_encoding'), current_setting('data_checksums'), current_setting('fsync'),
        (select datlocprovider::text || ':' || datlocale from pg_database where datname = 'postgres'),
        (select substr(rolpassword, 1, 13) from pg_authid where rolname = 'postgres'), current_setting('jit')`,
    )
    assert.deepEqual(facts, ['UTF8', 'on', 'on', 'b:C.UTF-8', 'SCRAM-SHA-256', 'off'])
  })
  const warm = performance.now()
  await withServer(home, async (server) => {
    assert.ok(performance.now() - warm < 3000, 'a warm start takes under 0.3 s on a quiet machine')
    assert.deepEqual(await ask(server, 'select count(*)::int from kept'), [1000])
  })
  const secret = statSync(join(home, 'postgres', 'password'))
  assert.equal(secret.mode & 0o777, 0o600)
  assert.equal(statSync(pgdataOf(home)).uid, accountFor(pgdataOf(home))?.uid ?? process.getuid?.())
  assert.notEqual(statSync(pgdataOf(home)).uid, 0)
})

test('without the password nobody gets in, and the server does not listen beyond this machine', async () => {
  await withServer(newHome(), async (server) => {
    await assert.rejects(ask({ ...server, password: 'wrong' }, 'select 1'), /password authentication failed/)
    assert.deepEqual(await ask(server, "select current_setting('listen_addresses')"), ['127.0.0.1'])
  })
})

test('a postmaster killed with -9 is reported, frees the home, and committed rows survive', async () => {
  const home = newHome()
  const server = await startEmbeddedServer({ home, log })
  await ask(server, 'create table kept as select generate_series(1, 50000) as n')
  process.kill(postmasterOf(home), 'SIGKILL')
  assert.deepEqual(await server.exited, { code: null, signal: 'SIGKILL' })
  await withServer(home, async (again) => assert.deepEqual(await ask(again, 'select count(*)::int from kept'), [50000]))
})

test('a backend that outlives its killed postmaster is waited for or ended before the next start', async () => {
  const home = newHome()
  const server = await startEmbeddedServer({ home, log })
  // Busy in a loop that never looks whether its postmaster lives.
  const client = new Client({ host: '127.0.0.1', user: 'postgres', database: 'postgres', ...pick(server) })
  client.on('error', () => {})
  await client.connect()
  const endless = client.query("select count(*) from generate_series(1, 3000000) a where sha512(a::text::bytea) = 'x'")
  endless.catch(() => {})
  await sleep(100)
  process.kill(postmasterOf(home), 'SIGKILL')
  await server.exited
  await withServer(home, async (again) => assert.deepEqual(await ask(again, 'select 1'), [1]))
  await client.end().catch(() => {})
})

test('a PostgreSQL orphaned by kill -9 of its launcher is stopped, and the new start is really ours', async () => {
  const home = newHome()
  const { child, server } = await launcher(home)
  await ask(server, 'create table kept as select 7 as n')
  const orphan = postmasterOf(home)
  await killHard(child)
  assert.ok(isAlive(orphan), 'the orphan should be there, or this test sees nothing')
  await withServer(home, async (again) => {
    assert.ok(!isAlive(orphan))
    assert.deepEqual(await ask(again, 'select n from kept'), [7])
    assert.notEqual(postmasterOf(home), orphan)
  })
  assert.ok(warnings.some((message) => message.includes('left over')))
})

test('a stale postmaster.pid that names a live stranger does not keep the database from starting', async () => {
  const home = newHome()
  await withServer(home, async () => {})
  const stranger = spawn('sleep', ['60'], { ...accountFor(pgdataOf(home)), stdio: 'ignore' })
  try {
    writeFileSync(pidFile(home), `${stranger.pid}\n${pgdataOf(home)}\n1700000000\n5432\n\n\n 0 0\nready\n`)
    await withServer(home, async (server) => assert.deepEqual(await ask(server, 'select 1'), [1]))
    assert.ok(stranger.pid && isAlive(stranger.pid), 'the stranger is left in peace')
  } finally {
    await killHard(stranger)
  }
})

test('a stale postmaster.pid that names the PostgreSQL of another home leaves that one alone', async () => {
  const [home, other] = [newHome(), newHome()]
  await withServer(home, async () => {})
  await withServer(other, async (neighbour) => {
    writeFileSync(pidFile(home), readFileSync(pidFile(other)))
    await withServer(home, async (server) => assert.notEqual(server.port, neighbour.port))
    assert.deepEqual(await ask(neighbour, 'select 1'), [1])
  })
})

test('an initdb cut short by kill -9 is swept away and done again', async () => {
  const home = newHome()
  const script = join(import.meta.dirname, 'launcher.fixture.ts')
  const child = spawn(process.execPath, [script, home], { stdio: 'ignore' })
  const draft = join(home, 'postgres', 'pgdata.new')
  while (!existsSync(join(draft, 'PG_VERSION'))) await sleep(2)
  await killHard(child)
  assert.ok(processesIn(draft, accountFor(draft)).length > 0, 'initdb should still be at work')
  await withServer(home, async (server) => assert.deepEqual(await ask(server, 'select 1'), [1]))
  assert.deepEqual(readdirSync(join(home, 'postgres')).toSorted(), ['lib', 'password', 'pgdata', 'postgres.log'])
})

test('a second start on the same home is refused and names who holds it', async () => {
  const home = newHome()
  const { child, server } = await launcher(home)
  const refused = (error: unknown) => error instanceof HomeInUse && error.message.includes(String(child.pid))
  await assert.rejects(startEmbeddedServer({ home, log }), refused)
  assert.deepEqual(await ask(server, 'select 1'), [1])
  await killHard(child)
  await withServer(home, async () => {
    await assert.rejects(startEmbeddedServer({ home, log }), HomeInUse)
  })
})

test('a home deeper than the path of a socket may be works', async () => {
  const home = join(newHome(), 'a'.repeat(200), 'con spazio é', 'b'.repeat(200))
  await withServer(home, async (server) => assert.deepEqual(await ask(server, 'select 1'), [1]))
})

test('a home below a folder that only its owner may enter works, and that folder stays closed', async () => {
  const closed = newHome()
  mkdirSync(closed, { mode: 0o700 })
  const home = join(closed, 'deeper', '.officina')
  for (const n of [1, 2])
    await withServer(home, async (server) => {
      await ask(server, `create table t${n} as select 1`)
      await ask(server, 'checkpoint')
    })
  assert.equal(statSync(closed).mode & 0o777, 0o700)
})

test('an ordinary user starts it below their own closed folder, and root can start it after them', async (t) => {
  if (!isRoot) return t.diagnostic('every test here ran as an ordinary user')
  const user = { uid: 1000, gid: 1000 }
  const modules = join(import.meta.dirname, '../../../../node_modules')
  const seen = spawnSync('test', ['-r', join(modules, 'pg', 'package.json')], user).status === 0
  if (!seen) return t.diagnostic('the project is in a folder that other users cannot enter')
  const closed = newHome()
  mkdirSync(closed, { mode: 0o700 })
  spawnSync('chown', ['1000:1000', closed])
  chmodSync(root, 0o755)
  const home = join(closed, '.officina')
  const { child, server } = await launcher(home, user)
  await ask(server, 'create table kept as select 7 as n')
  await killHard(child)
  await withServer(home, async (again) => assert.deepEqual(await ask(again, 'select n from kept'), [7]))
  assert.equal(statSync(pgdataOf(home)).uid, 1000)
  const back = await launcher(home, user)
  assert.deepEqual(await ask(back.server, 'select n from kept'), [7])
  await killHard(back.child)
  await withServer(home, async () => {})
})

test('a port that is taken fails with what PostgreSQL said, and the home is free again', async () => {
  const home = newHome()
  const taken = createServer().listen(0, '127.0.0.1')
  await once(taken, 'listening')
  const address = taken.address()
  assert.ok(address !== null && typeof address === 'object')
  await assert.rejects(startEmbeddedServer({ home, log, port: address.port }), /could not bind/)
  taken.close()
  await withServer(home, async () => {})
})
