import { type PageOrder, plain, type Reader } from './content.ts'
import { decodedText } from './decoded-text.ts'
import { flowingPages } from './flowing-pages.ts'

/** TXT and CSV: their text, cut into pieces. */
export const readPlain: Reader = async function* (bytes, bench): AsyncGenerator<PageOrder> {
  const pages = flowingPages(decodedText(bytes))
  await bench.expect(pages.length)
  for (const text of pages) yield () => Promise.resolve(plain(text))
}
