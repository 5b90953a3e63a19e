/** The ground both servers stand on: an embedded PostgreSQL, migrated, with tenants, people, sessions and plants. */
import { randomBytes } from 'node:crypto'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { newId } from '#platform/new-id.ts'
import { startEmbeddedServer } from '#platform/database/embedded/embedded-server.ts'
import { openInstallation } from '#platform/database/installation.ts'
import { openLog } from '#platform/telemetry/log.ts'
import { makeApp } from '../server/app.ts'
import { readConfig } from '../server/config.ts'
import { signAccessToken, type TokenIssuer } from '../server/contexts/identity/tokens/access-token.ts'
import { CEILING_COLUMNS } from './ceiling-columns.ts'
import type { Client } from './processes.ts'

const TENANTS = 50
const PLANTS_PER_TENANT = 200
/** Tenants whose tokens take part in the load. */
const CALLING = 20

export type Ground = {
  home: string
  adminUrl: string
  /** For the ceiling: a log-in that sees the rows of its one policy. */
  bareUrl: string
  postmaster: number
  admin: pg.Client
  clients: Client[]
  /** Sessions of the calling tenants: what open_scope is asked for. */
  sessions: string[]
  issuer: TokenIssuer
  tenantsFile: string
  /** Removes what the load created, and tidies up after it. */
  sweep: () => Promise<void>
  close: () => Promise<void>
}

const quiet = { info: () => undefined, warn: () => undefined }

export async function layGround(): Promise<Ground> {
  const home = await mkdtemp(join(tmpdir(), 'officina-bench-'))
  const server = await startEmbeddedServer({ home, log: quiet })
  const { user, password, host, port, database } = server
  const adminUrl = `postgres://${user}:${encodeURIComponent(password)}@${host}:${port}/${database}`
  const admin = new pg.Client({ connectionString: adminUrl })
  await admin.connect()
  const { clients, sessions, tenantIds, issuer } = await seed(adminUrl, home, admin)
  const barePassword = randomBytes(16).toString('hex')
  await admin.query(BARE.replace('{password}', barePassword))
  await admin.query('vacuum (analyze)')
  const tenantsFile = join(home, 'tenants.json')
  await writeFile(tenantsFile, JSON.stringify(Object.fromEntries(clients.map(({ token }, i) => [token, tenantIds[i]]))))
  const postmaster = Number((await readFile(join(home, 'postgres/pgdata/postmaster.pid'), 'utf8')).split('\n')[0])
  return {
    home,
    adminUrl,
    postmaster,
    admin,
    clients,
    sessions,
    issuer,
    tenantsFile,
    bareUrl: `postgres://bench_bare:${barePassword}@${host}:${port}/${database}`,
    sweep: async () => {
      await admin.query(
        "delete from shared.plants where code like 'BENCH-%'; delete from bare.plants where code like 'BENCH-%'",
      )
      for (const table of ['shared.plants', 'bare.plants']) await admin.query(`vacuum (analyze) ${table}`)
    },
    close: async () => {
      await admin.end()
      await server.stop()
      await rm(home, { recursive: true, force: true })
    },
  }
}

async function seed(adminUrl: string, home: string, admin: pg.Client) {
  const config = readConfig({ DATABASE_URL: adminUrl, OFFICINA_HOME: home, LOG_LEVEL: 'silent' })
  const log = openLog(config)
  const installation = await openInstallation(config, log, { migrate: true })
  // It writes the default roles and makes the key that signs.
  const app = await makeApp(config, installation, log)
  try {
    await admin.query(TENANT_ROWS, [TENANTS])
    await admin.query(PLANT_ROWS, [PLANTS_PER_TENANT])
    const issuer = app.deps.issuing.current()
    const { rows } = await admin.query<{ tenant_id: string; user_id: string; session_id: string; plants: string[] }>(
      CALLERS,
      [CALLING],
    )
    const clients: Client[] = []
    for (const { tenant_id, user_id, session_id, plants } of rows) {
      const subject = { sub: user_id, jti: newId(), tenant_id, session_id, roles: ['Admin'] }
      clients.push({ token: await signAccessToken(issuer, subject, new Date()), plants })
    }
    return { clients, sessions: rows.map((row) => row.session_id), tenantIds: rows.map((row) => row.tenant_id), issuer }
  } finally {
    await app.close()
    await installation.close()
  }
}

