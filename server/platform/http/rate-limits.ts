import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { RateLimiterMemory, RateLimiterRes, type RateLimiterAbstract } from 'rate-limiter-flexible'
import type { Config } from '../../config.ts'
import { countedAddress } from '../counted-address.ts'
import { requestRefusals } from './problem.ts'

/**
 * Limits by class of call: per user, per tenant by tier, and per address for writes and for calls without sign-in.
 * The store is behind the library's one interface (memory here; Redis shares the counts between processes).
 * A store that fails lets calls through: a limit is a courtesy to the others, not a lock.
 */
export type LimitStore = (name: string, points: number, seconds: number) => RateLimiterAbstract

export const memoryStore: LimitStore = (name, points, seconds) =>
  new RateLimiterMemory({ keyPrefix: name, points, duration: seconds })

/** Calls a minute for a whole tenant, whoever makes them. */
const TIERS: Record<string, number> = { free: 600, standard: 3_000, professional: 12_000, enterprise: 60_000 }

/** Readings a minute that a whole tenant sends, in however many calls. */
const READINGS: Record<string, number> = {
  free: 6_000,
  standard: 120_000,
  professional: 1_200_000,
  enterprise: 12_000_000,
}

type Rule = { name: string; points: number; seconds: number; limiter: RateLimiterAbstract }

export type Limits = {
  /** Counts one more try against `key` in a class of its own; refuses where it is one too many. */
  readonly spend: (name: 'sign_in', key: string, reply: FastifyReply) => Promise<void>
  /** Counts readings against what the caller's tenant may send in a minute; refuses where they are too many, or could never pass. */
  readonly spendReadings: (request: FastifyRequest, reply: FastifyReply, count: number) => Promise<void>
}

function makeRules(config: Config, store: LimitStore) {
  const rule = (name: string, points: number, seconds: number): Rule => ({
    name,
    points,
    seconds,
    limiter: store(name, points, seconds),
  })
  return {
    read: rule('read', config.RATE_LIMIT_READS_PER_MINUTE, 60),
    write: rule('write', config.RATE_LIMIT_PER_MINUTE, 60),
    upload: rule('upload', config.RATE_LIMIT_UPLOADS_PER_MINUTE, 60),
    public: rule('public', config.RATE_LIMIT_PER_MINUTE, 60),
    sign_in: rule('sign_in', config.RATE_LIMIT_SIGN_IN_PER_MINUTE, 60),
    address: rule('address', config.RATE_LIMIT_PER_HOUR, 3600),
    tiers: Object.fromEntries(
      Object.entries(TIERS).map(([tier, points]) => [tier, rule(`tenant-${tier}`, points, 60)]),
    ),
    readings: Object.fromEntries(
      Object.entries(READINGS).map(([tier, points]) => [tier, rule(`readings-${tier}`, points, 60)]),
    ),
  }
}

/** The caller’s own rule, or the one that refused, speaks in the headers (draft-ietf-httpapi-ratelimit-headers). */
function announce(reply: FastifyReply, rule: Rule, counted: RateLimiterRes | null): void {
  if (counted === null) return
  const reset = Math.ceil(counted.msBeforeNext / 1000)
  reply.header('ratelimit-policy', `"${rule.name}";q=${rule.points};w=${rule.seconds}`)
  reply.header('ratelimit', `"${rule.name}";r=${Math.max(0, counted.remainingPoints)};t=${reset}`)
}

/** Null where the store failed. */
async function consume(rule: Rule, key: string, reply: FastifyReply, points = 1): Promise<RateLimiterRes | null> {
  try {
    return await rule.limiter.consume(key, points)
  } catch (error) {
    if (!(error instanceof RateLimiterRes)) return null
    announce(reply, rule, error)
    throw requestRefusals.refuse('request.too_many', { retryAfterS: Math.max(1, Math.ceil(error.msBeforeNext / 1000)) })
  }
}

const classOf = (request: FastifyRequest): 'read' | 'write' | 'upload' | 'readings' | 'none' => {
  const named = request.routeOptions.config.limits
  if (named === 'sign_in') return 'write'
  return named ?? (request.method === 'GET' || request.method === 'HEAD' ? 'read' : 'write')
}

/** Runs after the caller is known. */
export function limitRates(app: FastifyInstance, config: Config, store: LimitStore = memoryStore): Limits {
  if (config.RATE_LIMIT === 'off') return { spend: () => Promise.resolve(), spendReadings: () => Promise.resolve() }
  const rules = makeRules(config, store)
  app.addHook('onRequest', async (request, reply) => {
    const kind = classOf(request)
    if (kind === 'none') return
    const { caller } = request
    const address = countedAddress(request.ip)
    if (caller === null) {
      await consume(rules.address, address, reply)
      announce(reply, rules.public, await consume(rules.public, address, reply))
      return
    }
    // How many there are is known when they were read.
    if (kind === 'readings') return
    if (kind !== 'read') await consume(rules.address, address, reply)
    // One's own limit first: what is refused there takes nothing from the colleagues, also where the key was revoked.
    const own = await consume(rules[kind], caller.actor.id ?? caller.principal, reply)
    await consume(rules.tiers[caller.tier] ?? rules.tiers['standard']!, caller.tenantId, reply)
    announce(reply, rules[kind], own)
  })
  return {
    spend: async (name, key, reply) => announce(reply, rules[name], await consume(rules[name], key, reply)),
    spendReadings: async ({ caller }, reply, count) => {
      if (caller === null) return
      const rule = rules.readings[caller.tier] ?? rules.readings['standard']!
      // In no minute would there be room for them: whoever waited and tried again would do so for ever.
      if (count > rule.points) throw requestRefusals.refuse('request.too_many_readings')
      announce(reply, rule, await consume(rule, caller.tenantId, reply, count))
    },
  }
}
