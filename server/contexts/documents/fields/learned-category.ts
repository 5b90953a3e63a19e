/**
 * What a company's confirmations and corrections say of a document's kind: naive Bayes over the words that its examples hold, beside
 * what the rules say. `''` is «none of them»: an example of it is a suggestion that was refused.
 */
export type Learned = {
  /** Examples by category. */
  examples: ReadonlyMap<string, number>
  /** By category: how many of its examples hold a word. Only the words of the document in question. */
  tokens: ReadonlyMap<string, ReadonlyMap<string, number>>
}

export type Verdict = { category: string; share: number; by: 'rule' | 'learned'; words: string[] }

// Documents that we imagine to have seen besides, and how many of them hold any one word: they keep five examples from knowing all.
const [IMAGINED, HOLDING] = [20, 0.02]
/** As often the rules may be wrong, however sure they are, where the company says otherwise. */
const DOUBT = 0.1
/** One example shows itself and not its kind. */
const FEWEST = 2
/** How many examples of a kind weigh as much as what is known of all. */
const SHRINK = 2
/** Words lean on each other: at most so many count as if they did not. */
const INDEPENDENT = 12
/** What is not likelier than not is not suggested. */
const ENOUGH = 0.5
/** No count of words is surer than that; what examples alone say, no surer than their number allows: five give 0.83. */
const MOST_SHARE = 0.95

const sum = (values: Iterable<number>): number => [...values].reduce((a, b) => a + b, 0)

/** How much more likely each word is in a kind than anywhere, as a logarithm. */
function gains(
  words: readonly string[],
  category: string,
  { examples, tokens }: Learned,
): { word: string; gain: number }[] {
  const [all, own] = [sum(examples.values()), examples.get(category) ?? 0]
  return words.map((word) => {
    const everywhere = sum([...tokens.values()].map((counts) => counts.get(word) ?? 0))
    const usual = (everywhere + IMAGINED * HOLDING) / (all + IMAGINED)
    const here = ((tokens.get(category)?.get(word) ?? 0) + SHRINK * usual) / (own + SHRINK)
    return { word, gain: Math.log(here / usual) }
  })
}

/**
 * The kind of a document. `shares`: what the rules say, summing to one, `''` for none. A kind without examples keeps its share; the
 * company's own begin with a part of «none» that grows with their examples. Null where nothing is likelier than not.
 */
export function judgeCategory(
  words: readonly string[],
  shares: ReadonlyMap<string, number>,
  learned: Learned,
): Verdict | null {
  const none = Math.max(shares.get('') ?? 1, DOUBT)
  const taught = (category: string): boolean => (learned.examples.get(category) ?? 0) >= FEWEST
  const names = new Set([...shares.keys(), ...[...learned.examples.keys()].filter(taught)])
  const all = sum(learned.examples.values())
  const tempered = Math.min(1, INDEPENDENT / Math.max(1, words.length))
  const weighed = [...names].map((category) => {
    const own = learned.examples.get(category) ?? 0
    const prior = category === '' && taught('') ? none : (shares.get(category) ?? (none * own) / (all + IMAGINED))
    const list = taught(category) ? gains(words, category, learned) : []
    return { category, log: Math.log(Math.max(prior, 1e-9)) + tempered * sum(list.map(({ gain }) => gain)), list }
  })
  const top = Math.max(...weighed.map(({ log }) => log))
  const total = sum(weighed.map(({ log }) => Math.exp(log - top)))
  const best = weighed.find(({ log }) => log === top)!
  const ruled = [...shares].reduce((a, b) => (b[1] > a[1] ? b : a))[0]
  const own = learned.examples.get(best.category) ?? 0
  const share = Math.min(MOST_SHARE, 1 / total, best.category === ruled ? 1 : own / (own + 1))
  if (best.category === '' || share <= ENOUGH) return null
  const telling = best.list.toSorted((a, b) => b.gain - a.gain).filter(({ gain }) => gain > 0)
  return {
    ...{ category: best.category, share: Math.round(share * 1000) / 1000 },
    by: best.category === ruled ? 'rule' : 'learned',
    words: telling.slice(0, 5).map(({ word }) => word),
  }
}
