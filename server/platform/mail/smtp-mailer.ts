import { connect } from 'node:net'
import { createTransport } from 'nodemailer'
import { composed, type Mailer } from './mail.ts'
import { smtpFailure } from './smtp-failure.ts'

/**
 * Where mail goes out. `security`: `tls` from the first byte (465), `starttls` required (587), or `none` (a relay on the
 * same machine).
 */
export type SmtpConfig = {
  host: string
  port: number
  security: 'tls' | 'starttls' | 'none'
  from: string
  user?: string | undefined
  password?: string | undefined
  timeoutMs?: number | undefined
}

const TIMEOUT_MS = 20_000

const securityOf = ({ security }: SmtpConfig) => ({
  secure: security === 'tls',
  requireTLS: security === 'starttls',
  ignoreTLS: security === 'none',
})

const credentialsOf = ({ user, password }: SmtpConfig) =>
  user === undefined ? {} : { auth: { user, pass: password ?? '' } }

/** Sends by SMTP, one connection per letter; the whole exchange has one time limit, and ends when the signal does. */
export const smtpMailer = (config: SmtpConfig): Mailer => {
  const timeoutMs = config.timeoutMs ?? TIMEOUT_MS
  const { host, port } = config
  return {
    send: async (message, signal) => {
      const letter = composed(message, config.from)
      const ending = AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)])
      ending.throwIfAborted()
      const transport = createTransport({
        host,
        port,
        ...securityOf(config),
        ...credentialsOf(config),
        connectionTimeout: timeoutMs,
        greetingTimeout: timeoutMs,
        socketTimeout: timeoutMs,
        // The library knows no signals: it gets a socket that dies with ours.
        getSocket: (_options, done) => {
          const connection = connect({ host, port, signal: ending })
          connection.once('error', done)
          connection.once('connect', () => {
            connection.off('error', done)
            done(null, { connection })
          })
        },
      })
      try {
        await transport.sendMail(letter)
      } catch (error) {
        signal.throwIfAborted()
        throw smtpFailure(ending.aborted ? new Error(`No answer within ${timeoutMs / 1000} s`) : error)
      } finally {
        transport.close()
      }
    },
  }
}
