import assert from 'node:assert/strict'
import { test } from 'node:test'
import { newTenant, plantOf, testApp, type TestTenant } from '#test/harness.ts'
import { inBatches, inOneWrite, inSnapshot, placeOf, rowsIn, rowsOut } from './rows.ts'
import { tablesIn, type Table } from './tables.ts'

const door = async () => (await testApp()).deps.installation.custody

async function tableOf({ schema }: TestTenant, name: string): Promise<Table> {
  const tables = await (await door()).session((client) => tablesIn(client, schema))
  return tables.find((table) => table.name === name)!
}

const text = async (chunks: AsyncIterable<Buffer>): Promise<string> => {
  const all: Buffer[] = []
  for await (const chunk of chunks) all.push(chunk)
  return Buffer.concat(all).toString()
}

test('tables come in an order in which they can be filled, without generated columns', async () => {
  const tables = await (await door()).session((client) => tablesIn(client, 'shared'))
  const at = (name: string): number => tables.findIndex((table) => table.name === name)
  assert.ok(at('plants') >= 0 && at('plants') < at('sensors') && at('plants') < at('plant_registries'))
  assert.ok(tables[at('plants')]!.columns.includes('search_text'))
})

test('what came out goes in elsewhere, byte for byte, whatever is in it', async () => {
  const [from, to] = [await newTenant(), await newTenant({ isolation: 'schema' })]
  const plantId = await plantOf(from)
  const nasty = 'tab\t, newline\n, back\\slash, \\N, «€», \u0001, \\.'
  await from.admin.write('plants.write', ({ db }) =>
    db
      .updateTable('plants')
      .set({ name: nasty, notes: null, tags: ['a,b', '{"c"}', ''], latitude: 0.1 + 0.2, longitude: 1e-15 })
      .where('id', '=', plantId)
      .execute(),
  )
  const [source, target] = [await tableOf(from, 'plants'), await tableOf(to, 'plants')]
  const where = `tenant_id = '${from.id}'`
  const out = await inSnapshot(await door(), (client) => text(rowsOut(client, source, where)))
  const count = await inOneWrite(await door(), (client) =>
    rowsIn(
      client,
      target,
      (async function* () {
        // In pieces that cut through lines and characters.
        const bytes = Buffer.from(out)
        for (let at = 0; at < bytes.length; at += 7) yield bytes.subarray(at, at + 7)
      })(),
      { columns: source.columns },
    ),
  )
  assert.equal(count, 1)
  assert.equal(await inSnapshot(await door(), (client) => text(rowsOut(client, target, where))), out)
})

test('a stream that breaks off changes nothing, and the connection serves on', async () => {
  const tenant = await newTenant()
  const plants = await tableOf(tenant, 'plants')
  await plantOf(tenant)
  const where = `tenant_id = '${tenant.id}'`
  const line = await inSnapshot(await door(), (client) => text(rowsOut(client, plants, where)))
  await inOneWrite(await door(), async (client) => client.query(`delete from ${placeOf(plants)} where ${where}`))
  const breaking = inOneWrite(await door(), (client) =>
    rowsIn(
      client,
      plants,
      (async function* () {
        yield Buffer.from(line)
        throw new Error('the cable was cut')
      })(),
      { columns: plants.columns },
    ),
  )
  await assert.rejects(breaking, /the cable was cut/)
  const wrong = inOneWrite(await door(), (client) =>
    rowsIn(
      client,
      plants,
      (async function* () {
        yield Buffer.from(line)
        yield Buffer.from('not a row\n')
        for (let more = 0; more < 10_000; more++) yield Buffer.alloc(1024, 120)
      })(),
      { columns: plants.columns },
    ),
  )
  await assert.rejects(wrong, /copied_rows|uuid/)
  assert.equal(await inSnapshot(await door(), (client) => text(rowsOut(client, plants, where))), '')
})

test('who stops reading in the middle does not hold the database', async () => {
  const stopped = inSnapshot(await door(), async (client) => {
    const numbers: Table = {
      schema: 'pg_catalog',
      name: 'pg_proc',
      columns: ['proname', 'prosrc'],
      sealed: {},
      refersToItself: false,
    }
    for await (const chunk of rowsOut(client, numbers)) throw new Error(`enough after ${chunk.length > 0}`)
  })
  await assert.rejects(stopped, /enough after true/)
  assert.equal(await (await door()).session(async (client) => (await client.query('select 1 as one')).rows[0].one), 1)
})

test('a stream is cut into batches between two lines, and nothing is lost at the cuts', async () => {
  const lines = Array.from({ length: 50 }, (_, number) => `${'x'.repeat(number)}\n`).join('')
  async function* pieces(): AsyncGenerator<Buffer> {
    for (let at = 0; at < lines.length; at += 11) yield Buffer.from(lines.slice(at, at + 11))
  }
  const cut: string[] = []
  for await (const batch of inBatches(pieces(), 100)) cut.push(await text(batch))
  assert.equal(cut.join(''), lines)
  assert.ok(cut.length > 8 && cut.slice(0, -1).every((batch) => batch.endsWith('\n') && batch.length < 200))
})
