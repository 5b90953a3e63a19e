import { countedAddress } from '#platform/counted-address.ts'

// How wrong passwords and codes are slowed. Three counts are kept, each with the time of its last failure:
//
// | count | what it stops | free | first wait | ceiling |
// | --- | --- | --- | --- | --- |
// | pair: account and address, or account and known device | one guesser at one account | 4 | 2 s | 15 min |
// | account: that account from all unknown devices | many addresses at one account | 20 | 2 s | 15 min |
// | address: that address at all accounts | one address at many accounts | 50 | 2 s | 15 min |
//
// The wait doubles with each failure past the free ones; a count is forgotten a day after its last failure. A pair
// allows at most 4 + 9 guesses before its ceiling, then 4 an hour: about 100 a day.
//
// A known device (it carries the token of an earlier sign-in to this account) is held to its own pair count alone: what
// strangers do to the account, or from the same office address, does not slow it. Its failures count nowhere else.
// An address is not a device: an address with an earlier success may be an office or a carrier's gateway.

export { countedAddress }

const CEILING_S = 900
const FIRST_WAIT_S = 2
const FORGOTTEN_AFTER_S = 86_400

/** Failures that cost no wait, by count. The allowance of an address is wide, because offices share one. */
export const FREE_FAILURES = { pair: 4, account: 20, address: 50 } as const

/** A count of failures, as its row has it. */
export type GuessCount = { failures: number; last_at: Date }

/** The counts that bear on one attempt; null where nothing has failed. */
export type GuessCounts = { pair: GuessCount | null; account: GuessCount | null; address: GuessCount | null }

/** Who tries: `device` is the hash of a device that is known for this account, or null. */
export type Guesser = { account: string; address: string; device: string | null }

/** The subjects under which the counts of an attempt are kept, before they are digested. */
export const guessSubjects = (guesser: Guesser): Record<keyof GuessCounts, string | null> => {
  const { account, device } = guesser
  if (device !== null) return { pair: JSON.stringify(['device', account, device]), account: null, address: null }
  const address = countedAddress(guesser.address)
  return {
    pair: JSON.stringify(['pair', account, address]),
    account: `account:${account}`,
    address: `address:${address}`,
  }
}

const isForgotten = ({ last_at: lastAt }: GuessCount, now: Date): boolean =>
  now.getTime() - lastAt.getTime() >= FORGOTTEN_AFTER_S * 1000

/**
 * The count after one more failure. Count an attempt before its password is checked and take it back when it was right:
 * attempts sent at the same time would otherwise all see the count of the first.
 */
export const afterFailure = (count: GuessCount | null, now: Date): GuessCount => ({
  failures: count === null || isForgotten(count, now) ? 1 : count.failures + 1,
  last_at: now,
})

/** Seconds from the last failure until the next attempt is taken. */
const waitAfter = (failures: number, free: number): number => {
  const over = failures - free
  // Past 2 × 2^9 the ceiling holds; no larger power is computed, however many failures there are.
  return over <= 0 ? 0 : Math.min(CEILING_S, FIRST_WAIT_S * 2 ** Math.min(over - 1, 10))
}

const remaining = (count: GuessCount | null, free: number, now: Date): number => {
  if (count === null || isForgotten(count, now)) return 0
  // A clock that went back must not lengthen the wait.
  const passed = Math.max(0, (now.getTime() - count.last_at.getTime()) / 1000)
  return Math.max(0, Math.ceil(waitAfter(count.failures, free) - passed))
}

/**
 * Whole seconds to wait before an attempt may be tried, 0 for now. An attempt made earlier is refused unchecked and is
 * not counted, so that waiting is enough. Counts of `guessSubjects` that are null (a known device) are given as null.
 */
export const guessWait = (counts: GuessCounts, now: Date): number =>
  Math.max(
    remaining(counts.pair, FREE_FAILURES.pair, now),
    remaining(counts.account, FREE_FAILURES.account, now),
    remaining(counts.address, FREE_FAILURES.address, now),
  )
