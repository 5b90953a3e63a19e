import { CompactSign } from 'jose'
import { everyJwk, signingKeyAt, type KeySet, type PublicJwk } from '../tokens/signing-keys.ts'
import type { Issuing } from '../tokens/token-keys.ts'
import { signHead, type SignedHead } from './verify-head.ts'

// A type of its own, so that it passes neither for a token nor for a head.
const TYPE = 'evidence-manifest+jws'

/** Signs what proves an evidence pack with the key that signs heads. The public key stands in the header, its id is its RFC 7638 thumbprint. */
async function signManifest(keys: KeySet, payload: object, now: Date): Promise<{ jws: string; thumbprint: string }> {
  const key = signingKeyAt(keys, now)
  if (!key) throw new Error('There is no key to sign with')
  const { kty, n, e } = key.public_jwk
  const jws = await new CompactSign(new TextEncoder().encode(JSON.stringify(payload)))
    .setProtectedHeader({ alg: 'RS256', typ: TYPE, kid: key.kid, jwk: { kty, n, e } })
    .sign(key.privateKey())
  return { jws, thumbprint: key.kid }
}

export type EvidenceSeals = {
  readonly signHead: (head: SignedHead, now: Date) => Promise<Omit<SignedHead, 'tenant_id'> & { jws: string }>
  readonly signManifest: (payload: object, now: Date) => Promise<{ jws: string; thumbprint: string }>
  readonly keys: () => readonly PublicJwk[]
}

/** What signs evidence packs, with the keys as they are when it is called. */
export const evidenceSeals = (issuing: Issuing): EvidenceSeals => ({
  signHead: async ({ tenant_id, ...head }, now) => ({
    ...head,
    jws: await signHead(issuing.current().keys, { tenant_id, ...head }, now),
  }),
  signManifest: (payload, now) => signManifest(issuing.current().keys, payload, now),
  keys: () => everyJwk(issuing.current().keys).keys,
})
