import assert from 'node:assert/strict'
import { existsSync, readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs'
import { test } from 'node:test'
import { testApp } from '#test/harness.ts'
import { Refusal } from '../refusal.ts'
import { controlTables } from './control-tables.ts'
import { elsewhere, everyRow, room, type Elsewhere } from './copies.fixture.ts'
import { intoFile } from './copy-file.ts'
import { addPlantTo, inhabit, sequence } from './inhabitants.fixture.ts'
import { openCopyFile, verifyCopy } from './open-copy.ts'
import { restoreBackup } from './restore-backup.ts'
import { inOneWrite } from './rows.ts'
import { tablesIn } from './tables.ts'
import { writeBackup } from './write-copy.ts'

const passphrase = 'correct horse battery'
const refused =
  (...codes: string[]) =>
  (error: unknown): true => {
    assert.ok(error instanceof Refusal, (error as Error).stack)
    assert.ok(codes.includes(error.code), error.code)
    return true
  }

async function backUp({ source }: Elsewhere, path: string): Promise<void> {
  await writeBackup({ ...source, keys: { ...source.keys, passphrase } }, intoFile(path))
}
async function putBack({ installation: { custody, masters }, files }: Elsewhere, path: string): Promise<void> {
  const keys = { masters, passphrase }
  await restoreBackup(custody, path, keys, await verifyCopy(path, keys), { files })
}

test('every control table is classified, and none that is not there', async () => {
  const { custody } = (await testApp()).deps.installation
  const tables = await custody.session((client) => tablesIn(client, 'control'))
  assert.deepEqual(tables.map(({ name }) => name).toSorted(), Object.keys(controlTables).toSorted())
})

test('a column that a migration calls encrypted says in the catalogue how', async () => {
  const { custody } = (await testApp()).deps.installation
  const tables = await custody.session(async (client) => [
    ...(await tablesIn(client, 'control')),
    ...(await tablesIn(client, 'shared')),
  ])
  const said = tables.flatMap(({ name, sealed }) => Object.keys(sealed).map((column) => `${name}.${column}`))
  const folder = new URL('../../migrations/', import.meta.url)
  const files = ['control', 'tenant'].flatMap((kind) =>
    readdirSync(new URL(`${kind}/`, folder)).map((file) => new URL(`${kind}/${file}`, folder)),
  )
  const called = files.flatMap((file) =>
    [...readFileSync(file, 'utf8').matchAll(/^create table (?:control\.)?(\w+) \($([\s\S]*?)^\);/gm)].flatMap(
      ([, table, body]) => [...body!.matchAll(/^ {2}(\w+) .*-- encrypted/gm)].map(([, column]) => `${table}.${column}`),
    ),
  )
  assert.ok(called.length >= 4)
  assert.deepEqual(
    called.filter((one) => !said.includes(one)),
    [],
  )
})

test('a backup restored under another secret holds the same rows, and goes on from there', async () => {
  using files = room()
  const path = files.path('one.backup')
  await using from = await elsewhere(true)
  const people = [await inhabit(from.installation, 'shared'), await inhabit(from.installation, 'schema')]
  await sequence(from.installation)
  await addPlantTo(from.installation, people[0]!.tenantId)
  await backUp(from, path)
  await using to = await elsewhere()
  await putBack(to, path)
  for (const schema of ['control', 'shared', people[1]!.schema]) {
    const [was, is] = [await everyRow(from.installation, schema), await everyRow(to.installation, schema)]
    for (const [table, rows] of Object.entries(was)) {
      const carried = schema !== 'control' || controlTables[table]!.backup
      if (carried) assert.deepEqual(is[table], rows, table)
      else if (['sessions', 'tickets'].includes(table))
        assert.deepEqual([rows.length, is[table]!.length], [2, 0], table)
    }
    assert.ok(schema === 'control' || is['plants']!.length > 0)
  }
  assert.match((await everyRow(to.installation, 'control'))['credentials']!.join(), /opened JBSWY3DPEHPK3PXP/)
  // The event that had no place yet gets the next one, and so does one that is made here.
  const { tenantId } = people[0]!
  await addPlantTo(to.installation, tenantId)
  await sequence(to.installation)
  const { rows } = await inOneWrite(to.installation.custody, (client) =>
    client.query(
      `select p.sequence, c.number from control.event_positions p join control.events e on e.id = p.event_id
         left join control.audit_chain c on (c.tenant_id, c.audit_id) = (e.tenant_id, e.audit_id)
        where p.tenant_id = $1 order by p.sequence`,
      [tenantId],
    ),
  )
  assert.deepEqual(
    rows,
    [1, 2, 3].map((number) => ({ sequence: number, number })),
  )
})

test('whatever is cut off, changed, exchanged or added is found before anything is touched', async () => {
  using files = room()
  const path = files.path('whole.backup')
  await using from = await elsewhere(true)
  await inhabit(from.installation, 'shared')
  await writeBackup(from.source, intoFile(path))
  const { keys } = from.source
  const whole = readFileSync(path)
  assert.equal((await verifyCopy(path, keys)).manifest.tables.find(({ name }) => name === 'plants')?.rows, 1)
  const broken = files.path('broken.backup')
  const tryOut = async (bytes: Buffer, ...codes: string[]): Promise<void> => {
    writeFileSync(broken, bytes)
    await assert.rejects(verifyCopy(broken, keys), refused(...codes))
  }
  for (const keep of [0, 1, 12]) await tryOut(whole.subarray(0, keep), 'copies.not_a_copy')
  for (let keep = 13; keep < whole.length; keep += Math.ceil(whole.length / 30))
    await tryOut(whole.subarray(0, keep), 'copies.damaged')
  await tryOut(whole.subarray(0, -1), 'copies.damaged')
  await tryOut(Buffer.concat([whole, Buffer.from('x')]), 'copies.damaged')
  const header = 13 + whole.readUInt32BE(9)
  for (let at = header; at < whole.length; at += Math.ceil(whole.length / 60)) {
    const changed = Buffer.from(whole)
    changed[at]! ^= 1
    await tryOut(changed, 'copies.damaged')
  }
  // Also what anybody can read at the beginning.
  const said = whole.subarray(0, header).toString('latin1')
  const lied = Buffer.concat([
    Buffer.from(said.replace('installation', 'installetion'), 'latin1'),
    whole.subarray(header),
  ])
  await tryOut(lied, 'copies.damaged')
  await tryOut(Buffer.from('%PDF-1.7 something else altogether'), 'copies.not_a_copy')
  const later = Buffer.from(whole)
  later[8] = 3
  await tryOut(later, 'copies.newer')
})

test('a long copy cannot lose, exchange or repeat a frame', async () => {
  using files = room()
  const path = files.path('long.backup')
  await using from = await elsewhere(true)
  const { tenantId } = await inhabit(from.installation, 'shared')
  await from.installation.custody.session((client) =>
    client.query(`begin; set local role officina_custody; update shared.plants set notes =
      (select string_agg(md5(random()::text), '') from generate_series(1, 80000)) where tenant_id = '${tenantId}'; commit`),
  )
  await writeBackup(from.source, intoFile(path))
  const { keys } = from.source
  const whole = readFileSync(path)
  const frames: Buffer[] = []
  let at = 13 + whole.readUInt32BE(9)
  const header = whole.subarray(0, at)
  while (at < whole.length) {
    const length = 4 + (whole.readUInt32BE(at) & 0x7fff_ffff)
    frames.push(whole.subarray(at, (at += length)))
  }
  assert.ok(frames.length >= 4)
  const [a, b, c, ...rest] = frames as [Buffer, Buffer, Buffer]
  for (const order of [
    [b, a, c, ...rest],
    [a, c, ...rest],
    [a, a, b, c, ...rest],
    [a, b],
    [a, b, c, ...rest, ...rest.slice(-1)],
  ]) {
    writeFileSync(path, Buffer.concat([header, ...order]))
    await assert.rejects(verifyCopy(path, keys), refused('copies.damaged'))
  }
})

test('another passphrase or another secret opens nothing', async () => {
  using files = room()
  await using from = await elsewhere(true)
  const [byPhrase, bySecret] = [files.path('phrase.backup'), files.path('secret.backup')]
  await backUp(from, byPhrase)
  await writeBackup(from.source, intoFile(bySecret))
  const [master] = from.source.keys.masters
  const stranger = { ...master!, id: 'stranger', secret: Buffer.alloc(32, 7) }
  await assert.rejects(
    verifyCopy(byPhrase, { masters: [master!], passphrase: 'correct horse batterie' }),
    refused('copies.locked'),
  )
  await assert.rejects(verifyCopy(byPhrase, { masters: [master!] }), refused('copies.locked'))
  await assert.rejects(verifyCopy(bySecret, { masters: [stranger] }), refused('copies.locked'))
  await assert.rejects(verifyCopy(bySecret, { masters: [{ ...stranger, id: master!.id }] }), refused('copies.locked'))
  assert.ok(await verifyCopy(bySecret, { masters: [stranger, master!] }), 'an older secret that is kept opens it')
})

test('a backup is not restored over data, nor below a running server', async () => {
  using files = room()
  const path = files.path('one.backup')
  await using from = await elsewhere(true)
  await inhabit(from.installation, 'shared')
  await backUp(from, path)
  await using full = await elsewhere(true)
  const { tenantId } = await inhabit(full.installation, 'shared')
  const before = await everyRow(full.installation, 'shared')
  await assert.rejects(putBack(full, path), refused('copies.in_use'))
  await full.installation.database.close()
  await assert.rejects(putBack(full, path), refused('copies.not_empty'))
  assert.deepEqual(await everyRow(full.installation, 'shared'), before)
  assert.ok(before['plants']!.join().includes(tenantId))
})

test('a file is there when it is whole, and what is there is not overwritten', async () => {
  using files = room()
  const path = files.path('folder/one.backup')
  const failing = async function* (): AsyncGenerator<Buffer> {
    yield Buffer.from('half')
    throw new Error('the disk is full')
  }
  await assert.rejects(intoFile(path)(failing()), /disk is full/)
  assert.deepEqual(readdirSync(files.path('folder')), [])
  const good = async function* (): AsyncGenerator<Buffer> {
    yield Buffer.from('whole')
  }
  writeFileSync(`${path}.part`, 'of one that was killed')
  await intoFile(path)(good())
  assert.equal(statSync(path).mode & 0o777, 0o600)
  await assert.rejects(intoFile(path)(failing()), refused('copies.file_exists'))
  assert.equal(readFileSync(path, 'utf8'), 'whole')
  assert.ok(!existsSync(`${path}.part`))
  await assert.rejects(openCopyFile(files.path('none'), { masters: [] }), refused('copies.no_file'))
})
