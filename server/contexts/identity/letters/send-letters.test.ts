import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { test, type TestContext } from 'node:test'
import { sql } from 'kysely'
import type { SMTPServerOptions } from 'smtp-server'
import { ownDatabase } from '#platform/database/database.fixture.ts'
import { waitBefore } from '#platform/jobs/job-failure.ts'
import { doDue } from '#platform/jobs/jobs.fixture.ts'
import { smtpMailer } from '#platform/mail/smtp-mailer.ts'
import { answer, mailServer } from '#platform/mail/smtp.fixture.ts'
import { newTenant, testApp } from '#test/harness.ts'
import { requestPasswordReset } from '../passwords/reset-password.ts'
import { logIn as attempt } from '../sign-in/log-in.ts'
import { createUser } from '../users/create-user.ts'
import {
  as,
  byCustody,
  decoded,
  from,
  lettersTo,
  newPerson,
  PASSWORD,
  randomEmail,
  signedIn,
} from '../sign-in/people.fixture.ts'
import { letterOrder } from './letter-order.ts'
import { letterJobs } from './send-letters.ts'

const NEW = 'un treno per Lecce 9'
const wanted = (email = randomEmail()) => ({ email, name: 'Ada', surname: 'Bianchi', role: 'Viewer' })
const visit = { requestId: 'test', ip: '10.9.9.9', userAgent: null, device: null }

const jobsOf = (tenantId: string | null) =>
  byCustody((db) =>
    db
      .selectFrom('control.jobs')
      .selectAll()
      .where('kind', '=', 'mail.send')
      .where('tenant_id', tenantId === null ? 'is' : '=', tenantId)
      .orderBy('id')
      .execute(),
  )
const resetsOf = async (accountId: string) =>
  (await jobsOf(null)).filter(({ payload }) => (payload as { account_id?: string }).account_id === accountId)
const change = (id: string, row: { state: string; run_at: string; finished_at: null }) =>
  byCustody((db) => db.updateTable('control.jobs').set(row).where('id', '=', id).execute())
/** As if the process had ended after the letter was handed over, or as if its time to be tried again had come. */
const again = (id: string) => change(id, { state: 'waiting', run_at: new Date().toISOString(), finished_at: null })

/** A mail server of the test's own, and what sends the letters that are due to it. */
async function post(t: TestContext, options: SMTPServerOptions = {}) {
  const { deps } = await testApp()
  // What other tests left goes out before, and elsewhere.
  await lettersTo(randomEmail())
  const { taken, host, port } = await mailServer(t, options)
  const mailer = smtpMailer({ host, port, security: 'none', from: deps.config.MAIL_FROM })
  const letters = () => taken.map(({ to, content }) => ({ to: to[0], content: decoded(content) }))
  return { send: () => doDue([...letterJobs({ ...deps, mailer })]), letters }
}
const tokenIn = (content: string): string => /#token=(oft_[A-Za-z0-9_-]{43})/.exec(content)![1]!
const idIn = (content: string): string => /^Message-ID: <(.*)@/m.exec(content)![1]!
const accept = (token: string) => from('10.6.6.8', '/auth/invitations/accept', { token, password: PASSWORD })
const forgot = (email: string) => from(`10.5.${randomBytes(2).join('.')}`, '/auth/password/forgot', { email })

test('an invitation that is rolled back leaves no letter behind', async () => {
  const tenant = await newTenant()
  const { deps } = await testApp()
  const added = tenant.admin.write('users.write', async (work) => {
    await createUser(work, { ...wanted(), password_hash: null }, { ...deps, plantsExist: () => Promise.resolve(true) })
    throw new Error('no')
  })
  await assert.rejects(added, /no/)
  assert.deepEqual(await jobsOf(tenant.id), [])
})

test('what is ordered are ids and plain facts: no link, no address of mail, no text', async () => {
  const [tenant, person] = [await newTenant(), await newPerson()]
  const made = await tenant.admin.call('POST', '/users', wanted())
  const [invitation] = await jobsOf(tenant.id)
  assert.deepEqual(invitation?.payload, { letter: 'invitation', user_id: made.body.id })
  await forgot(person.email)
  const { access_token } = await signedIn(person)
  await as(access_token, 'POST', '/auth/password', { current_password: PASSWORD, new_password: NEW })
  const [changed] = await jobsOf(person.tenant_id)
  assert.ok(changed)
  const { account_id, at, ...facts } = changed.payload as Record<string, string>
  assert.deepEqual(facts, { letter: 'password_changed', how: 'changed', address: '127.0.0.1' })
  assert.ok(Date.parse(at!) <= Date.now())
  const [asked] = await resetsOf(account_id!)
  assert.deepEqual(asked?.payload, { letter: 'password_reset', account_id })
  assert.match((await lettersTo(person.email)).join(), /stata cambiata/)
})

