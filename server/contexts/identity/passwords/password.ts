import { hash as argonHash, parseOptions as argonOptions, verify as argonVerify } from '@node-rs/argon2'
import { verify as bcryptVerify } from '@node-rs/bcrypt'
import { hashingGate } from './hashing-gate.ts'
import { normalisedPassword } from './password-problem.ts'

// OWASP's smallest argon2id setting; the library's default algorithm is argon2id.
const COST = { memoryCost: 19_456, timeCost: 2, parallelism: 1, outputLen: 32 }
// A hash that came from outside must not be able to order a minute of work or gigabytes of memory.
const MOST = { memoryCost: 262_144, timeCost: 10, parallelism: 8, bcryptCost: 15 }
const BCRYPT_BYTES = 72

// Hashing runs in libuv's pool of four threads. One is left for files, names and signatures, so that a storm of
// sign-ins slows sign-in and nothing else.
const throughGate = hashingGate(3, 64)

/** Compared with when there is no account, so that an unknown one costs what a known one costs. */
export const DUMMY_HASH =
  '$argon2id$v=19$m=19456,t=2,p=1$b2ZmaWNpbmEtZHVtbXktcw$zb6VQV4aYKN1mlQ2W/4KYs9TINlHO0tlW0RAIkQlKoU'

/** Hashes a new password by argon2id, off the main thread; throws `HashingBusyError` when too many wait. */
export const hashPassword = (password: string): Promise<string> =>
  throughGate(() => argonHash(normalisedPassword(password), COST))

type Kind = 'argon2id' | 'bcrypt' | null

const kindOf = (hash: string): Kind => {
  try {
    if (hash.startsWith('$argon2id$')) {
      const { memoryCost, timeCost, parallelism } = argonOptions(hash)
      const affordable = memoryCost <= MOST.memoryCost && timeCost <= MOST.timeCost && parallelism <= MOST.parallelism
      return affordable ? 'argon2id' : null
    }
    const cost = /^\$2[aby]\$(\d\d)\$[./A-Za-z0-9]{53}$/.exec(hash)?.[1]
    return cost !== undefined && Number(cost) <= MOST.bcryptCost ? 'bcrypt' : null
  } catch {
    return null
  }
}

/** Whether a hash from an older system can be taken over: argon2id or bcrypt, at a cost that can be afforded. */
export const isUsableHash = (hash: string): boolean => kindOf(hash) !== null

const isOutdated = (hash: string): boolean => {
  const { memoryCost, timeCost, parallelism, outputLen } = argonOptions(hash)
  return (
    memoryCost < COST.memoryCost ||
    timeCost < COST.timeCost ||
    parallelism !== COST.parallelism ||
    outputLen < COST.outputLen
  )
}

// bcrypt reads 72 bytes and, in some libraries, stops at a NUL: what it proves about a longer password is its
// beginning only. Such a password is accepted as the older system did, but never rehashed, since its unproven end
// would become part of the account's password. Older systems hashed what was typed, without normalising it.
const verifyBcrypt = async (hash: string, password: string): Promise<PasswordVerdict> => {
  if (password.includes('\0')) return { ok: false, rehash: false }
  const ok = await bcryptVerify(password, hash)
  return { ok, rehash: ok && Buffer.byteLength(password) <= BCRYPT_BYTES }
}

/** `rehash`: the password is right and should now be stored by `hashPassword`. */
export type PasswordVerdict = { ok: boolean; rehash: boolean }

/**
 * Compares a password with a stored hash, off the main thread. Without a usable hash (an unknown account, one without a
 * password) it does the same work and answers no. Throws `HashingBusyError` when too many wait.
 */
export const verifyPassword = (hash: string | null, password: string): Promise<PasswordVerdict> =>
  throughGate(async () => {
    const kind = hash === null ? null : kindOf(hash)
    if (hash === null || kind === null) {
      await argonVerify(DUMMY_HASH, normalisedPassword(password))
      return { ok: false, rehash: false }
    }
    if (kind === 'bcrypt') return verifyBcrypt(hash, password)
    const ok = await argonVerify(hash, normalisedPassword(password))
    return { ok, rehash: ok && isOutdated(hash) }
  })
