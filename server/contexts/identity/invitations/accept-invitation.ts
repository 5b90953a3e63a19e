import { Type, type Static } from 'typebox'
import type { Owned } from '#tables'
import type { Work } from '#platform/database/work.ts'
import { tellUserAccepted } from '../events.ts'
import { checkPassword, hashNewPassword, requireGoodPassword } from '../passwords/check-password.ts'
import { passwordOwner } from '../passwords/password-owner.ts'
import { identityRefusals } from '../refusals.ts'
import { countGuess, takeBackGuess } from '../sign-in/count-guess.ts'
import { noteFailedSignIn, noteInTenant } from '../sign-in/note-sign-in.ts'
import type { SignInDeps } from '../sign-in/sign-in-deps.ts'
import { findTicketAccount, lockTicket, useTicket, type Ticket } from '../sign-in/tickets.ts'
import { accountScope, type Visit } from '../sign-in/visit.ts'

const { refuse } = identityRefusals
type Accepting = Work<
  Owned<
    | 'control.accounts'
    | 'control.credentials'
    | 'control.guesses'
    | 'control.tenants'
    | 'control.tickets'
    | 'control.users'
  >
>

export const Accepted = Type.Object(
  { email: Type.String(), tenant: Type.Object({ slug: Type.String(), name: Type.String() }) },
  { title: 'AcceptedInvitation', description: 'With which name, and where, to sign in now' },
)
export type Accepted = Static<typeof Accepted>
export type Acceptance = { token: string; password: string; name?: string | undefined; surname?: string | undefined }

/**
 * Accepts an invitation. A new person chooses a password; whoever has an account already gives its password, since the
 * letter alone must not open it. It does not sign in: a second factor would be passed by.
 */
export async function acceptInvitation(deps: SignInDeps, visit: Visit, given: Acceptance): Promise<Accepted> {
  const { database } = deps.installation
  const accountId = await findTicketAccount(database, given.token)
  const scope = accountScope(visit, accountId)
  const begun = await database.write(scope, async (work: Accepting) => {
    await lockedTicket(work, given.token)
    const person = await passwordOwner(work, accountId)
    if (person === null) throw refuse('auth.link_invalid')
    if (person.hash !== null) {
      return { ...person, counted: await countGuess(work, { account: accountId, address: visit.ip, device: null }) }
    }
    requireGoodPassword(given.password, { ...person.owner, ...names(given) })
    return { ...person, counted: null }
  })
  let hash: string | null = null
  const { counted } = begun
  if (counted === null) hash = await hashNewPassword(given.password)
  else {
    const giveBack = (right: boolean) => database.write(scope, (work) => takeBackGuess(work, counted, right))
    const { ok } = await checkPassword(begun.hash, given.password).catch(async (error: unknown) => {
      await giveBack(false)
      throw error
    })
    if (!ok) {
      noteFailedSignIn(deps, visit, accountId, 'password')
      throw refuse('auth.wrong_credentials')
    }
    await giveBack(true)
  }
  const { tenant_id, user_id, ...accepted } = await database.write(scope, (work) =>
    activate(work, { accountId, given, compared: begun.hash, hash }),
  )
  const entry = {
    action: 'users.accepted',
    resource: 'user',
    resource_id: user_id,
    before: { status: 'Invited' },
    after: { status: 'Active' },
  }
  await noteInTenant(database, visit, { tenantId: tenant_id, accountId }, entry, tellUserAccepted(user_id))
  return accepted
}

const names = ({ name, surname }: Acceptance) => ({ ...(name && { name }), ...(surname && { surname }) })

async function lockedTicket(work: Accepting, token: string): Promise<Ticket & { tenant_id: string; user_id: string }> {
  const ticket = await lockTicket(work, token, 'invitation')
  if (ticket?.tenant_id == null || ticket.user_id === null) throw refuse('auth.link_invalid')
  return { ...ticket, tenant_id: ticket.tenant_id, user_id: ticket.user_id }
}

type Activating = { accountId: string; given: Acceptance; compared: string | null; hash: string | null }

async function activate(work: Accepting, { accountId, given, compared, hash }: Activating) {
  const { db } = work
  const ticket = await lockedTicket(work, given.token)
  await useTicket(work, ticket.hash)
  const credentials = db
    .selectFrom('control.credentials')
    .select('password_hash')
    .where('account_id', '=', accountId)
    .forUpdate()
  if ((await credentials.executeTakeFirst())?.password_hash !== compared) throw refuse('auth.link_invalid')
  if (hash !== null) {
    await db
      .updateTable('control.credentials')
      .set({ password_hash: hash, password_changed_at: work.now.toISOString() })
      .where('account_id', '=', accountId)
      .execute()
  }
  const user = await db
    .updateTable('control.users')
    .set((eb) => ({
      ...names(given),
      ...{
        status: 'Active',
        revision: eb('revision', '+', 1),
        updated_at: work.now.toISOString(),
        updated_by: ticket.user_id,
      },
    }))
    .where('tenant_id', '=', ticket.tenant_id)
    .where('id', '=', ticket.user_id)
    .where('account_id', '=', accountId)
    .where('status', '=', 'Invited')
    .where('deleted_at', 'is', null)
    .returning('id')
    .executeTakeFirst()
  // Withdrawn, or accepted by another letter meanwhile.
  if (user === undefined) throw refuse('auth.link_invalid')
  const { slug, name } = await db
    .selectFrom('control.tenants')
    .select(['slug', 'name'])
    .where('id', '=', ticket.tenant_id)
    .executeTakeFirstOrThrow()
  const { email } = await db
    .selectFrom('control.accounts')
    .select('email')
    .where('id', '=', accountId)
    .executeTakeFirstOrThrow()
  return { tenant_id: ticket.tenant_id, user_id: ticket.user_id, email, tenant: { slug, name } }
}
