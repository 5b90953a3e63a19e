import { type Candidate, type FieldKind, type Role, ROLES } from './finding.ts'

/** How far back words are looked at, in characters, and how far from the value the last of them may end. */
const WINDOW = 90
const NEAR = 34

/** Words that say what a value is, where they stand before it, in Italian and English. The nearest decides; of equally near ones the longest. */
const CUES: readonly (readonly [kind: 'date' | 'amount', role: Role, words: string])[] = [
  [
    'date',
    'expiry',
    'scadenza|scade|scadente|scadrà|scadono|valid[oaie] (?:sino|fino) (?:al|a)|valid[oaie] per prestazioni sino al',
  ],
  [
    'date',
    'expiry',
    'validità(?: fino)? (?:al|a)|fino alla data del|da consumarsi (?:preferibilmente )?entro(?: il)?|tmc',
  ],
  [
    'date',
    'expiry',
    'expir(?:y|es|ed|ation|ing)(?: date)?|valid (?:until|through|till|to)|validity until|best before|use by',
  ],
  [
    'date',
    'due',
    'entro(?: e non oltre)?(?: il(?: giorno)?)?|termine(?: ultimo)?|scadenza (?:del )?pagamento|da pagare entro|presentare entro',
  ],
  [
    'date',
    'due',
    'due(?: date| by| on)?|pay(?:able|ment)? (?:by|due|before)|(?:no|not) later than|deadline|submit(?:ted)? by',
  ],
  [
    'date',
    'issue',
    'rilasciat[oaie]|emess[oaie]|emissione|rilascio|redatt[oaie]|data (?:richiesta|documento|fattura|rilascio)',
  ],
  ['date', 'issue', 'issued?|dated|date of issue|drawn up'],
  [
    'date',
    'issue',
    '(?:fattura|verbale|certificato|rapporto|contratto|convenzione|documento|ddt|bolla|nota|lettera|invoice|no?|n\\.)[^\\n]{0,28} (?:del|of|dated)',
  ],
  ['date', 'protocol', '(?:prot|protocollo|protocol)\\b[^\\n]{0,45}(?:del|of|dated|on)'],
  [
    'date',
    'start',
    'decorr\\p{L}{1,6}|a (?:partire|decorrere|far data) dal|dal|entrata in (?:vigore|esercizio)|inizio',
  ],
  [
    'date',
    'start',
    'effective(?: date| from| as of)?|start(?:ing|s)?(?: date| on| from)?|valid from|from|entry into (?:force|operation)|as of',
  ],
  ['date', 'end', 'fino al|sino al|al|cessazione|fine lavori|termina(?: il)?|until|through|to|ends?(?: on)?|end date'],
  ['date', 'signature', 'firmat[oaie]|sottoscritt[oaie]|stipulat[oaie]|signed|signature|executed on'],
  [
    'date',
    'test',
    'verific(?:a|ato|ata|he)|eseguit[oaie]|effettuat[oaie]|prov[ae]|taratura|tarat[oaie]|sopralluogo|campionamento|prelievo|prelevat[oaie]|intervento|collaudo',
  ],
  [
    'date',
    'test',
    'calibrat(?:ed|ion)|tested|test|inspect(?:ed|ion)|sampl(?:ed|ing)|analy[sz]ed|performed|carried out|service date|visit',
  ],
  [
    'date',
    'next_check',
    'prossim[oaie] (?:verifica|taratura|controllo|revisione|manutenzione|scadenza)|next (?:verification|calibration|inspection|test|review|service|due)',
  ],
  ['date', 'birth', 'nat[oaie] (?:a|il|in)(?: [^\\n\\d]{1,40})?|data di nascita|born|date of birth'],
  [
    'date',
    'law',
    'd\\. ?lgs\\.?|d\\. ?p\\. ?r\\.?|d\\. ?m\\.?|d\\. ?l\\.?|legge|decreto|regolamento \\((?:ce|ue)\\)|delibera|circolare|direttiva|law|decree|directive',
  ],
  ['amount', 'total', 'totale|tot\\.|total|grand total|amount due|balance due|netto a pagare|da pagare'],
  ['amount', 'amount', 'importo|somma|corrispettivo|amount|sum|versat[oaie]|pagament[oi]'],
  ['amount', 'fee', 'canone|diritto (?:annuale )?di licenza|tariffa|rata|fee|rent|rental|subscription'],
  ['amount', 'tax_base', 'imponibile|totale imponibile|subtotal|taxable(?: amount)?|net(?: amount| total)?|al netto'],
  ['amount', 'vat', 'iva|i\\.v\\.a\\.|vat|imposta'],
  ['amount', 'deposit', 'cauzione|deposito|garanzia|fideiussione|deposit|guarantee|surety'],
  ['amount', 'penalty', 'sanzion[ei]|penal[ei]|multa|mora|penalty|fine'],
  ['amount', 'price', 'prezzo|costo|price|cost'],
]
const PATTERNS = CUES.map(([kind, role, words]) => ({
  kind,
  role,
  pattern: new RegExp(`(?<![\\p{L}\\p{N}])(?:${words})(?![\\p{L}\\p{N}])`, 'giu'),
}))

