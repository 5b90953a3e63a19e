import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { v7 as uuidv7 } from 'uuid'
import { readMigrations } from '../database/migrate.ts'
import { Refusal } from '../refusal.ts'
import { elsewhere, everyRow, room, type Elsewhere } from './copies.fixture.ts'
import { intoFile } from './copy-file.ts'
import { sealBody } from './frames.ts'
import { newHeader } from './header.ts'
import { importTenant } from './import-tenant.ts'
import { addPlantTo, inhabit, sequence, type Inhabitant } from './inhabitants.fixture.ts'
import { openCopyFile, verifyCopy } from './open-copy.ts'
import { writeRecords, type Part } from './records.ts'
import { inOneWrite, type Chunks } from './rows.ts'
import { checkRestorable } from './restore-backup.ts'
import { writeBackup, writeTenant } from './write-copy.ts'

const passphrase = 'correct horse battery'
const refused =
  (code: string) =>
  (error: unknown): true => {
    assert.ok(error instanceof Refusal, (error as Error).stack)
    assert.equal(error.code, code)
    return true
  }
const exportTo = ({ source }: Elsewhere, tenantId: string, path: string) =>
  writeTenant({ ...source, keys: { ...source.keys, passphrase } }, tenantId, intoFile(path))

async function takeIn({ installation: { custody, masters }, files }: Elsewhere, path: string, slug?: string) {
  const keys = { masters, passphrase }
  return importTenant(custody, path, keys, { verified: await verifyCopy(path, keys), files, slug })
}

/** SQL in the custody role, for what a test sets up or looks at. */
const look = ({ installation }: Elsewhere, text: string, values: unknown[] = []) =>
  inOneWrite(installation.custody, async (client) => (await client.query(text, values)).rows)

async function contents(path: string): Promise<string> {
  let all = ''
  const copy = await openCopyFile(path, { masters: [], passphrase })
  for await (const { name, rows } of copy.parts()) for await (const chunk of rows) all += `${name}: ${chunk.toString()}`
  return all
}

for (const isolation of ['shared', 'schema'] as const) {
  test(`a company of its own rows alone comes whole into another installation (${isolation})`, async () => {
    using files = room()
    const path = files.path('company.export')
    await using from = await elsewhere(true)
    const [other, company] = [await inhabit(from.installation, isolation), await inhabit(from.installation, isolation)]
    await sequence(from.installation)
    await exportTo(from, company.tenantId, path)
    const all = await contents(path)
    for (const foreign of [other.tenantId, other.userId, other.accountId, other.email, other.plantId])
      assert.ok(!all.includes(foreign), 'a row of another company is in the file')
    assert.ok(all.includes(company.email))
    for (const secret of ['hash of', 'totp', 'JBSWY3DPEHPK3PXP']) assert.ok(!all.includes(secret), secret)

    await using to = await elsewhere(true)
    const neighbour = await inhabit(to.installation, 'shared')
    await sequence(to.installation)
    const before = await everyRow(to.installation, 'shared', neighbour.tenantId)
    const { id, slug } = await takeIn(to, path)
    assert.deepEqual([id, slug], [company.tenantId, company.slug])
    assert.deepEqual(
      await everyRow(to.installation, company.schema, id),
      await everyRow(from.installation, company.schema, id),
    )
    assert.deepEqual(await everyRow(to.installation, 'shared', neighbour.tenantId), before)
    const [was, is] = await Promise.all([from, to].map(({ installation }) => everyRow(installation, 'control', id)))
    for (const table of ['users', 'roles', 'api_keys', 'audit_chain']) assert.deepEqual(is![table], was![table], table)
    assert.deepEqual(is!['sessions'], [])
  })
}

