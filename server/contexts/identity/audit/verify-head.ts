import { compactVerify, CompactSign, decodeProtectedHeader, errors } from 'jose'
import { signingKeyAt, type KeySet } from '../tokens/signing-keys.ts'

// A type of its own, so that no head passes for an access token, nor the other way round.
const TYPE = 'audit-head+jws'

/** What a signed head says. */
export type SignedHead = { tenant_id: string; number: number; link: string; at: string }

/** Signs a head with the key of the hour. */
export async function signHead(keys: KeySet, head: SignedHead, now: Date): Promise<string> {
  const key = signingKeyAt(keys, now)
  if (!key) throw new Error('There is no key to sign with')
  return new CompactSign(new TextEncoder().encode(JSON.stringify(head)))
    .setProtectedHeader({ alg: 'RS256', typ: TYPE, kid: key.kid })
    .sign(key.privateKey())
}

/** What a head says, where one of our keys signed it, a retired one included; null otherwise. */
export async function verifyHead(keys: KeySet, jws: string): Promise<SignedHead | null> {
  try {
    const { kid, typ } = decodeProtectedHeader(jws)
    const key = typ === TYPE && kid !== undefined ? keys.byId.get(kid) : undefined
    if (key === undefined) return null
    const { payload } = await compactVerify(jws, key.publicKey, { algorithms: ['RS256'] })
    return JSON.parse(new TextDecoder().decode(payload)) as SignedHead
  } catch (error) {
    if (error instanceof errors.JOSEError || error instanceof TypeError || error instanceof SyntaxError) return null
    throw error
  }
}
