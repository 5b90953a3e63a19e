import { ConfigError } from './config.ts'
import { databaseRefusals, translate } from './platform/database/database-refusals.ts'
import { HomeInUse } from './platform/database/embedded/embedded-server.ts'
import { MigrationEdited } from './platform/database/migrate.ts'
import { Refusal, type Kind } from './platform/refusal.ts'
import { FieldEncryptionError } from './platform/secrets/field-encryption.ts'
import { SecretsFileError } from './platform/secrets/secrets-file.ts'

/** How a process of Officina ends, the server and the command line alike. */
export const EXIT = {
  ok: 0,
  bug: 1,
  configuration: 2,
  not_found: 3,
  invalid: 4,
  conflict: 5,
  forbidden: 6,
  unavailable: 7,
} as const

const BY_KIND: Record<Kind, number> = {
  malformed: EXIT.invalid,
  unauthenticated: EXIT.forbidden,
  forbidden: EXIT.forbidden,
  not_found: EXIT.not_found,
  conflict: EXIT.conflict,
  stale: EXIT.conflict,
  too_large: EXIT.invalid,
  unsupported: EXIT.invalid,
  unsatisfiable: EXIT.invalid,
  invalid: EXIT.invalid,
  rate_limited: EXIT.unavailable,
  unavailable: EXIT.unavailable,
}

export type Ending = { code: number; refusal: string; message: string }

/** What PostgreSQL or the system says where a setting is wrong, and what to do then. */
const MEND: Record<string, string> = {
  EADDRINUSE: 'Something listens there already: stop it, or set PORT.',
  EACCES: 'This account may not do that: choose another PORT or OFFICINA_HOME, or another account.',
  ENOSPC: 'The disk is full: make room, or choose another folder.',
  EADDRNOTAVAIL: 'HOST is not an address of this machine.',
  '28000': 'The database does not let this user in: look at DATABASE_URL and pg_hba.conf.',
  '28P01': 'The database refuses this password: look at DATABASE_URL.',
  '3D000': 'Make the database first, or look at DATABASE_URL.',
  '42501': 'Give DATABASE_URL a role that may create roles, or set DATABASE_OWNER_URL.',
}

const PEOPLE_MEND = [ConfigError, HomeInUse, SecretsFileError, MigrationEdited]

const configuration = (message: string): Ending => ({ code: EXIT.configuration, refusal: 'configuration', message })

/** What a person can mend is said in a sentence; anything else is a bug and keeps its stack. */
export function endingOf(thrown: unknown): Ending {
  if (PEOPLE_MEND.some((kind) => thrown instanceof kind)) return configuration((thrown as Error).message)
  if (thrown instanceof FieldEncryptionError && thrown.reason === 'unknown_key')
    return configuration(`${thrown.message}. OFFICINA_SECRET must keep the older secrets behind the newest.`)
  const error = translate(thrown)
  if (error instanceof Refusal) {
    const cause =
      error.code in databaseRefusals.table && error.cause instanceof Error ? ` (${reasonOf(error.cause)})` : ''
    const details = error.details?.map(({ field, message }) => `\n  ${field}: ${message}`).join('') ?? ''
    return { code: BY_KIND[error.kind], refusal: error.code, message: `${error.message}${cause}${details}` }
  }
  const code = (error as { code?: unknown } | null)?.code
  const mend = typeof code === 'string' ? MEND[code] : undefined
  if (error instanceof Error && mend !== undefined) return configuration(`${error.message}. ${mend}`)
  return {
    code: EXIT.bug,
    refusal: 'bug',
    message: error instanceof Error ? (error.stack ?? error.message) : String(error),
  }
}

/** A connection tried on several addresses has no message of its own. */
const reasonOf = (cause: Error & { code?: string }): string => cause.message || (cause.code ?? cause.name)
