import { join } from 'node:path'
import type { Config } from '#config'
import type { Mailer } from './mail.ts'
import { outboxMailer } from './outbox-mailer.ts'
import { smtpMailer, type SmtpConfig } from './smtp-mailer.ts'

const LOOPBACK = /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/

/**
 * SMTP_URL as settings: `smtps:` is TLS from the first byte, `smtp:` must change to TLS (STARTTLS) before anything is said,
 * except to a relay on the same machine.
 */
export function smtpSettings(url: string, from: string): SmtpConfig {
  const { protocol, hostname, port, username, password } = new URL(url)
  const security = protocol === 'smtps:' ? 'tls' : LOOPBACK.test(hostname) ? 'none' : 'starttls'
  const standard = { tls: 465, starttls: 587, none: 25 }[security]
  return {
    host: hostname.replace(/^\[|\]$/g, ''),
    port: port === '' ? standard : Number(port),
    security,
    from,
    ...(username !== '' && { user: decodeURIComponent(username), password: decodeURIComponent(password) }),
  }
}

/** The way out for mail: SMTP where it is configured, else files in the home's `outbox` (development). */
export const openMailer = (config: Config): Mailer =>
  config.SMTP_URL === undefined
    ? outboxMailer(join(config.home, 'outbox'), config.MAIL_FROM)
    : smtpMailer(smtpSettings(config.SMTP_URL, config.MAIL_FROM))
