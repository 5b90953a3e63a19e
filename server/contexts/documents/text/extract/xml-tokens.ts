import { Unread } from './content.ts'

export type Token =
  | { readonly kind: 'open'; readonly name: string; readonly attributes: string; readonly closed: boolean }
  | { readonly kind: 'close'; readonly name: string }
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'doctype' }

const PREDEFINED: Record<string, string> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" }

/** The five entities that every XML has, and characters by number; any other stays as it is written, so that nothing can grow. */
export const unescaped = (text: string): string =>
  text.replaceAll(/&(?:#x([0-9a-f]{1,6})|#(\d{1,7})|(amp|lt|gt|quot|apos));/gi, (whole, hex, decimal, name) => {
    if (name !== undefined) return PREDEFINED[String(name).toLowerCase()] ?? whole
    const code = hex === undefined ? Number(decimal) : Number.parseInt(String(hex), 16)
    return code > 0 && code <= 0x10ffff && !(code >= 0xd800 && code <= 0xdfff) ? String.fromCodePoint(code) : ''
  })

/** Without the prefix of its namespace. */
const local = (name: string): string => name.slice(name.indexOf(':') + 1)

const broken = (): Unread =>
  new Unread('unreadable', 'The file is not whole XML: something is opened and never closed.')

function endOf(xml: string, mark: string, from: number): number {
  const end = xml.indexOf(mark, from)
  if (end < 0) throw broken()
  return end
}

/** A DOCTYPE with its own declarations in brackets: skipped, never obeyed. */
function doctypeEnd(xml: string, from: number): number {
  const [bracket, end] = [xml.indexOf('[', from), endOf(xml, '>', from)]
  return bracket < 0 || bracket > end ? end : endOf(xml, '>', endOf(xml, ']', bracket))
}

/** The end of a tag; a `>` within quotes is none. */
function tagEnd(xml: string, from: number): number {
  let at = from
  for (;;) {
    const end = endOf(xml, '>', at)
    const quote = /["']/g
    quote.lastIndex = at
    const found = quote.exec(xml)
    if (found === null || found.index > end) return end
    at = endOf(xml, found[0], found.index + 1) + 1
  }
}

function tagOf(body: string): Token {
  if (body.startsWith('/')) return { kind: 'close', name: local(body.slice(1).trim()) }
  const closed = body.endsWith('/')
  const whole = closed ? body.slice(0, -1) : body
  const name = /^[^\s]+/.exec(whole)?.[0] ?? ''
  return { kind: 'open', name: local(name), attributes: whole.slice(name.length), closed }
}

/**
 * The pieces of an XML text in their order, in one pass and without a tree: neither depth nor width of a hostile file costs more than its
 * length. Comments and instructions are left out, names lose their prefix.
 */
export function* xmlTokens(xml: string): Generator<Token> {
  let at = 0
  while (at < xml.length) {
    const open = xml.indexOf('<', at)
    if (open !== at) {
      const text = xml.slice(at, open < 0 ? xml.length : open)
      if (text.trim() !== '' || text.includes(' ')) yield { kind: 'text', text: unescaped(text) }
      if (open < 0) return
    }
    if (xml.startsWith('<!--', open)) at = endOf(xml, '-->', open + 4) + 3
    else if (xml.startsWith('<![CDATA[', open)) {
      at = endOf(xml, ']]>', open)
      yield { kind: 'text', text: xml.slice(open + 9, at) }
      at += 3
    } else if (xml.startsWith('<?', open)) at = endOf(xml, '?>', open) + 2
    else if (xml.startsWith('<!', open)) {
      at = doctypeEnd(xml, open) + 1
      yield { kind: 'doctype' }
    } else {
      const end = tagEnd(xml, open + 1)
      yield tagOf(xml.slice(open + 1, end))
      at = end + 1
    }
  }
}

/** What an attribute says; undefined where it is not there. Names lose their prefix here too. */
export function attributeOf(attributes: string, name: string): string | undefined {
  for (const [, key, double, single] of attributes.matchAll(/([^\s=]+)\s*=\s*(?:"([^"]*)"|'([^']*)')/g))
    if (local(key!) === name) return unescaped(double ?? single ?? '')
  return undefined
}
