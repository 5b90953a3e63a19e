import assert from 'node:assert/strict'
import { once } from 'node:events'
import http from 'node:http'
import type { AddressInfo } from 'node:net'
import { test } from 'node:test'
import { isPublic, parseNetwork } from './addresses.ts'
import { openOutgoing, type Resolve } from './outgoing.ts'

const INTERNAL = [
  ...['0.0.0.0', '10.0.0.1', '10.255.255.255', '100.64.0.1', '100.100.100.200', '127.0.0.1', '127.255.0.1'],
  ...['169.254.169.254', '172.16.0.1', '172.31.255.255', '192.168.1.1', '192.0.0.192', '192.0.2.1', '192.88.99.1'],
  ...['198.18.0.1', '198.51.100.7', '203.0.113.9', '224.0.0.1', '239.1.1.1', '240.0.0.1', '255.255.255.255'],
  ...['168.63.129.16', '::', '::1', 'fe80::1', 'fe80::1%lo', 'fc00::1', 'fd00:ec2::254', 'ff02::1', 'fec0::1'],
  ...['::ffff:127.0.0.1', '::ffff:8.8.8.8', '::127.0.0.1', '64:ff9b::7f00:1', '64:ff9b:1::1', '2001::1'],
  ...['2002:7f00:1::', '2001:db8::1', '3fff::1', '100::1', 'localhost', ''],
]
const PUBLIC = ['8.8.8.8', '1.1.1.1', '172.32.0.1', '100.128.0.1', '169.253.0.1', '2606:4700::1111', '2a00:1450::1']

test('internal addresses are known as such in every family, and public ones are not', () => {
  assert.deepEqual(INTERNAL.filter(isPublic), [])
  assert.deepEqual(
    PUBLIC.filter((address) => !isPublic(address)),
    [],
  )
})

test('a network is an address with an optional length, and nothing else', () => {
  assert.deepEqual(parseNetwork('10.1.0.0/16'), { address: '10.1.0.0', prefix: 16, family: 'ipv4' })
  assert.deepEqual(parseNetwork('fd00::/8'), { address: 'fd00::', prefix: 8, family: 'ipv6' })
  assert.equal(parseNetwork('192.168.1.5')?.prefix, 32)
  for (const wrong of [
    '10.0.0.0/33',
    '10.0.0.0/',
    'example.com',
    '10.0.0/8',
    '::1/129',
    'fe80::1%lo',
    '1.2.3.4/8/9',
    '',
  ])
    assert.equal(parseNetwork(wrong), null, wrong)
})

const LOOPBACK = parseNetwork('127.0.0.0/8')!
const strict = openOutgoing({ outgoingHttp: false, outgoingAllowed: [] })
const lax = openOutgoing({ outgoingHttp: true, outgoingAllowed: [] })

/** The code of a refusal, and why. */
function refusal(use: () => unknown): string {
  try {
    use()
  } catch (error) {
    const { code, details } = error as { code: string; details?: { message: string }[] }
    return `${code}: ${details?.[0]?.message}`
  }
  return 'allowed'
}

test('what an address may look like: every spelling of an internal one is refused before the network is asked', () => {
  const internal = [
    ...['https://127.0.0.1/', 'https://2130706433/', 'https://0x7f.1/', 'https://017700000001/', 'https://127.1/'],
    ...['https://[::1]/', 'https://[::ffff:127.0.0.1]/', 'https://[::ffff:7f00:1]/', 'https://[fd00:ec2::254]/'],
    ...['https://169.254.169.254/latest/meta-data', 'https://0/', 'https://10.0.0.1:8443/', 'https://localhost/'],
    ...['https://a.localhost/', 'https://LOCALHOST./', 'https://１２７.0.0.1/', 'https://127。0。0。1/'],
  ]
  for (const url of internal)
    assert.equal(
      refusal(() => strict.check(url)),
      'outgoing.url_refused: is an internal address',
      url,
    )
  const table: [string, string][] = [
    ['http://example.com/', 'must begin with https://'],
    ['ftp://example.com/', 'must begin with https://'],
    ['file:///etc/passwd', 'must begin with https://'],
    ['javascript:alert(1)', 'must begin with https://'],
    ['https://user:secret@example.com/', 'must not hold a name or a password'],
    ['https://user@example.com/', 'must not hold a name or a password'],
    ['https://example.com/#part', 'must not hold a fragment'],
    ['example.com', 'is not a URL'],
    ['https://', 'is not a URL'],
  ]
  for (const [url, why] of table)
    assert.equal(
      refusal(() => strict.check(url)),
      `outgoing.url_refused: ${why}`,
      url,
    )
  assert.equal(
    refusal(() => strict.check('https://hooks.example.com/a?b=c')),
    'allowed',
  )
  assert.equal(
    refusal(() => lax.check('http://hooks.example.com/')),
    'allowed',
  )
  assert.match(
    refusal(() => lax.check('http://127.0.0.1/')),
    /internal/,
  )
})

type Seen = { url: string; headers: http.IncomingHttpHeaders; body: string }
type Handler = (request: http.IncomingMessage, response: http.ServerResponse) => void

