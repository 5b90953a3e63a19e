import type { WordBox } from '../page.ts'
import { MAX_PAGE_WORDS } from './bounds.ts'
import type { Draft } from './content.ts'

const thousandths = (part: number, whole: number): number =>
  whole > 0 ? Math.max(0, Math.min(1_000, Math.round((part / whole) * 1_000))) : 0

/**
 * A page out of Tesseract's TSV: level, page, block, paragraph, line, word, left, top, width, height, confidence, text. Words are parted by
 * spaces, lines by line ends, paragraphs by an empty line. The confidence is the mean over characters.
 */
export function pageOfTsv(tsv: string, size: { width: number; height: number }): Draft {
  const words: WordBox[] = []
  let [text, line, paragraph, sure, letters] = ['', '', '', 0, 0]
  for (const row of tsv.split('\n')) {
    const cells = row.split('\t')
    const word = cells.slice(11).join(' ').trim()
    if (cells[0] !== '5' || word === '') continue
    const [left, top, width, height, confidence] = cells.slice(6, 11).map(Number) as [
      ...[number, number, number, number, number],
    ]
    const [inParagraph, inLine] = [cells.slice(1, 4).join(), cells.slice(1, 5).join()]
    if (text !== '') text += inLine === line ? ' ' : inParagraph === paragraph ? '\n' : '\n\n'
    ;[line, paragraph] = [inLine, inParagraph]
    if (words.length < MAX_PAGE_WORDS)
      words.push([
        ...([text.length, word.length] as const),
        ...([thousandths(left, size.width), thousandths(top, size.height)] as const),
        ...([thousandths(width, size.width), thousandths(height, size.height)] as const),
      ])
    text += word
    sure += Math.max(0, confidence) * word.length
    letters += word.length
  }
  return { text, method: 'ocr', confidence: letters === 0 ? 0 : Math.round(sure / letters) / 100, words }
}
