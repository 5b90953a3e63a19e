/**
 * Every control table, and whether a copy carries it. A test fails for one that is not here. `tenant` is the condition by which the
 * copy of one company takes rows (`:tenant` stands for its id), null: none. What is left out of a backup must be made anew by
 * itself, or be better lost: a restored session would let in whoever was shut out since.
 */
export type Carried = { backup: boolean; tenant: string | null; columns?: readonly string[]; why: string }

const byTenant = 'tenant_id = :tenant'
const no = (why: string): Carried => ({ backup: false, tenant: null, why })
const backupOnly = (why: string): Carried => ({ backup: true, tenant: null, why })
const both = (why: string): Carried => ({ backup: true, tenant: byTenant, why })

export const controlTables: Readonly<Record<string, Carried>> = {
  tenants: { backup: true, tenant: 'id = :tenant', why: 'the company itself' },
  // A person may be in other companies too: who exports a company gets no password, no second factor, and nobody's rights on the service.
  accounts: {
    backup: true,
    tenant: 'id in (select account_id from control.users where tenant_id = :tenant)',
    columns: ['id', 'email', 'username', 'language', 'erased_at', 'created_at', 'updated_at'],
    why: 'who the users are; nothing that proves it',
  },
  credentials: backupOnly('what proves who a person is is theirs and not the company’s'),
  roles: both('the company’s own roles'),
  users: both('the company’s people'),
  api_keys: both('hashes of 256 random bits: programs go on with the keys they have'),
  known_devices: backupOnly('of an account; without them everybody would get a letter about a new device'),
  signing_keys: backupOnly('of the installation'),
  idempotency_keys: backupOnly('what was answered in the last 24 hours is answered again'),
  events: both('what happened'),
  event_positions: both('in which order'),
  audit_chain: both('what proves that the trail is whole'),
  event_subscribers: backupOnly('how far each follower had come'),
  event_failures: backupOnly('of the followers of this installation'),
  webhooks: both('receivers go on being told, with the secrets they have; of what happened before, nothing once more'),
  webhook_deliveries: backupOnly('the log of this installation, whose jobs do the rest'),
  brokers: backupOnly('a copy of the company elsewhere would take its messages away from here'),
  broker_states: backupOnly('of the brokers; whoever holds one next renews it'),
  jobs: backupOnly('what was still to be done; a job may run again, and none is lost'),
  schedules: backupOnly('which occurrence was dealt with last'),
  job_turns: no('whose turn it was'),
  event_sequencer: no('concludes from transaction ids of the server it ran on; it finds its place anew'),
  event_gaps: no('of the sequencer'),
  default_roles: no('written anew at every start'),
  migrations: no('written by the migrations that make the tables'),
  sessions: no('who was shut out since would be in again; everybody signs in once more'),
  spent_refresh_tokens: no('of sessions'),
  tickets: no('links in letters, good once: one that was used since would be good again'),
  guesses: no('failed guesses of the last minutes'),
}