test('a letter that is repeated is the same letter: one Message-ID, one link, which opens once', async (t) => {
  const { send, letters } = await post(t)
  const tenant = await newTenant()
  await tenant.admin.call('POST', '/users', wanted())
  await send()
  const [row] = await jobsOf(tenant.id)
  assert.equal(row?.state, 'completed')
  await again(row.id)
  await send()
  const [first, second, ...more] = letters()
  assert.deepEqual(more, [])
  assert.deepEqual([idIn(first!.content), idIn(second!.content)], [row.id, row.id])
  const token = tokenIn(first!.content)
  assert.equal(tokenIn(second!.content), token)
  assert.equal((await accept(token)).status, 200)
  assert.equal((await accept(token)).status, 422)
  await again(row.id)
  await send()
  assert.equal(letters().length, 2, 'who has accepted is not asked again')
})

test('what the mail server puts off goes out at the next attempt, with a link good from then on', async (t) => {
  let busy = true
  const onRcptTo: SMTPServerOptions['onRcptTo'] = (_address, _session, done) =>
    done(busy ? answer(451, '4.7.1 greylisted') : null)
  const { send, letters } = await post(t, { onRcptTo })
  const person = await newPerson()
  await forgot(person.email)
  await send()
  const accountId = await accountOf(person.email)
  const [row] = await resetsOf(accountId)
  assert.deepEqual([row?.state, row?.attempts, letters()], ['delayed', 1, []])
  assert.match(row?.last_error ?? '', /^mail\.failed: .*451 4\.7\.1 greylisted/)
  const wait = Date.parse(row!.run_at) - Date.now()
  assert.ok(wait > 2_000 && wait <= 10_000)
  // Two hours later a link of an hour that counted from the request would be dead.
  await byCustody((db) =>
    db
      .updateTable('control.tickets')
      .set({ expires_at: new Date().toISOString() })
      .where('account_id', '=', accountId)
      .execute(),
  )
  busy = false
  await again(row!.id)
  await send()
  const token = tokenIn(letters()[0]!.content)
  assert.equal((await from(person.ip, '/auth/password/reset', { token, password: NEW })).status, 204)
})

test('a letter that is refused for good is dead at once; the company sees why, and can send it anew', async (t) => {
  let unknown = true
  const onRcptTo: SMTPServerOptions['onRcptTo'] = ({ address }, _session, done) =>
    done(unknown ? answer(550, `5.1.1 <${address}> user unknown`) : null)
  const { send, letters } = await post(t, { onRcptTo })
  const tenant = await newTenant()
  const { email } = (await tenant.admin.call('POST', '/users', wanted())).body
  await send()
  const seen = await tenant.admin.call('GET', '/jobs?state=failed')
  const [dead, ...more] = seen.body.items
  assert.deepEqual([dead.kind, dead.attempts, more], ['mail.send', 1, []])
  assert.match(dead.last_error, /^mail\.refused: .*RCPT TO 550 5\.1\.1 <…> user unknown/)
  assert.ok(!seen.text.includes(email) && !/oft_/.test(seen.text))
  unknown = false
  assert.equal((await tenant.admin.call('POST', `/jobs/${dead.id}/retry`)).status, 200)
  await send()
  assert.equal((await accept(tokenIn(letters()[0]!.content))).status, 200)
})

test('attempts of one letter do not use up the letters that a person may ask for', async (t) => {
  const { send, letters } = await post(t)
  const person = await newPerson()
  await forgot(person.email)
  await send()
  const [row] = await resetsOf(await accountOf(person.email))
  for (let i = 0; i < 4; i++) {
    await again(row!.id)
    await send()
  }
  await forgot(person.email)
  await send()
  assert.deepEqual(new Set(letters().map(({ content }) => idIn(content))).size, 2)
})

