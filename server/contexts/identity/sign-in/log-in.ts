import { sql } from 'kysely'
import type { Owned } from '#tables'
import type { EdgeWork, Work } from '#platform/database/work.ts'
import { checkPassword, hashNewPassword } from '../passwords/check-password.ts'
import { identityRefusals } from '../refusals.ts'
import { startSession, type StartedSession } from '../sessions/start-session.ts'
import { countGuess, takeBackGuess } from './count-guess.ts'
import { knownDevice } from './known-devices.ts'
import { chosenMembership, membershipsOf, type Membership } from './memberships.ts'
import { noteFailedSignIn } from './note-sign-in.ts'
import type { SignInAnswer } from './schemas.ts'
import type { SignInDeps } from './sign-in-deps.ts'
import { findTicketAccount, issueTicket, lockTicket, useTicket } from './tickets.ts'
import { finishSignIn } from './tokens-for.ts'
import { accountScope, NOBODY, type Visit } from './visit.ts'

const { refuse } = identityRefusals

/** What a sign-in works on, in the account's own scope. */
export type SigningIn = Work<
  Owned<
    | 'control.accounts'
    | 'control.credentials'
    | 'control.guesses'
    | 'control.known_devices'
    | 'control.sessions'
    | 'control.tenants'
    | 'control.tickets'
    | 'control.users'
  >
>

/** The answer, and the token of a device that is to be remembered. */
export type SignedIn = { answer: SignInAnswer; device_token: string | null }

type Step = { kind: 'started'; session: StartedSession } | { kind: 'asked'; answer: SignInAnswer }

async function findAccount({ installation }: SignInDeps, login: string): Promise<string | null> {
  const rows = await installation.database.lookup(
    sql<{ id: string | null }>`select control.find_account(${login}) as id`,
  )
  return rows[0]?.id ?? null
}

async function beginAttempt(work: SigningIn, visit: Visit, accountId: string, login: string) {
  const device = await knownDevice(work, accountId, visit)
  // An unknown name is slowed like a known one, under the name itself.
  const account = accountId === NOBODY ? `name:${login.toLowerCase()}` : accountId
  const counted = await countGuess(work, { account, address: visit.ip, device })
  const row = await work.db
    .selectFrom('control.credentials')
    .select('password_hash')
    .where('account_id', '=', accountId)
    .executeTakeFirst()
  return { counted, passwordHash: row?.password_hash ?? null }
}

type Proven = { visit: Visit; accountId: string; tenant: string | null; config: SignInDeps['config'] }

/** What comes once the password is proven: choose a tenant, give the second factor, or begin a session. */
async function proceed(work: SigningIn, { visit, accountId, tenant, config }: Proven): Promise<Step> {
  const memberships = await membershipsOf(work, accountId)
  const chosen = chosenMembership(memberships, tenant, config.DEFAULT_TENANT_ID)
  if (chosen === 'none') throw refuse('auth.no_membership')
  if (chosen === 'choose') {
    const token = await issueTicket(work, 'choose_tenant', { account_id: accountId })
    const tenants = memberships.map(({ slug, tenant_name }) => ({ slug, name: tenant_name }))
    return { kind: 'asked', answer: { tenant_required: true, tenants, login_token: token } }
  }
  if (await hasSecondFactor(work, accountId)) {
    const { tenant_id, user_id } = chosen
    const token = await issueTicket(work, 'second_factor', { account_id: accountId, tenant_id, user_id })
    return { kind: 'asked', answer: { mfa_required: true, mfa_token: token } }
  }
  return { kind: 'started', session: await begin(work, { visit, accountId, config }, chosen) }
}

export const begin = (work: SigningIn, { visit, accountId, config }: Omit<Proven, 'tenant'>, membership: Membership) =>
  startSession(work, { visit, accountId, membership, refreshDays: config.REFRESH_TOKEN_DAYS })

async function hasSecondFactor({ db }: SigningIn, accountId: string): Promise<boolean> {
  const query = db.selectFrom('control.credentials').select('totp_secret').where('account_id', '=', accountId)
  return (await query.executeTakeFirst())?.totp_secret != null
}

async function finish(deps: SignInDeps, visit: Visit, step: Step, how: string): Promise<SignedIn> {
  if (step.kind === 'asked') return { answer: step.answer, device_token: null }
  const answer = await finishSignIn(deps, visit, step.session, how)
  return { answer, device_token: step.session.device_token }
}

type Attempt = { login: string; password: string; tenant: string | null }

/**
 * Signs in by name and password. An unknown name costs what a known one costs: the same statements, one hash. Hashing
 * runs between two transactions; the second checks that the password is still the one that was compared.
 */
export async function logIn(deps: SignInDeps, visit: Visit, { login, password, tenant }: Attempt): Promise<SignedIn> {
  const { database } = deps.installation
  const accountId = (await findAccount(deps, login)) ?? NOBODY
  const scope = accountScope(visit, accountId)
  const { counted, passwordHash } = await database.write(scope, (work) => beginAttempt(work, visit, accountId, login))
  const giveBack = (right: boolean) => database.write(scope, (work: EdgeWork) => takeBackGuess(work, counted, right))
  const verdict = await checkPassword(passwordHash, password).catch(async (error: unknown) => {
    await giveBack(false)
    throw error
  })
  if (!verdict.ok) {
    if (accountId !== NOBODY) noteFailedSignIn(deps, visit, accountId, 'password')
    throw refuse('auth.wrong_credentials')
  }
  // Also where no tenant lets the account in: the password was right.
  await giveBack(true)
  const better = verdict.rehash ? await hashNewPassword(password) : null
  const step = await database.write(scope, async (work: SigningIn) => {
    await confirmPassword(work, accountId, passwordHash, better)
    return proceed(work, { visit, accountId, tenant, config: deps.config })
  })
  return finish(deps, visit, step, 'password')
}

/** Locks the credentials and sees that nobody changed the password since it was compared. */
async function confirmPassword({ db }: SigningIn, accountId: string, compared: string | null, better: string | null) {
  const row = await db
    .selectFrom('control.credentials')
    .select('password_hash')
    .where('account_id', '=', accountId)
    .forUpdate()
    .executeTakeFirst()
  if (row?.password_hash !== compared) throw refuse('auth.wrong_credentials')
  if (better === null) return
  await db
    .updateTable('control.credentials')
    .set({ password_hash: better })
    .where('account_id', '=', accountId)
    .execute()
}

/** Goes on with a sign-in whose password was right, in the tenant that was chosen. */
export async function chooseTenant(deps: SignInDeps, visit: Visit, token: string, tenant: string): Promise<SignedIn> {
  const accountId = await findTicketAccount(deps.installation.database, token)
  const step = await deps.installation.database.write(accountScope(visit, accountId), async (work: SigningIn) => {
    const ticket = await lockTicket(work, token, 'choose_tenant')
    if (ticket === null) throw refuse('auth.login_token_invalid')
    await useTicket(work, ticket.hash)
    return proceed(work, { visit, accountId, tenant, config: deps.config })
  })
  return finish(deps, visit, step, 'password')
}
