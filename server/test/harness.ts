/** Makers of test data on a real database: one installation per run, one fresh tenant per test. No mocks. */
import { randomBytes } from 'node:crypto'
import { newId } from '#platform/new-id.ts'
import type { InjectOptions } from 'fastify'
import { makeApp, type App } from '../app.ts'
import { readConfig, type Config } from '../config.ts'
import { signAccessToken } from '../contexts/identity/tokens/access-token.ts'
import type { AllTables } from '../database.gen.ts'
import { openInstallation } from '../platform/database/installation.ts'
import type { Custody } from '../platform/database/custody.ts'
import type { EdgeWork, Mode, Scope } from '../platform/database/work.ts'
import { openLog } from '../platform/telemetry/log.ts'
import { createTenant, type NewTenant } from '../platform/tenancy/create-tenant.ts'

let started: Promise<App> | undefined
/** The application of this run; `started` once, shared by every test file. */
export const testApp = (): Promise<App> =>
  (started ??= (async () => {
    const config = readConfig()
    const log = openLog(config)
    return makeApp(config, await openInstallation(config, log, { migrate: true }), log)
  })())

/** An application of its own with other settings, on the same database. Close it. */
export async function appWith(changes: Partial<Config>): Promise<App> {
  const { deps } = await testApp()
  const config = { ...deps.config, ...changes }
  return makeApp(config, deps.installation, openLog(config))
}

export type TestUser = {
  tenantId: string
  userId: string
  accountId: string
  sessionId: string
  email: string
  token: string
  scope: (permission: string | null, mode?: Mode) => Scope
  /** Opens a Work as this user, as a route with that permission would. */
  read: <T>(permission: string | null, use: (work: EdgeWork) => Promise<T>) => Promise<T>
  write: <T>(permission: string | null, use: (work: EdgeWork) => Promise<T>) => Promise<T>
  /** A request with this user's token: method and URL below /api/v1. */
  call: (
    method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE',
    path: string,
    body?: unknown,
    headers?: Record<string, string>,
  ) => Promise<Answer>
}
export type Answer = {
  status: number
  // oxlint-disable-next-line typescript/no-explicit-any -- what a test reads of it, it asserts
  body: any
  headers: Record<string, string | string[] | number | undefined>
  text: string
}

export type TestTenant = {
  id: string
  slug: string
  schema: string
  admin: TestUser
  /** One more user with a role, of all plants or of some. */
  user: (role: string, plantIds?: string[] | null) => Promise<TestUser>
}

const isolation = (): 'shared' | 'schema' => (process.env['TEST_ISOLATION'] === 'schema' ? 'schema' : 'shared')

async function addUser(tenantId: string, role: string, plantIds: string[] | null): Promise<TestUser> {
  const app = await testApp()
  const { installation, issuing } = app.deps
  const [userId, accountId, sessionId] = [newId(), newId(), newId()]
  const email = `${role.toLowerCase().replaceAll(' ', '.')}.${randomBytes(6).toString('hex')}@example.test`
  await installation.custody.run(async ({ db }: Custody<AllTables>) => {
    await db.insertInto('control.accounts').values({ id: accountId, email }).execute()
    await db.insertInto('control.credentials').values({ account_id: accountId }).execute()
    const name = { name: role, surname: 'Test' }
    const user = {
      tenant_id: tenantId,
      id: userId,
      account_id: accountId,
      role,
      status: 'Active',
      ...name,
      plant_ids: plantIds,
    }
    await db.insertInto('control.users').values(user).execute()
    const expires_at = new Date(Date.now() + 3_600_000).toISOString()
    const session = { tenant_id: tenantId, id: sessionId, user_id: userId, account_id: accountId, expires_at }
    await db
      .insertInto('control.sessions')
      .values({ ...session, refresh_hash: newId() })
      .execute()
  })
  const subject = { sub: userId, jti: newId(), tenant_id: tenantId, session_id: sessionId, roles: [role] }
  const token = await signAccessToken(issuing.current(), subject, new Date())
  const actor = { kind: 'user', id: userId, account_id: null, session_id: sessionId } as const
  const scope = (permission: string | null, mode: Mode = 'write'): Scope => ({
    open: { kind: 'scope', principal: `s${sessionId}`, permission, mode },
    tenantId,
    actor,
    requestId: 'test',
    ip: '127.0.0.1',
  })
  return {
    tenantId,
    userId,
    accountId,
    sessionId,
    email,
    token,
    scope,
    read: (permission, use) => installation.database.read(scope(permission, 'read'), use),
    write: (permission, use) => installation.database.write(scope(permission, 'write'), use),
    call: (method, path, body, headers) =>
      request(method, `/api/v1${path}`, { token, body, ...(headers && { headers }) }),
  }
}

/** A tenant that nobody else sees, with an Admin; about 5 ms in `shared`. */
export async function newTenant(changes: Partial<NewTenant> = {}): Promise<TestTenant> {
  const { installation } = (await testApp()).deps
  const slug = `t-${randomBytes(6).toString('hex')}`
  const tenant = { slug, name: `Tenant ${slug}`, isolation: isolation(), status: 'Active', ...changes } as NewTenant
  const place = await createTenant(installation.custody, tenant, (_custody, made) => Promise.resolve(made))
  return {
    id: place.id,
    slug: tenant.slug,
    schema: place.schema_name,
    admin: await addUser(place.id, 'Admin', null),
    user: (role, plantIds = null) => addUser(place.id, role, plantIds),
  }
}

/** A request to the application of this run, without a socket. */
export async function request(
  method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE',
  url: string,
  more: { token?: string; body?: unknown; headers?: Record<string, string>; app?: App } = {},
): Promise<Answer> {
  const app = more.app ?? (await testApp())
  const options: InjectOptions = {
    method,
    url,
    headers: { ...(more.token && { authorization: `Bearer ${more.token}` }), ...more.headers },
    ...(more.body !== undefined && { payload: more.body as object }),
  }
  const answer = await app.http.inject(options)
  const isJson = (answer.headers['content-type'] ?? '').includes('json')
  return {
    status: answer.statusCode,
    body: isJson && answer.body ? answer.json() : null,
    headers: answer.headers,
    text: answer.body,
  }
}

/** A plant that nobody looks into: its row alone, by the Admin's own Work. */
export async function plantOf(tenant: TestTenant): Promise<string> {
  const id = newId()
  const plant = { name: 'Serra', code: id.slice(-12), type: 'Photovoltaic', status: 'In Operation' }
  await tenant.admin.write('plants.write', (work) =>
    work.db
      .insertInto('plants')
      .values({ tenant_id: tenant.id, id, ...plant, search_text: 'serra' })
      .execute(),
  )
  return id
}
