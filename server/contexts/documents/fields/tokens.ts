import { passageOf, type PageText } from './page-fields.ts'
import type { Place } from './category-score.ts'

/** Words that stand in any document, without accents; two letters and fewer are left out anyway. */
const COMMON = new Set(
  `che con del dei degli della delle dello dal dai dalla dalle dallo nel nei nella nelle nello sul sui sulla sulle per tra fra una uno gli loro
   come cui non sono sia essere stato stata stati state hanno aver avere alla alle allo agli con questo questa questi queste quale quali
   quanto dove quando anche ogni altro altra altri altre presso mediante sotto sopra entro fino dopo prima data numero pagina via italia
   sig spa srl snc tel fax mail web www http https iva cap oggetto gentile cordiali saluti distinti
   the and for with from this that these those which who whose are was were been have has had not its our your their his her into upon under
   over per any all each other such than then there here will shall may must can page date number dear regards subject tel fax mail
   gennaio febbraio marzo aprile maggio giugno luglio agosto settembre ottobre novembre dicembre
   january february march april june july august september october november december`.split(/\s+/),
)
const MOST_TOKENS = 200
const CHARACTERS = 20_000

/** The different words of a text, of three letters and more, without accents and common ones, in the order of their first places. */
export function tokensOf(text: string): string[] {
  const tokens = new Set<string>()
  const words = text.slice(0, CHARACTERS).normalize('NFKD').replace(/\p{M}/gu, '').toLowerCase()
  for (const [word] of words.matchAll(/(?<!\p{L})\p{L}{3,30}(?!\p{L})/gu)) {
    if (!COMMON.has(word)) tokens.add(word)
    if (tokens.size === MOST_TOKENS) break
  }
  return [...tokens]
}

const plain = (word: string): string => word.normalize('NFKD').replace(/\p{M}/gu, '').toLowerCase()

/** Where each of these words, as `tokensOf` makes them, stands first. */
export function placesOfWords(pages: readonly PageText[], words: readonly string[]): Place[] {
  const wanted = new Set(words)
  return pages.flatMap(({ page, text }) =>
    [...text.slice(0, CHARACTERS).matchAll(/(?<![\p{L}\p{M}])[\p{L}\p{M}]{3,40}/gu)].flatMap(
      ({ 0: shown, index: start }) => {
        if (!wanted.delete(plain(shown))) return []
        return [{ page, start, length: shown.length, passage: passageOf(text, start, shown.length) }]
      },
    ),
  )
}
