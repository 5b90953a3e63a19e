import { refusals } from '../../refusal.ts'

/** What stands between us and an address that somebody else named; read as the reason why a call failed. */
export const outgoingRefusals = refusals({
  'outgoing.url_refused': ['invalid', 'This address may not be called.'],
  'outgoing.address_refused': ['invalid', 'The name leads to an internal address, which is never called.'],
  'outgoing.unresolved': ['unavailable', 'The name of the host was not found.'],
  'outgoing.timed_out': ['unavailable', 'The other side took too long.'],
  'outgoing.failed': ['unavailable', 'The connection could not be made, or broke.'],
})
