import type { Refusal } from '../refusal.ts'
import { mailRefusals } from './refusals.ts'

/** What nodemailer tells of a failed sending. */
type Told = { code?: string; command?: string; response?: string; responseCode?: number; message?: string }

/** The commands whose 5xx is about this letter (RFC 5321, 4.2.1). Before them it is about us: log-in, sender, encryption. */
const ABOUT_THE_LETTER = new Set(['RCPT TO', 'DATA'])
const LONGEST = 200

/** One line for an administrator. Servers repeat the address, and it would outlive the person in the list of jobs. */
const said = (text: string): string =>
  text
    .replaceAll(/[^\s<>@]+@[^\s<>@]+/g, '…')
    .replaceAll(/[\s\p{Cc}]+/gu, ' ')
    .trim()
    .slice(0, LONGEST)

/**
 * Why a letter was not handed over. A 5xx to its recipient or to its content is for good: who asks again is taken for a
 * spammer. All else may pass: 4xx, a connection that breaks, a log-in that an operator puts right.
 */
export function smtpFailure(error: unknown): Refusal {
  const { code, command = 'SMTP', response, responseCode = 0, message } = (error ?? {}) as Told
  const hopeless = responseCode >= 500 && ABOUT_THE_LETTER.has(command)
  const answer = response ?? [code, message].filter(Boolean).join(': ')
  const details = [{ field: command, message: said(answer) }]
  return mailRefusals.refuse(hopeless ? 'mail.refused' : 'mail.failed', { details, cause: error })
}
