/** Words that make up a fifth of any text in their language, and are none in the other. */
const WORDS = {
  it: `il lo la gli le un uno una di del dello della dei degli delle da dal dalla nel nella nei sul sulla che non per con è sono si al alla
       ai anche come più questo questa ed entro presso ai sensi ed oppure dell dall nell all sull`,
  en: `the of and to in is that for it as with are this be by or from at which an was not on has have will shall must any all its
       their been were`,
} as const
const SETS = Object.entries(WORDS).map(([language, words]) => [language, new Set(words.split(/\s+/))] as const)

/** Fewer of them prove nothing. */
const LEAST = 3

/** The language of a text, by its most frequent small words; null where it is too short, a table, or in another language. */
export function languageOf(text: string): 'it' | 'en' | null {
  const words =
    text
      .slice(0, 200_000)
      .toLowerCase()
      .match(/\p{L}+/gu) ?? []
  const counts = SETS.map(([language, set]) => [language, words.filter((word) => set.has(word)).length] as const)
  const [best, other] = counts.toSorted((a, b) => b[1] - a[1])
  if (best === undefined || other === undefined || best[1] < LEAST || best[1] < other[1] * 1.5) return null
  // A text in French or German has some of them by chance.
  return best[1] < words.length * 0.05 ? null : (best[0] as 'it' | 'en')
}
