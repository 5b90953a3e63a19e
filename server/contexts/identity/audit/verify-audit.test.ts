import assert from 'node:assert/strict'
import { test } from 'node:test'
import { sql } from 'kysely'
import { v7 as uuidv7 } from 'uuid'
import { newTenant, plantOf, request, testApp, type Answer, type TestTenant, type TestUser } from '#test/harness.ts'
import { systemScope } from '#platform/database/system-scope.ts'
import type { EdgeCustody } from '#platform/database/custody.ts'
import { sequenceEvents } from '#platform/events/sequencer.ts'
import { generateSigningKey, keySet } from '../tokens/signing-keys.ts'
import { sealAudit, sealJobs, sealSchedules } from './seal-audit.ts'
import { verifyAudit } from './verify-audit.ts'
import { signHead } from './verify-head.ts'

const custody = async () => (await testApp()).deps.installation.custody
const numbered = async (): Promise<void> => {
  for (let n: number | null = null; n !== 0;) n = await sequenceEvents(await custody())
}
const entry = (n: number) => ({ action: 'things.happened', resource: 'thing', after: { n } })
const write = (tenant: TestTenant, n: number) =>
  tenant.admin.write('plants.write', (work) => Promise.resolve(work.record(entry(n))))
const verify = (tenant: TestTenant, query = ''): Promise<Answer> => tenant.admin.call('GET', `/audit/verify${query}`)
const seal = async (tenant: TestTenant) => {
  const { installation, issuing } = (await testApp()).deps
  const sealed = await installation.database.write(systemScope(tenant.id, 'test'), (work) =>
    sealAudit(work, issuing.current().keys),
  )
  await numbered()
  return sealed!
}

/** A tenant with six chained entries. */
async function chained(): Promise<TestTenant> {
  const tenant = await newTenant()
  for (let n = 1; n <= 6; n++) await write(tenant, n)
  await numbered()
  return tenant
}

test('a trail that nobody touched is valid, and the answer says how much was checked', async () => {
  const tenant = await chained()
  const { status, body } = await verify(tenant)
  assert.equal(status, 200)
  const { head, ...rest } = body
  assert.deepEqual(rest, {
    ...{ valid: true, checked: 6, first_broken: null, erased: 0, waiting: 0, sealed: null, next_cursor: null },
  })
  assert.equal(head.number, 6)
  assert.match(head.link, /^[0-9a-f]{64}$/)
  const empty = await verify(await newTenant())
  assert.deepEqual([empty.body.valid, empty.body.checked, empty.body.head.link], [true, 0, null])
})

test('an entry that was committed a moment ago waits and breaks nothing', async () => {
  const tenant = await chained()
  const blocked = Promise.withResolvers<void>()
  const holding = Promise.withResolvers<void>()
  // While another process numbers, nobody else does.
  const holder = (await custody()).run(async ({ db }) => {
    await sql`select pg_advisory_xact_lock(hashtext('officina.sequencer'))`.execute(db)
    holding.resolve()
    await blocked.promise
  })
  await holding.promise
  await write(tenant, 7)
  const { body } = await verify(tenant)
  blocked.resolve()
  await holder
  assert.deepEqual([body.valid, body.checked, body.waiting], [true, 6, 1])
  await numbered()
  assert.equal((await verify(tenant)).body.checked, 7)
})

type Tampering = (db: EdgeCustody['db'], tenant: TestTenant, audit: ReturnType<typeof sql.table>) => Promise<unknown>
const idAt = (tenant: TestTenant, number: number) =>
  sql`(select audit_id from control.audit_chain where tenant_id = ${tenant.id} and number = ${number})`
/** Rewrites the chain from a number on, as whoever knows the formula would. */
const relinked = (db: EdgeCustody['db'], tenant: TestTenant, from: number) =>
  sql`with recursive anew as (
        select number, audit_id, digest, link from control.audit_chain where tenant_id = ${tenant.id} and number = ${from - 1}
        union all
        select c.number, c.audit_id, c.digest, sha256(p.link || c.digest || uuid_send(c.audit_id))
          from anew p join control.audit_chain c on c.tenant_id = ${tenant.id} and c.number = p.number + 1)
      update control.audit_chain c set link = anew.link from anew where c.tenant_id = ${tenant.id} and c.number = anew.number`.execute(
    db,
  )

