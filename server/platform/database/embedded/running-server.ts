import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Connection } from './readiness.ts'

const fileIn = (home: string): string => join(home, 'officina.json')

/** Tells other processes of this installation where its server listens. The password has a file of its own. */
export function announceServer(home: string, { host, port, user, database }: Connection): void {
  const content = { version: 1, pid: process.pid, host, port, user, database }
  writeFileSync(fileIn(home), `${JSON.stringify(content)}\n`, { mode: 0o600 })
}

/** Only the holder of the home's lock calls this: what is announced is then stale or its own. */
export function withdrawServer(home: string): void {
  rmSync(fileIn(home), { force: true })
}

/** The server that the holder of this home has running; null while it has none. Ask only where the home is in use. */
export function announcedServer(home: string): Connection | null {
  try {
    const announced = JSON.parse(readFileSync(fileIn(home), 'utf8')) as Omit<Connection, 'password'>
    const { host, port, user, database } = announced
    return { host, port, user, database, password: readFileSync(join(home, 'postgres', 'password'), 'utf8') }
  } catch (error) {
    // Not there, or half written.
    if (error instanceof SyntaxError || (error as { code?: string }).code === 'ENOENT') return null
    throw error
  }
}