test('its history keeps its order, is no news to anybody who follows, and goes on', async () => {
  using files = room()
  const path = files.path('company.export')
  await using from = await elsewhere(true)
  const company = await inhabit(from.installation, 'shared')
  await inhabit(from.installation, 'shared')
  await addPlantTo(from.installation, company.tenantId)
  await sequence(from.installation)
  const unplaced = await addPlantTo(from.installation, company.tenantId)
  await exportTo(from, company.tenantId, path)

  await using to = await elsewhere(true)
  const neighbour = await inhabit(to.installation, 'shared')
  await sequence(to.installation)
  const [{ head }] = (await look(to, 'select max(position)::int as head from control.event_positions')) as [
    { head: number },
  ]
  await takeIn(to, path)
  await assert.rejects(takeIn(to, path), refused('copies.tenant_exists'))
  await addPlantTo(to.installation, company.tenantId)
  await addPlantTo(to.installation, neighbour.tenantId)
  await sequence(to.installation)
  const history = `select p.sequence::int, e.subject, p.position > $2 as news, c.number::int from control.event_positions p
    join control.events e on e.id = p.event_id and e.tenant_id = p.tenant_id
    join control.audit_chain c on (c.tenant_id, c.audit_id) = (e.tenant_id, e.audit_id)
    where p.tenant_id = $1 order by p.sequence`
  const ours = await look(to, history, [company.tenantId, head])
  assert.deepEqual(
    ours.map(({ sequence: at, number, news }) => [at, number, news]),
    [
      [1, 1, false],
      [2, 2, false],
      [3, 3, true],
      [4, 4, true],
    ],
  )
  assert.equal(ours[2]!.subject, `plants/${unplaced}`, 'what had no place when it left gets it here')
  const theirs = await look(to, history, [neighbour.tenantId, head])
  assert.deepEqual(
    theirs.map(({ sequence: at, news }) => [at, news]),
    [
      [1, false],
      [2, true],
    ],
  )
  const [positions] = await look(
    to,
    'select count(*)::int as all, count(distinct position)::int as apart from control.event_positions',
  )
  assert.equal(positions!['all'], positions!['apart'])
})

test('a person who is known by email keeps their account, password and rights; others come without either', async () => {
  using files = room()
  const path = files.path('company.export')
  await using from = await elsewhere(true)
  const email = 'anna@example.test'
  const company = await inhabit(from.installation, 'shared', email)
  const stranger = await addUser(from, company, 'new@example.test')
  await exportTo(from, company.tenantId, path)
  await using to = await elsewhere(true)
  const known = await inhabit(to.installation, 'shared', email)
  await look(to, 'update control.accounts set is_superuser = false')
  await takeIn(to, path)
  const accounts = await look(
    to,
    `select a.id, a.email, a.is_superuser, c.password_hash from control.users u join control.accounts a on a.id = u.account_id
       join control.credentials c on c.account_id = a.id where u.tenant_id = $1 order by a.email`,
    [company.tenantId],
  )
  assert.deepEqual(accounts, [
    { id: known.accountId, email, is_superuser: false, password_hash: `hash of ${email}` },
    { id: stranger, email: 'new@example.test', is_superuser: false, password_hash: null },
  ])
})

async function addUser(at: Elsewhere, { tenantId }: Inhabitant, email: string): Promise<string> {
  const [id, userId] = [uuidv7(), uuidv7()]
  await look(at, 'insert into control.accounts (id, email, is_superuser) values ($1, $2, true)', [id, email])
  await look(
    at,
    `insert into control.users (tenant_id, id, account_id, name, surname, role) values ($1, $2, $3, 'N', 'N', 'Viewer')`,
    [tenantId, userId, id],
  )
  return id
}

test('a company that left this installation comes back to its people; a short name that is taken is refused, another one goes', async () => {
  using files = room()
  const path = files.path('company.export')
  await using from = await elsewhere(true)
  const company = await inhabit(from.installation, 'shared')
  await exportTo(from, company.tenantId, path)
  await using to = await elsewhere(true)
  const squatter = await inhabit(to.installation, 'shared')
  await look(to, 'update control.tenants set slug = $2 where id = $1', [squatter.tenantId, company.slug])
  await assert.rejects(takeIn(to, path), refused('tenants.slug_taken'))
  assert.equal((await takeIn(to, path, 'another-name')).slug, 'another-name')
  await assert.rejects(takeIn(from, path), refused('copies.tenant_exists'))
  await assert.rejects(exportTo(from, uuidv7(), files.path('none')), refused('copies.no_tenant'))
})

/** A file such as somebody makes who has the passphrase and the source code. */
async function forge(
  at: Elsewhere,
  path: string,
  { tenantId, slug }: { tenantId: string; slug: string },
  parts: [schema: string, name: string, columns: string[], text: string][],
) {
  const { control, tenant } = await readMigrations()
  const migrations = { control: control.map(({ hash }) => hash), tenant: tenant.map(({ hash }) => hash) }
  const about = { kind: 'tenant', created_at: new Date(0).toISOString(), officina: 'x', migrations } as const
  const { bytes, body } = await newHeader(about, { masters: at.source.keys.masters, passphrase })
  const what = {
    tenant: { id: tenantId, slug, name: 'Forged', isolation: 'shared' as const },
    schemas: [{ name: 'tenant', version: tenant.length }],
  }
  async function* made(): AsyncGenerator<Part> {
    for (const [schema, name, columns, text] of parts) yield { schema, name, columns, rows: one(Buffer.from(text)) }
  }
  async function* none(): AsyncGenerator<never> {}
  async function* one(chunk: Buffer): AsyncGenerator<Buffer> {
    yield chunk
  }
  async function* whole(records: Chunks): AsyncGenerator<Buffer> {
    yield bytes
    yield* sealBody(records, body)
  }
  await intoFile(path)(
    whole(
      writeRecords(
        { about: what, parts: made(), files: none(), sequences: () => Promise.resolve([]) },
        () => undefined,
      ),
    ),
  )
}

