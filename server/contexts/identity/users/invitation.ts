import type { Owned } from '#tables'
import type { Work } from '#platform/database/work.ts'
import type { Post } from '../administration.ts'
import { identityRefusals } from '../refusals.ts'
import { letterToken, renewTicket } from '../sign-in/tickets.ts'

const HOUR_MS = 3_600_000
const LETTERS_AN_HOUR = 5

type Inviting = Pick<Work<Owned<'control.tickets'>>, 'db' | 'now'>

export type Invited = { tenantId: string; userId: string; accountId: string }

/**
 * Withdraws any earlier invitation, orders the letter, and writes the ticket of its link: it counts from now on, and whoever withdraws
 * it takes the letter back too, where that has not gone out. `order` enqueues the letter and gives the id of its job.
 */
export async function writeInvitation(
  work: Inviting,
  { installation }: Post,
  invited: Invited,
  order: () => Promise<string | null>,
): Promise<void> {
  await withdrawInvitations(work, invited)
  await refuseTooMany(work, invited)
  const jobId = await order()
  // An order without a key is always taken.
  if (jobId === null) throw new Error('The letter was not ordered')
  const holder = { account_id: invited.accountId, tenant_id: invited.tenantId, user_id: invited.userId }
  await renewTicket(work, 'invitation', letterToken(installation.masters, jobId), holder)
}

// Whoever opens a company of their own could otherwise fill a stranger's letter box.
async function refuseTooMany({ db, now }: Inviting, { tenantId, accountId }: Invited): Promise<void> {
  const { count } = await db
    .selectFrom('control.tickets')
    .select(({ fn }) => fn.countAll<number>().as('count'))
    .where('tenant_id', '=', tenantId)
    .where('account_id', '=', accountId)
    .where('purpose', '=', 'invitation')
    .where('created_at', '>', new Date(now.getTime() - HOUR_MS).toISOString())
    .executeTakeFirstOrThrow()
  if (count >= LETTERS_AN_HOUR)
    throw identityRefusals.refuse('users.invited_too_often', { retryAfterS: HOUR_MS / 1000 })
}

/** Makes every invitation of a user that was not used worthless. */
export async function withdrawInvitations(
  { db, now }: Inviting,
  { tenantId, userId }: { tenantId: string; userId: string },
): Promise<void> {
  await db
    .updateTable('control.tickets')
    .set({ used_at: now.toISOString() })
    .where('tenant_id', '=', tenantId)
    .where('user_id', '=', userId)
    .where('purpose', '=', 'invitation')
    .where('used_at', 'is', null)
    .execute()
}
