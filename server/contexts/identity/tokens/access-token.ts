import { decodeProtectedHeader, errors, jwtVerify, SignJWT } from 'jose'
import type { JWTPayload } from 'jose'
import { LRUCache } from 'lru-cache'
import { CLOCK_TOLERANCE_S, signingKeyAt, verifyingKeyAt } from './signing-keys.ts'
import type { KeySet } from './signing-keys.ts'

const LONGEST_TOKEN = 8192
const REMEMBERED_TOKENS = 10_000
// RFC 9068: keeps every other kind of JWT that these keys may ever sign from passing for an access token.
const TYPE = 'at+jwt'

/** Who issues the tokens, for whom, with which keys. One object per set of keys, kept: what was verified hangs on it. */
export type TokenIssuer = { keys: KeySet; issuer: string; audience: string }

/** What a sign-in puts into a token. `roles` are for information: what one may do is read at each request. */
export type AccessSubject = {
  sub: string
  jti: string
  tenant_id: string
  session_id: string
  roles: readonly string[]
}

/** The claims of an access token. */
export type AccessClaims = AccessSubject & { iss: string; aud: string; iat: number; exp: number }

/** Why a token is refused; for the log, the answer is 401 for all. */
export type TokenRefusal = 'malformed' | 'unknown_key' | 'expired' | 'invalid'

/** The claims, or why there are none. */
export type TokenVerdict = { ok: true; claims: AccessClaims } | { ok: false; reason: TokenRefusal }

/** Signs an access token with the key of the hour, good for as long as the set of keys says. */
export const signAccessToken = async (from: TokenIssuer, subject: AccessSubject, now: Date): Promise<string> => {
  const key = signingKeyAt(from.keys, now)
  if (!key) throw new Error('There is no key to sign with')
  const { sub, jti, tenant_id, session_id, roles } = subject
  const issuedAt = Math.floor(now.getTime() / 1000)
  return new SignJWT({ tenant_id, session_id, roles: [...roles] })
    .setProtectedHeader({ alg: 'RS256', typ: TYPE, kid: key.kid })
    .setIssuer(from.issuer)
    .setAudience(from.audience)
    .setSubject(sub)
    .setJti(jti)
    .setIssuedAt(issuedAt)
    .setExpirationTime(issuedAt + from.keys.lifetimeS)
    .sign(key.privateKey())
}

const refused = (reason: TokenRefusal): TokenVerdict => ({ ok: false, reason })

const isText = (value: unknown): value is string => typeof value === 'string' && value !== ''
const isSeconds = (value: unknown): value is number => Number.isSafeInteger(value)

// Frozen, because one object serves every request that carries the token.
const claimsOf = (payload: JWTPayload, lifetimeS: number): AccessClaims | null => {
  const { iss, sub, aud, exp, iat, jti, tenant_id, session_id, roles } = payload
  if (!isText(iss) || !isText(sub) || !isText(aud) || !isText(jti)) return null
  if (!isText(tenant_id) || !isText(session_id) || !isSeconds(exp) || !isSeconds(iat)) return null
  if (!Array.isArray(roles) || !roles.every(isText) || exp - iat > lifetimeS) return null
  return Object.freeze({ iss, sub, aud, exp, iat, jti, tenant_id, session_id, roles: Object.freeze([...roles]) })
}

const kidOf = (token: string): string | null => {
  try {
    const { alg, typ, kid } = decodeProtectedHeader(token)
    return alg === 'RS256' && typ === TYPE && typeof kid === 'string' ? kid : null
  } catch {
    return null
  }
}

const verifySignature = async (from: TokenIssuer, token: string, kid: string, now: Date): Promise<TokenVerdict> => {
  const key = verifyingKeyAt(from.keys, kid, now)
  if (!key) return refused('unknown_key')
  try {
    const { payload } = await jwtVerify(token, key, {
      algorithms: ['RS256'],
      typ: TYPE,
      issuer: from.issuer,
      audience: from.audience,
      clockTolerance: CLOCK_TOLERANCE_S,
      currentDate: now,
      maxTokenAge: from.keys.lifetimeS,
      requiredClaims: ['sub', 'exp', 'iat', 'jti', 'tenant_id', 'session_id', 'roles'],
    })
    const claims = claimsOf(payload, from.keys.lifetimeS)
    return claims ? { ok: true, claims } : refused('invalid')
  } catch (error) {
    if (error instanceof errors.JWTExpired) return refused('expired')
    if (error instanceof errors.JOSEError) return refused('invalid')
    throw error
  }
}

type Remembered = { claims: AccessClaims; kid: string }

// Verifying costs about 90 µs and remembering 0.1 µs. With the issuer goes all that was verified under its keys.
const rememberedBy = new WeakMap<TokenIssuer, LRUCache<string, Remembered>>()

const rememberedOf = (from: TokenIssuer): LRUCache<string, Remembered> => {
  const existing = rememberedBy.get(from)
  if (existing) return existing
  const made = new LRUCache<string, Remembered>({ max: REMEMBERED_TOKENS })
  rememberedBy.set(from, made)
  return made
}

/**
 * Verifies an access token: RS256 alone, a known key, issuer, audience, times and every claim. A token seen before is
 * remembered until it expires; whether its session still lives is for the caller to ask.
 */
export const verifyAccessToken = async (from: TokenIssuer, token: string, now: Date): Promise<TokenVerdict> => {
  const remembered = rememberedOf(from)
  const known = remembered.get(token)
  if (known) {
    const alive = now.getTime() / 1000 < known.claims.exp + CLOCK_TOLERANCE_S
    if (alive && verifyingKeyAt(from.keys, known.kid, now)) return { ok: true, claims: known.claims }
    remembered.delete(token)
    return refused(alive ? 'unknown_key' : 'expired')
  }
  if (token.length > LONGEST_TOKEN) return refused('malformed')
  const kid = kidOf(token)
  if (kid === null) return refused('malformed')
  const verdict = await verifySignature(from, token, kid, now)
  if (verdict.ok) remembered.set(token, { claims: verdict.claims, kid })
  return verdict
}
