/** Eight sign-ins at a time, and what a request that has nothing to do with them waits meanwhile. */
import { hashPassword } from '../server/contexts/identity/passwords/password.ts'
import type { Ground } from './ground.ts'
import { settled, type Server } from './processes.ts'

const AT_A_TIME = 8
const SECONDS = 5
const PASSWORD = 'bench on the ground floor'

export type Latency = { p50_ms: number; p99_ms: number; max_ms: number }
export type SignIn = { sign_ins_per_s: number; alone: Latency; meanwhile: Latency }

async function probe(url: string, until: number): Promise<Latency> {
  const took: number[] = []
  while (performance.now() < until) {
    const start = performance.now()
    await (await fetch(url)).arrayBuffer()
    took.push(performance.now() - start)
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
  const sorted = took.toSorted((a, b) => a - b)
  const at = (part: number): number => sorted[Math.floor(part * (sorted.length - 1))]!
  return { p50_ms: at(0.5), p99_ms: at(0.99), max_ms: at(1) }
}

async function signIn(base: string, email: string): Promise<void> {
  const body = JSON.stringify({ email, password: PASSWORD })
  const headers = { 'content-type': 'application/json' }
  const answer = await fetch(`${base}/api/v1/auth/login`, { method: 'POST', headers, body })
  const text = await answer.text()
  if (answer.status !== 200) throw new Error(`Signing in was answered ${answer.status}: ${text}`)
}

export async function measureSignIn(ground: Ground, server: Server): Promise<SignIn> {
  const hash = await hashPassword(PASSWORD)
  await ground.admin.query(
    `insert into control.credentials (account_id, password_hash) select id, $1 from control.accounts
       where email like 'bench-%@bench.test' on conflict (account_id) do update set password_hash = excluded.password_hash`,
    [hash],
  )
  const base = `http://127.0.0.1:${server.port}`
  const live = `${base}/health/live`
  await settled(server)
  await probe(live, performance.now() + 500)
  const alone = await probe(live, performance.now() + SECONDS * 1000)
  const until = performance.now() + SECONDS * 1000
  let done = 0
  const signing = Array.from({ length: AT_A_TIME }, async (_, n) => {
    for (; performance.now() < until; done += 1) await signIn(base, `bench-${n + 1}@bench.test`)
  })
  const meanwhile = await probe(live, until)
  await Promise.all(signing)
  return { sign_ins_per_s: done / SECONDS, alone, meanwhile }
}
