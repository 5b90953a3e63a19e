import type { Seeded } from './seed.ts'

const WELL_KNOWN = 'officina-demo'

/** How to sign in, for the line that says that the service is ready. A password that somebody chose is not printed. */
export function signIns(password: string, { passwordHolds }: Seeded): string {
  const chosen = password === WELL_KNOWN ? `password ${WELL_KNOWN}` : 'password from OFFICINA_DEMO_PASSWORD'
  return `sign in as admin@demo.example or admin@pasta.example, ${passwordHolds ? chosen : 'password as it was set before'}`
}
