import type { Config } from '#config'
import type { Owned } from '#tables'
import { systemScope } from '#platform/database/system-scope.ts'
import type { Database, Work } from '#platform/database/work.ts'
import type { RunningJob } from '#platform/jobs/job-kind.ts'
import { issueResetTicket } from '../passwords/reset-password.ts'
import { letterToken, renewTicket } from '../sign-in/tickets.ts'
import { accountScope } from '../sign-in/visit.ts'
import { DEFAULT_TIME_ZONE, type Configuration } from '../tenants/configuration.ts'
import { inviterOf } from '../users/inviter.ts'
import type { LetterOrder } from './letter-order.ts'
import { languageOf, letter, type Language, type Reader } from './letters.ts'
import type { Letter } from './letter-form.ts'
import { pageLink, tokenLink } from './links.ts'

/** What writing letters needs of the installation. */
export type LetterDeps = {
  readonly config: Pick<Config, 'PUBLIC_URL' | 'PORT' | 'APP_NAME'>
  readonly installation: { readonly database: Database; readonly masters: readonly { secret: Buffer }[] }
}
type Running = Pick<RunningJob, 'id' | 'tenantId' | 'enqueuedBy'>
type Order<Kind extends LetterOrder['letter']> = Extract<LetterOrder, { letter: Kind }>
type ToAccount = Exclude<LetterOrder, { letter: 'invitation' }>
type Tables = Owned<'control.accounts' | 'control.users' | 'control.tenants' | 'control.tickets'>
type Recipient = { to: string; language: Language; reader: Reader }

/** A letter with its address. */
export type Written = Letter & { to: string }

/** Writes the letter that was ordered; null where there is nobody (any more) to whom it would be of use. */
export const writeLetter = (deps: LetterDeps, order: LetterOrder, running: Running): Promise<Written | null> =>
  order.letter === 'invitation' ? writeInvitation(deps, order, running) : writeToAccount(deps, order, running)

async function writeInvitation(
  { config, installation }: LetterDeps,
  { user_id: userId }: Order<'invitation'>,
  { id, tenantId, enqueuedBy }: Running,
): Promise<Written | null> {
  if (tenantId === null) throw new Error('An invitation is a company’s')
  const token = letterToken(installation.masters, id)
  return installation.database.write(systemScope(tenantId, `invitation ${id}`), async (work: Work<Tables>) => {
    const user = await invitedUser(work, userId)
    if (user === undefined) return null
    const expiresAt = await renewTicket(work, 'invitation', token, {
      ...{ account_id: user.account_id, tenant_id: tenantId, user_id: userId },
    })
    if (expiresAt === null) return null
    const tenant = await work.db
      .selectFrom('control.tenants')
      .select(['name', 'configuration'])
      .where('id', '=', tenantId)
      .executeTakeFirstOrThrow()
    const configuration = tenant.configuration as Configuration
    const reader = { name: user.name, brand: brandOf(configuration, tenant.name), timeZone: zoneOf(configuration) }
    const inviter = await inviterOf(work, enqueuedBy, tenant.name)
    const url = tokenLink(config, 'invitation', token)
    const data = { ...reader, inviter, tenantName: tenant.name, url, expiresAt }
    return { to: user.email, ...letter('invitation', languageOf(configuration.locale ?? 'it-IT'), data) }
  })
}

/** Somebody who has not accepted yet; also one who is suspended for a while. */
const invitedUser = ({ db, tenantId }: Work<Tables>, userId: string) =>
  db
    .selectFrom('control.users as u')
    .innerJoin('control.accounts as a', 'a.id', 'u.account_id')
    .select(['u.account_id', 'u.name', 'a.email'])
    .where('u.tenant_id', '=', tenantId)
    .where('u.id', '=', userId)
    .where('u.status', '!=', 'Active')
    .where('u.deleted_at', 'is', null)
    .where('a.erased_at', 'is', null)
    .executeTakeFirst()

function writeToAccount(deps: LetterDeps, order: ToAccount, { id }: Running): Promise<Written | null> {
  const { config, installation } = deps
  const scope = accountScope({ requestId: `${order.letter} ${id}`, ip: null }, order.account_id)
  return installation.database.write(scope, async (work: Work<Tables>) => {
    const recipient = await recipientOf(work, order.account_id, config.APP_NAME)
    if (recipient === null) return null
    const { to, language, reader } = recipient
    if (order.letter === 'password_reset') {
      const token = letterToken(installation.masters, id)
      const expiresAt = await issueResetTicket(work, order.account_id, token)
      if (expiresAt === null) return null
      const url = tokenLink(config, 'reset-password', token)
      return { to, ...letter('password_reset', language, { ...reader, url, expiresAt }) }
    }
    return { to, ...notice(config, order, language, reader) }
  })
}

/** What somebody is told who did it, or did not. */
function notice(
  config: LetterDeps['config'],
  order: Exclude<ToAccount, Order<'password_reset'>>,
  language: Language,
  reader: Reader,
): Letter {
  const at = new Date(order.at)
  if (order.letter === 'webhook_disabled') {
    const { host, reason } = order
    return letter('webhook_disabled', language, {
      ...reader,
      at,
      host,
      reason,
      url: pageLink(config, 'settings/webhooks'),
    })
  }
  const seen = { ...reader, at, address: order.address }
  if (order.letter === 'password_changed') return letter('password_changed', language, { ...seen, how: order.how })
  if (order.letter === 'second_factor_changed')
    return letter('second_factor_changed', language, { ...seen, change: order.change })
  const url = pageLink(config, 'settings/sessions')
  return letter('new_device', language, { ...seen, device: order.device, url })
}

// The settings are checked when they are written.
const zoneOf = (configuration: Configuration | null): string => configuration?.time_zone ?? DEFAULT_TIME_ZONE
const brandOf = (configuration: Configuration | null, tenantName: string): string =>
  configuration?.brand?.name ?? tenantName

/** Whose account it is, in their language, by their clock, in the name of their company where they have one only. */
async function recipientOf({ db }: Work<Tables>, accountId: string, product: string): Promise<Recipient | null> {
  const rows = await db
    .selectFrom('control.accounts as a')
    // Not by the name of an invitation: whoever invites a stranger chose it, and would speak in this letter.
    .leftJoin('control.users as u', (join) =>
      join.onRef('u.account_id', '=', 'a.id').on('u.deleted_at', 'is', null).on('u.status', '=', 'Active'),
    )
    .leftJoin('control.tenants as t', 't.id', 'u.tenant_id')
    .select(['a.email', 'a.language', 'u.name', 't.name as tenant_name', 't.configuration'])
    .where('a.id', '=', accountId)
    .where('a.erased_at', 'is', null)
    .orderBy('u.created_at')
    .limit(2)
    .execute()
  const [first] = rows
  if (first === undefined) return null
  const { email, language, name, tenant_name } = first
  const configuration = first.configuration as Configuration | null
  const brand = rows.length === 1 && tenant_name !== null ? brandOf(configuration, tenant_name) : product
  return {
    to: email,
    language: languageOf(language),
    reader: { name: name ?? email, brand, timeZone: zoneOf(configuration) },
  }
}
