/** A stand-in for clamd that speaks its protocol over a socket, for what the real one will not do; and single attempts of the scan's job. */
import { createServer, type Socket } from 'node:net'
import { newId } from '#platform/new-id.ts'
import { testApp, type TestTenant } from '#test/harness.ts'
import type { Config } from '#config'
import { scanOrder } from './orders.ts'
import { runScan, type ScanDeps } from './run-scan.ts'

export type StandIn = { readonly url: string; readonly seen: Buffer[]; readonly close: () => Promise<void> }

/** What came, once it is whole. */
function contentOf(received: Buffer): Buffer | null {
  const chunks: Buffer[] = []
  for (let at = 'zINSTREAM\0'.length; at + 4 <= received.length;) {
    const length = received.readUInt32BE(at)
    if (length === 0) return Buffer.concat(chunks)
    chunks.push(received.subarray(at + 4, at + 4 + length))
    at += 4 + length
  }
  return null
}

/** `answer` says what the scanner says to a whole content; null: nothing at all, for ever. */
export async function standIn(answer: (content: Buffer) => string | null): Promise<StandIn> {
  const [open, seen] = [new Set<Socket>(), [] as Buffer[]]
  const server = createServer((socket) => {
    open.add(socket.on('error', () => undefined).on('close', () => open.delete(socket)))
    let received = Buffer.alloc(0)
    socket.on('data', (data) => {
      received = Buffer.concat([received, data])
      if (received.toString('latin1').startsWith('zPING')) socket.end('PONG\0')
      const content = contentOf(received)
      if (content === null) return
      seen.push(content)
      const said = answer(content)
      if (said !== null) socket.end(`${said}\0`)
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `tcp://127.0.0.1:${(server.address() as { port: number }).port}`,
    seen,
    close: async () => {
      for (const socket of open) socket.destroy()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

/** Finds its own virus in whatever holds the word. */
export const virusFinder = (): Promise<StandIn> =>
  standIn((content) => (content.includes('VIRUS') ? 'stream: Test.Virus-1 FOUND' : 'stream: OK'))

/** The parts that a scan needs, with other settings. */
export async function scanDeps(changes: Partial<Config>): Promise<ScanDeps> {
  const { deps } = await testApp()
  return { ...deps, config: { ...deps.config, ...changes } }
}

/** One attempt of the job, as a worker would make it. */
export async function attemptScan(
  { id: tenantId }: TestTenant,
  sha256: string,
  { attempt = 1, ...changes }: Partial<Config> & { attempt?: number } = {},
): Promise<void> {
  const running = { id: newId(), tenantId, attempt, enqueuedBy: null, signal: AbortSignal.timeout(60_000) }
  await runScan(await scanDeps(changes), { sha256 }, running)
}

export const LAST = scanOrder.limits.attempts
