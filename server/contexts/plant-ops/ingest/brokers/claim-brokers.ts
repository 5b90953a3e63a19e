import { sql } from 'kysely'
import type { Owned } from '#tables'
import type { Custody } from '#platform/database/custody.ts'
import type { Feed, Tally } from './take-messages.ts'

/** A broker that this process holds, as it is to be connected to. */
export type ClaimedBroker = Feed & {
  readonly url: string
  readonly version: 4 | 5
  readonly username: string | null
  readonly password: string | null
  readonly ca: string | null
  readonly rebirth: boolean
  readonly revision: number
}
type BrokerCustody = Custody<Owned<'control.brokers' | 'control.broker_states' | 'control.tenants'>>

/** Whoever does not renew its claim for so long has lost it. */
export const CLAIM_S = 10

/** Renews this process's claims, takes those that nobody holds, and says which it has: of companies that may work, and enabled. */
export async function claimBrokers({ db }: BrokerCustody, holder: string): Promise<ClaimedBroker[]> {
  const { rows } = await sql<ClaimedBroker>`
    update control.broker_states s
       set holder = ${holder}, held_until = now() + make_interval(secs => ${CLAIM_S})
      from control.brokers b join control.tenants t on t.id = b.tenant_id
     where b.tenant_id = s.tenant_id and b.id = s.broker_id and b.enabled
       and t.deleted_at is null and t.status in ('Active', 'Trial')
       and (t.plan_expiry is null or t.plan_expiry >= current_date)
       and (s.holder = ${holder} or s.held_until is null or s.held_until < now()
            -- The clock was set back: nobody claims for so long.
            or s.held_until > now() + 2 * make_interval(secs => ${CLAIM_S}))
    returning b.tenant_id, b.id, b.url, b.version, b.username, b.password, b.ca, b.topics, b.plant_id, b.rebirth, b.revision`.execute(
    db,
  )
  return rows
}

export type News = { broker: Feed; connected: boolean; tally: Tally }

/** Tells how connections do. */
export async function noteBrokers({ db }: BrokerCustody, holder: string, news: readonly News[]): Promise<void> {
  for (const { broker, connected, tally } of news) {
    await sql`
      update control.broker_states
         set connected = ${connected}, connected_at = case when ${connected} and not connected then now() else connected_at end,
             messages = messages + ${tally.messages}, readings = readings + ${tally.readings},
             rejected = rejected + ${tally.rejected}, garbage = garbage + ${tally.garbage},
             last_message_at = case when ${tally.messages} > 0 then now() else last_message_at end,
             last_error = coalesce(${tally.error}, last_error),
             last_error_at = case when ${tally.error}::text is null then last_error_at else now() end
       where tenant_id = ${broker.tenant_id} and broker_id = ${broker.id} and holder = ${holder}`.execute(db)
  }
}

/** Gives up what this process holds, so that another need not wait. */
export async function releaseBrokers({ db }: BrokerCustody, holder: string): Promise<void> {
  await sql`
    update control.broker_states set holder = null, held_until = null, connected = false where holder = ${holder}`.execute(
    db,
  )
}
