import { type PageOrder, plain, type Reader, Unread } from './content.ts'
import { flowingPages } from './flowing-pages.ts'
import { openPackage } from './open-package.ts'
import { attributeOf, xmlTokens } from './xml-tokens.ts'

/** What Word hides from the reader: deleted text, codes of fields, the second rendering of a drawing for older programs. */
const HIDDEN = new Set(['delText', 'instrText', 'Fallback', 'del', 'moveFrom'])

/** The text of one part: a line for each paragraph and for each row of a table, a form feed where a page ends. */
function textOf(xml: string): string {
  let [text, hidden, inText, row] = ['', 0, false, 0]
  const cellEnds = (): void => void (text = `${text.trimEnd()}\t`)
  for (const token of xmlTokens(xml)) {
    if (token.kind === 'text') {
      if (inText && hidden === 0) text += token.text
      continue
    }
    if (token.kind === 'doctype') continue
    const opens = token.kind === 'open'
    if (HIDDEN.has(token.name)) {
      if (!opens) hidden -= 1
      else if (!token.closed) hidden += 1
    } else if (token.name === 't') inText = opens && !token.closed
    else if (token.name === 'tab' && opens) text += '\t'
    else if (token.name === 'lastRenderedPageBreak') text += opens && row === 0 ? '\f' : ''
    else if (token.name === 'br' && opens)
      text += attributeOf(token.attributes, 'type') === 'page' && row === 0 ? '\f' : '\n'
    else if (token.name === 'p' && (!opens || token.closed)) text += row > 0 ? ' ' : '\n'
    else if (token.name === 'tr') {
      row += opens ? (token.closed ? 0 : 1) : -1
      if (!opens) text = `${text.trimEnd()}\n`
    } else if (token.name === 'tc' && !opens) cellEnds()
  }
  return text
}

/** The body of a Word file with its tables, headings, footers and notes. Macros, pictures and comments are left alone. */
export const readDocx: Reader = async function* (bytes, bench): AsyncGenerator<PageOrder> {
  const parts = openPackage(bytes)
  const body = parts?.text('word/document.xml') ?? null
  if (parts === null || body === null) throw new Unread('unreadable', 'The file is not a whole Word document.')
  const those = (pattern: RegExp): string =>
    parts.names
      .filter((name) => pattern.test(name))
      .toSorted()
      .map((name) => textOf(parts.text(name) ?? '').trim())
      .filter((text, at, all) => text !== '' && all.indexOf(text) === at)
      .join('\n')
  const heads = those(/^word\/header\d*\.xml$/)
  const feet = those(/^word\/(footer|footnotes|endnotes)\d*\.xml$/)
  const pages = flowingPages([heads, textOf(body), feet].filter((text) => text !== '').join('\n'))
  await bench.expect(pages.length)
  for (const text of pages) yield () => Promise.resolve(plain(text))
}
