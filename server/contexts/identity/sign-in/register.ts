import { randomInt } from 'node:crypto'
import { Type, type Static } from 'typebox'
import { sql } from 'kysely'
import { newId } from '#platform/new-id.ts'
import type { AllTables } from '#tables'
import type { Custody } from '#platform/database/custody.ts'
import { violated } from '#platform/database/database-refusals.ts'
import { Email, Id, Line, OneOf, Shape, Timestamp } from '#platform/http/shapes.ts'
import { Refusal } from '#platform/refusal.ts'
import { createTenant, type TenantPlace } from '#platform/tenancy/create-tenant.ts'
import { tellTenantCreated } from '../events.ts'
import { hashNewPassword, requireGoodPassword } from '../passwords/check-password.ts'
import { identityRefusals } from '../refusals.ts'
import { noteInTenant } from './note-sign-in.ts'
import { NewPassword, Username } from './schemas.ts'
import type { SignInDeps } from './sign-in-deps.ts'
import { slugOf } from './slug.ts'
import type { Visit } from './visit.ts'

const { refuse } = identityRefusals

export const Registration = Shape({
  email: { ...Email, examples: ['maria.rossi@example.com'] } as typeof Email,
  password: NewPassword,
  name: Line(100, { examples: ['Maria'] }),
  surname: Line(100, { examples: ['Rossi'] }),
  tenant_name: Line(200, { examples: ['Solare Lombardia S.r.l.'] }),
  username: Type.Optional(Username),
  language: Type.Optional(OneOf(['it', 'en'])),
})
export type Registration = Static<typeof Registration>

export const Registered = Type.Object(
  {
    ...{ id: Id, email: Type.String(), name: Type.String(), surname: Type.String(), role: Type.String() },
    ...{ tenant_id: Id, tenant_slug: Type.String(), status: Type.String(), created_at: Timestamp },
  },
  { title: 'Registered' },
)
export type Registered = Static<typeof Registered>

const TRIES = 5

/**
 * Makes a tenant and its first Admin. An email that has an account is refused with `auth.email_taken`: it tells a stranger
 * that the account exists, which no answer can hide that must also say why nothing was made; the limits on trying are the
 * guard. Whoever has an account and wants another company gets it from the platform's administrator.
 */
export async function register(deps: SignInDeps, visit: Visit, wanted: Registration): Promise<Registered> {
  if (deps.config.REGISTRATION === 'off') throw refuse('auth.registration_closed')
  requireGoodPassword(wanted.password, wanted)
  for (const [login, code] of [
    [wanted.email, 'auth.email_taken'],
    [wanted.username, 'auth.username_taken'],
  ] as const) {
    if (login !== undefined && (await isTaken(deps, login))) throw refuse(code)
  }
  const password_hash = await hashNewPassword(wanted.password)
  const accountId = newId()
  const made = await makeTenant(deps, wanted, { accountId, password_hash })
  const place = { tenantId: made.tenant_id, accountId }
  const after = { name: wanted.tenant_name, slug: made.tenant_slug }
  const entry = { action: 'tenants.registered', resource: 'tenant', resource_id: made.tenant_id, after }
  await noteInTenant(deps.installation.database, visit, place, entry, tellTenantCreated(made.tenant_id))
  return made
}

async function isTaken({ installation }: SignInDeps, login: string): Promise<boolean> {
  const rows = await installation.database.lookup(
    sql<{ id: string | null }>`select control.find_account(${login}) as id`,
  )
  return rows[0]?.id != null
}

type Account = { accountId: string; password_hash: string }

/** A taken short name gets a number; the tenant's id stays, so that a schema made for the first try is used. */
async function makeTenant(deps: SignInDeps, wanted: Registration, account: Account): Promise<Registered> {
  const id = newId()
  const base = slugOf(wanted.tenant_name)
  for (let attempt = 1; ; attempt++) {
    const slug = attempt === 1 ? base : `${base}-${randomInt(1000, 10_000_000)}`
    const tenant = { id, slug, name: wanted.tenant_name, isolation: deps.config.TENANT_ISOLATION_MODE }
    try {
      return await createTenant(deps.installation.custody, tenant, (custody, place) =>
        makeAdmin(custody, place, { ...wanted, ...account, slug }),
      )
    } catch (error) {
      const slugTaken = error instanceof Refusal && error.code === 'tenants.slug_taken'
      if (!slugTaken || attempt === TRIES) throw takenOr(error)
    }
  }
}

/** Somebody registered with the same email or user name between the look-up and now. */
function takenOr(error: unknown): unknown {
  const constraint = violated(error)
  if (constraint === 'accounts_email_key') return refuse('auth.email_taken')
  return constraint === 'accounts_username_key' ? refuse('auth.username_taken') : error
}

async function makeAdmin(
  { db, now }: Custody<AllTables>,
  { id: tenant_id }: TenantPlace,
  { accountId, password_hash, slug, ...wanted }: Registration & Account & { slug: string },
): Promise<Registered> {
  const email = wanted.email.toLowerCase()
  const at = now.toISOString()
  const username = wanted.username?.toLowerCase() ?? null
  await db
    .insertInto('control.accounts')
    .values({ id: accountId, email, username, language: wanted.language ?? 'it' })
    .execute()
  await db
    .insertInto('control.credentials')
    .values({ account_id: accountId, password_hash, password_changed_at: at })
    .execute()
  const shown = {
    id: newId(),
    tenant_id,
    name: wanted.name,
    surname: wanted.surname,
    role: 'Admin',
    status: 'Active',
    created_at: at,
  }
  await db
    .insertInto('control.users')
    .values({ ...shown, account_id: accountId, updated_at: at })
    .execute()
  return { ...shown, email, tenant_slug: slug }
}
