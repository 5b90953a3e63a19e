import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { newHome, start, type Running } from './release.ts'

async function post(url: string, path: string, body: object, token?: string): Promise<Record<string, string>> {
  const headers = { 'content-type': 'application/json', ...(token && { authorization: `Bearer ${token}` }) }
  const answer = await fetch(`${url}/api/v1${path}`, { method: 'POST', headers, body: JSON.stringify(body) })
  assert.ok(answer.ok, `${answer.status}`)
  return (await answer.json()) as Record<string, string>
}

/** A company with an Admin, who is signed in. */
async function admin(url: string): Promise<string> {
  const [email, password] = ['anna@journey.example', 'a password of some length']
  const person = { email, password, name: 'Anna', surname: 'Bianchi', tenant_name: 'Journey' }
  await post(url, '/auth/register', person)
  return (await post(url, '/auth/login', { email, password }))['access_token']!
}

const emailOf = (n: number): string => `guest.${n}@journey.example`
const invite = (url: string, token: string, n: number) =>
  post(url, '/users', { email: emailOf(n), name: 'Guest', surname: String(n), role: 'Viewer' }, token)

/** To whom the letters in the outbox are, in the order of their addresses. */
function recipients(home: string): string[] {
  const box = join(home, 'outbox')
  let files: string[] = []
  try {
    files = readdirSync(box).filter((file) => file.endsWith('.eml'))
  } catch {
    return []
  }
  return files.map((file) => /^To: (.*)\r$/m.exec(readFileSync(join(box, file), 'utf8'))![1]!).toSorted()
}

async function letters(home: string, count: number): Promise<string[]> {
  // A worker that was killed with a letter in its hands is given up after 12 seconds; the next attempt is 10 later.
  for (let i = 0; i < 600 && recipients(home).length < count; i++) await sleep(100)
  // One too many would come soon after.
  await sleep(500)
  return recipients(home)
}

async function kill(running: Running): Promise<void> {
  running.child.kill('SIGKILL')
  await running.exit
}

test('a letter that was promised goes out after a kill -9, once', async () => {
  const home = newHome()
  // Nobody sends, so that the kill comes before the sending for certain.
  const first = await start(home, { OFFICINA_WORKER: 'off' })
  const token = await admin(first.url)
  await invite(first.url, token, 0)
  await kill(first)
  assert.deepEqual(recipients(home), [])

  const second = await start(home)
  assert.deepEqual(await letters(home, 1), [emailOf(0)])
  // And now while some are sent, some are being sent, and some wait.
  const guests = [1, 2, 3, 4, 5, 6]
  for (const n of guests) await invite(second.url, token, n)
  await kill(second)

  const third = await start(home)
  assert.deepEqual(await letters(home, 7), [0, ...guests].map(emailOf))
  assert.deepEqual(await third.stop(), { code: 0, signal: null })
})