test('a forged copy gives nobody rights, rows or a place of another company', async () => {
  using files = room()
  await using to = await elsewhere(true)
  const victim = await inhabit(to.installation, 'shared')
  const before = [await everyRow(to.installation, 'shared'), await everyRow(to.installation, 'control')]
  const tenantId = uuidv7()
  const id = uuidv7()
  const tenant: [string, string, string[], string] = [
    'control',
    'tenants',
    ['id', 'slug', 'name', 'schema_name', 'isolation'],
    `${tenantId}\tforged\tForged\tshared\tshared\n`,
  ]
  const account = (columns: string[], text: string): [string, string, string[], string] => [
    'control',
    'accounts',
    ['id', 'email', 'username', ...columns],
    `${id}\tevil@example.test\t\\N${text}\n`,
  ]
  const forgeries: Record<string, [string, [string, string, string[], string][]]> = {
    'a plant of the victim': [
      'copies.foreign_rows',
      [
        tenant,
        [
          'tenant',
          'plants',
          ['tenant_id', 'id', 'name', 'code', 'type', 'status', 'search_text'],
          `${victim.tenantId}\t${id}\tX\tX\tWind\tIn Operation\t\n`,
        ],
      ],
    ],
    'a user of the victim': [
      'copies.foreign_rows',
      [
        tenant,
        account([], ''),
        [
          'control',
          'users',
          ['tenant_id', 'id', 'account_id', 'name', 'surname', 'role', 'status'],
          `${victim.tenantId}\t${id}\t${id}\tX\tX\tAdmin\tActive\n`,
        ],
      ],
    ],
    'a superuser': ['copies.foreign_rows', [tenant, account(['is_superuser'], '\ttrue')]],
    'a password': [
      'copies.foreign_rows',
      [tenant, ['control', 'credentials', ['account_id', 'password_hash'], `${victim.accountId}\tmine\n`]],
    ],
    'another tenant’s row': [
      'copies.foreign_rows',
      [['control', 'tenants', ['id', 'slug', 'name', 'schema_name'], `${id}\tforged\tForged\tshared\n`]],
    ],
    'a user of nobody': [
      'copies.unfit',
      [
        tenant,
        [
          'control',
          'users',
          ['tenant_id', 'id', 'account_id', 'name', 'surname', 'role', 'status'],
          `${tenantId}\t${id}\t${id}\tX\tX\tAdmin\tActive\n`,
        ],
      ],
    ],
    'a table beside': ['copies.foreign_rows', [tenant, ['tenant', 'no_such', ['tenant_id'], `${tenantId}\n`]]],
    'a schema beside': ['copies.foreign_rows', [tenant, ['pg_catalog', 'pg_authid', ['tenant_id'], `${tenantId}\n`]]],
  }
  for (const [what, [code, parts]] of Object.entries(forgeries)) {
    const path = files.path(`${what}.export`)
    await forge(to, path, { tenantId, slug: 'forged' }, parts)
    await assert.rejects(takeIn(to, path), refused(code), what)
  }
  assert.deepEqual([await everyRow(to.installation, 'shared'), await everyRow(to.installation, 'control')], before)
})

test('a company’s copy is not restored, a backup is not imported, and each says what takes it', async () => {
  using files = room()
  await using from = await elsewhere(true)
  const company = await inhabit(from.installation, 'shared')
  await exportTo(from, company.tenantId, files.path('one'))
  const keys = { masters: from.source.keys.masters, passphrase }
  const verified = await verifyCopy(files.path('one'), keys)
  await assert.rejects(checkRestorable(verified), refused('copies.not_a_backup'))
  await writeBackup({ ...from.source, keys }, intoFile(files.path('all')))
  await assert.rejects(takeIn(from, files.path('all')), refused('copies.not_a_tenant'))
  assert.ok(readFileSync(files.path('one')).includes('"kind":"tenant"'))
  assert.ok(!readFileSync(files.path('one')).includes(company.slug), 'whose it is stands inside')
})
