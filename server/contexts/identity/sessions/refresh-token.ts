import { createHmac } from 'node:crypto'
import { deriveKey } from '#platform/secrets/field-encryption.ts'

/** Seconds for which the token just replaced gives the same successor: two tabs, an answer that got lost. */
export const GRACE_S = 10

/**
 * The successors of a refresh token, one by each master secret, newest first. A successor is computed from the token
 * that it replaces, so that it can be given twice and nothing but hashes is stored; without the master secret an old token
 * tells nothing about the new one.
 */
export const successorsOf = (token: string, masters: readonly { secret: Buffer }[]): string[] =>
  masters.map(({ secret }) => {
    const key = deriveKey(secret, 'refresh-successor')
    return `ofr_${createHmac('sha256', key).update(token).digest('base64url')}`
  })

/** A session's tokens as its row has them. */
export type TokenState = { refresh_hash: string; previous_hash: string | null; rotated_at: string | null }

/** What a shown token means: the present one, the one just replaced, or one that must not be seen any more. */
export function standingOf(state: TokenState, hash: string, now: Date): 'present' | 'just_replaced' | 'spent' {
  if (state.refresh_hash === hash) return 'present'
  if (state.previous_hash !== hash || state.rotated_at === null) return 'spent'
  const age = now.getTime() - Date.parse(state.rotated_at)
  return age <= GRACE_S * 1000 ? 'just_replaced' : 'spent'
}
