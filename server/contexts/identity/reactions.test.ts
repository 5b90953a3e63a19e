import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { tellWebhookDisabled } from '#platform/events/webhooks/webhook-events.ts'
import { newTenant } from '#test/harness.ts'
import { lettersTo } from './sign-in/people.fixture.ts'

test('where the machine disables a webhook, the Admins of the company get a letter, and nobody else does', async () => {
  const [tenant, other] = [await newTenant(), await newTenant()]
  const second = await tenant.user('Admin')
  const manager = await tenant.user('Asset Manager')
  const id = '01890000-0000-7000-8000-000000000000'
  await tenant.admin.write('webhooks.write', async (work) =>
    work.announce(tellWebhookDisabled(id, 'https://hooks.example.com:8443/in?key=1', 'failing')),
  )
  let letters: string[] = []
  for (let i = 0; i < 200 && letters.length === 0; i++) {
    await sleep(50)
    letters = await lettersTo(tenant.admin.email)
  }
  assert.equal(letters.length, 1)
  assert.match(letters[0]!, /hooks\.example\.com:8443/)
  assert.doesNotMatch(letters[0]!, /key=1/)
  assert.equal((await lettersTo(second.email)).length, 1)
  for (const { email } of [manager, other.admin]) assert.deepEqual(await lettersTo(email), [])
})
