import { sql } from 'kysely'
import type { Owned } from '#tables'
import type { Work } from '#platform/database/work.ts'
import { identityRefusals } from '../refusals.ts'
import { noteInTenant } from '../sign-in/note-sign-in.ts'
import type { Tokens } from '../sign-in/schemas.ts'
import type { SignInDeps } from '../sign-in/sign-in-deps.ts'
import { tokensFor } from '../sign-in/tokens-for.ts'
import { accountScope, type Visit } from '../sign-in/visit.ts'
import { hashOfToken } from '../tokens/opaque-token.ts'
import { endSessions } from './end-sessions.ts'
import { standingOf, successorsOf } from './refresh-token.ts'

const { refuse } = identityRefusals
type Refreshing = Work<
  Owned<'control.accounts' | 'control.sessions' | 'control.spent_refresh_tokens' | 'control.tenants' | 'control.users'>
>
type Found = { session_id: string; account_id: string }

type Outcome =
  | { kind: 'tokens'; tenant_id: string; user_id: string; session_id: string; role: string; refresh_token: string }
  | { kind: 'reused'; tenant_id: string }
  | { kind: 'invalid' }

/**
 * Gives new tokens for a refresh token. It slides: each refresh makes the session good for REFRESH_TOKEN_DAYS more. Two
 * refreshes at once get the same successor; a token older than that ends the session, because two hold it.
 */
export async function refreshSession(deps: SignInDeps, visit: Visit, token: string): Promise<Tokens> {
  const { database } = deps.installation
  const hash = hashOfToken(token)
  const query = sql<Found>`select session_id, account_id from control.find_session(${hash})`
  const found = (await database.lookup(query))[0]
  if (found === undefined) throw refuse('auth.refresh_invalid')
  const { account_id, session_id } = found
  const outcome = await database.write(accountScope(visit, account_id), (work) => rotate(deps, work, found, token))
  if (outcome.kind === 'invalid') throw refuse('auth.refresh_invalid')
  if (outcome.kind === 'tokens') return tokensFor(deps, outcome)
  const entry = { action: 'auth.refresh_reused', resource: 'session', resource_id: session_id }
  await noteInTenant(database, visit, { tenantId: outcome.tenant_id, accountId: account_id }, entry)
  throw refuse('auth.refresh_reused')
}

async function rotate(
  deps: SignInDeps,
  work: Refreshing,
  { session_id, account_id }: Found,
  token: string,
): Promise<Outcome> {
  const session = await work.db
    .selectFrom('control.sessions')
    .select(['tenant_id', 'user_id', 'refresh_hash', 'previous_hash', 'rotated_at', 'ended_at', 'expires_at'])
    .where('id', '=', session_id)
    .where('account_id', '=', account_id)
    .forUpdate()
    .executeTakeFirst()
  if (!session || session.ended_at !== null || Date.parse(session.expires_at) <= work.now.getTime())
    return { kind: 'invalid' }
  const { tenant_id, user_id } = session
  const standing = standingOf(session, hashOfToken(token), work.now)
  if (standing === 'spent') {
    await endSessions(work, account_id, 'refresh_reused', { only: session_id })
    return { kind: 'reused', tenant_id }
  }
  const role = await roleOf(work, session)
  if (role === null) return { kind: 'invalid' }
  const candidates = successorsOf(token, deps.installation.masters)
  const given = { kind: 'tokens', tenant_id, user_id, session_id, role } as const
  if (standing === 'just_replaced') {
    // Also where the master secret was changed within these seconds: the one that was given then.
    const same = candidates.find((one) => hashOfToken(one) === session.refresh_hash)
    return same === undefined ? { kind: 'invalid' } : { ...given, refresh_token: same }
  }
  const refresh_token = candidates[0]!
  await replace(deps, work, { ...session, id: session_id }, refresh_token)
  return { ...given, refresh_token }
}

/** The user's role, or null where the user, account or tenant lets nobody in any more. */
async function roleOf(
  { db }: Refreshing,
  { tenant_id, user_id }: { tenant_id: string; user_id: string },
): Promise<string | null> {
  const found = await db
    .selectFrom('control.users as u')
    .innerJoin('control.accounts as a', 'a.id', 'u.account_id')
    .innerJoin('control.tenants as t', 't.id', 'u.tenant_id')
    .select('u.role')
    .where('u.tenant_id', '=', tenant_id)
    .where('u.id', '=', user_id)
    .where('u.status', '=', 'Active')
    .where('u.deleted_at', 'is', null)
    .where('a.erased_at', 'is', null)
    .where('t.deleted_at', 'is', null)
    .executeTakeFirst()
  return found?.role ?? null
}

type Replaced = { tenant_id: string; id: string; refresh_hash: string; previous_hash: string | null }

async function replace(
  { config }: SignInDeps,
  { db, now, ip }: Refreshing,
  session: Replaced,
  successor: string,
): Promise<void> {
  const { tenant_id, id, previous_hash } = session
  const expires_at = new Date(now.getTime() + config.REFRESH_TOKEN_DAYS * 86_400_000).toISOString()
  const at = now.toISOString()
  if (previous_hash !== null) {
    const spent = { hash: previous_hash, tenant_id, session_id: id, expires_at }
    await db
      .insertInto('control.spent_refresh_tokens')
      .values(spent)
      .onConflict((conflict) => conflict.doNothing())
      .execute()
  }
  await db
    .updateTable('control.sessions')
    .set({
      ...{ refresh_hash: hashOfToken(successor), previous_hash: session.refresh_hash, rotated_at: at },
      ...{ last_used_at: at, expires_at, ip },
    })
    .where('tenant_id', '=', tenant_id)
    .where('id', '=', id)
    .execute()
}
