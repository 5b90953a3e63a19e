import { createPrivateKey, createPublicKey, generateKeyPair } from 'node:crypto'
import type { KeyObject } from 'node:crypto'
import { promisify } from 'node:util'
import { calculateJwkThumbprint } from 'jose'

/** Seconds that an access token is good for where nothing else is set. */
export const ACCESS_TOKEN_S = 1800

/** Seconds that clocks may differ by. */
export const CLOCK_TOLERANCE_S = 5

/** Seconds between the making of a key and its first signature: every process and every reader of the JWKS has it by then. */
export const PUBLICATION_DELAY_S = 600

/** An RSA public key as it is published. */
export type PublicJwk = { kty: 'RSA'; n: string; e: string; kid: string; use: 'sig'; alg: 'RS256' }

/** A signing key as its row has it, its private part opened; `retired_at` ends signing, not verifying. */
export type SigningKey = {
  kid: string
  private_pem: string
  public_jwk: PublicJwk
  created_at: Date
  retired_at: Date | null
}

/** The place for which a private key is encrypted as a field. */
export const signingKeyContext = (kid: string): string => `control:signing_keys:private_pem:${kid}`

/** Makes an RSA key of 2048 bits, off the main thread; its id is its RFC 7638 thumbprint. */
export const generateSigningKey = async (now: Date): Promise<SigningKey> => {
  const { publicKey, privateKey } = await promisify(generateKeyPair)('rsa', { modulusLength: 2048 })
  const { n, e } = publicKey.export({ format: 'jwk' })
  if (!n || !e) throw new Error('An RSA key has a modulus and an exponent')
  const kid = await calculateJwkThumbprint({ kty: 'RSA', n, e })
  return {
    kid,
    private_pem: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    public_jwk: { kty: 'RSA', n, e, kid, use: 'sig', alg: 'RS256' },
    created_at: now,
    retired_at: null,
  }
}

type LoadedKey = SigningKey & { publicKey: KeyObject; privateKey: () => KeyObject }

/** The keys of an installation, as they were when they were read; never changed, made anew when the rows change. */
export type KeySet = {
  byId: ReadonlyMap<string, LoadedKey>
  newestFirst: readonly LoadedKey[]
  /** Seconds that a token signed with them is good for; one that gives itself more is refused. */
  lifetimeS: number
}

const loaded = (key: SigningKey): LoadedKey => {
  let privateKey: KeyObject | null = null
  const { kty, n, e } = key.public_jwk
  const publicKey = createPublicKey({ key: { kty, n, e }, format: 'jwk' })
  return { ...key, publicKey, privateKey: () => (privateKey ??= createPrivateKey(key.private_pem)) }
}

/** Makes the set of keys. Each process makes it anew at least as often as the publication delay. */
export const keySet = ({
  keys,
  lifetimeS = ACCESS_TOKEN_S,
}: {
  keys: readonly SigningKey[]
  lifetimeS?: number
}): KeySet => {
  const newestFirst = keys.map(loaded).toSorted((a, b) => b.created_at.getTime() - a.created_at.getTime())
  return { byId: new Map(newestFirst.map((key) => [key.kid, key])), newestFirst, lifetimeS }
}

const isActive = (key: SigningKey, now: Date): boolean => key.retired_at === null || key.retired_at > now

/** The key that signs now: the newest that everyone has had time to read, or at the very start the oldest there is. */
export const signingKeyAt = (keys: KeySet, now: Date): LoadedKey | null => {
  const active = keys.newestFirst.filter((key) => isActive(key, now))
  const readable = now.getTime() - PUBLICATION_DELAY_S * 1000
  return active.find((key) => key.created_at.getTime() <= readable) ?? active.at(-1) ?? null
}

const stillVerifies = (key: SigningKey, lifetimeS: number, now: Date): boolean => {
  if (key.retired_at === null) return true
  // Another process may go on signing with a retired key until it reads the rows again.
  const lastUse = key.retired_at.getTime() + (PUBLICATION_DELAY_S + lifetimeS + CLOCK_TOLERANCE_S) * 1000
  return now.getTime() <= lastUse
}

/** The public key of an id, while tokens signed with it can be alive. A leaked key is taken out of the set instead. */
export const verifyingKeyAt = (keys: KeySet, kid: string, now: Date): KeyObject | null => {
  const key = keys.byId.get(kid)
  return key && stillVerifies(key, keys.lifetimeS, now) ? key.publicKey : null
}

const publicOf = ({ public_jwk: { kty, n, e, kid, use, alg } }: SigningKey): PublicJwk => ({ kty, n, e, kid, use, alg })

/** What is published at `/.well-known/jwks.json`. */
export const publishedJwks = (keys: KeySet, now: Date): { keys: PublicJwk[] } => ({
  keys: keys.newestFirst.filter((key) => stillVerifies(key, keys.lifetimeS, now)).map(publicOf),
})

/** What is published at `/.well-known/audit-jwks.json`. */
export const everyJwk = (keys: KeySet): { keys: PublicJwk[] } => ({ keys: keys.newestFirst.map(publicOf) })
