import assert from 'node:assert/strict'
import { mkdtemp, readdir, readFile, stat } from 'node:fs/promises'
import { createServer } from 'node:net'
import type { AddressInfo, Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test from 'node:test'
import type { TestContext } from 'node:test'
import { v7 as uuidv7 } from 'uuid'
import { Refusal } from '../refusal.ts'
import { failureOf } from '../jobs/job-failure.ts'
import type { SMTPServerOptions } from 'smtp-server'
import { outboxMailer } from './outbox-mailer.ts'
import { smtpMailer, type SmtpConfig } from './smtp-mailer.ts'
import { answer, mailServer, newCertificate, trust } from './smtp.fixture.ts'

const from = 'Officina <officina@demo.example>'
const message = {
  id: '019abcde-0000-7000-8000-00000000abcd',
  to: 'maria@demo.example',
  subject: 'Invito: perché no?',
  text: 'Ciao Maria.\r\n.\r\nQUIT\r\n.una riga con il punto',
  html: '<p>Ciao <b>Maria</b></p>',
}
const unbroken = () => new AbortController().signal
const limits = { seconds: 1, attempts: 3, wait: 1, longestWait: 1, concurrency: 1, perTenant: 1, priority: 0 }

/** Sends the letter to such a server. */
async function sent(t: TestContext, options: SMTPServerOptions = {}, config: Partial<SmtpConfig> = {}) {
  const { taken, server, host, port } = await mailServer(t, options)
  const mailer = smtpMailer({ host, port, security: 'none', from, ...config })
  const failure = await mailer.send(message, unbroken()).then(
    () => null,
    (error: unknown) => error,
  )
  return { taken, server, failure, mailer }
}

/** How an attempt to send ends: what an administrator reads, and whether it is tried again. */
async function ending(t: TestContext, options: SMTPServerOptions, config: Partial<SmtpConfig> = {}) {
  const { failure, taken } = await sent(t, options, config)
  assert.ok(failure instanceof Refusal, String(failure))
  assert.deepEqual(taken, [])
  const { reason, retryInMs } = failureOf(failure, 1, limits, 0)
  return { reason, again: retryInMs !== null }
}

test('a letter arrives whole over SMTP, with its sender, recipient, subject and the id that it keeps', async (t) => {
  const { taken, failure, mailer } = await sent(t)
  assert.equal(failure, null)
  const [letter] = taken
  assert.ok(letter)
  assert.deepEqual([letter.from, letter.to], ['officina@demo.example', ['maria@demo.example']])
  assert.match(letter.content, /^To: maria@demo\.example\r$/m)
  assert.match(letter.content, /^Subject: =\?UTF-8\?Q\?Invito=3A_perch=C3=A9_no=3F\?=\r$/m)
  assert.match(letter.content, /^Auto-Submitted: auto-generated\r$/m)
  assert.match(letter.content, /^Message-ID: <019abcde-0000-7000-8000-00000000abcd@demo\.example>\r$/m)
  assert.match(letter.content, /^\.una riga con il punto\r$/m)
  assert.match(letter.content, /<b>Maria<\/b>/)
  await mailer.send(message, unbroken())
  const ids = taken.map(({ content }) => /^Message-ID: (.*)\r$/m.exec(content)?.[1])
  assert.equal(ids[0], ids[1], 'a repetition is known by it')
})

test('a server that greets late is waited for', async (t) => {
  const { taken } = await sent(t, { onConnect: (_session, done) => void setTimeout(done, 400) })
  assert.equal(taken.length, 1)
})

test('credentials are given when configured', async (t) => {
  const { taken } = await sent(t, { allowInsecureAuth: true }, { user: 'officina', password: 'parola' })
  assert.equal(taken[0]?.user, 'officina')
})

test('what the server puts off is tried again', async (t) => {
  const busy = await ending(t, { onConnect: (_session, done) => done(answer(421, 'too busy, come back')) })
  assert.deepEqual([busy.again, /^mail\.failed: .*421 too busy/.test(busy.reason)], [true, true])
  const later = await ending(t, { onRcptTo: (_address, _session, done) => done(answer(451, '4.7.1 greylisted')) })
  assert.deepEqual([later.again, later.reason.endsWith('RCPT TO 451 4.7.1 greylisted')], [true, true])
})

test('a recipient who is refused for good is not tried again, and the reason does not repeat the address', async (t) => {
  const unknown = answer(550, '5.1.1 <maria@demo.example> user unknown (maria@demo.example)')
  const { reason, again } = await ending(t, { onRcptTo: (_address, _session, done) => done(unknown) })
  assert.equal(again, false)
  assert.match(reason, /^mail\.refused: .*RCPT TO 550 5\.1\.1 <…> user unknown/)
  assert.doesNotMatch(reason, /maria|demo\.example/)
})

test('a letter whose content is refused for good is not tried again', async (t) => {
  const onData: SMTPServerOptions['onData'] = (stream, _session, done) => {
    stream.resume()
    stream.once('end', () => done(answer(554, '5.7.1 no such mail here')))
  }
  const { reason, again } = await ending(t, { onData })
  assert.deepEqual([again, /^mail\.refused: .*DATA 554/.test(reason)], [false, true])
})

test('what an operator can put right is tried again: the log-in, the sender', async (t) => {
  const onAuth: SMTPServerOptions['onAuth'] = (_auth, _session, done) => done(answer(535, '5.7.8 wrong password'))
  const login = await ending(t, { onAuth, allowInsecureAuth: true }, { user: 'officina', password: 'old' })
  assert.deepEqual([login.again, /535/.test(login.reason)], [true, true])
  const sender = await ending(t, { onMailFrom: (_address, _session, done) => done(answer(550, 'not your domain')) })
  assert.deepEqual([sender.again, /MAIL FROM 550/.test(sender.reason)], [true, true])
})

test('a connection that breaks in the middle of the letter is tried again', async (t) => {
  const sockets = new Set<Socket>()
  const long = { ...message, text: 'una riga di testo\r\n'.repeat(100_000) }
  const { server, host, port } = await mailServer(t, {
    onData: (stream) => void stream.once('data', () => sockets.forEach((socket) => socket.destroy())),
  })
  server.server.on('connection', (socket: Socket) => sockets.add(socket))
  const sending = smtpMailer({ host, port, security: 'none', from }).send(long, unbroken())
  await assert.rejects(sending, { code: 'mail.failed' })
})

test('where encryption is required and not offered nothing is sent, credentials least of all', async (t) => {
  const said: string[] = []
  const { reason, again } = await ending(
    t,
    { onAuth: ({ username }) => void said.push(String(username)), onMailFrom: () => void said.push('MAIL') },
    { security: 'starttls', user: 'officina', password: 'parola' },
  )
  assert.deepEqual([again, /STARTTLS/.test(reason), said], [true, true, []])
})

for (const security of ['starttls', 'tls'] as const) {
  const encrypted = { disabledCommands: [], secure: security === 'tls' }
  const config = { security, user: 'officina', password: 'parola' }

  test(`${security}: the letter and the log-in go encrypted, to a server whose certificate is trusted`, async (t) => {
    const { key, cert } = newCertificate()
    trust(t, cert)
    const { taken, failure } = await sent(t, { ...encrypted, key, cert }, config)
    assert.equal(failure, null)
    assert.deepEqual([taken[0]?.secure, taken[0]?.user], [true, 'officina'])
  })

  test(`${security}: a server whose certificate is not trusted hears nothing`, async (t) => {
    const heard: string[] = []
    const onAuth: SMTPServerOptions['onAuth'] = () => void heard.push('AUTH')
    const { reason, again } = await ending(t, { ...encrypted, ...newCertificate(), onAuth }, config)
    assert.deepEqual([again, heard], [true, []])
    assert.match(reason, /self-signed certificate/)
  })
}

/** It takes connections and says nothing. */
async function silentServer(t: TestContext) {
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.once('close', () => sockets.delete(socket)).on('error', () => undefined)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.after(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  const { port } = server.address() as AddressInfo
  return { sockets, config: { host: '127.0.0.1', port, security: 'none' as const, from } }
}

test('a server that says nothing is left when the time is over', async (t) => {
  const { config } = await silentServer(t)
  const start = performance.now()
  await assert.rejects(smtpMailer({ ...config, timeoutMs: 100 }).send(message, unbroken()), { code: 'mail.failed' })
  assert.ok(performance.now() - start < 2_000)
})

test('a sending that is aborted ends, with the reason and its connection', async (t) => {
  const { config, sockets } = await silentServer(t)
  const abort = new AbortController()
  const sending = smtpMailer(config).send(message, abort.signal)
  setTimeout(() => abort.abort(new Error('stopping')), 50)
  await assert.rejects(sending, /stopping/)
  for (let i = 0; i < 100 && sockets.size > 0; i++) await new Promise((resolve) => setTimeout(resolve, 10))
  assert.equal(sockets.size, 0)
  await assert.rejects(smtpMailer(config).send(message, abort.signal), /stopping/)
})

test('a server that is not there is tried again', async () => {
  const config = { host: '127.0.0.1', port: 1, security: 'none' as const, from }
  const failure = await smtpMailer(config)
    .send(message, unbroken())
    .catch((error: unknown) => failureOf(error, 1, limits, 0))
  assert.match(String(failure?.reason), /^mail\.failed: .*ECONNREFUSED/)
  assert.ok(failure?.retryInMs)
})

test('no address and no subject can add a recipient or a header, and such a letter is not tried again', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'officina-outbox-'))
  const mailer = outboxMailer(directory, from)
  const recipients = [
    'a@b.example\r\nBcc: c@d.example',
    'a@b.example, c@d.example',
    'A <a@b.example>',
    '',
    'a',
    'a@',
    'a b@c',
  ]
  const refused = { code: 'mail.refused' }
  for (const to of recipients) await assert.rejects(mailer.send({ ...message, to }, unbroken()), refused, to)
  for (const subject of ['Hello\r\nBcc: c@d.example', 'Hello\nX: y', 'x'.repeat(300)])
    await assert.rejects(mailer.send({ ...message, subject }, unbroken()), refused)
  assert.deepEqual(await readdir(directory), [])
})

test('the outbox holds one private file per letter, also of one sent twice, named by time and not by address', async () => {
  const directory = join(await mkdtemp(join(tmpdir(), 'officina-outbox-')), 'mail')
  const mailer = outboxMailer(directory, from)
  const ids = [1, 2].map(() => uuidv7({ msecs: Date.parse('2026-03-01T12:00:00.123Z') }))
  const twice = [...ids, ...ids].map((id) => mailer.send({ ...message, id }, unbroken()))
  await Promise.all(twice)
  const files = await readdir(directory)
  assert.equal(files.length, 2)
  for (const file of files) {
    assert.match(file, /^20260301T120000123Z-[0-9a-f]{16}-[0-9a-f]{12}\.eml$/)
    const content = await readFile(join(directory, file), 'utf8')
    assert.match(content, /^To: maria@demo\.example\r$/m)
    if (process.platform !== 'win32') assert.equal((await stat(join(directory, file))).mode & 0o777, 0o600)
  }
})
