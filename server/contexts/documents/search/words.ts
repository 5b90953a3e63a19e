/** A word of a text: as it is searched, and where it stands (UTF-16 units). */
export type Word = { readonly word: string; readonly start: number; readonly length: number }
export type Language = 'it' | 'en'

const WORD = /[\p{L}\p{N}\p{M}]+/gu
const PLAIN = /^[a-z0-9]+$/
/** Longer ones are no words: encoded data, rows of dots read as letters. */
const LONGEST = 60

/** A word as it stands in the index: lower case, no accents; empty where no letter is left. */
export const plainWord = (word: string): string => {
  const lower = word.toLowerCase()
  if (PLAIN.test(lower)) return lower.slice(0, LONGEST)
  const bare = lower
    .normalize('NFKD')
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]/gu, '')
  return Array.from(bare).slice(0, LONGEST).join('')
}

/** The words of a text in their order; the place of each in this list is its place in the index. */
export function wordsOf(text: string): Word[] {
  const words: Word[] = []
  for (const { 0: found, index } of text.matchAll(WORD)) {
    const word = plainWord(found)
    if (word !== '') words.push({ word, start: index, length: found.length })
  }
  return words
}

const listed = (words: string): ReadonlySet<string> => new Set(words.split(' '))
// The commonest words of each language that the other does not have.
const ITALIAN = listed(
  'il lo gli le di del dello della dei degli delle al allo alla ai agli alle dal dalla dai dalle nel nella nei nelle sul sulla sui sulle che chi cui e ed con per tra fra non una uno un si sono sia anche come ogni essere stato deve devono viene entro presso nonche ovvero ai sensi questo questa tale',
)
const ENGLISH = listed(
  'the of and to for with is are was were be been by from at on or that this these those which shall must should will may not any all each as it its has have had their there when where if than then into must',
)
/** Fewer than these in a text tell nothing. */
const ENOUGH = 4

/** The language of a text by its commonest words; null where it cannot be told, or is both. */
export function languageOf(words: readonly Word[]): Language | null {
  let [italian, english] = [0, 0]
  for (const { word } of words) {
    if (ITALIAN.has(word)) italian += 1
    else if (ENGLISH.has(word)) english += 1
  }
  if (italian >= ENOUGH && italian >= 5 * english) return 'it'
  return english >= ENOUGH && english >= 5 * italian ? 'en' : null
}
