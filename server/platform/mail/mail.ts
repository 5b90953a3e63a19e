import type { SendMailOptions } from 'nodemailer'
import { mailRefusals } from './refusals.ts'

/** One letter to one person. `id` (a UUIDv7) is the letter's for good: a repetition is known by it. */
export type MailMessage = { id: string; to: string; subject: string; text: string; html?: string }

/**
 * The way out for mail. `send` resolves once the letter is handed over. It rejects with `mail.refused` where trying again
 * will not help, with `mail.failed` where it may, and with the signal's reason where that was aborted.
 */
export type Mailer = { send: (message: MailMessage, signal: AbortSignal) => Promise<void> }

const LONGEST_SUBJECT = 250

// One address and nothing else: no list, no display name, no quoting, no line, so that an address cannot become two or
// carry a header along.
const ADDRESS = /^[^\s\p{Cc}@<>,;:"()[\]\\]{1,64}@[^\s\p{Cc}@<>,;:"()[\]\\]{1,253}$/u

const refused = (field: string, message: string): Error =>
  mailRefusals.refuse('mail.refused', { details: [{ field, message }] })

/** RFC 5322 wants a domain of ours in it; the sender's is the one that there is. */
const messageId = (id: string, from: string): string =>
  `<${id}@${/@([A-Za-z0-9.-]+)>?\s*$/.exec(from)?.[1] ?? 'localhost'}>`

/** The letter in the library's form; refuses an address or subject that would bend its headers. */
export const composed = (message: MailMessage, from: string): SendMailOptions => {
  const { id, to, subject, text, html } = message
  if (!ADDRESS.test(to)) throw refused('to', 'is not one plain address')
  if (/\p{Cc}/u.test(subject) || subject.length > LONGEST_SUBJECT)
    throw refused('subject', 'has more than one line, or is too long')
  const content = html === undefined ? { text } : { text, html }
  return {
    ...content,
    from,
    to: { name: '', address: to },
    subject,
    messageId: messageId(id, from),
    // Letters are made of data; none of it may name a file or an address to read.
    disableFileAccess: true,
    disableUrlAccess: true,
    headers: { 'Auto-Submitted': 'auto-generated' },
  }
}
