import assert from 'node:assert/strict'
import { test } from 'node:test'
import { as, byCustody, from, newPerson, signedIn } from './people.fixture.ts'
import { sweepSignIns } from './sweep-sign-ins.ts'

const sweep = () => byCustody((db) => sweepSignIns({ custody: true, now: new Date(), db }))

test('the sweep takes sessions three months after their end and leaves what is in use', async () => {
  const person = await newPerson()
  const expireAgo = (days: number) =>
    byCustody((db) =>
      db
        .updateTable('control.sessions')
        .set({ expires_at: new Date(Date.now() - days * 86_400_000).toISOString() })
        .where('tenant_id', '=', person.tenant_id)
        .execute(),
    )
  const left = async () =>
    (
      await byCustody((db) =>
        db.selectFrom('control.sessions').select('id').where('tenant_id', '=', person.tenant_id).execute(),
      )
    ).length
  const { access_token, refresh_token } = await signedIn(person)
  await sweep()
  assert.equal((await from(person.ip, '/auth/refresh', { refresh_token })).status, 200)
  assert.equal((await as(access_token, 'GET', '/auth/me')).status, 200)
  await expireAgo(89)
  await sweep()
  assert.equal(await left(), 1)
  await expireAgo(91)
  await sweep()
  assert.equal(await left(), 0)
})

test('the sweep takes failures that are forgotten, and no others', async () => {
  const hoursAgo = (hours: number) => new Date(Date.now() - hours * 3_600_000).toISOString()
  const rows = [
    { subject: 'test-old', failures: 9, last_at: hoursAgo(25) },
    { subject: 'test-young', failures: 9, last_at: hoursAgo(23) },
  ]
  await byCustody((db) => db.insertInto('control.guesses').values(rows).execute())
  await sweep()
  const left = await byCustody((db) =>
    db.selectFrom('control.guesses').select('subject').where('subject', 'like', 'test-%').execute(),
  )
  assert.deepEqual(left, [{ subject: 'test-young' }])
})
