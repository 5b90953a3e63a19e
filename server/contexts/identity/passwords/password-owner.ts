import type { Owned } from '#tables'
import type { Work } from '#platform/database/work.ts'
import type { PasswordOwner } from './password-problem.ts'

type Reading = Work<Owned<'control.accounts' | 'control.credentials' | 'control.users'>>

/** What would be guessed first about a person, and the hash of the password as it is. */
export async function passwordOwner(
  work: Reading,
  accountId: string,
): Promise<{ owner: PasswordOwner; hash: string | null; email: string } | null> {
  const found = await work.db
    .selectFrom('control.accounts as a')
    .innerJoin('control.credentials as c', 'c.account_id', 'a.id')
    .leftJoin('control.users as u', (join) => join.onRef('u.account_id', '=', 'a.id').on('u.deleted_at', 'is', null))
    .select(['a.email', 'a.username', 'c.password_hash', 'u.name', 'u.surname'])
    .where('a.id', '=', accountId)
    .where('a.erased_at', 'is', null)
    .limit(1)
    .executeTakeFirst()
  if (!found) return null
  const { email, username, name, surname, password_hash } = found
  const owner = { email, username: username ?? undefined, name: name ?? undefined, surname: surname ?? undefined }
  return { owner, hash: password_hash, email }
}
