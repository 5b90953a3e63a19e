import type pg from 'pg'
import type { Manifest, Part } from './records.ts'
import { copyRefusals } from './refusals.ts'
import { quoted } from './rows.ts'

/**
 * What a company's control rows become in the installation that takes it in. Its own ids stay. What is counted over all companies
 * (events, their positions) and who its people are here is worked out anew.
 */
export type Newcomer = {
  into: (part: Part) => { select?: string; prepare: (client: pg.ClientBase) => Promise<void> }
  /** When all rows are in. */
  settle: (client: pg.ClientBase) => Promise<void>
}

export type Arrival = {
  id: string
  slug: string
  isolation: 'shared' | 'schema'
  schema: string
  version: number
  manifest: Manifest
}

const nothing = (): Promise<void> => Promise.resolve()

/** The columns of a part, some of them in other words. */
const selecting = (columns: readonly string[], instead: Readonly<Record<string, string>>): string =>
  columns.map((column) => instead[column] ?? quoted(column)).join(', ')

/** Reads where this installation stands; in the transaction in which the rows come in. */
export async function newcomerOf(client: pg.ClientBase, arrival: Arrival): Promise<Newcomer> {
  await client.query(
    'create temporary table copied_people (theirs uuid primary key, ours uuid not null) on commit drop',
  )
  const before = await beforeAll(client, arrival.manifest)
  const text = (value: string): string => client.escapeLiteral(value)
  const tenant = {
    ...{ slug: text(arrival.slug), isolation: text(arrival.isolation), schema_name: text(arrival.schema) },
    ...{ schema_version: String(arrival.version), moving: 'false', deleted_at: 'null' },
  }
  return {
    into: ({ name, columns }) => {
      if (name === 'tenants') return { select: selecting(columns, tenant), prepare: () => onlyThis(client, arrival.id) }
      if (name === 'accounts') return { prepare: meetPeople }
      if (name === 'users') {
        const account_id = '(select p.ours from copied_people p where p.theirs = s.account_id)'
        return { select: selecting(columns, { account_id }), prepare: nothing }
      }
      if (name === 'event_positions') return { select: selecting(columns, before), prepare: nothing }
      if (name === 'events') return { select: selecting(columns, { id: eventId(before) }), prepare: nothing }
      return { prepare: nothing }
    },
    settle: async () => {
      await client.query(
        `insert into control.credentials (account_id) select ours from copied_people on conflict do nothing`,
      )
    },
  }
}

const onlyThis = async (client: pg.ClientBase, id: string): Promise<void> => {
  const { rows } = await client.query('select 1 from copied_rows where id is distinct from $1', [id])
  if (rows.length > 0) throw copyRefusals.refuse('copies.foreign_rows')
}

/**
 * A person is who has the email, also where they are known here already: they keep their password, their name for signing in and
 * their language. Others are made without a password and get one by mail («forgotten»).
 */
async function meetPeople(client: pg.ClientBase): Promise<void> {
  await client.query(`
    insert into copied_people
    select s.id, coalesce((select a.id from control.accounts a where a.email = s.email), s.id) from copied_rows s;
    delete from copied_rows s where exists (select 1 from control.accounts a where a.email = s.email or a.id = s.id);
    update copied_rows s set username = null
     where exists (select 1 from control.accounts a where a.username = s.username)`)
}

/**
 * History keeps its order and its sequence in the company, and lies before everything that happened here: below zero, so that no
 * follower takes it for news and the sequencer does not number it again. No event of the copy has an id above its sequence's value,
 * and no position is above the highest id.
 */
async function beforeAll(client: pg.ClientBase, { sequences }: Manifest) {
  const highest = sequences.find(({ schema, name }) => schema === 'control' && name === 'event_ids')?.value ?? 0
  const { rows } = await client.query<{ id: string; position: string }>(
    `select (least(0, (select min(id) from control.events)) - 1 - $1::bigint)::text as id,
            (least(0, (select min(position) from control.event_positions)) - 1 - $1::bigint)::text as position`,
    [highest],
  )
  const { id, position } = rows[0]!
  return { event_id: `event_id + (${id})`, position: `position + (${position})` }
}

/** What had no place yet gets a new id, and then its place from the sequencer of this installation. */
const eventId = ({ event_id }: { event_id: string }): string => {
  const id = event_id.replace('event_id', 's.id')
  return `case when exists (select 1 from control.event_positions p where p.tenant_id = s.tenant_id and p.event_id = ${id})
    then ${id} else nextval('control.event_ids') end`
}
