/** One writer: changes plants of some tenants, each change with its event, and writes down what became of each. */
import { appendFileSync } from 'node:fs'
import { randomInt } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { sql } from 'kysely'
import { Type } from 'typebox'
import { newId } from '#platform/new-id.ts'
import { openPool } from '#platform/database/pool.ts'
import { systemScope } from '#platform/database/system-scope.ts'
import { openDatabase, type EdgeWork } from '#platform/database/work.ts'
import { eventKind, eventOf } from '#platform/events/event-kind.ts'
import { sayReady, told } from './children.ts'

const changed = eventKind({
  type: 'ProofChanged',
  topic: 'proof',
  permission: 'plants.read',
  data: Type.Object({ token: Type.String(), version: Type.Integer() }),
})

type Aim = { tenant: string; plants: string[] }
const aims = JSON.parse(process.env['AIMS']!) as Aim[]
const file = process.env['BOOK']!
/** What becomes of a transaction: written before it begins, and after its commit or its rollback is certain. */
const note = (what: 'begun' | 'done' | 'undone', token: string): void => appendFileSync(file, `${what} ${token}\n`)

const pool = openPool({ connectionString: process.env['APP_URL']!, size: 2, named: true, onError: () => undefined })
const database = openDatabase(pool)
const pick = <T>(list: readonly T[]): T => list[randomInt(list.length)]!
const ROLLED_BACK = new Error('rolled back on purpose')

/** One version of one plant; the row's lock is held over the delay, as a slow transaction holds it. */
async function change({ db, announce, record }: EdgeWork, plant: string, token: string): Promise<void> {
  const { rows } = await sql<{ revision: number }>`
    update plants set revision = revision + 1 where id = ${plant} returning revision`.execute(db)
  const event = eventOf(changed, { subject: `plants/${plant}`, plant_id: plant }, { token, version: rows[0]!.revision })
  if (randomInt(2) === 0) announce(event)
  else record({ action: 'proof.changed', resource: 'plant', resource_id: plant }, event)
}

async function write(): Promise<void> {
  const { tenant, plants } = pick(aims)
  const token = newId()
  note('begun', token)
  try {
    await database.write(systemScope(tenant, 'proof'), async (work) => {
      await change(work, pick(plants), token)
      if (randomInt(3) === 0) await sleep(randomInt(30))
      if (randomInt(20) === 0) throw ROLLED_BACK
    })
    note('done', token)
  } catch (error) {
    // Anything else may have come between the commit and its answer: nobody knows.
    if (error === ROLLED_BACK) note('undone', token)
    else await sleep(50)
  }
}

let stopped = false
void told().then(() => (stopped = true))
sayReady()
while (!stopped) {
  await write()
  await sleep(randomInt(15))
}
await database.close()
process.exit(0)
