import { type PageOrder, plain, type Reader, Unread } from './content.ts'
import { decodedText } from './decoded-text.ts'
import { flowingPages } from './flowing-pages.ts'
import { xmlTokens } from './xml-tokens.ts'

const declaredIn = (bytes: Uint8Array): string | undefined =>
  /^[^>]*encoding\s*=\s*["']([A-Za-z0-9._-]{1,40})["']/.exec(
    Buffer.from(bytes.subarray(0, 200)).toString('latin1'),
  )?.[1]

/** `Name: text` for each element that has text, a line each, as a person reads a form. */
function linesOf(xml: string): { lines: string[]; doctype: boolean } {
  const lines: string[] = []
  const path: string[] = []
  let [doctype, elements] = [false, 0]
  for (const token of xmlTokens(xml)) {
    if (token.kind === 'doctype') doctype = true
    else if (token.kind === 'open') {
      elements += 1
      const said = [...token.attributes.matchAll(/\s([^\s=:]+)\s*=\s*(?:"([^"]*)"|'([^']*)')/g)]
      for (const [, name, double, single] of said)
        if (name !== 'xmlns') lines.push(`${token.name}.${name}: ${double ?? single ?? ''}`)
      if (!token.closed) path.push(token.name)
    } else if (token.kind === 'close') path.pop()
    else if (token.text.trim() !== '') {
      const text = token.text.trim().replaceAll(/\s*\n\s*/g, '\n')
      lines.push(path.length === 0 ? text : `${path.at(-1)}: ${text}`)
    }
  }
  if (elements === 0) throw new Unread('unreadable', 'The file is not XML, though its name says so.')
  return { lines, doctype }
}

/** The text of XML. What a DOCTYPE declares is not obeyed: no entity is expanded, and nothing is fetched. */
export const readXml: Reader = async function* (bytes, bench): AsyncGenerator<PageOrder> {
  const { lines, doctype } = linesOf(decodedText(bytes, declaredIn(bytes)))
  if (doctype) await bench.note('Its DOCTYPE was ignored: entities are not expanded.')
  const pages = flowingPages(lines.join('\n'))
  await bench.expect(pages.length)
  for (const text of pages) yield () => Promise.resolve(plain(text))
}