/** «valid from 1 January to 31 December»: the second day ends the validity. */
const VALID_FROM =
  /(?:valid[oaie]?|validità|validity)[^\n.;]{0,12} (?:dal|from)[^.;]{0,40}(?:\d|\p{L})[^.;]{0,6}? (?:al|to|until)\s*$/iu

/** The text before a value, up to the value before it. */
export const before = (text: string, start: number, previousEnd: number): string =>
  text.slice(Math.max(0, previousEnd, start - WINDOW), start)

/** Right before a day these say nothing but that it is one: the words before them are asked first. */
const PLAIN = /(?<!\p{L})(?:in data|data|date|lì|addì|oggi)[ :.,\n]{0,4}$/iu
const JOINING = /(?<!\p{L})(?:in data|il giorno|addì)\s*$/iu

type Cue = { role: Role; end: number; length: number }
/** The role that the words before a value give it, and how near they stand; null where they say nothing. */
export function roleBefore(kind: FieldKind, words: string, wider: string): { role: Role; distance: number } | null {
  if (kind === 'date' && VALID_FROM.test(wider)) return { role: 'expiry', distance: 0 }
  const cue = nearestCue(kind, words.replace(JOINING, ''))
  if (cue !== null) return cue
  return kind === 'date' && PLAIN.test(words) ? { role: 'issue', distance: 0 } : null
}

function nearestCue(kind: FieldKind, words: string): { role: Role; distance: number } | null {
  let best: Cue | null = null
  for (const { kind: of, role, pattern } of PATTERNS) {
    if (of !== kind) continue
    for (const { 0: found, index } of words.matchAll(pattern)) {
      const cue = { role, end: index + found.length, length: found.length }
      if (words.length - cue.end > NEAR) continue
      if (best === null || cue.end > best.end || (cue.end === best.end && cue.length > best.length)) best = cue
    }
  }
  return best && { role: best.role, distance: words.length - best.end }
}

/** A role that is told by words right before the value is nearly sure, one told from afar is less so. */
export const sureness = (distance: number): number => (distance <= 14 ? 0.97 : 0.85)

export const hasRole = (kind: FieldKind, role: string): role is Role =>
  (kind === 'date' || kind === 'amount') && (ROLES[kind] as readonly string[]).includes(role)

/** The last one, two and three words before a value: what a company's corrections are remembered by. Longest first. */
export function cuesOf(words: string): string[] {
  const last = words
    .normalize('NFKD')
    .replace(/\p{M}/gu, '')
    .toLowerCase()
    .split(/[^\p{L}]+/u)
    .filter((word) => word !== '')
    .slice(-3)
  return last.map((_, skipped) => last.slice(skipped).join(' '))
}

/** How often a cue was judged to mean a role; '' is «none of them». */
export type CueCounts = ReadonlyMap<string, ReadonlyMap<Role | '', number>>

// What the rules say weighs as much as two judgements; that they say nothing, as half a one.
const [RULE_WEIGHT, SILENCE_WEIGHT] = [2, 0.5]

/**
 * The role by what was judged before and by the rule: the longest run of words that anybody has judged counts, against the rule's own
 * weight. The share of the winner is how sure it is.
 */
export function learnedRole(
  candidate: Pick<Candidate, 'role'>,
  cues: readonly string[],
  counts: CueCounts,
): { role: Role | null; share: number; learned: boolean } | null {
  const judged = cues.map((cue) => counts.get(cue)).find((one) => one !== undefined && sumOf(one) > 0)
  if (judged === undefined) return null
  const weights = new Map(judged)
  const ruled = candidate.role ?? ''
  weights.set(ruled, (weights.get(ruled) ?? 0) + (ruled === '' ? SILENCE_WEIGHT : RULE_WEIGHT))
  const [role, weight] = [...weights].reduce((best, one) => (one[1] > best[1] ? one : best))
  return { role: role === '' ? null : role, share: weight / (sumOf(weights) + 0.5), learned: role !== ruled }
}
const sumOf = (weights: ReadonlyMap<Role | '', number>): number => [...weights.values()].reduce((a, b) => a + b, 0)
