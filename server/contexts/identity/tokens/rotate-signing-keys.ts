import type { Owned } from '#tables'
import type { Custody } from '#platform/database/custody.ts'
import type { KeyRing } from '#platform/secrets/field-encryption.ts'
import { PUBLICATION_DELAY_S } from './signing-keys.ts'
import { addSigningKey } from './token-keys.ts'

/**
 * Adds a key that signs once everyone has had time to read it; the ones there are sign until then, and go on verifying
 * for as long as a token signed with them can be alive. Resolves with the number of keys that leave.
 */
export async function rotateSigningKeys(
  custody: Custody<Owned<'control.signing_keys'>>,
  ring: KeyRing,
): Promise<number> {
  const retired_at = new Date(custody.now.getTime() + PUBLICATION_DELAY_S * 1000).toISOString()
  const { numUpdatedRows } = await custody.db
    .updateTable('control.signing_keys')
    .set({ retired_at })
    .where('retired_at', 'is', null)
    .executeTakeFirstOrThrow()
  await addSigningKey(custody, ring)
  return Number(numUpdatedRows)
}
