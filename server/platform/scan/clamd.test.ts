/** What a real clamd does not do when it is asked to: servers of these tests that die, fall silent and talk nonsense, over real sockets. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer, type Server, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { afterEach, test } from 'node:test'
import { clamd, clamdAddress, findingOf, versionOf, type ClamdAddress } from './clamd.ts'

const TIMES = { connectMs: 5_000, idleMs: 20_000, wholeMs: 20_000 }
const closing: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const close of closing.splice(0)) await close()
})

async function listening(server: Server, at: { port: number; host: string } | { path: string }): Promise<void> {
  const sockets = new Set<Socket>()
  server.on('connection', (socket) => {
    sockets.add(socket.on('error', () => undefined).on('close', () => sockets.delete(socket)))
  })
  closing.push(async () => {
    for (const socket of sockets) socket.destroy()
    await new Promise((resolve) => server.close(resolve))
  })
  await new Promise<void>((resolve) => server.listen(at, resolve))
}

/** A scanner that does with a connection what the test says. */
async function scripted(does: (socket: Socket) => void): Promise<ClamdAddress> {
  const server = createServer(does)
  await listening(server, { port: 0, host: '127.0.0.1' })
  return { host: '127.0.0.1', port: (server.address() as { port: number }).port }
}

/** What came as the protocol wraps it; null while it is not whole. */
function unwrapped(received: Buffer): Buffer | null {
  const command = 'zINSTREAM\0'
  assert.equal(received.subarray(0, command.length).toString(), command.slice(0, received.length))
  const chunks: Buffer[] = []
  for (let at = command.length; at + 4 <= received.length;) {
    const length = received.readUInt32BE(at)
    if (length === 0) return at + 4 === received.length ? Buffer.concat(chunks) : assert.fail('more after the end')
    chunks.push(received.subarray(at + 4, at + 4 + length))
    at += 4 + length
  }
  return null
}

const listener = (hear: (whole: Buffer, socket: Socket) => void) => (socket: Socket) => {
  let received = Buffer.alloc(0)
  socket.on('data', (data) => {
    received = Buffer.concat([received, data])
    const whole = unwrapped(received)
    if (whole !== null) hear(whole, socket)
  })
}
const text = (...chunks: string[]): Readable => Readable.from(chunks.map((chunk) => Buffer.from(chunk)))
const MIB = Buffer.alloc(1_048_576, 7)
/** More than any buffer on the way takes; tells how many bytes were asked for. */
function endless(mib = 512): { source: Readable; taken: () => number } {
  let taken = 0
  function* chunks() {
    for (; taken < mib; taken += 1) yield MIB
  }
  return { source: Readable.from(chunks(), { highWaterMark: 1 }), taken: () => taken }
}

test('a content arrives whole, and an empty chunk in it is not its end', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'officina-clamd-'))
  const path = join(folder, 'clamd.sock')
  const heard: string[] = []
  const hear = listener((whole, socket) => {
    heard.push(whole.toString())
    socket.end(whole.includes('bad') ? 'stream: Bad.Thing-1 FOUND\0' : 'stream: OK\0')
  })
  await listening(createServer(hear), { path })
  for (const address of [await scripted(hear), { path }]) {
    const scanner = clamd(address, TIMES)
    assert.deepEqual(await scanner.scan(text('one ', '', 'two')), { found: 'clean' })
    assert.deepEqual(await scanner.scan(text('a bad one')), { found: 'infected', signature: 'Bad.Thing-1' })
    assert.deepEqual(await scanner.scan(text()), { found: 'clean' })
  }
  assert.deepEqual(heard, ['one two', 'a bad one', '', 'one two', 'a bad one', ''])
  await rm(folder, { recursive: true })
})

test('PING and VERSION are answered, or it is said what came instead', async () => {
  const answers: Record<string, string> = { PING: 'PONG', VERSION: 'ClamAV 1.4.6/27832/Fri Nov 20 08:24:13 2026' }
  const scanner = clamd(
    await scripted((socket) =>
      socket.on('data', (data) => socket.end(`${answers[data.toString().slice(1, -1)] ?? 'UNKNOWN COMMAND'}\0`)),
    ),
  )
  await scanner.ping()
  assert.deepEqual(await scanner.version(), {
    engine: 'ClamAV 1.4.6',
    signatures: { number: 27832, at: new Date('2026-11-20T08:24:13Z') },
  })
  answers['PING'] = 'GO AWAY'
  await assert.rejects(scanner.ping(), /GO AWAY/)
})