const tamperings: [what: string, reason: string, number: number | null, tamper: Tampering][] = [
  [
    'the contents of an entry',
    'entry_changed',
    3,
    (db, t, audit) =>
      sql`update ${audit} set after = '{"n": 33}' where tenant_id = ${t.id} and id = ${idAt(t, 3)}`.execute(db),
  ],
  [
    'who did it',
    'entry_changed',
    2,
    (db, t, audit) =>
      sql`update ${audit} set actor_id = ${uuidv7()} where tenant_id = ${t.id} and id = ${idAt(t, 2)}`.execute(db),
  ],
  [
    'when it was done',
    'entry_changed',
    6,
    (db, t, audit) =>
      sql`update ${audit} set at = at - interval '1 day' where tenant_id = ${t.id} and id = ${idAt(t, 6)}`.execute(db),
  ],
  [
    'the address it came from',
    'entry_changed',
    1,
    (db, t, audit) =>
      sql`update ${audit} set ip = '10.0.0.1' where tenant_id = ${t.id} and id = ${idAt(t, 1)}`.execute(db),
  ],
  [
    'an entry that is removed',
    'entry_removed',
    4,
    (db, t, audit) => sql`delete from ${audit} where tenant_id = ${t.id} and id = ${idAt(t, 4)}`.execute(db),
  ],
  [
    'an entry that is put in',
    'entry_not_chained',
    null,
    (db, t, audit) =>
      sql`insert into ${audit} (tenant_id, id, actor_kind, action, resource) values (${t.id}, ${uuidv7()}, 'system', 'x', 'y')`.execute(
        db,
      ),
  ],
  [
    'an entry that is removed with its link',
    'link_removed',
    3,
    async (db, t, audit) => {
      await sql`delete from ${audit} where tenant_id = ${t.id} and id = ${idAt(t, 3)}`.execute(db)
      await sql`delete from control.audit_chain where tenant_id = ${t.id} and number = 3`.execute(db)
    },
  ],
  [
    'the first link gone',
    'link_removed',
    1,
    (db, t) => sql`delete from control.audit_chain where tenant_id = ${t.id} and number = 1`.execute(db),
  ],
  [
    'a link that is changed',
    'link_changed',
    5,
    (db, t) =>
      sql`update control.audit_chain set link = sha256(link) where tenant_id = ${t.id} and number = 5`.execute(db),
  ],
  [
    'an entry changed, and its digest with it',
    'link_changed',
    3,
    async (db, t, audit) => {
      await sql`update ${audit} set after = '{"n": 33}' where tenant_id = ${t.id} and id = ${idAt(t, 3)}`.execute(db)
      await sql`update control.audit_chain c set digest = control.audit_digest(a.id, a.at, a.outcome, a.actor_kind, a.actor_id, a.action,
        a.resource, a.resource_id, a.plant_id, a.request_id, control.audit_part(a.contents_salt, jsonb_build_array(a.before, a.after)),
        control.audit_part(a.ip_salt, jsonb_build_array(a.ip)))
       from ${audit} a where c.tenant_id = ${t.id} and c.number = 3 and (a.tenant_id, a.id) = (c.tenant_id, c.audit_id)`.execute(
        db,
      )
    },
  ],
  [
    'two links in another order',
    'link_changed',
    2,
    async (db, t) => {
      await sql`update control.audit_chain set number = -number where tenant_id = ${t.id} and number in (2, 3)`.execute(
        db,
      )
      await sql`update control.audit_chain set number = 5 + number where tenant_id = ${t.id} and number < 0`.execute(db)
    },
  ],
  [
    'the last links cut off',
    'entry_not_chained',
    null,
    (db, t) => sql`delete from control.audit_chain where tenant_id = ${t.id} and number > 4`.execute(db),
  ],
  [
    'an entry that is chained twice',
    'entry_chained_twice',
    null,
    (db, t) =>
      sql`insert into control.audit_chain
        select tenant_id, 7, audit_id, digest, sha256((select link from control.audit_chain where tenant_id = ${t.id} and number = 6) || digest || uuid_send(audit_id))
          from control.audit_chain where tenant_id = ${t.id} and number = 2`.execute(db),
  ],
  [
    'an entry that is blanked and marked as erased',
    'erasure_unfounded',
    4,
    (db, t, audit) =>
      sql`update ${audit} set contents_digest = control.audit_part(contents_salt, jsonb_build_array(before, after)), contents_salt = null,
               contents_erased_for = ${t.admin.userId}, before = null, after = null
         where tenant_id = ${t.id} and id = ${idAt(t, 4)}`.execute(db),
  ],
  [
    'an entry with other contents under the digest of its own',
    'entry_changed',
    4,
    (db, t, audit) =>
      sql`update ${audit} set contents_digest = control.audit_part(contents_salt, jsonb_build_array(before, after)), contents_salt = null,
               contents_erased_for = ${t.admin.userId}, after = '{"n": 44}'
         where tenant_id = ${t.id} and id = ${idAt(t, 4)}`.execute(db),
  ],
]

