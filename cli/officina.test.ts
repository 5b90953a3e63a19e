import assert from 'node:assert/strict'
import { chmodSync, existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { once } from 'node:events'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { newHome, nextRelease, run, start } from '#test/journeys/release.ts'

type Said = { code: number | null; output: string }
async function officina(
  home: string,
  args: string[],
  more: Record<string, string> = {},
  input?: string,
): Promise<Said> {
  const { exit, output } = run('cli/officina.ts', home, args, more, undefined, input)
  const { code } = await exit
  return { code, output: output() }
}
const inJson = async (home: string, ...args: string[]) => {
  const { code, output } = await officina(home, [...args, '--json'])
  return { code, body: JSON.parse(output) }
}
const acme = [
  'create',
  'acme',
  '--name',
  'ACME',
  '--admin-email',
  'Anna@acme.example',
  '--admin-name',
  'Anna',
  '--admin-surname',
  'Neri',
]
const password = 'un cavallo verde 7'

test('a company and its people are made and suspended while the server runs, and act there at once', async () => {
  const home = newHome()
  const server = await start(home)
  const made = await inJson(home, 'tenant', ...acme, '--isolation', 'schema', '--max-users', '3')
  assert.equal(made.code, 0)
  assert.deepEqual([made.body.slug, made.body.isolation, made.body.max_users], ['acme', 'schema', 3])
  for (let i = 0; i < 200 && !existsSync(join(home, 'outbox')); i++) await sleep(50)
  assert.ok(existsSync(join(home, 'outbox')), 'the first Admin is invited, by the server')

  const olga = [
    'create',
    'acme',
    '--email',
    'olga@acme.example',
    '--name',
    'Olga',
    '--surname',
    'Po',
    '--role',
    'Operator',
  ]
  assert.equal((await officina(home, ['user', ...olga, '--password-stdin'], {}, `${password}\n`)).code, 0)
  const signIn = async (): Promise<number> => {
    const body = JSON.stringify({ email: 'olga@acme.example', password })
    return (
      await fetch(`${server.url}/api/v1/auth/login`, {
        method: 'POST',
        body,
        headers: { 'content-type': 'application/json' },
      })
    ).status
  }
  assert.equal(await signIn(), 200)
  assert.equal((await officina(home, ['user', 'suspend', 'acme', 'olga@acme.example'])).code, 0)
  assert.notEqual(await signIn(), 200)
  assert.equal((await officina(home, ['user', 'reactivate', 'acme', 'OLGA@acme.example'])).code, 0)
  assert.equal(await signIn(), 200)
  const given = await inJson(home, 'user', 'reset-password', 'olga@acme.example')
  assert.equal(given.code, 0)
  assert.notEqual(await signIn(), 200, 'the old password is worth nothing')

  const people = await inJson(home, 'user', 'list', 'acme')
  assert.deepEqual(
    people.body.items.map((one: { email: string; status: string }) => [one.email, one.status]),
    [
      ['anna@acme.example', 'Invited'],
      ['olga@acme.example', 'Active'],
    ],
  )
  await server.stop()
})

test('refusals leave with the exit code of their kind, and what was typed wrong is named', async () => {
  const home = newHome()
  assert.equal((await officina(home, ['tenant', ...acme])).code, 0)
  const again = await officina(home, ['tenant', ...acme])
  assert.deepEqual([again.code, again.output.trim()], [5, 'Another company has this short name.'])
  assert.equal((await officina(home, ['tenant', 'suspend', 'nobody'])).code, 3)
  const wrong = await inJson(
    home,
    'tenant',
    'create',
    'A!',
    '--name',
    '',
    '--admin-email',
    'x',
    '--admin-name',
    'A',
    '--admin-surname',
    'B',
  )
  assert.equal(wrong.code, 4)
  for (const field of ['slug', 'name', 'admin.email'])
    assert.match(wrong.body.error.message, new RegExp(`  ${field}: `))
  const unsure = await officina(home, ['tenant', 'delete', 'acme', '--confirm', 'acne'])
  assert.equal(unsure.code, 2)
  assert.equal((await officina(home, ['tenant', 'delete', 'acme', '--confirm', 'acme'])).code, 0)
  assert.deepEqual((await inJson(home, 'tenant', 'list')).body.items, [])

  assert.equal((await officina(home, ['frobnicate'])).code, 2)
  assert.equal((await officina(home, ['tenant', 'list'], { PORT: 'eighty' })).code, 2)
  const away = await officina(home, ['tenant', 'list'], { DATABASE_URL: 'postgres://u:p@127.0.0.1:1/d' })
  assert.equal(away.code, 7, away.output)
  assert.match(away.output, /ECONNREFUSED/)
  const production = await officina(home, ['seed'], { ENVIRONMENT: 'production' })
  assert.equal(production.code, 2)
})

test('--help says what each command does and what the exit codes mean', async () => {
  const help = await officina(newHome(), ['--help'])
  assert.equal(help.code, 0)
  assert.match(help.output, /Exit codes: 0 done · 1 a bug/)
  for (const group of [['tenant'], ['user'], ['keys'], ['migrate'], ['doctor'], ['serve'], ['seed']]) {
    const { code, output } = await officina(newHome(), [...group, '--help'])
    assert.equal(code, 0)
    assert.match(output, new RegExp(`Usage: officina ${group[0]}`))
  }
})

test('after keys were rotated twice the server starts, old log-ins work and doctor finds nothing wrong', async () => {
  const home = newHome()
  const server = await start(home)
  assert.equal((await officina(home, ['keys', 'rotate', '--master'])).code, 0)
  assert.equal((await officina(home, ['keys', 'rotate', '--master'])).code, 0)
  assert.equal((await fetch(`${server.url}/health`)).status, 200)
  await server.stop()
  const again = await start(home)
  const { code, body } = await inJson(home, 'doctor')
  assert.equal(code, 0, JSON.stringify(body.findings, null, 1))
  assert.equal(body.summary.fail, 0)
  await again.stop()
})

test('migrate --plan shows what is outstanding and changes nothing', async () => {
  const home = newHome()
  const before = await inJson(home, 'migrate', '--plan')
  assert.ok(before.body.steps.length > 3)
  assert.deepEqual((await inJson(home, 'migrate', '--plan')).body, before.body)
  const done = await inJson(home, 'migrate')
  assert.deepEqual([done.body.done, done.body.failed], [before.body.steps, []])
  assert.deepEqual((await inJson(home, 'migrate', '--plan')).body, { steps: [] })
})

test('a migration that was edited after it ran is named, with exit code 2 and no stack', async () => {
  const home = newHome()
  const release = nextRelease('select 1;')
  const migrate = async (): Promise<Said> => {
    const { exit, output } = run('cli/officina.ts', home, ['migrate'], {}, release)
    return { code: (await exit).code, output: output() }
  }
  assert.equal((await migrate()).code, 0)
  const folder = join(release, 'server/migrations/tenant')
  const [last = ''] = readdirSync(folder).filter((name) => name.endsWith('_of_tomorrow.sql'))
  writeFileSync(join(folder, last), 'select 2;')
  const { code, output } = await migrate()
  assert.equal(code, 2, output)
  assert.match(output, new RegExp(`^Migration ${last} was edited after it ran in shared: restore`, 'm'))
  assert.doesNotMatch(output, /    at /)
})

type Finding = { check: string; status: string; message: string; mend?: string }
const failures = (findings: Finding[]): string[] =>
  findings.filter(({ status }) => status === 'fail').map(({ check, message }) => `${check}: ${message}`)

test('doctor on an empty home says that the first start makes it, and makes nothing', async () => {
  const home = newHome()
  const { code, body } = await inJson(home, 'doctor')
  assert.equal(code, 0)
  assert.deepEqual(failures(body.findings), [])
  assert.equal(existsSync(home), false)
})

test('doctor names each wrong setting, and says how to mend it', async () => {
  const { code, output } = await officina(newHome(), ['doctor', '--json'], { ENVIRONMENT: 'production', PORT: '8000' })
  const { findings } = JSON.parse(output) as { findings: Finding[] }
  assert.equal(code, 5)
  assert.ok(failures(findings).some((one) => one.includes('OFFICINA_SECRET must be set')))
  assert.ok(findings.every(({ status, mend }) => (status === 'ok') === (mend === undefined)))
})

test('doctor finds what is open, taken or silent on the machine', async () => {
  const home = newHome()
  mkdirSync(home)
  writeFileSync(join(home, 'secrets.json'), '{}')
  chmodSync(join(home, 'secrets.json'), 0o644)
  const stranger = createServer((socket) => socket.end()).listen(0, '127.0.0.1')
  await once(stranger, 'listening')
  const address = stranger.address()
  assert.ok(address !== null && typeof address === 'object')
  const { output } = await officina(home, ['doctor', '--json'], {
    PORT: String(address.port),
    SMTP_URL: 'smtp://127.0.0.1:1',
  })
  stranger.close()
  const found = failures((JSON.parse(output) as { findings: Finding[] }).findings)
  for (const expected of [
    /secrets: secrets\.json can be read by other accounts/,
    /port: 127\.0\.0\.1:\d+ cannot be used/,
    /mail: 127\.0\.0\.1:1 does not answer/,
  ])
    assert.ok(
      found.some((one) => expected.test(one)),
      `${expected} in ${JSON.stringify(found)}`,
    )
})