test('a scanner that dies in the middle, or before it answers, has found nothing, and the source is let go', async () => {
  const { source, taken } = endless()
  const dying = await scripted((socket) => socket.once('data', () => socket.resetAndDestroy()))
  assert.deepEqual(await clamd(dying, TIMES).scan(source), { found: 'nothing', why: 'broke_off', said: '' })
  assert.ok(source.destroyed && taken() < 100, `${taken()} MiB were taken`)
  const leaving = await scripted(listener((_whole, socket) => socket.end()))
  assert.deepEqual(await clamd(leaving, TIMES).scan(text('x')), { found: 'nothing', why: 'broke_off', said: '' })
  const halfway = await scripted(listener((_whole, socket) => socket.end('stream: OK')))
  assert.deepEqual(await clamd(halfway, TIMES).scan(text('x')), { found: 'nothing', why: 'broke_off', said: '' })
})

test('a scanner that says nothing, or dribbles without an end, is left in time', async () => {
  const silent = await scripted((socket) => socket.resume())
  const late = { found: 'nothing', why: 'time_limit', said: '' }
  assert.deepEqual(await clamd(silent, { ...TIMES, idleMs: 50 }).scan(text('x')), late)
  assert.deepEqual(await clamd(silent, { ...TIMES, wholeMs: 50 }).scan(text('x')), late)
  const dribbling = await scripted((socket) => {
    const drops = setInterval(() => socket.write('.'), 5)
    socket.on('close', () => clearInterval(drops)).resume()
  })
  assert.deepEqual(await clamd(dribbling, { ...TIMES, idleMs: 5_000, wholeMs: 300 }).scan(text('x')), late)
})

test('a scanner that takes nothing more is not sent more: memory stays what it was', async () => {
  const { source, taken } = endless()
  const full = await scripted((socket) => socket.pause())
  const finding = await clamd(full, { ...TIMES, idleMs: 300 }).scan(source)
  assert.deepEqual(finding, { found: 'nothing', why: 'time_limit', said: '' })
  assert.ok(taken() < 64, `${taken()} MiB were taken`)
})

test('nonsense, and an answer that is longer than any, is not understood', async () => {
  const wrong = { found: 'nothing', why: 'not_understood' }
  const nonsense = await scripted(listener((_whole, socket) => socket.end('HTTP/1.1 400 \u0007\r\n\0')))
  assert.deepEqual(await clamd(nonsense, TIMES).scan(text('x')), { ...wrong, said: 'HTTP/1.1 400 ???' })
  const endlessly = await scripted((socket) => {
    const pour = (): void => {
      while (socket.writable && socket.write(MIB));
    }
    socket.on('drain', pour)
    pour()
  })
  assert.deepEqual(await clamd(endlessly, TIMES).scan(text('x')), { ...wrong, said: '' })
  const hasty = await scripted((socket) => socket.resume().write('stream: OK\0'))
  assert.deepEqual(await clamd(hasty, TIMES).scan(endless().source), { ...wrong, said: 'stream: OK' })
})

test('what is too much for it is told, also where its words are lost at the closed door', async () => {
  const { source } = endless()
  const speaking = await scripted((socket) => {
    socket.once('data', () => socket.write('INSTREAM size limit exceeded. ERROR\0'))
    socket.resume()
  })
  const said = 'INSTREAM size limit exceeded. ERROR'
  assert.deepEqual(await clamd(speaking, TIMES).scan(source), { found: 'nothing', why: 'too_large', said })
  assert.ok(source.destroyed)
  let calls = 0
  const slamming = await scripted((socket) => {
    calls += 1
    const first = calls === 1
    socket.once('data', () => (first ? socket.resetAndDestroy() : socket.end(`${said}\0`)))
  })
  assert.deepEqual(await clamd(slamming, TIMES).scan(endless().source), {
    found: 'nothing',
    why: 'too_large',
    said: '',
  })
  assert.equal(calls, 2)
})

test('where nobody listens it is out of reach', async () => {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as { port: number }
  await new Promise((resolve) => server.close(resolve))
  const away = { found: 'nothing', why: 'unreachable', said: '' }
  for (const address of [{ host: '127.0.0.1', port }, { path: join(tmpdir(), 'officina-nobody.sock') }]) {
    assert.deepEqual(await clamd(address, TIMES).scan(text('x')), away)
    await assert.rejects(clamd(address).ping(), /unreachable/)
  }
})

