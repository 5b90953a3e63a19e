// A process that holds an embedded server, for tests to kill.
import { startEmbeddedServer } from './embedded-server.ts'

const silent = { info: () => {}, warn: () => {} }
const server = await startEmbeddedServer({ home: process.argv[2] ?? '', log: silent })
process.stdout.write(`${JSON.stringify({ port: server.port, password: server.password })}\n`)
process.stdin.resume()
