import { FLOWING_PAGE } from './bounds.ts'

/** Cuts text without pages at form feeds, and where a piece is full at the end of a line, or, in a line without end, anywhere. */
export function flowingPages(text: string, size = FLOWING_PAGE): string[] {
  const pages: string[] = []
  for (const part of text.split('\f')) {
    let at = 0
    while (part.length - at > size) {
      const line = part.lastIndexOf('\n', at + size)
      const space = part.lastIndexOf(' ', at + size)
      const end = line > at ? line + 1 : space > at ? space + 1 : at + size
      pages.push(part.slice(at, end))
      at = end
    }
    pages.push(part.slice(at))
  }
  return pages.map((page) => page.replace(/^\s*\n/, '').trimEnd()).filter((page) => page !== '')
}
