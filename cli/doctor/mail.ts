import { accessSync, constants, existsSync, readdirSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import type { Config } from '#config'
import { smtpSettings } from '#platform/mail/open-mailer.ts'
import { fail, ok, warn, type Finding } from './finding.ts'

const TIMEOUT_MS = 5_000

/** Whether letters would leave: a mail server that greets, or a folder that takes them. */
export async function examineMail(config: Config): Promise<Finding[]> {
  if (config.SMTP_URL === undefined) return [outbox(join(config.home, 'outbox'))]
  const { host, port, security } = smtpSettings(config.SMTP_URL, config.MAIL_FROM)
  const mend = 'Look at SMTP_URL, the mail server, and what stands in between.'
  // With TLS from the first byte the server speaks only after the handshake: that it takes the connection is enough.
  const said = await greeting(host, port, security !== 'tls')
  if (said instanceof Error) return [fail('mail', `${host}:${port} does not answer: ${said.message}`, mend)]
  if (said !== '' && !said.startsWith('220'))
    return [fail('mail', `${host}:${port} answers «${said.trim().slice(0, 60)}»`, mend)]
  return [ok('mail', `the mail server at ${host}:${port} answers`)]
}

function outbox(folder: string): Finding {
  const mend = 'Set SMTP_URL where people are to receive mail.'
  if (!existsSync(folder)) return ok('mail', `no mail server: letters will be files in ${folder}`)
  try {
    accessSync(folder, constants.W_OK | constants.X_OK)
  } catch {
    return fail('mail', `${folder} is not writable, and there is no mail server`, mend)
  }
  const letters = readdirSync(folder).filter((file) => file.endsWith('.eml')).length
  return letters === 0
    ? ok('mail', `no mail server: letters will be files in ${folder}`)
    : warn('mail', `${letters} letters lie in ${folder}, sent to nobody`, mend)
}

function greeting(host: string, port: number, wait: boolean): Promise<string | Error> {
  return new Promise((resolve) => {
    const socket = connect({ host, port, timeout: TIMEOUT_MS })
    const done = (result: string | Error): void => {
      socket.destroy()
      resolve(result)
    }
    socket.once('connect', () => (wait ? undefined : done('')))
    socket.once('data', (data) => done(data.toString()))
    socket.once('timeout', () => done(new Error(`no answer within ${TIMEOUT_MS / 1000} s`)))
    socket.once('error', (error) => done(error.message ? error : new Error((error as NodeJS.ErrnoException).code)))
    socket.once('end', () => done(new Error('it closed the connection')))
  })
}