/** A receiver on a socket; what it was sent, and how to end it. */
async function receiver(answer: Handler) {
  const seen: Seen[] = []
  const server = http.createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      seen.push({ url: request.url!, headers: request.headers, body: Buffer.concat(chunks).toString() })
      answer(request, response)
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  return { seen, port, close: () => (server.closeAllConnections(), server.close()) }
}

const to =
  (...addresses: string[]): Resolve =>
  async () =>
    addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 }))
const never = new AbortController().signal
const ask = (url: string) => ({
  method: 'POST' as const,
  url,
  headers: { 'x-one': '1' },
  body: 'ciao è',
  signal: never,
})
const rules = { outgoingHttp: true, outgoingAllowed: [LOOPBACK] }

test('a call goes to the address that was checked, under the name that was asked for', async () => {
  const { seen, port, close } = await receiver((_, response) => response.end('fine'))
  try {
    const out = openOutgoing(rules, { resolve: to('127.0.0.1') })
    const { status, body } = await out.send(ask(`http://hooks.example.test:${port}/in?a=b`))
    assert.deepEqual([status, body.toString()], [200, 'fine'])
    assert.equal(seen[0]!.url, '/in?a=b')
    assert.deepEqual([seen[0]!.headers.host, seen[0]!.body], [`hooks.example.test:${port}`, 'ciao è'])
  } finally {
    close()
  }
})

test('a name is looked up and checked with every call: one that leads inside later is refused, and nobody is connected to', async () => {
  const { seen, port, close } = await receiver((_, response) => response.end())
  try {
    let first = true
    const rebinding: Resolve = async () => {
      const address = first ? '127.0.0.1' : '10.0.0.1'
      first = false
      return [{ address, family: 4 }]
    }
    const out = openOutgoing(rules, { resolve: rebinding })
    const url = `http://hooks.example.test:${port}/`
    assert.equal((await out.send(ask(url))).status, 200)
    await assert.rejects(out.send(ask(url)), { code: 'outgoing.address_refused' })
    for (const addresses of [['169.254.169.254'], ['8.8.8.8', '10.0.0.1'], ['::1'], ['::ffff:10.0.0.1']]) {
      const guarded = openOutgoing({ ...rules, outgoingAllowed: [] }, { resolve: to(...addresses) })
      await assert.rejects(guarded.send(ask(url)), { code: 'outgoing.address_refused' }, addresses.join())
    }
    await assert.rejects(openOutgoing(rules, { resolve: to() }).send(ask(url)), { code: 'outgoing.unresolved' })
    assert.equal(seen.length, 1)
  } finally {
    close()
  }
})

test('the real resolver finds loopback behind localhost, and a name that nobody has', async () => {
  await assert.rejects(lax.send(ask('http://localhost:1/')), { code: 'outgoing.url_refused' })
  await assert.rejects(lax.send(ask('http://nobody.invalid/')), { code: 'outgoing.unresolved' })
})

test('redirects are answers, long answers are cut, and a status is never an error', async () => {
  const { seen, port, close } = await receiver((request, response) => {
    if (request.url === '/moved') response.writeHead(302, { location: `http://127.0.0.1:${port}/secret` }).end()
    else if (request.url === '/long') response.end(Buffer.alloc(5_000_000, 'x'))
    else response.writeHead(503, { 'retry-after': '120' }).end('later')
  })
  try {
    const out = openOutgoing(rules)
    assert.equal((await out.send(ask(`http://127.0.0.1:${port}/moved`))).status, 302)
    const long = await out.send(ask(`http://127.0.0.1:${port}/long`))
    assert.deepEqual([long.status, long.body.length, long.truncated], [200, 65_536, true])
    const later = await out.send(ask(`http://127.0.0.1:${port}/later`))
    assert.deepEqual([later.status, later.headers['retry-after'], later.body.toString()], [503, '120', 'later'])
    assert.deepEqual(
      seen.map(({ url }) => url),
      ['/moved', '/long', '/later'],
    )
  } finally {
    close()
  }
})

test('whoever never answers, drips, or refuses the connection fails within the time limit', async () => {
  const { port, close } = await receiver((request, response) => {
    if (request.url !== '/drip') return
    response.writeHead(200)
    const drip = setInterval(() => response.write('.'), 20)
    response.on('close', () => clearInterval(drip))
  })
  const out = openOutgoing(rules, { timeoutMs: 300 })
  for (const path of ['/silent', '/drip'])
    await assert.rejects(out.send(ask(`http://127.0.0.1:${port}${path}`)), { code: 'outgoing.timed_out' }, path)
  const hanging = openOutgoing(rules, { timeoutMs: 100, resolve: () => new Promise(() => undefined) })
  await assert.rejects(hanging.send(ask('http://slow-dns.example.test/')), { code: 'outgoing.timed_out' })
  const stop = AbortSignal.abort(new Error('going down'))
  await assert.rejects(out.send({ ...ask(`http://127.0.0.1:${port}/`), signal: stop }), { message: 'going down' })
  close()
  await assert.rejects(out.send(ask(`http://127.0.0.1:${port}/`)), { code: 'outgoing.failed' })
})