// The administrator's log-in bypasses the policies; nothing else in the bench does.
const TENANT_ROWS = `
with t as (
  insert into control.tenants (id, slug, name, status, tier, max_users, max_plants, schema_name, schema_version)
  select gen_random_uuid(), 'bench-' || n, 'Bench ' || n, 'Active', 'enterprise', 1000, 1000000, 'shared',
         (select max(version) from control.migrations where schema = 'shared')
    from generate_series(1, $1::int) n
  returning id, slug
), a as (
  insert into control.accounts (id, email) select gen_random_uuid(), slug || '@bench.test' from t returning id, email
), u as (
  insert into control.users (tenant_id, id, account_id, name, surname, role, status)
  select t.id, gen_random_uuid(), a.id, 'Bench', 'Admin', 'Admin', 'Active' from t join a on a.email = t.slug || '@bench.test'
  returning tenant_id, id, account_id
)
insert into control.sessions (tenant_id, id, user_id, account_id, refresh_hash, expires_at)
select tenant_id, gen_random_uuid(), id, account_id, gen_random_uuid()::text, now() + interval '1 day' from u`

const PLANT_ROWS = `
insert into shared.plants (tenant_id, id, name, code, type, status, power, power_kw, location, address, municipality,
                           province, region, latitude, longitude, notes, search_text, created_by, updated_by)
select u.tenant_id, gen_random_uuid(), 'Impianto fotovoltaico ' || lpad(n::text, 4, '0'), 'IT-PV-' || lpad(n::text, 4, '0'),
       'Photovoltaic', 'In Operation', '998.4 kWp', 900 + n, 'Contrada Bench', 'Strada provinciale 12, km ' || n, 'Foggia',
       'FG', 'Puglia', 41 + n / 1000.0, 15 + n / 1000.0, 'Manutenzione a cura del gestore; accesso da nord.',
       'impianto fotovoltaico ' || n || ' it-pv foggia puglia', u.id, u.id
  from control.users u cross join generate_series(1, $1::int) n`

const CALLERS = `
select s.tenant_id, s.user_id, s.id as session_id, array(select p.id::text from shared.plants p where p.tenant_id = s.tenant_id limit 100) as plants
  from control.sessions s limit $1`

const BARE = `
create schema bare;
create table bare.plants (
  tenant_id uuid not null, id uuid not null, name text not null, code text not null, type text not null, status text not null,
  power text, power_kw double precision, country text not null default 'IT', location text, address text, municipality text,
  province text, region text, latitude double precision, longitude double precision, notes text, next_deadline date,
  next_deadline_type text, created_at timestamptz not null default now(), updated_at timestamptz not null default now(),
  created_by uuid, updated_by uuid, primary key (tenant_id, id));
insert into bare.plants (tenant_id, ${CEILING_COLUMNS.join(', ')}) select tenant_id, ${CEILING_COLUMNS.join(', ')} from shared.plants;
create index plants_by_name on bare.plants (tenant_id, name, id);
alter table bare.plants enable row level security;
alter table bare.plants force row level security;
create policy tenant on bare.plants using (tenant_id = (select current_setting('bare.tenant_id')::uuid));
create role bench_bare login password '{password}';
grant usage on schema bare to bench_bare;
create table bare.audit (
  tenant_id uuid not null, id uuid not null, at timestamptz not null, actor_id uuid, action text not null, resource text not null,
  resource_id uuid, after jsonb, request_id text, ip text, primary key (tenant_id, id));
alter table bare.audit enable row level security;
alter table bare.audit force row level security;
create policy tenant on bare.audit using (tenant_id = (select current_setting('bare.tenant_id')::uuid));
grant select, insert on bare.plants, bare.audit to bench_bare;
alter role bench_bare set timezone = 'UTC'`
