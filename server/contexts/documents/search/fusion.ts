/** A passage of a content, as a search finds it. */
export type Hit = { readonly sha256: string; readonly ord: number }
export type Ranked = Hit & { readonly score: number }

/** Of reciprocal rank fusion (Cormack, Clarke and Büttcher, SIGIR 2009, with its k): how little the very first places differ. */
const K = 60

/**
 * One list from several, best first: each list gives a hit 1 / (60 + its place in that list), and what is found by both rises above what is
 * found by one. Places are compared and never scores, which are of different kinds. At most `each` passages of a content.
 */
export function fuse(lists: readonly (readonly Hit[])[], limit: number, each: number): Ranked[] {
  const scores = new Map<string, Ranked>()
  for (const list of lists) {
    for (const [place, { sha256, ord }] of list.entries()) {
      const key = `${sha256}:${ord}`
      const score = (scores.get(key)?.score ?? 0) + 1 / (K + place + 1)
      scores.set(key, { sha256, ord, score })
    }
  }
  const ordered = [...scores.values()].toSorted((a, b) => b.score - a.score || compare(a, b))
  const taken = new Map<string, number>()
  const kept: Ranked[] = []
  for (const one of ordered) {
    const before = taken.get(one.sha256) ?? 0
    if (before >= each) continue
    taken.set(one.sha256, before + 1)
    kept.push(one)
    if (kept.length === limit) break
  }
  return kept
}

/** The same order in each answer, whatever order the lists came in. */
const compare = (a: Hit, b: Hit): number => (a.sha256 === b.sha256 ? a.ord - b.ord : a.sha256 < b.sha256 ? -1 : 1)
