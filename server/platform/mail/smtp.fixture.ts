/** A real mail server on a socket of its own, which takes letters or refuses them as a test wishes. */
import { generateKeyPairSync, sign } from 'node:crypto'
import type { TestContext } from 'node:test'
import { getCACertificates, setDefaultCACertificates } from 'node:tls'
import { SMTPServer, type SMTPServerOptions } from 'smtp-server'

export type Taken = { from: string; to: string[]; content: string; secure: boolean; user: string | undefined }

/** An answer of the server's choosing; the code goes before the text. */
export const answer = (responseCode: number, text: string): Error => Object.assign(new Error(text), { responseCode })

/** Starts it on a free port of this machine and ends it with the test. */
export async function mailServer(t: TestContext, options: SMTPServerOptions = {}) {
  const taken: Taken[] = []
  const server = new SMTPServer({
    ...{
      authOptional: true,
      disabledCommands: ['STARTTLS'],
      disableReverseLookup: true,
      closeTimeout: 100,
      logger: false,
    },
    onAuth: ({ username }, _session, done) => done(null, { user: username }),
    onData: (stream, { envelope, secure, user }, done) => {
      let content = ''
      stream.on('data', (chunk: Buffer) => (content += chunk.toString()))
      stream.once('end', () => {
        const from = envelope.mailFrom === false ? '' : envelope.mailFrom.address
        taken.push({ from, to: envelope.rcptTo.map(({ address }) => address), content, secure, user: user as string })
        done(null)
      })
    },
    ...options,
  })
  // A client that will not trust it, or a connection that breaks, is no failure of the server's.
  server.on('error', () => undefined)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.after(() => new Promise<void>((resolve) => server.close(resolve)))
  const address = server.server.address()
  if (address === null || typeof address === 'string') throw new Error('It does not listen on a port')
  return { taken, server, host: '127.0.0.1', port: address.port }
}

const der = (tag: number, ...parts: (Buffer | string)[]): Buffer => {
  const body = Buffer.concat(parts.map((part) => (typeof part === 'string' ? Buffer.from(part) : part)))
  const size = body.length < 128 ? [body.length] : [0x82, body.length >> 8, body.length & 255]
  return Buffer.concat([Buffer.from([tag, ...size]), body])
}
const [INTEGER, BITS, OCTETS, OID, TEXT, TIME, SEQUENCE, SET] = [2, 3, 4, 6, 12, 23, 48, 49] as const
const hex = (text: string): Buffer => Buffer.from(text, 'hex')

/**
 * A key and a certificate for this machine (X.509: RFC 5280), made for this run: nothing here has to be kept secret or renewed, and
 * no other program is needed.
 */
export function newCertificate(): { key: string; cert: string } {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const ecdsaWithSha256 = der(SEQUENCE, der(OID, hex('2a8648ce3d040302')))
  const name = der(SEQUENCE, der(SET, der(SEQUENCE, der(OID, hex('550403')), der(TEXT, 'localhost'))))
  const day = (days: number): Buffer => {
    const at = new Date(Date.now() + days * 86_400_000).toISOString()
    return der(TIME, `${at.replaceAll(/[-:T]/g, '').slice(2, 14)}Z`)
  }
  const alternatives = der(SEQUENCE, der(0x82, 'localhost'), der(0x87, Buffer.from([127, 0, 0, 1])))
  const extensions = der(SEQUENCE, der(SEQUENCE, der(OID, hex('551d11')), der(OCTETS, alternatives)))
  const told = der(
    ...([SEQUENCE, der(0xa0, der(INTEGER, hex('02'))), der(INTEGER, hex('01')), ecdsaWithSha256, name] as const),
    ...[der(SEQUENCE, day(-1), day(1)), name, publicKey.export({ type: 'spki', format: 'der' })],
    der(0xa3, extensions),
  )
  const signature = der(BITS, hex('00'), sign('sha256', told, privateKey))
  const base64 = der(SEQUENCE, told, ecdsaWithSha256, signature).toString('base64')
  const lines = base64.replaceAll(/.{64}/g, '$&\n')
  const cert = `-----BEGIN CERTIFICATE-----\n${lines}\n-----END CERTIFICATE-----\n`
  return { key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(), cert }
}

/** Trusts it as if the operator had installed it, until the test ends. */
export function trust(t: TestContext, cert: string): void {
  const before = getCACertificates('default')
  setDefaultCACertificates([...before, cert])
  t.after(() => setDefaultCACertificates(before))
}
