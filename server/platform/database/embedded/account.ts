import { statSync } from 'node:fs'

// PostgreSQL refuses to run as root, so root hands it to this account: 65534 is «nobody» on every Linux, and as a bare
// number it needs no user to be created on the host.
const nobody = 65534

/** The unprivileged account that the server runs as; null when we are unprivileged ourselves. */
export type Account = { uid: number; gid: number } | null

/** Root keeps the owner that a data folder already has, so data made by an ordinary user stays that user's. */
export function accountFor(pgdata: string): Account {
  if (process.getuid?.() !== 0) return null
  const owner = statSync(pgdata, { throwIfNoEntry: false })
  return owner && owner.uid !== 0 ? { uid: owner.uid, gid: owner.gid } : { uid: nobody, gid: nobody }
}
