import { sql } from 'kysely'
import type { AllTables } from '#tables'
import type { Custody } from '#platform/database/custody.ts'
import type { Database } from '#platform/database/work.ts'
import { identityRefusals } from '../refusals.ts'
import { noteInEachTenant } from '../sign-in/note-sign-in.ts'

type Place = {
  database: Database
  custody: { run: <T>(use: (custody: Custody<AllTables>) => Promise<T>) => Promise<T> }
}

/**
 * Lets an account administer the whole installation, or no more; it acts with its next request. Only who runs the service
 * may: there is no route for it. Every company that lets the account in finds it in its trail. Refused with
 * `users.not_found` where there is no such account.
 */
export async function changeSuperuser(
  { database, custody }: Place,
  { login, is_superuser }: { login: string; is_superuser: boolean },
  requestId: string,
): Promise<{ email: string; is_superuser: boolean }> {
  const [found] = await database.lookup(sql<{ id: string | null }>`select control.find_account(${login}) as id`)
  const accountId = found?.id
  if (!accountId) throw identityRefusals.refuse('users.not_found')
  const { email } = await custody.run(({ db, now }) =>
    db
      .updateTable('control.accounts')
      .set({ is_superuser, updated_at: now.toISOString() })
      .where('id', '=', accountId)
      .returning('email')
      .executeTakeFirstOrThrow(),
  )
  const visit = { requestId, ip: 'local', userAgent: null, device: null }
  const entry = { action: 'accounts.superuser_changed', resource: 'account', resource_id: accountId }
  await noteInEachTenant(database, visit, accountId, { ...entry, after: { is_superuser } })
  return { email, is_superuser }
}