for (const [what, reason, number, tamper] of tamperings) {
  test(`found: ${what}`, async () => {
    const tenant = await chained()
    const audit = sql.table(`${tenant.schema}.audit`)
    await (await custody()).run(({ db }) => tamper(db, tenant, audit))
    const { body } = await verify(tenant)
    assert.equal(body.valid, false, JSON.stringify(body))
    assert.deepEqual([body.first_broken.reason, body.first_broken.number], [reason, number])
    const untouched = await verify(await chained())
    assert.equal(untouched.body.valid, true)
  })
}

test('a signed head is told as an event, and stays in the chain', async () => {
  const tenant = await chained()
  const sealed = await seal(tenant)
  await write(tenant, 7)
  await numbered()
  const { body } = await verify(tenant)
  assert.deepEqual([body.valid, body.checked, body.sealed], [true, 7, { number: 6, at: sealed.at }])
  assert.equal((await verify(tenant, `?head=${sealed.jws}`)).body.valid, true)
})

test('found: the end of the trail cut off with its entries, by the last signed head', async () => {
  const tenant = await chained()
  await seal(tenant)
  const audit = sql.table(`${tenant.schema}.audit`)
  await (
    await custody()
  ).run(async ({ db }) => {
    await sql`delete from ${audit} where tenant_id = ${tenant.id} and id = ${idAt(tenant, 6)}`.execute(db)
    await sql`delete from control.audit_chain where tenant_id = ${tenant.id} and number = 6`.execute(db)
  })
  const { body } = await verify(tenant)
  assert.deepEqual([body.valid, body.first_broken.reason, body.first_broken.number], [false, 'head_missing', 6])
})

test('found: history rewritten link by link, by the signed head, also by the one that was kept outside', async () => {
  const tenant = await chained()
  const { jws } = await seal(tenant)
  const audit = sql.table(`${tenant.schema}.audit`)
  await (
    await custody()
  ).run(async ({ db }) => {
    await sql`delete from ${audit} where tenant_id = ${tenant.id} and id = ${idAt(tenant, 3)}`.execute(db)
    await sql`delete from control.audit_chain where tenant_id = ${tenant.id} and number = 3`.execute(db)
    await sql`update control.audit_chain set number = number - 1 where tenant_id = ${tenant.id} and number = 4`.execute(
      db,
    )
    await sql`update control.audit_chain set number = number - 1 where tenant_id = ${tenant.id} and number = 5`.execute(
      db,
    )
    await sql`update control.audit_chain set number = number - 1 where tenant_id = ${tenant.id} and number = 6`.execute(
      db,
    )
    await relinked(db, tenant, 3)
  })
  assert.equal((await verify(tenant)).body.first_broken.reason, 'head_missing')
  await write(tenant, 7)
  await numbered()
  assert.equal((await verify(tenant)).body.first_broken.reason, 'head_differs')
  // Even where the event that told of it is gone.
  const [door, told] = [await custody(), sql`tenant_id = ${tenant.id} and type = 'AuditSealed'`]
  await door.run(({ db }) => sql`delete from control.events where ${told}`.execute(db))
  assert.equal((await verify(tenant)).body.valid, true)
  const kept = await verify(tenant, `?head=${jws}`)
  assert.deepEqual([kept.body.valid, kept.body.first_broken.reason], [false, 'head_differs'])
})

test('found: a head that somebody else signed, that is of another company, or that says another number', async () => {
  const [tenant, other] = [await chained(), await chained()]
  const theirs = await seal(other)
  const key = await generateSigningKey(new Date(Date.now() - 3_600_000))
  const { body } = await verify(tenant)
  const claimed = { tenant_id: tenant.id, number: 6, link: body.head.link, at: body.head.at }
  const forged = await signHead(keySet({ keys: [key] }), claimed, new Date())
  for (const head of [forged, theirs.jws, 'x', 'a.b.c', `${theirs.jws}A`]) {
    const answer = await verify(tenant, `?head=${encodeURIComponent(head)}`)
    assert.deepEqual([answer.body.valid, answer.body.first_broken?.reason], [false, 'head_forged'], head)
  }
  await seal(tenant)
  const door = await custody()
  const told = sql`tenant_id = ${tenant.id} and type = 'AuditSealed'`
  await door.run(({ db }) => sql`update control.events set data = data || '{"number": 5}' where ${told}`.execute(db))
  assert.equal((await verify(tenant)).body.first_broken.reason, 'head_forged')
})

test('a head that came along with the company, by keys of elsewhere, must only still stand in the chain', async () => {
  const tenant = await chained()
  const { number, link, at } = (await verify(tenant)).body.head
  const keys = keySet({ keys: [await generateSigningKey(new Date(Date.now() - 3_600_000))] })
  const jws = await signHead(keys, { tenant_id: tenant.id, number, link, at }, new Date())
  const bring = async (id: number, said: object) =>
    (await custody()).run(({ db }) =>
      sql`insert into control.events (id, tenant_id, time, type, subject, data)
          values (${id}, ${tenant.id}, now(), 'AuditSealed', 'audit', ${JSON.stringify(said)})`.execute(db),
    )
  await bring(-Date.now(), { number, link, at, jws })
  assert.equal((await verify(tenant)).body.valid, true)
  await bring(-Date.now(), { number, link: '00'.repeat(32), at, jws })
  assert.equal((await verify(tenant)).body.first_broken.reason, 'head_forged')
})

