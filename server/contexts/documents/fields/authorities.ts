import { type Candidate, candidate, withoutOverlaps } from './finding.ts'

/** Authorities and grid operators by the name that they are listed under, and how documents call them, Italian and English. */
const KNOWN: readonly (readonly [name: string, words: string])[] = [
  ['GSE', 'GSE|Gestore dei Servizi Energetici'],
  ['Terna', 'Terna|TERNA'],
  [
    'ADM',
    'ADM|Agenzia delle [Dd]ogane(?: e (?:dei|d.) [Mm]onopoli)?|AGENZIA DELLE DOGANE(?: E DEI MONOPOLI)?|Ufficio delle [Dd]ogane|UFFICIO DELLE DOGANE|Customs and Monopolies Agency|Italian Customs(?: Agency)?',
  ],
  ['ARERA', 'ARERA|Autorità di Regolazione per Energia(?:,)? Reti e Ambiente'],
  ['e-distribuzione', 'e-distribuzione|E-distribuzione|E-DISTRIBUZIONE|E-Distribuzione'],
  ['Areti', 'Areti|ARETI'],
  ['Unareti', 'Unareti|UNARETI'],
  ['Ireti', 'Ireti|IRETI'],
  ['Edyna', 'Edyna|EDYNA'],
  ['DEVAL', 'DEVAL|Deval'],
  ['SET Distribuzione', 'SET Distribuzione|SET DISTRIBUZIONE'],
  ['AcegasApsAmga', 'AcegasApsAmga|ACEGASAPSAMGA'],
  ['Agenzia delle Entrate', 'Agenzia delle [Ee]ntrate|AGENZIA DELLE ENTRATE|Italian Revenue Agency'],
  ['INPS', 'INPS|I\\.N\\.P\\.S\\.'],
  ['INAIL', 'INAIL|I\\.N\\.A\\.I\\.L\\.'],
  ['GME', 'GME|Gestore dei Mercati Energetici'],
  ['CSEA', 'CSEA'],
  ['MASE', "MASE|Ministero dell[’']Ambiente e della Sicurezza Energetica"],
  ['Ministero della Salute', 'Ministero della Salute|MINISTERO DELLA SALUTE|Ministry of Health'],
  ['Vigili del Fuoco', 'Vigili del [Ff]uoco|VIGILI DEL FUOCO|VVF|VV\\.F\\.?|Fire (?:Brigade|Service)'],
  ['Soprintendenza', 'Soprintendenza|SOPRINTENDENZA'],
  ['Camera di Commercio', 'Camera di [Cc]ommercio|CAMERA DI COMMERCIO|C\\.C\\.I\\.A\\.A\\.|Chamber of Commerce'],
  ['ENAC', 'ENAC'],
  ['ENEA', 'ENEA'],
]
/** Of one place: the place is part of the name. */
const PLACE =
  "(?:\\p{Lu}[\\p{L}'’]{0,30})(?:[ -](?:(?:di|del|della|delle|dei|in|sul|al|alla|a) |(?:d|dell|nell|all|sull)['’])?\\p{Lu}[\\p{L}'’]{1,30}){0,3}"
const OF_A_PLACE: readonly (readonly [name: string, words: string])[] = [
  ['Comune di', 'Comune di|COMUNE DI|Municipality of|City of'],
  ['Provincia di', 'Provincia di|PROVINCIA DI|Province of'],
  ['Regione', 'Regione|REGIONE|Region of'],
  ['Prefettura di', 'Prefettura di|PREFETTURA DI'],
  ['ASL', 'A\\.?S\\.?L\\.?|AUSL|USL|ULSS'],
  ['ATS', 'A\\.?T\\.?S\\.?'],
  ['ARPA', 'ARPAE?'],
]
const EDGE = '(?<![\\p{L}\\p{N}@._-])'
const END = '(?![\\p{L}\\p{N}@_]|\\.\\p{L}|-\\p{L})'
const PATTERNS = KNOWN.map(([name, words]) => ({ name, pattern: new RegExp(`${EDGE}(?:${words})${END}`, 'gu') }))
const PLACED = OF_A_PLACE.map(([name, words]) => ({
  name,
  pattern: new RegExp(`${EDGE}(?:${words}) (${PLACE})`, 'gu'),
}))

/** Whoever writes stands at the head of the first page; further down authorities are mentioned. */
const LETTERHEAD = 350

const SMALL = /^(?:di|del|della|delle|dei|in|sul|al|alla|a)$/
const titled = (place: string): string =>
  place === place.toUpperCase()
    ? place
        .toLowerCase()
        .replace(/\p{L}+/gu, (word) => (SMALL.test(word) ? word : word[0]!.toUpperCase() + word.slice(1)))
    : place

/** Authorities and grid operators that are named on a page. */
export function authoritiesIn(text: string, page: number): Candidate[] {
  const add = (value: string, shown: string, start: number): Candidate => {
    const rule = page === 1 && start < LETTERHEAD ? 'authority.letterhead' : 'authority.mentioned'
    return candidate('authority', { value, shown, start, rule })
  }
  const placed = PLACED.flatMap(({ name, pattern }) =>
    [...text.matchAll(pattern)].map(({ 0: shown, 1: place, index }) => add(`${name} ${titled(place!)}`, shown, index)),
  )
  const known = PATTERNS.flatMap(({ name, pattern }) =>
    [...text.matchAll(pattern)].map(({ 0: shown, index }) => add(name, shown, index)),
  )
  return withoutOverlaps([...placed, ...known])
}
