import { sql } from 'kysely'
import type { Owned } from '#tables'
import type { Custody } from '#platform/database/custody.ts'
import { defaultRoles, permissionsOf } from './roles.ts'

/** The matrix of the code becomes the rows that open_scope reads; written at each start, unchanged rows are left alone. */
export async function writeDefaultRoles({ db }: Custody<Owned<'control.default_roles'>>): Promise<void> {
  const rows = defaultRoles.map((name) => ({ name, permissions: [...permissionsOf(name)] }))
  await db
    .insertInto('control.default_roles')
    .values(rows)
    .onConflict((conflict) =>
      conflict
        .column('name')
        .doUpdateSet({ permissions: sql`excluded.permissions` })
        .where(sql<boolean>`default_roles.permissions is distinct from excluded.permissions`),
    )
    .execute()
}
