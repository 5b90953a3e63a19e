import { createHash } from 'node:crypto'
import { join } from 'node:path'
import { createTransport } from 'nodemailer'
import { createFile } from '../files/atomic-file.ts'
import { composed, type MailMessage, type Mailer } from './mail.ts'

// The name tells when and, to one who knows the address, to whom; it lists nobody's address. It follows from the letter's
// id, whose first 48 bits are its time, so that a repetition meets the file that is there.
const nameOf = ({ id, to }: MailMessage): string => {
  const time = new Date(Number.parseInt(id.replaceAll('-', '').slice(0, 12), 16)).toISOString().replaceAll(/[-:.]/g, '')
  const recipient = createHash('sha256').update(to.toLowerCase()).digest('hex').slice(0, 16)
  return `${time}-${recipient}-${id.slice(-12)}.eml`
}

/** Writes each letter once as an .eml file that only its owner can read: development, and staging without mail. */
export const outboxMailer = (directory: string, from: string): Mailer => {
  const transport = createTransport({ streamTransport: true, buffer: true, newline: 'windows' })
  return {
    send: async (message, signal) => {
      signal.throwIfAborted()
      const { message: content } = await transport.sendMail(composed(message, from))
      if (!Buffer.isBuffer(content)) throw new TypeError('The letter was to be built in memory')
      await createFile(join(directory, nameOf(message)), content)
    },
  }
}
