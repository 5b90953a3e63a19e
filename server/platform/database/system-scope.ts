import type { Scope } from './work.ts'

/** The machine itself at work for one tenant. `why` stands where a request's id would: it names the job in the trail. */
export const systemScope = (tenantId: string, why: string): Scope => ({
  open: { kind: 'system' },
  tenantId,
  actor: { kind: 'system', id: null, account_id: null, session_id: null },
  requestId: why,
  ip: null,
})