test('a letter is signed by the one company of its reader; of several by none of them', async () => {
  const person = await newPerson({ tenant_name: 'Olio & Figli' })
  await forgot(person.email)
  assert.match(
    (await lettersTo(person.email)).at(-1)!,
    /Per il tuo accesso a Olio & Figli[^]*\r?\n\r?\nOlio & Figli\r?\n/,
  )
  const tenant = await newTenant()
  await tenant.admin.call('POST', '/users', wanted(person.email))
  const invitation = (await lettersTo(person.email)).at(-1)!
  assert.ok(invitation.includes(`lavorare in Tenant ${tenant.slug}`))
  await accept(tokenIn(invitation))
  await forgot(person.email)
  assert.match((await lettersTo(person.email)).at(-1)!, /Per il tuo accesso a Officina/)
})

test('who changes the password in a suspended company reads it by mail all the same', async () => {
  const person = await newPerson()
  const { access_token } = await signedIn(person)
  await byCustody((db) =>
    db.updateTable('control.tenants').set({ status: 'Suspended' }).where('id', '=', person.tenant_id).execute(),
  )
  const body = { current_password: PASSWORD, new_password: NEW }
  assert.equal((await as(access_token, 'POST', '/auth/password', body)).status, 204)
  assert.match((await lettersTo(person.email)).join(), /La tua password/)
})

const accountOf = (email: string): Promise<string> =>
  byCustody(async (db) => {
    const row = await db
      .selectFrom('control.accounts')
      .select('id')
      .where('email', '=', email)
      .executeTakeFirstOrThrow()
    return row.id
  })

/** Which statements the application sends until the answer is there. */
async function statementsOf(
  use: (installation: Awaited<ReturnType<typeof testApp>>['deps']['installation']) => Promise<unknown>,
) {
  await using database = await ownDatabase({ size: 1 })
  const said: string[] = []
  const heard = new WeakSet()
  database.pool.pg.on('acquire', (client) => {
    if (heard.has(client)) return
    heard.add(client)
    const query = client.query.bind(client) as (...all: unknown[]) => unknown
    Object.assign(client, {
      query: (...all: unknown[]) => {
        said.push(typeof all[0] === 'string' ? all[0] : String((all[0] as { text?: string }).text))
        return query(...all)
      },
    })
  })
  const { installation } = (await testApp()).deps
  const outcome = await use({ ...installation, database }).catch((error: { code: string }) => error.code)
  return { said: [...said], outcome }
}

test('asking for a letter takes the same statements and answers for a known and an unknown email', async () => {
  const { email } = await newPerson()
  const ask = (address: string) =>
    statementsOf((installation) => requestPasswordReset({ installation }, visit, address))
  const [known, unknown] = [await ask(email), await ask(randomEmail())]
  assert.ok(known.said.some((text) => text.includes('insert into "control"."jobs"')))
  assert.deepEqual(known, unknown)
  const [a, b] = [await forgot(email), await forgot(randomEmail())]
  const shown = ({ status, text, headers }: typeof a) => ({ status, text, headers: Object.keys(headers) })
  assert.deepEqual(shown(a), shown(b))
})

test('a wrong password takes the same statements and answers for a known and an unknown name', async () => {
  const { email } = await newPerson()
  const { deps } = await testApp()
  const signIn = (login: string) =>
    statementsOf((installation) =>
      attempt({ ...deps, installation }, visit, { login, password: 'not this one', tenant: null }),
    )
  const [known, unknown] = [await signIn(email), await signIn(randomEmail())]
  assert.ok(known.said.length > 2)
  assert.deepEqual(known, unknown)
})

test('attempts end: their waits add up to less than a day', () => {
  const { attempts } = letterOrder.limits
  const waits = (chance: number) =>
    Array.from({ length: attempts - 1 }, (_, i) => waitBefore(i + 1, letterOrder.limits, chance))
  const hours = (chance: number): number => waits(chance).reduce((sum, ms) => sum + ms, 0) / 3_600_000
  assert.ok(hours(0) < 24 && hours(0.5) > 12 && hours(1) > 10)
})

test('who is erased leaves no order of a letter behind', async () => {
  const tenant = await newTenant()
  const { id } = (await tenant.admin.call('POST', '/users', wanted())).body
  assert.equal((await jobsOf(tenant.id)).length, 1)
  await tenant.admin.write(null, (work) => sql`select control.erase_person(${id})`.execute(work.db))
  assert.deepEqual(await jobsOf(tenant.id), [])
})