test('an access token is no head, and the keys of heads are published, retired ones too', async () => {
  const tenant = await chained()
  const { body } = await verify(tenant, `?head=${tenant.admin.token}`)
  assert.equal(body.first_broken.reason, 'head_forged')
  const { jws } = await seal(tenant)
  const { kid } = JSON.parse(Buffer.from(jws.split('.')[0]!, 'base64url').toString())
  const { installation, issuing } = (await testApp()).deps
  const long = new Date(Date.now() - 86_400_000).toISOString()
  const retire = (at: string | null) =>
    installation.custody.run(async ({ db }) => {
      await sql`update control.signing_keys set retired_at = ${at} where kid = ${kid}`.execute(db)
    })
  const kids = async (path: string) =>
    (await request('GET', path)).body.keys.map((one: { kid: string }) => one.kid) as string[]
  assert.ok((await kids('/.well-known/audit-jwks.json')).includes(kid))
  await retire(long)
  await issuing.refresh()
  const [tokens, heads] = [await kids('/.well-known/jwks.json'), await kids('/.well-known/audit-jwks.json')]
  const keys = issuing.current().keys
  const verdict = await tenant.admin.read('audit.read', (work) => verifyAudit(work, { keys }))
  await retire(null)
  await issuing.refresh()
  assert.ok(!tokens.includes(kid) && heads.includes(kid))
  assert.equal(verdict.valid, true)
})

test('a long trail is verified call by call, and a change is found in any of them', async () => {
  const tenant = await chained()
  const { keys } = (await testApp()).deps.issuing.current()
  const whole = async () => {
    let calls = 0
    let cursor: string | undefined
    for (;;) {
      const verdict = await tenant.admin.read('audit.read', (work) => verifyAudit(work, { keys, cursor, budgetMs: 0 }))
      calls += 1
      if (verdict.next_cursor === null) return { calls, verdict }
      assert.equal(verdict.valid, null)
      cursor = verdict.next_cursor
    }
  }
  const { calls, verdict } = await whole()
  assert.ok(calls > 3)
  assert.deepEqual([verdict.valid, verdict.checked], [true, 6])
  const audit = sql.table(`${tenant.schema}.audit`)
  await (
    await custody()
  ).run(({ db }) =>
    sql`insert into ${audit} (tenant_id, id, actor_kind, action, resource) values (${tenant.id}, ${uuidv7()}, 'system', 'x', 'y')`.execute(
      db,
    ),
  )
  assert.equal((await whole()).verdict.first_broken?.reason, 'entry_not_chained')
  for (const cursor of ['x', Buffer.from('9 0  x').toString('base64url')]) {
    const refused = await verify(tenant, `?cursor=${cursor}`)
    assert.deepEqual([refused.status, refused.body.error.details[0].field], [422, 'cursor'])
  }
})

test('who does not see all plants, or may not read the trail, does not verify it', async () => {
  const tenant = await chained()
  const limited = await tenant.user('Asset Manager', [await plantOf(tenant)])
  const answer = await limited.call('GET', '/audit/verify')
  assert.deepEqual([answer.status, answer.body.error.code], [403, 'audit.all_plants_needed'])
  assert.equal((await (await tenant.user('Viewer')).call('GET', '/audit/verify')).status, 403)
})

test('the job of the day tells the signed head to who may read the trail, and to nobody else', async () => {
  const tenant = await chained()
  const { installation, issuing } = (await testApp()).deps
  const [sealing] = sealJobs({ issuing })
  const { handler } = sealing!
  assert.ok('run' in handler)
  await installation.database.write(systemScope(tenant.id, 'test'), (work) => handler.run(work, {}, {} as never))
  await numbered()
  const events = async (user: TestUser) => (await user.call('GET', '/events?cursor=0&type=AuditSealed')).body.items
  const [told, ...more] = await events(tenant.admin)
  assert.deepEqual([told.type, told.data.number, more.length], ['AuditSealed', 6, 0])
  assert.equal((await verify(tenant, `?head=${told.data.jws}`)).body.valid, true)
  assert.deepEqual(await events(await tenant.user('Viewer')), [])
  assert.deepEqual(
    sealSchedules.map(({ kind, per, zone }) => [kind.name, per, zone]),
    [['audit.seal', 'tenant', 'tenant']],
  )
})
