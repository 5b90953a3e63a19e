/** An application of its own that listens: for uploads that break off, never end, or are too large for memory. */
import { readdir } from 'node:fs/promises'
import { request } from 'node:http'
import type { AddressInfo } from 'node:net'
import { once } from 'node:events'
import { spoolFolder } from '#platform/blob/spool.ts'
import { until } from '#platform/jobs/jobs.fixture.ts'
import { appWith, type TestUser } from '#test/harness.ts'
import type { App } from '../../../app.ts'
import type { Config } from '../../../config.ts'
import { FORM_TYPE } from './upload.fixture.ts'

type Sending = {
  readonly length: number
  readonly body: Iterable<Buffer>
  /** The rest of the body never comes. */
  readonly hold?: boolean
}
type Answered = { status: number; code: string; body: any } // oxlint-disable-line typescript/no-explicit-any -- what a test reads of it, it asserts

export type ServerApp = {
  readonly app: App
  readonly post: (user: TestUser, sending: Sending) => Promise<Answered>
  /** Sends so many bytes of a form and goes away; whether a file was being written by then. */
  readonly breakOff: (user: TestUser, form: Buffer, bytes: number) => Promise<boolean>
  /** What this process spools at the moment. */
  readonly spooled: () => Promise<string[]>
} & AsyncDisposable

const headersOf = (user: TestUser, length: number) => ({
  ...{ authorization: `Bearer ${user.token}`, 'content-type': FORM_TYPE, 'content-length': length },
})

export async function makeServerApp(changes: Partial<Config>): Promise<ServerApp> {
  const app = await appWith({ RATE_LIMIT: 'off', ...changes })
  await app.http.listen({ host: '127.0.0.1', port: 0 })
  const { port } = app.http.server.address() as AddressInfo
  const target = { host: '127.0.0.1', port, method: 'POST', path: '/api/v1/documents', agent: false } as const
  const spooled = async (): Promise<string[]> => {
    const names = await readdir(spoolFolder(app.deps.config)).catch(() => [] as string[])
    return names.filter((name) => name.startsWith(`${process.pid}-`))
  }
  return {
    ...{ app, spooled },
    post: async (user, { length, body, hold = false }) => {
      const sending = request({ ...target, headers: headersOf(user, length) })
      const response = once(sending, 'response')
      for (const chunk of body) if (!sending.write(chunk)) await Promise.race([once(sending, 'drain'), response])
      if (!hold) sending.end()
      const [incoming] = (await response) as [AsyncIterable<Buffer> & { statusCode: number }]
      const chunks: Buffer[] = []
      for await (const chunk of incoming) chunks.push(chunk)
      sending.destroy()
      const answer: Answered['body'] = JSON.parse(Buffer.concat(chunks).toString())
      return { status: incoming.statusCode, code: answer.error?.code ?? '', body: answer }
    },
    breakOff: async (user, form, bytes) => {
      const sending = request({ ...target, headers: headersOf(user, form.length) })
      sending.on('error', () => undefined)
      sending.write(form.subarray(0, bytes))
      await until(async () => (await spooled()).length > 0)
      const seen = (await spooled()).length > 0
      sending.destroy()
      return seen
    },
    [Symbol.asyncDispose]: () => app.close(),
  }
}
