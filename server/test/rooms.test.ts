/** Who may import whom, what a noun file may not do, who may cross tenants: the rooms of the house, held by the parser. */
import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { join, posix } from 'node:path'
import { test } from 'node:test'
import { contextDoors as DOORS } from './doors.ts'
import { functionsOf, root, sources, walk, type Import, type Node, type Source } from './source.ts'

/** Files of contexts that may cross tenants. */
const CROSSING: Record<string, string> = {
  'plant-ops/ingest/brokers/claim-brokers.ts': 'one statement claims the brokers of all companies',
  'identity/administration.ts': 'is handed the door for platform superusers',
  'identity/write-default-roles.ts': 'the matrix of roles is the same for everybody',
  'identity/sign-in/register.ts': 'makes a tenant, which no scope can hold yet',
  'identity/sign-in/sweep-sign-ins.ts': 'what has expired is swept for everybody at once',
  'identity/tokens/token-keys.ts': 'the keys that sign tokens belong to the installation',
  'identity/tokens/rotate-signing-keys.ts': 'the keys that sign tokens belong to the installation',
  'identity/tokens/reseal-secrets.ts': 'a new master secret is for everybody',
  'identity/tokens/tenant-tiers.ts': 'rate limits know a tenant’s tier before a scope is open',
  'identity/api-keys/key-uses.ts': 'last uses are written in bulk, for all tenants at once',
  'identity/tenants/change-superuser.ts': 'who runs the service says who administers all tenants',
  'identity/tenants/change-tenant.ts': 'a platform superuser provisions and suspends tenants',
  'identity/tenants/move-tenant.ts': 'the command line moves a company between the schemas',
  'identity/tenants/open-tenant.ts': 'a platform superuser provisions and suspends tenants',
  'identity/tenants/read-tenants.ts': 'a platform superuser provisions and suspends tenants',
  'identity/tenants/record-in-tenant.ts': 'what a superuser does to a tenant stands in that tenant’s trail',
}

/** First words of the files that do something; all others are nouns, and pure. */
const VERBS = new Set(
  `accept acknowledge add authenticate change check claim close complete count create delete disable discard end enable erase exchange expire explain export
   fill find get give hide hold import ingest insert invite issue list lock log map mark merge move note open post query read reconcile record refresh
   register reject replace require reseal reset restore revoke rotate run seal select send set shelve start suspend sweep take update upload verify write link purge store`.split(
    /\s+/,
  ),
)
const PARTS =
  /(^|\/)(index|routes|[a-z-]+-routes|schemas|tables|refusals|events|jobs|reactions|tools|[a-z-]+\.worker)\.ts$/

/** Nouns that need more than arguments, and why. */
const IMPURE: Record<string, string> = {
  'documents/library/document-filter.ts': 'a piece of SQL that reads share',
  'identity/api-keys/key-uses.ts': 'a bulk writer with a timer of its own',
  'identity/audit/denials.ts': 'a bulk writer with a timer of its own',
  'identity/passwords/hashing-gate.ts': 'argon2id is awaited behind it',
  'identity/passwords/password.ts': 'argon2id is asynchronous',
  'identity/passwords/password-owner.ts': 'one look-up that three use cases share',
  'identity/profile/me.ts': 'one’s own profile: a read and a change of a few lines',
  'identity/profile/own-account.ts': 'one look-up that three use cases share',
  'identity/roles/own-rights.ts': 'one look-up that three use cases share',
  'identity/second-factor/second-factor.ts': 'makes secrets and recovery codes',
  'identity/sessions/own-sessions.ts': 'one’s own sessions: a read and a change of a few lines',
  'identity/sign-in/known-devices.ts': 'a read and a write that sign-in and its letters share',
  'identity/sign-in/tickets.ts': 'making and using a ticket must be read together',
  'identity/sign-in/tokens-for.ts': 'issues tokens: chance and clock are the point',
  'identity/sign-in/visit.ts': 'what a request says of its caller',
  'identity/tenants/own-tenant.ts': 'one’s own company: a read and a change of a few lines',
  'identity/tenants/platform-edge.ts': 'the edge of platform superusers',
  'identity/tokens/access-token.ts': 'signing is asynchronous, and what was verified is remembered',
  'identity/tokens/opaque-token.ts': 'makes tokens',
  'identity/tokens/signing-keys.ts': 'makes keys',
  'identity/tokens/tenant-tiers.ts': 'a small cache over one read',
  'identity/tokens/token-keys.ts': 'reads the keys that sign, and again from time to time',
  'identity/users/invitation.ts': 'one look-up that three use cases share',
  'identity/users/inviter.ts': 'one look-up that three use cases share',
  'identity/users/last-admin.ts': 'a rule that needs a count under a lock',
  'plants/plant-facts.ts': 'a read for the door',
  'plants/plant-filter.ts': 'a piece of SQL that reads share',
  'plants/plants-exist.ts': 'a read for the door',
  'plants/transfer/table-thread.ts': 'hands a table to a worker thread',
  'workflows/obligation-rounds.ts': 'the daily round over all plants',
}
/** What reads the environment: the configuration, and which of a few system folders a child process needs. */
const ENVIRONMENT = ['server/config.ts', 'server/platform/database/embedded/binaries.ts']