test('whoever calls it off is heard at once, and the scanner is left', async () => {
  const left = Promise.withResolvers<void>()
  const arrived = Promise.withResolvers<void>()
  const address = await scripted((socket) =>
    socket.on('close', () => left.resolve()).once('data', () => arrived.resolve()),
  )
  const off = new AbortController()
  const scanning = clamd(address, TIMES).scan(endless().source, off.signal)
  await arrived.promise
  off.abort(new Error('enough'))
  await assert.rejects(scanning, /^Error: enough$/)
  await left.promise
})

test('a source that fails is a failure, and what came of it is never judged as if it were whole', async () => {
  const ended = Promise.withResolvers<boolean>()
  const address = await scripted((socket) => {
    let whole = false
    listener(() => (whole = true))(socket)
    socket.on('close', () => ended.resolve(whole))
  })
  const source = new Readable({ read: () => undefined })
  source.push(Buffer.from('half of it'))
  const scanning = clamd(address, TIMES).scan(source)
  setImmediate(() => source.destroy(new Error('the disk is gone')))
  await assert.rejects(scanning, /^Error: the disk is gone$/)
  assert.equal(await ended.promise, false)
})

test('many scans at once leave no connection open', async () => {
  let open = 0
  const address = await scripted((socket) => {
    open += 1
    socket.on('close', () => (open -= 1))
    listener(() => socket.end('stream: OK\0'))(socket)
  })
  const scanner = clamd(address, TIMES)
  await Promise.all(Array.from({ length: 20 }, () => scanner.scan(Readable.from([MIB, MIB]))))
  const end = Date.now() + 10_000
  while (open > 0 && Date.now() < end)
    await once(process, 'officina.never', { signal: AbortSignal.timeout(10) }).catch(() => 0)
  assert.equal(open, 0)
})

test('the words of a scanner are understood as it means them', () => {
  const why = (said: string): string => {
    const finding = findingOf(said)
    return finding.found === 'nothing' ? finding.why : finding.found
  }
  assert.equal(why('stream: OK'), 'clean')
  assert.equal(why('stream: ok'), 'not_understood')
  assert.equal(why(' stream: OK'), 'not_understood')
  assert.equal(why('stream: Heuristics.Limits.Exceeded.MaxFileSize FOUND'), 'limits_exceeded')
  assert.equal(why("stream: Can't allocate memory ERROR"), 'scanner_error')
  assert.equal(why('COMMAND READ TIMED OUT ERROR'), 'scanner_error')
  const name = (said: string): string => (findingOf(said) as { signature: string }).signature
  assert.equal(name('stream: Eicar(44d88612fea8a8f36de82e1278abb02f:68) FOUND'), 'Eicar')
  assert.equal(name('stream: Odd\u001b[31m(Name) FOUND'), 'Odd?[31m(Name)')
  assert.equal(name(`stream: ${'x'.repeat(1_000)} FOUND`).length, 200)
})

test('addresses are TCP or a unix socket, and everything else is none', () => {
  assert.deepEqual(clamdAddress('tcp://scanner.internal:3311'), { host: 'scanner.internal', port: 3311 })
  assert.deepEqual(clamdAddress('tcp://127.0.0.1'), { host: '127.0.0.1', port: 3310 })
  assert.deepEqual(clamdAddress('tcp://[::1]:3310/'), { host: '::1', port: 3310 })
  assert.deepEqual(clamdAddress('unix:///run/clamav/clamd.ctl'), { path: '/run/clamav/clamd.ctl' })
  for (const none of [
    '',
    'tcp://',
    'tcp:///x',
    'tcp://host:99999',
    'tcp://host/path',
    'unix://',
    'unix:///',
    'unix://run/x',
    'http://host',
  ])
    assert.equal(clamdAddress(none), null, none)
})

test('a version without a date of signatures has none', () => {
  assert.deepEqual(versionOf('ClamAV 1.4.6'), { engine: 'ClamAV 1.4.6', signatures: null })
  assert.deepEqual(versionOf('ClamAV 1.4.6/x/y'), { engine: 'ClamAV 1.4.6', signatures: null })
})
