import type { LookupAddress } from 'node:dns'
import { lookup } from 'node:dns/promises'
import { isIP } from 'node:net'
import type { Config } from '#config'
import { callable } from './addresses.ts'
import { outgoingRefusals } from './refusals.ts'
import { exchange, failureOf, OUTGOING_TIMEOUT_MS, type OutgoingAnswer, type OutgoingRequest } from './send.ts'

/** All addresses of a name; the world's, or a test's. */
export type Resolve = (host: string) => Promise<readonly LookupAddress[]>

/**
 * The way out to an address that somebody else named (a webhook): never to an internal one. The name is resolved and every
 * address of it checked with every call, and the connection goes to what was checked, so that a name that leads elsewhere a moment
 * later gains nothing.
 */
export type Outgoing = {
  /** Refuses what can be known without asking the network: `outgoing.url_refused`, with why. */
  readonly check: (url: string) => URL
  /** Any status is an answer; rejects with a refusal where there is none, and with the signal's reason where that was aborted. */
  readonly send: (request: OutgoingRequest) => Promise<OutgoingAnswer>
}

const refuse = (message: string): Error =>
  outgoingRefusals.refuse('outgoing.url_refused', { details: [{ field: 'url', message }] })

const resolveAll: Resolve = (host) => lookup(host, { all: true, verbatim: true })

/** A literal address without brackets; null for a name. */
const literalOf = ({ hostname }: URL): string | null => {
  const bare = hostname.replace(/^\[|\]$/g, '')
  return isIP(bare) === 0 ? null : bare
}

const LOOPBACK_NAME = /(^|\.)localhost\.?$/i

async function inTime<T>(signal: AbortSignal, work: Promise<T>): Promise<T> {
  const over = Promise.withResolvers<never>()
  const end = (): void => over.reject(signal.reason as Error)
  signal.addEventListener('abort', end, { once: true })
  try {
    signal.throwIfAborted()
    return await Promise.race([work, over.promise])
  } finally {
    signal.removeEventListener('abort', end)
  }
}

export type OutgoingRules = Pick<Config, 'outgoingHttp' | 'outgoingAllowed'>
type Parts = { resolve?: Resolve; timeoutMs?: number }

/** The guard of an installation; tests bring a resolver and a shorter patience. */
export function openOutgoing(
  { outgoingHttp, outgoingAllowed }: OutgoingRules,
  { resolve = resolveAll, timeoutMs = OUTGOING_TIMEOUT_MS }: Parts = {},
): Outgoing {
  const mayCall = callable(outgoingAllowed)
  const check = (text: string): URL => {
    const url = URL.parse(text)
    if (url === null) throw refuse('is not a URL')
    if (url.protocol !== 'https:' && !(outgoingHttp && url.protocol === 'http:'))
      throw refuse('must begin with https://')
    if (url.username !== '' || url.password !== '') throw refuse('must not hold a name or a password')
    if (url.hash !== '') throw refuse('must not hold a fragment')
    const address = literalOf(url) ?? (LOOPBACK_NAME.test(url.hostname) ? '127.0.0.1' : null)
    if (address !== null && !mayCall(address)) throw refuse('is an internal address')
    return url
  }
  const addressesOf = async (url: URL): Promise<readonly LookupAddress[]> => {
    const literal = literalOf(url)
    if (literal !== null) return [{ address: literal, family: isIP(literal) }]
    const addresses = await resolve(url.hostname).catch((error: unknown) => {
      throw outgoingRefusals.refuse('outgoing.unresolved', { cause: error })
    })
    if (addresses.length === 0) throw outgoingRefusals.refuse('outgoing.unresolved')
    // One internal address among public ones is no accident.
    if (!addresses.every(({ address }) => mayCall(address))) throw outgoingRefusals.refuse('outgoing.address_refused')
    return addresses
  }
  return {
    check,
    send: async (request) => {
      const url = check(request.url)
      const over = AbortSignal.timeout(timeoutMs)
      const signal = AbortSignal.any([request.signal, over])
      let addresses: readonly LookupAddress[]
      try {
        addresses = await inTime(signal, addressesOf(url))
      } catch (error) {
        throw over.aborted ? failureOf(error, over) : error
      }
      try {
        return await exchange(url, addresses, { ...request, signal })
      } catch (error) {
        request.signal.throwIfAborted()
        throw failureOf(error, over)
      }
    },
  }
}
