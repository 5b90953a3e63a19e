/** A letter ready to send. */
export type Letter = { subject: string; text: string; html: string }

/** What a letter says, before it has a form. Its texts hold names already made plain. */
export type LetterBody = {
  subject: string
  greeting: string
  paragraphs: readonly string[]
  action?: { label: string; url: string }
}

const LONGEST_VALUE = 80

/**
 * A value from outside as it may stand in a letter: one line, no invisible or direction-changing characters, not long,
 * and not a link, since whoever names a tenant must not be able to send a stranger a message of their own.
 */
export const plain = (value: string): string => {
  const line = value
    .replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Co}\p{Cs}]+/gu, ' ')
    .replaceAll('://', ' ')
    .replaceAll(/\bwww\./gi, 'www ')
    .replaceAll(/\s+/gu, ' ')
    .trim()
  const characters = Array.from(line)
  return characters.length > LONGEST_VALUE ? `${characters.slice(0, LONGEST_VALUE - 1).join('')}…` : line
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}

/** Text as it may stand in HTML, between tags and in quoted attributes. */
export const escaped = (text: string): string => text.replaceAll(/[&<>"']/g, (sign) => ENTITIES[sign] ?? sign)

const checkedLink = (url: string): string => {
  const { protocol, href } = new URL(url)
  if (protocol !== 'https:' && protocol !== 'http:') throw new TypeError('A link in a letter is http or https')
  return href
}

const asText = ({ greeting, paragraphs, action }: LetterBody, brand: string): string =>
  [greeting, ...paragraphs, ...(action ? [`${action.label}:\n${checkedLink(action.url)}`] : []), brand].join('\n\n')

const asHtml = ({ greeting, paragraphs, action, subject }: LetterBody, language: string, brand: string): string => {
  const lines = [greeting, ...paragraphs].map((text) => `<p>${escaped(text)}</p>`)
  if (action) {
    const link = escaped(checkedLink(action.url))
    lines.push(`<p><a href="${link}">${escaped(action.label)}</a></p>`, `<p><small>${link}</small></p>`)
  }
  return [
    `<!doctype html><html lang="${escaped(language)}"><head><meta charset="utf-8">`,
    `<title>${escaped(subject)}</title></head>`,
    '<body style="font-family:sans-serif;line-height:1.5;max-width:36em">',
    ...lines,
    `<p>${escaped(brand)}</p></body></html>`,
  ].join('\n')
}

/** Gives a letter its two forms, plain text and HTML, signed with the brand (made plain, too). */
export const rendered = (body: LetterBody, language: string, brand: string): Letter => ({
  subject: body.subject,
  text: `${asText(body, brand)}\n`,
  html: `${asHtml(body, language, brand)}\n`,
})
