import PostalMime, { type Address, type Attachment } from 'postal-mime'
import { type Draft, type PageOrder, plain, type Reader, Unread } from './content.ts'
import { flowingPages } from './flowing-pages.ts'
import { readWithin } from './read-within.ts'

const MAX_ATTACHMENTS = 50
/** Larger ones are files of their own; whoever needs their text stores them as documents. */
const MAX_ATTACHMENT = 5 * 1024 * 1024

const addresses = (list: readonly Address[] | undefined): string =>
  (list ?? []).map(({ name, address }) => (name ? `${name} <${address ?? ''}>` : (address ?? ''))).join(', ')

/** HTML without its marks, where a mail has no plain text. */
const stripped = (html: string): string =>
  html
    .replaceAll(/<(style|script|head)\b[\s\S]*?<\/\1\s*>/gi, '')
    .replaceAll(/<(br|\/p|\/div|\/tr|\/li|\/h\d)\b[^>]*>/gi, '\n')
    .replaceAll(/<[^>]*>/g, ' ')
    .replaceAll(/&nbsp;/gi, ' ')
    .replaceAll(/[ \t]+/g, ' ')

const bytesOf = ({ content }: Attachment): Uint8Array =>
  typeof content === 'string' ? Buffer.from(content, 'utf8') : new Uint8Array(content)

/** A mail: who, to whom, when and about what, its text, the names of what is attached, and the text of small attachments behind it. */
export const readMail: Reader = async function* (bytes, bench): AsyncGenerator<PageOrder> {
  const mail = await PostalMime.parse(bytes, { maxNestingDepth: 20, maxHeadersSize: 1024 * 1024 }).catch(() => {
    throw new Unread('unreadable', 'The mail is damaged.')
  })
  const heading = [
    ...[['From', addresses(mail.from && [mail.from])] as const, ['To', addresses(mail.to)] as const],
    ...[
      ['Cc', addresses(mail.cc)] as const,
      ['Date', mail.date ?? ''] as const,
      ['Subject', mail.subject ?? ''] as const,
    ],
    ...mail.attachments.slice(0, MAX_ATTACHMENTS).map((one) => ['Attachment', one.filename ?? one.mimeType] as const),
  ].filter(([, value]) => value !== '')
  const body = mail.text ?? stripped(mail.html ?? '')
  const text = `${heading.map(([name, value]) => `${name}: ${value}`).join('\n')}\n\n${body}`
  for (const page of flowingPages(text.replaceAll('\r\n', '\n'))) yield () => Promise.resolve(plain(page))
  const unread = async (): Promise<Draft> => {
    await bench.note('Some attachments could not be read.')
    return plain('')
  }
  // How many pages these have is not known before they are opened.
  const inner = { ...bench, expect: () => Promise.resolve() }
  for (const attachment of mail.attachments.slice(0, MAX_ATTACHMENTS)) {
    const content = bytesOf(attachment)
    const isLogo =
      attachment.mimeType.startsWith('image/') && (attachment.related || attachment.disposition === 'inline')
    if (content.length > MAX_ATTACHMENT || isLogo) continue
    try {
      for await (const order of readWithin(content, inner)) yield () => order().catch(unread)
    } catch {
      await unread()
    }
  }
}
