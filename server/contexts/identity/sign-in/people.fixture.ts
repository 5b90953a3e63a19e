/** Makers of people who sign in over HTTP, and of what the world outside would do: read mail, run an authenticator app. */
import { createHash, randomBytes } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Secret, TOTP } from 'otpauth'
import type { AllTables } from '#tables'
import type { App } from '../../../app.ts'
import type { Custody } from '#platform/database/custody.ts'
import { doDue } from '#platform/jobs/jobs.fixture.ts'
import { request, testApp, type Answer } from '#test/harness.ts'
import { letterOrder } from '../letters/letter-order.ts'

export const PASSWORD = 'nebbia sul Naviglio 7'

export type Person = {
  id: string
  email: string
  tenant_id: string
  tenant_slug: string
  /** An address of their own: what others fail does not slow them. */
  ip: string
}

export const randomEmail = (): string => `p.${randomBytes(6).toString('hex')}@example.test`
const randomIp = (): string => `10.${[...randomBytes(3)].join('.')}`

/** A request from an address, with a device's cookie. */
export async function from(
  ip: string,
  path: string,
  body: unknown,
  more: {
    cookie?: string
    token?: string
    app?: App
    method?: 'GET' | 'POST' | 'PATCH' | 'DELETE'
    userAgent?: string
  } = {},
): Promise<Answer> {
  const app = more.app ?? (await testApp())
  const answer = await app.http.inject({
    method: more.method ?? 'POST',
    url: `/api/v1${path}`,
    remoteAddress: ip,
    headers: {
      ...(more.cookie && { cookie: more.cookie }),
      ...(more.token && { authorization: `Bearer ${more.token}` }),
      ...(more.userAgent && { 'user-agent': more.userAgent }),
    },
    ...(body !== undefined && { payload: body as object }),
  })
  const isJson = answer.headers['content-type']?.includes('json') ?? false
  return {
    status: answer.statusCode,
    body: isJson && answer.body ? answer.json() : null,
    headers: answer.headers,
    text: answer.body,
  }
}

export const registration = (changes: Record<string, unknown> = {}) => ({
  ...{ email: randomEmail(), password: PASSWORD, name: 'Maria', surname: 'Rossi' },
  ...{ tenant_name: `Solare ${randomBytes(5).toString('hex')}`, ...changes },
})

/** Registers a company and its first Admin. */
export async function newPerson(changes: Record<string, unknown> = {}): Promise<Person> {
  const answer = await request('POST', '/api/v1/auth/register', { body: registration(changes) })
  if (answer.status !== 201) throw new Error(answer.text)
  const { id, email, tenant_id, tenant_slug } = answer.body
  return { id, email, tenant_id, tenant_slug, ip: randomIp() }
}

export const logIn = ({ email, ip }: Person, changes: Record<string, unknown> = {}, more = {}): Promise<Answer> =>
  from(ip, '/auth/login', { email, password: PASSWORD, ...changes }, more)

/** The tokens of a sign-in that needs no more than a password. */
export async function signedIn(person: Person): Promise<{ access_token: string; refresh_token: string }> {
  const answer = await logIn(person)
  if (answer.status !== 200) throw new Error(answer.text)
  return answer.body
}

export const as = (token: string, method: 'GET' | 'POST' | 'PATCH' | 'DELETE', path: string, body?: unknown) =>
  request(method, `/api/v1${path}`, { token, body })

/** What the authenticator app shows, so many steps of 30 seconds from now. */
export const codeOf = (secret: string, steps = 0): string =>
  new TOTP({ secret: Secret.fromBase32(secret) }).generate({ timestamp: Date.now() + steps * 30_000 })

/** Switches the second factor on. The code of the step before is used for it, so that the present one is still good. */
export async function withSecondFactor(token: string): Promise<{ secret: string; recovery_codes: string[] }> {
  const { secret } = (await as(token, 'POST', '/auth/mfa/setup')).body
  const answer = await as(token, 'POST', '/auth/mfa/enable', { code: codeOf(secret, -1) })
  if (answer.status !== 200) throw new Error(answer.text)
  return { secret, recovery_codes: answer.body.recovery_codes }
}

/** The letters to an address, oldest first, as plain text; those that are on their way go out before. */
export async function lettersTo(email: string): Promise<string[]> {
  const { deps, jobs } = await testApp()
  await deps.afterwards.settled()
  await doDue(jobs.filter(({ kind }) => kind === letterOrder))
  const mark = createHash('sha256').update(email).digest('hex').slice(0, 16)
  const box = join(deps.config.home, 'outbox')
  const files = (await readdir(box).catch((): string[] => [])).filter((name) => name.includes(mark)).toSorted()
  return Promise.all(files.map(async (name) => decoded(await readFile(join(box, name), 'utf8'))))
}

/** Quoted-printable, as far as a link needs it. */
export const decoded = (eml: string): string =>
  eml
    .replaceAll(/=\r?\n/g, '')
    .replaceAll(/=([0-9A-F]{2})/g, (_all, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))

export async function tokenInLetter(email: string): Promise<string> {
  const letters = await lettersTo(email)
  const token = /#token=(oft_[A-Za-z0-9_-]{43})/.exec(letters.at(-1) ?? '')?.[1]
  if (token === undefined) throw new Error(`No link in the letters to ${email}`)
  return token
}

/** What only time or an administrator would do. */
export async function byCustody<T>(use: (db: Custody<AllTables>['db']) => Promise<T>): Promise<T> {
  const { installation } = (await testApp()).deps
  return installation.custody.run(({ db }: Custody<AllTables>) => use(db))
}
