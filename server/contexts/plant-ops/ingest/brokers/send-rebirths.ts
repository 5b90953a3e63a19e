/** How often one node is asked for its births, and how long it takes between one that is asked and the next, in milliseconds. */
const [ASK_AGAIN_MS, EACH_MS] = [30_000, 50]
/** Nodes that wait to be asked, and that are remembered as asked: names that a broker makes up fill no memory. */
const MOST = 10_000

type Sending = {
  /** Asks one node to tell its births. */
  readonly send: (node: string) => void
  /** Whether its births are known meanwhile. */
  readonly isBorn: (node: string) => boolean
  /** Milliseconds that never go back. */
  readonly clock?: () => number
}
export type Rebirths = {
  /** Asks for them whatever is known; a node that was asked within 30 s is not asked again. */
  readonly ask: (nodes: Iterable<string>) => void
  /** Asks those whose births are still unknown when it is their turn. */
  readonly askUnborn: (nodes: Iterable<string>) => void
  readonly stop: () => void
}

/** Asks nodes for their births, 20 in a second at most: a broker whose nodes all tell theirs at once is busy with nothing else. */
export function sendRebirths({ send, isBorn, clock = () => performance.now() }: Sending): Rebirths {
  const waiting = new Map<string, 'always' | 'unborn'>()
  const asked = new Map<string, number>()
  let timer: NodeJS.Timeout | undefined
  const next = (): void => {
    for (const [node, when] of waiting) {
      waiting.delete(node)
      if (when === 'unborn' && isBorn(node)) continue
      if (asked.size >= MOST) asked.clear()
      asked.set(node, clock())
      send(node)
      break
    }
    timer = waiting.size > 0 ? setTimeout(next, EACH_MS) : undefined
  }
  const wait = (nodes: Iterable<string>, when: 'always' | 'unborn'): void => {
    for (const node of nodes) {
      if (waiting.get(node) === 'always' || clock() - (asked.get(node) ?? -Infinity) < ASK_AGAIN_MS) continue
      if (waiting.size < MOST || waiting.has(node)) waiting.set(node, when)
    }
    if (timer === undefined && waiting.size > 0) timer = setTimeout(next, 0)
  }
  return {
    ask: (nodes) => wait(nodes, 'always'),
    askUnborn: (nodes) => wait(nodes, 'unborn'),
    stop: () => {
      clearTimeout(timer)
      waiting.clear()
    },
  }
}
