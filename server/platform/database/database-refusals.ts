import pg from 'pg'
import { planIsStale } from './pool.ts'
import { refusals, type Refusal } from '../refusal.ts'

/** What the scope function refuses (its message is the code) and what a busy or absent database makes of a request. */
export const databaseRefusals = refusals({
  'auth.not_signed_in': ['unauthenticated', 'Sign in first: the session has ended or the key is not valid.'],
  'auth.forbidden': ['forbidden', 'Your role does not allow this.'],
  'tenant.cancelled': ['forbidden', 'This company has left: its data can only be exported.'],
  'tenant.suspended': ['forbidden', 'This company is suspended: it can read and export, not change.'],
  'tenant.expired': ['forbidden', "This company's plan has expired: it can read and export, not change."],
  'tenant.moving': ['unavailable', 'This company is being moved: try again in a moment.'],
  'tenant.not_found': ['not_found', 'There is no such company.'],
  'database.unavailable': ['unavailable', 'The database does not answer: try again in a moment.'],
  'database.busy': ['unavailable', 'The database is busy: try again in a moment.'],
  'database.half_restored': [
    'conflict',
    'A restore of this database is under way or was broken off: officina restore with the same file brings it to its end.',
  ],
  'request.value_out_of_range': ['invalid', 'A value is outside of what can be stored.'],
})

const UNREACHABLE = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'ENOENT',
  'ETIMEDOUT',
  '57P01',
  '57P02',
  '57P03',
  '53300',
])
const BUSY = new Set(['55P03', '57014', '40001', '40P01'])
const BROKEN =
  /timeout exceeded when trying to connect|Connection terminated|not queryable|after calling end on the pool/

/** Turns what the driver throws into a refusal where it is one; anything else goes through as the bug it is. */
export function translate(error: unknown): unknown {
  if (!(error instanceof Error)) return error
  const code = (error as { code?: string }).code ?? ''
  const { refuse } = databaseRefusals
  if (code.startsWith('OF')) return refuseScope(error)
  if (BUSY.has(code)) return refuse('database.busy', { cause: error, retryAfterS: 1 })
  // A table changed its shape under a statement of a transaction; the next try is parsed anew.
  if (planIsStale(error)) return refuse('database.busy', { cause: error, retryAfterS: 1 })
  if (UNREACHABLE.has(code) || BROKEN.test(error.message)) {
    return refuse('database.unavailable', { cause: error, retryAfterS: 2 })
  }
  // Class 22, data exception: a value that passed the schema and that PostgreSQL cannot hold.
  if (code.startsWith('22')) return refuse('request.value_out_of_range', { cause: error })
  return error
}

function refuseScope(error: Error): Refusal {
  const code = error.message as keyof typeof databaseRefusals.table
  return databaseRefusals.refuse(code, { cause: error, ...(code === 'tenant.moving' && { retryAfterS: 2 }) })
}

/** The violated constraint's or index's name, or null: use cases turn the ones they know into refusals. */
export function violated(error: unknown): string | null {
  return error instanceof pg.DatabaseError && error.code?.startsWith('23') ? (error.constraint ?? null) : null
}
