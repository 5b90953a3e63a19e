import { createHmac } from 'node:crypto'
import { sql } from 'kysely'
import type { Owned } from '#tables'
import type { Database, Work } from '#platform/database/work.ts'
import { deriveKey } from '#platform/secrets/field-encryption.ts'
import { hashOfToken, newOpaqueToken } from '../tokens/opaque-token.ts'
import { NOBODY } from './visit.ts'

type Ticketing = Pick<Work<Owned<'control.tickets'>>, 'db' | 'now'>

const MINUTE_S = 60

/** Seconds that each kind of ticket is good for. An invitation may wait for someone who is on holiday. */
export const TICKET_S = {
  invitation: 7 * 86_400,
  password_reset: 60 * MINUTE_S,
  second_factor: 5 * MINUTE_S,
  choose_tenant: 5 * MINUTE_S,
} as const

/** What a ticket is for. */
export type TicketPurpose = keyof typeof TICKET_S

/** What a ticket opens; for whom, and where it is for one tenant. */
export type Ticket = {
  hash: string
  account_id: string
  tenant_id: string | null
  user_id: string | null
  attempts: number
}

type Holder = { account_id: string; tenant_id?: string | null; user_id?: string | null }

const rowOf = (work: Ticketing, purpose: TicketPurpose, hash: string, holder: Holder) => {
  const expires_at = new Date(work.now.getTime() + TICKET_S[purpose] * 1000).toISOString()
  return { tenant_id: null, user_id: null, ...holder, hash, purpose, expires_at }
}

/** Writes a ticket for the account of this work; the token is told this once. */
export async function issueTicket(work: Ticketing, purpose: TicketPurpose, holder: Holder): Promise<string> {
  const { token, hash } = newOpaqueToken('oft')
  await work.db
    .insertInto('control.tickets')
    .values(rowOf(work, purpose, hash, holder))
    .execute()
  return token
}

/**
 * The token in the link of a letter, computed from the id of its job and a master secret: the same at every attempt to send it,
 * so that any copy that arrives opens (mail servers keep the first of those with one Message-ID), and nothing but its hash is
 * stored. After a change of the master secret an attempt gets another one.
 */
export function letterToken(masters: readonly { secret: Buffer }[], jobId: string): string {
  const key = deriveKey(masters[0]!.secret, 'letter-ticket')
  return `oft_${createHmac('sha256', key).update(jobId).digest('base64url')}`
}

/** Makes the ticket of a letter, or makes it good for its whole time from now; null where it was used or withdrawn. */
export async function renewTicket(
  work: Ticketing,
  purpose: 'invitation' | 'password_reset',
  token: string,
  holder: Holder,
): Promise<Date | null> {
  const row = rowOf(work, purpose, hashOfToken(token), holder)
  const renewed = await work.db
    .insertInto('control.tickets')
    .values(row)
    .onConflict((conflict) =>
      conflict.column('hash').doUpdateSet({ expires_at: row.expires_at }).where('control.tickets.used_at', 'is', null),
    )
    .returning('hash')
    .executeTakeFirst()
  return renewed === undefined ? null : new Date(row.expires_at)
}

/** The account that a ticket is for, or nobody; whether the ticket is still good is asked in that account's scope. */
export async function findTicketAccount(database: Database, token: string): Promise<string> {
  const query = sql<{ id: string | null }>`select control.find_ticket(${hashOfToken(token)}) as id`
  return (await database.lookup(query))[0]?.id ?? NOBODY
}

/** The ticket of a token, locked; null where there is none, it was used, or its time is over. */
export async function lockTicket(work: Ticketing, token: string, purpose: TicketPurpose): Promise<Ticket | null> {
  const found = await work.db
    .selectFrom('control.tickets')
    .select(['hash', 'account_id', 'tenant_id', 'user_id', 'attempts'])
    .where('hash', '=', hashOfToken(token))
    .where('purpose', '=', purpose)
    .where('used_at', 'is', null)
    .where('expires_at', '>', work.now.toISOString())
    .forUpdate()
    .executeTakeFirst()
  return found ?? null
}

export async function useTicket(work: Ticketing, hash: string): Promise<void> {
  await work.db
    .updateTable('control.tickets')
    .set({ used_at: work.now.toISOString() })
    .where('hash', '=', hash)
    .execute()
}

/** Ends what was begun with the password as it was; invitations stay. */
export async function voidTickets(work: Ticketing, accountId: string): Promise<void> {
  await work.db
    .updateTable('control.tickets')
    .set({ used_at: work.now.toISOString() })
    .where('account_id', '=', accountId)
    .where('purpose', '!=', 'invitation')
    .where('used_at', 'is', null)
    .execute()
}
