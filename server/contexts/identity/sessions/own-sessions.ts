import { Type, type Static } from 'typebox'
import type { Owned } from '#tables'
import type { Work } from '#platform/database/work.ts'
import { Id, Nullable, Page, page, Timestamp } from '#platform/http/shapes.ts'
import { ownAccount } from '../profile/own-account.ts'
import { identityRefusals } from '../refusals.ts'
import { endSessions } from './end-sessions.ts'

type Own = Work<Owned<'control.sessions' | 'control.tenants' | 'control.users'>>

export const Session = Type.Object(
  {
    id: Id,
    current: Type.Boolean({ description: 'The session that asks' }),
    tenant: Type.Object({ id: Id, slug: Type.String(), name: Type.String() }),
    ip: Nullable(Type.String()),
    user_agent: Nullable(Type.String()),
    created_at: Timestamp,
    last_used_at: Timestamp,
    expires_at: Timestamp,
  },
  { title: 'Session' },
)
export type Session = Static<typeof Session>
export const SessionPage = Page(Session)

/** The live sessions of one's own account, in all of one's companies, the last used first. */
export async function listOwnSessions(work: Own, paging: { limit: number; offset: number }): Promise<Page<Session>> {
  const { accountId, sessionId } = await ownAccount(work)
  const rows = await work.db
    .selectFrom('control.sessions as s')
    .innerJoin('control.tenants as t', 't.id', 's.tenant_id')
    .select(['s.id', 's.ip', 's.user_agent', 's.created_at', 's.last_used_at', 's.expires_at'])
    .select(['t.id as tenant_id', 't.slug', 't.name', (eb) => eb.fn.countAll<number>().over().as('total')])
    .where('s.account_id', '=', accountId)
    .where('s.ended_at', 'is', null)
    .where('s.expires_at', '>', work.now.toISOString())
    .orderBy('s.last_used_at', 'desc')
    .orderBy('s.id', 'desc')
    .limit(paging.limit)
    .offset(paging.offset)
    .execute()
  const items = rows.map(({ tenant_id, slug, name, total: _total, ...row }) => ({
    ...row,
    current: row.id === sessionId,
    tenant: { id: tenant_id, slug, name },
  }))
  return page(items, rows[0]?.total ?? 0, paging)
}

/** Ends one of one's own sessions; `auth.session_not_found` for another person's as for a random id. */
export async function endOwnSession(work: Own, id: string): Promise<null> {
  const { accountId, sessionId } = await ownAccount(work)
  const reason = id === sessionId ? 'logout' : 'ended_by_user'
  const ended = await endSessions(work, accountId, reason, { only: id })
  if (ended === 0) throw identityRefusals.refuse('auth.session_not_found')
  work.record({
    action: id === sessionId ? 'auth.signed_out' : 'auth.session_ended',
    resource: 'session',
    resource_id: id,
  })
  return null
}

/** Ends the session that asks. */
export async function logOut(work: Own): Promise<null> {
  const { sessionId } = await ownAccount(work)
  return endOwnSession(work, sessionId)
}

/** Ends all of one's own sessions but the one that asks. */
export async function endOtherSessions(work: Own): Promise<null> {
  const { accountId, sessionId } = await ownAccount(work)
  const ended = await endSessions(work, accountId, 'ended_by_user', { except: sessionId })
  if (ended > 0)
    work.record({ action: 'auth.sessions_ended', resource: 'account', resource_id: accountId, after: { ended } })
  return null
}
