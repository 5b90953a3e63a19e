import type { AllTables } from '#tables'
import type { Custody, CustodyDoor } from '#platform/database/custody.ts'
import { decryptField, encryptField, type KeyRing } from '#platform/secrets/field-encryption.ts'
import type { TokenIssuer } from './access-token.ts'
import {
  ACCESS_TOKEN_S,
  generateSigningKey,
  keySet,
  signingKeyContext,
  type PublicJwk,
  type SigningKey,
} from './signing-keys.ts'

/** The issuer of this process: its keys are read again every minute, so that a rotation reaches every process. */
export type Issuing = { current: () => TokenIssuer; refresh: () => Promise<void>; stop: () => void }

const REFRESH_MS = 60_000

async function readKeys(custody: Custody<AllTables>, ring: KeyRing): Promise<SigningKey[]> {
  const rows = await custody.db.selectFrom('control.signing_keys').selectAll().execute()
  return rows.map((row) => ({
    kid: row.kid,
    private_pem: decryptField(ring, row.private_pem, signingKeyContext(row.kid)),
    public_jwk: row.public_jwk as PublicJwk,
    created_at: new Date(row.created_at),
    retired_at: row.retired_at === null ? null : new Date(row.retired_at),
  }))
}

/** Adds a key that signs from the publication delay on; the older ones go on verifying. */
export async function addSigningKey(custody: Custody<AllTables>, ring: KeyRing): Promise<void> {
  const key = await generateSigningKey(custody.now)
  await custody.db
    .insertInto('control.signing_keys')
    .values({
      kid: key.kid,
      public_jwk: JSON.stringify(key.public_jwk),
      private_pem: encryptField(ring, key.private_pem, signingKeyContext(key.kid)),
      created_at: custody.now.toISOString(),
    })
    .execute()
}

/** `lifetimeS`: seconds that an access token is good for. */
export async function openIssuing(
  door: CustodyDoor,
  ring: KeyRing,
  issuer: string,
  lifetimeS = ACCESS_TOKEN_S,
): Promise<Issuing> {
  let current: TokenIssuer | undefined
  let fingerprint = ''
  const refresh = async (): Promise<void> => {
    const keys = await door.run(async (custody: Custody<AllTables>) => {
      const found = await readKeys(custody, ring)
      if (found.length > 0) return found
      await addSigningKey(custody, ring)
      return readKeys(custody, ring)
    })
    const seen = keys
      .map((key) => `${key.kid}:${key.retired_at?.getTime() ?? ''}`)
      .toSorted()
      .join()
    if (seen === fingerprint) return
    // One object per set of keys: the tokens verified with it are remembered on it.
    current = { keys: keySet({ keys, lifetimeS }), issuer, audience: 'officina' }
    fingerprint = seen
  }
  await refresh()
  const timer = setInterval(() => void refresh().catch(() => undefined), REFRESH_MS).unref()
  return { current: () => current!, refresh, stop: () => clearInterval(timer) }
}