const context = (file: string): string => file.split('/')[2] ?? ''
const inContext = (file: string): string => file.replace('server/contexts/', '')
const packageOf = (from: string): string =>
  from
    .split('/')
    .slice(0, from.startsWith('@') ? 2 : 1)
    .join('/')

/** Where a relative import leads, from the root. */
const target = ({ file }: Source, { from }: Import): string => posix.join(posix.dirname(file), from)
const isForeign = (from: string): boolean => from.startsWith('node:') || !/^[.#]/.test(from)

function offences(files: Source[], wrong: (source: Source, one: Import) => boolean): string[] {
  return files.flatMap((source) =>
    source.imports.filter((one) => wrong(source, one)).map((one) => `${source.file} → ${one.from}`),
  )
}

const platform = sources('server/platform/**/*.ts').filter(({ file }) => !file.endsWith('.fixture.ts'))
const contexts = sources('server/contexts/**/*.ts').filter(({ file }) => !file.endsWith('.fixture.ts'))
const everything = sources('server/**/*.ts', 'launch/**/*.ts', 'cli/**/*.ts', 'bench/**/*.ts', 'proof/**/*.ts')

test('the rooms were entered', () => {
  assert.ok(platform.length > 40 && contexts.length > 60 && everything.length > 130)
  assert.ok(contexts.reduce((sum, { imports }) => sum + imports.length, 0) > 100)
  const known = new Set(contexts.map(({ file }) => context(file)))
  assert.deepEqual([...known].toSorted(), Object.keys(DOORS).toSorted(), 'every context has its line in doors.ts')
  for (const name of known) assert.ok(existsSync(join(root, `server/contexts/${name}/index.ts`)), `${name} has no door`)
})

test('platform knows npm, node and itself; of the configuration and the tables only types', () => {
  const wrong = offences(platform, (source, one) => {
    if (isForeign(one.from) || one.from.startsWith('#platform/')) return false
    if (one.typeOnly && (one.from === '#tables' || one.from === '#config')) return false
    const path = target(source, one)
    return !path.startsWith('server/platform/') && !(one.typeOnly && path === 'server/config.ts')
  })
  assert.deepEqual(wrong, [])
})

test('a context knows platform, types, its own files and the doors on its list', () => {
  const wrong = offences(contexts, (source, one) => {
    if (isForeign(one.from) || one.from.startsWith('#platform/')) return false
    if (one.from === '#tables' || one.from === '#config') return !one.typeOnly
    if (one.from.startsWith('#contexts/'))
      return !DOORS[context(source.file)]?.includes(one.from.slice('#contexts/'.length))
    return !target(source, one).startsWith(`server/contexts/${context(source.file)}/`)
  })
  assert.deepEqual(wrong, [])
})

test('no door on a list goes unused, and doors do not lead in circles', () => {
  const used = (from: string, to: string): boolean =>
    contexts.some(
      ({ file, imports }) => context(file) === from && imports.some((one) => one.from === `#contexts/${to}`),
    )
  for (const [from, doors] of Object.entries(DOORS)) {
    for (const to of doors) {
      assert.ok(used(from, to), `${from} does not use the door of ${to}`)
      assert.ok(!DOORS[to]?.includes(from), `${from} and ${to} know each other`)
    }
  }
})

test('a door shows its own context, and nothing else passes through it', () => {
  const doors = contexts.filter(({ file }) => /^server\/contexts\/[a-z-]+\/index\.ts$/.test(file))
  const wrong = offences(doors, (_source, one) => !one.from.startsWith('./'))
  assert.deepEqual(wrong, [])
})

test('the composition root is imported by what starts it, and by nobody else', () => {
  const starters = /^(server\/(main|serve|worker)\.ts|launch\/|server\/test\/|bench\/|proof\/|cli\/)/
  const wrong = offences(everything, (source, one) => {
    if (starters.test(source.file) || source.file.endsWith('.fixture.ts')) return false
    return one.from.startsWith('.') && /^server\/(app|serve|main|worker)\.ts$|^server\/test\//.test(target(source, one))
  })
  assert.deepEqual(wrong, [])
})

test('console and sdk never see the server', () => {
  const files = sources('{console,sdk}/**/*.{ts,tsx}')
  const wrong = offences(
    files,
    (source, one) =>
      one.from.startsWith('#') || (one.from.startsWith('.') && target(source, one).startsWith('server/')),
  )
  assert.deepEqual(wrong, [])
})

test('process.env is read by the configuration alone', () => {
  const reads = (node: Node): boolean =>
    node.type === 'MemberExpression' &&
    (node['object'] as Node)['name'] === 'process' &&
    (node['property'] as Node)['name'] === 'env'
  const wrong = [...platform, ...contexts, ...sources('server/*.ts', 'server/demonstration/**/*.ts')]
    .filter(({ file, program }) => !ENVIRONMENT.includes(file) && [...walk(program)].some(reads))
    .map(({ file }) => file)
  assert.deepEqual(wrong, [])
  assert.ok(
    sources('server/config.ts').some(({ program }) => [...walk(program)].some(reads)),
    'the reader was seen',
  )
})

test('only platform and the files on the list may cross tenants', () => {
  const names = (source: Source): boolean =>
    [...walk(source.program)].some(
      (node) => node.type === 'Identifier' && /^(Edge)?Custody(Door)?$/.test(String(node['name'])),
    )
  const crossing = contexts.filter(names).map(({ file }) => inContext(file))
  assert.deepEqual(
    crossing.filter((file) => CROSSING[file] === undefined),
    [],
    'names Custody without a reason',
  )
  assert.deepEqual(
    Object.keys(CROSSING).filter((file) => !crossing.includes(file)),
    [],
    'is on the list without need',
  )
})

const isNoun = ({ file }: Source): boolean =>
  !PARTS.test(file) && !VERBS.has(posix.basename(file, '.ts').split('-')[0]!)

const IMPURE_PACKAGES =
  /^(kysely|fastify|@fastify\/.*|pg|undici|nodemailer|ws|lru-cache|node:(fs|net|http|https|child_process|timers|dns|worker_threads)(\/.*)?)$/
const RANDOM = /^(randomBytes|randomUUID|randomInt|webcrypto|v[147])$/

function impurities({ imports, program }: Source): string[] {
  const found = imports
    .filter((one) => IMPURE_PACKAGES.test(one.from) || IMPURE_PACKAGES.test(packageOf(one.from)))
    .map((one) => `imports ${one.from}`)
  for (const one of imports) {
    if (one.from === 'node:crypto' || one.from === 'uuid')
      found.push(...one.names.filter((name) => RANDOM.test(name)).map((name) => `is random: ${name}`))
    if (/platform\/(database|http)\/(?!shapes)/.test(one.from) && !one.typeOnly) found.push(`imports ${one.from}`)
  }
  for (const node of walk(program)) {
    if (node['async'] === true) found.push('is async')
    if (
      node.type === 'NewExpression' &&
      (node['callee'] as Node)['name'] === 'Date' &&
      (node['arguments'] as Node[]).length === 0
    )
      found.push('reads the clock')
    if (node.type !== 'MemberExpression') continue
    const path = `${String((node['object'] as Node)['name'])}.${String((node['property'] as Node)['name'])}`
    if (['Date.now', 'Math.random', 'performance.now', 'crypto.randomUUID', 'crypto.getRandomValues'].includes(path))
      found.push(path)
  }
  return [...new Set(found)]
}

test('a noun file is pure: no database, no network, nothing async, no clock, no chance', () => {
  const nouns = contexts.filter(isNoun)
  assert.ok(nouns.length > 15)
  const impure = new Map(nouns.map((source) => [inContext(source.file), impurities(source)] as const))
  const wrong = [...impure].filter(([file, found]) => found.length > 0 && IMPURE[file] === undefined)
  assert.deepEqual(
    wrong.map(([file, found]) => `${file} ${found.join(', ')}`),
    [],
    'a noun that does something: name it by its verb',
  )
  assert.deepEqual(
    Object.keys(IMPURE).filter((file) => !impure.get(file)?.length),
    [],
    'is on the list without need',
  )
})

test('a context reaches the network through platform only', () => {
  const calls = (node: Node): boolean => node.type === 'CallExpression' && (node['callee'] as Node)['name'] === 'fetch'
  assert.deepEqual(
    contexts.filter(({ program }) => [...walk(program)].some(calls)).map(({ file }) => file),
    [],
  )
})

test('functions, not classes: only an error or a driver’s own type is extended', () => {
  const wrong = everything.flatMap(({ file, program }) =>
    [...walk(program)].filter((node) => node.type === 'ClassDeclaration' && !node['superClass']).map(() => file),
  )
  assert.deepEqual(wrong, [])
})

test('no file or folder is called utils, helpers, common, misc or services', () => {
  const wrong = [...platform, ...contexts].filter(({ file }) =>
    /(^|[/.-])(utils?|helpers?|common|misc|services|managers?|repositor(y|ies))([/.]|$)/.test(file),
  )
  assert.deepEqual(
    wrong.map(({ file }) => file),
    [],
  )
})

test('files have at most 400 lines, functions at most 60', () => {
  assert.deepEqual(
    everything.filter(({ lines }) => lines > 400).map(({ file, lines }) => `${file} ${lines}`),
    [],
  )
  const code = everything.filter(({ file }) => !/^(server\/test|bench|proof)\/|\.fixture\.ts$/.test(file))
  const long = code.flatMap((source) =>
    functionsOf(source)
      // A file of routes is two functions around a list; what counts are its handlers.
      .filter(({ lines, depth }) => lines > 60 && !(source.file.endsWith('routes.ts') && depth < 2))
      .map(({ name, lines }) => `${source.file} ${name} ${lines}`),
  )
  assert.deepEqual(long, [])
  const sizes = code.map(({ lines }) => lines).toSorted((a, b) => a - b)
  assert.ok(sizes[Math.floor(sizes.length / 2)]! < 110, 'the median file has grown long')
})
