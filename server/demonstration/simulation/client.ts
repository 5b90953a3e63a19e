import { setTimeout as sleep } from 'node:timers/promises'

export type Credentials = { apiKey: string } | { email: string; password: string }
export type Answer = { status: number; body: unknown }
export type Call = (method: string, path: string, body?: unknown) => Promise<Answer>

/** What was refused for good: the answer says why. */
export class CallRefused extends Error {
  readonly status: number
  constructor(method: string, path: string, { status, body }: Answer) {
    super(`${method} ${path} was answered ${status}: ${JSON.stringify(body)?.slice(0, 300)}`)
    this.name = 'CallRefused'
    this.status = status
  }
}

const TIMEOUT_MS = 30_000
const MOST_WAIT_S = 60

/**
 * Calls the public API of a server as any outside program does. Waits and asks again while the server is away, has too much
 * to do (429, 503) or a session has ended; any other refusal but 404 and 409 is thrown.
 */
export function openClient(url: string, credentials: Credentials, signal: AbortSignal): Call {
  let token: string | null = 'apiKey' in credentials ? credentials.apiKey : null
  const once = async (method: string, path: string, body: unknown): Promise<Answer & { wait: number }> => {
    const response = await fetch(`${url}/api/v1${path}`, {
      method,
      headers: {
        ...(body !== undefined && { 'content-type': 'application/json' }),
        ...(token !== null && { authorization: `Bearer ${token}` }),
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
      signal: AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]),
    })
    const text = await response.text()
    const wait = Math.min(MOST_WAIT_S, Number(response.headers.get('retry-after')) || 1)
    return { status: response.status, body: text === '' ? null : JSON.parse(text), wait }
  }
  const patiently = async (method: string, path: string, body: unknown): Promise<Answer> => {
    for (;;) {
      const answer = await once(method, path, body).catch((error: unknown) => {
        if (signal.aborted) throw signal.reason
        // A server that is away has no status; everything else is a mistake here.
        if (error instanceof SyntaxError) throw error
        return { status: 503, body: null, wait: 2 }
      })
      if (answer.status !== 429 && answer.status !== 503) return answer
      await sleep(answer.wait * 1000, undefined, { signal })
    }
  }
  const signIn = async (): Promise<void> => {
    if ('apiKey' in credentials) return
    token = null
    const answer = await patiently('POST', '/auth/login', credentials)
    const { access_token } = (answer.body ?? {}) as { access_token?: string }
    if (access_token === undefined) throw new CallRefused('POST', '/auth/login', answer)
    token = access_token
  }
  return async (method, path, body) => {
    if (token === null) await signIn()
    let answer = await patiently(method, path, body)
    if (answer.status === 401 && !('apiKey' in credentials)) {
      await signIn()
      answer = await patiently(method, path, body)
    }
    if (answer.status >= 400 && answer.status !== 404 && answer.status !== 409)
      throw new CallRefused(method, path, answer)
    return answer
  }
}
