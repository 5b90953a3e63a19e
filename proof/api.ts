/** The product as its clients see it. */
export type Answer<Body> = { readonly status: number; readonly body: Body; readonly retryAfter: string | null }
/** What is not JSON says what it is, in its headers. */
export type Raw = { readonly headers: Record<string, string>; readonly data: string | Uint8Array<ArrayBuffer> }
export type Call = <Body>(method: string, path: string, body?: object | Raw) => Promise<Answer<Body> | null>

const MOST_MS = 20_000
const isRaw = (body: object): body is Raw => 'data' in body && 'headers' in body

/** Calls with a token or an API key; null where there was no answer. Paths are whole; an empty body becomes null. */
export const callerOf =
  (url: string, token: string): Call =>
  async (method, path, body) => {
    const { headers, data } =
      body === undefined || isRaw(body)
        ? { headers: body?.headers, data: body?.data }
        : { headers: { 'content-type': 'application/json' }, data: JSON.stringify(body) }
    try {
      const answer = await fetch(`${url}${path}`, {
        method,
        headers: { authorization: `Bearer ${token}`, ...headers },
        ...(data !== undefined && { body: data }),
        signal: AbortSignal.timeout(MOST_MS),
      })
      const text = await answer.text()
      const retryAfter = answer.headers.get('retry-after')
      return { status: answer.status, body: (text === '' ? null : JSON.parse(text)) as never, retryAfter }
    } catch {
      return null
    }
  }

export async function signIn(url: string, email: string, password: string): Promise<string> {
  const answer = await fetch(`${url}/api/v1/auth/login`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ email, password }),
  })
  const body = (await answer.json()) as { access_token?: string }
  if (body.access_token === undefined) throw new Error(`Nobody can sign in: ${JSON.stringify(body)}`)
  return body.access_token
}
