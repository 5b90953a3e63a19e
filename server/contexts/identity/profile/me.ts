import { Type, type Static } from 'typebox'
import { sql } from 'kysely'
import type { Owned } from '#tables'
import { violated } from '#platform/database/database-refusals.ts'
import type { Work } from '#platform/database/work.ts'
import { checkRevision } from '#platform/http/etag.ts'
import { Id, Line, Nullable, OneOf, Shape, Stamps, Timestamp } from '#platform/http/shapes.ts'
import { tellUserUpdated } from '../events.ts'
import { PlantScope, plantScopeOf } from '../plant-scope.ts'
import { identityRefusals } from '../refusals.ts'
import { Username } from '../sign-in/schemas.ts'
import { ownAccount } from './own-account.ts'

type Own = Work<Owned<'control.accounts' | 'control.credentials' | 'control.tenants' | 'control.users'>>

const Preferences = Type.Record(Type.String({ pattern: '^[a-z][a-z0-9_]{0,49}$' }), Type.Unknown(), {
  maxProperties: 50,
  description: 'What programs keep for a person: theme, quiet hours, columns',
})

export const Me = Type.Object(
  {
    id: Id,
    account_id: Id,
    email: Type.String(),
    username: Nullable(Type.String()),
    name: Type.String(),
    surname: Type.String(),
    role: Type.String(),
    status: Type.String(),
    permissions: Type.Array(Type.String()),
    plant_scope: PlantScope,
    language: OneOf(['it', 'en']),
    preferences: Preferences,
    mfa_enabled: Type.Boolean(),
    is_superuser: Type.Boolean({ description: 'May administer the whole installation' }),
    last_login: Nullable(Timestamp),
    tenant: Type.Object({
      ...{ id: Id, slug: Type.String(), name: Type.String(), status: Type.String(), tier: Type.String() },
      ...{ plan_expiry: Nullable(Type.String()), configuration: Type.Unknown() },
    }),
    ...Stamps,
  },
  { title: 'Me' },
)
export type Me = Static<typeof Me>

/** Who is signed in, what they may do as it is now, and in which company. */
export async function getMe(work: Own): Promise<Me> {
  const { userId } = await ownAccount(work)
  const row = await work.db
    .selectFrom('control.users as u')
    .innerJoin('control.accounts as a', 'a.id', 'u.account_id')
    .innerJoin('control.credentials as c', 'c.account_id', 'u.account_id')
    .innerJoin('control.tenants as t', 't.id', 'u.tenant_id')
    .select([
      'u.id',
      'u.account_id',
      'a.email',
      'a.username',
      'u.name',
      'u.surname',
      'u.role',
      'u.status',
      'u.plant_ids',
    ])
    .select([
      'u.preferences',
      'u.last_login',
      'u.revision',
      'u.created_at',
      'u.updated_at',
      'u.created_by',
      'u.updated_by',
    ])
    .select(['a.language', 'a.is_superuser', 'c.totp_secret'])
    .select(['t.id as tenant_id', 't.slug', 't.name as tenant_name', 't.status as tenant_status'])
    .select(['t.tier', 't.plan_expiry', 't.configuration'])
    .select(sql<string[]>`control.permissions_of(u.tenant_id, u.role)`.as('permissions'))
    .where('u.tenant_id', '=', work.tenantId)
    .where('u.id', '=', userId)
    .executeTakeFirstOrThrow()
  const { tenant_id, slug, tenant_name, tenant_status, tier, plan_expiry, configuration, ...user } = row
  const { plant_ids, totp_secret, language, preferences, ...shown } = user
  return {
    ...shown,
    language: language === 'en' ? 'en' : 'it',
    preferences: preferences as Record<string, unknown>,
    mfa_enabled: totp_secret !== null,
    plant_scope: plantScopeOf(plant_ids),
    tenant: { id: tenant_id, slug, name: tenant_name, status: tenant_status, tier, plan_expiry, configuration },
  }
}

export const MeChange = Shape({
  name: Type.Optional(Line(100)),
  surname: Type.Optional(Line(100)),
  username: Type.Optional(Nullable(Username)),
  language: Type.Optional(OneOf(['it', 'en'])),
  preferences: Type.Optional({
    ...Preferences,
    description: 'Merged with what is kept; null removes a key',
  } as typeof Preferences),
})
export type MeChange = Static<typeof MeChange>

const MOST_PREFERENCES = 8_192

function merged(kept: Record<string, unknown>, change: Record<string, unknown>): Record<string, unknown> {
  const result = Object.fromEntries(Object.entries({ ...kept, ...change }).filter(([, value]) => value !== null))
  if (JSON.stringify(result).length > MOST_PREFERENCES || Object.keys(result).length > 50) {
    const message = `are more than ${MOST_PREFERENCES} characters or 50 keys`
    throw identityRefusals.refuse('auth.invalid', { details: [{ field: 'preferences', message }] })
  }
  return result
}

/**
 * Changes one's own names, language or preferences. User name and language are the account's, and so the same in all
 * companies; null takes the user name away.
 */
export async function changeMe(work: Own, change: MeChange, expected: readonly number[] | null): Promise<Me> {
  const { db, tenantId } = work
  const { accountId, userId } = await ownAccount(work)
  const own = db.selectFrom('control.users').where('tenant_id', '=', tenantId).where('id', '=', userId)
  const kept = await own.select(['name', 'surname', 'preferences', 'revision']).forUpdate().executeTakeFirstOrThrow()
  checkRevision(kept, expected)
  const { language, username, preferences, ...names } = change
  const next = preferences && merged(kept.preferences as Record<string, unknown>, preferences)
  await db
    .updateTable('control.users')
    .set((eb) => ({
      ...names,
      ...(next && { preferences: JSON.stringify(next) }),
      ...{ revision: eb('revision', '+', 1), updated_at: work.now.toISOString(), updated_by: userId },
    }))
    .where('tenant_id', '=', tenantId)
    .where('id', '=', userId)
    .execute()
  const account = {
    ...(language !== undefined && { language }),
    ...(username !== undefined && { username: username?.toLowerCase() ?? null }),
  }
  if (Object.keys(account).length > 0) await changeAccount(work, accountId, account)
  const before = Object.fromEntries(Object.keys(names).map((key) => [key, kept[key as 'name' | 'surname']]))
  const entry = { action: 'users.changed_self', resource: 'user', resource_id: userId, before }
  // User name, language and preferences are the person's own affair.
  const event = Object.keys(names).length > 0 ? tellUserUpdated(userId, names) : undefined
  work.record({ ...entry, after: { ...names, ...account } }, event)
  return getMe(work)
}

type AccountChange = { language?: string; username?: string | null }

async function changeAccount({ db }: Own, accountId: string, account: AccountChange): Promise<void> {
  try {
    await db.updateTable('control.accounts').set(account).where('id', '=', accountId).execute()
  } catch (error) {
    if (violated(error) === 'accounts_username_key') throw identityRefusals.refuse('auth.username_taken')
    throw error
  }
}
