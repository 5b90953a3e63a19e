import type { Decision } from './decision.ts'
import type { About, PackedDocument } from './manifest.ts'
import { actionWords, resourceWords, type Words, wordsOf, writtenSize, writtenTime } from './words.ts'
import type { PartSum } from './write-archive.ts'

/** What the index lists. */
export type Shown = {
  readonly documents: readonly PackedDocument[]
  readonly decisions: readonly Decision[]
  /** All files that are written before the index. */
  readonly files: readonly PartSum[]
}
/** A table of the index. `grow`: how wide each column is, in parts; `code`: which columns are digests. */
export type IndexTable = {
  readonly title: string
  readonly head: readonly string[]
  readonly grow: readonly number[]
  readonly code: readonly number[]
  readonly rows: readonly (readonly string[])[]
  /** Where a row's file lies, for the name in the second column. */
  readonly links: readonly (string | null)[]
  readonly empty: string
  /** What is said where there is more than is shown. */
  readonly more: string | null
}
/** The index without a form: HTML and PDF show the same. */
export type IndexContent = {
  readonly words: Words
  readonly title: string
  readonly facts: readonly (readonly [label: string, value: string])[]
  readonly counts: readonly string[]
  readonly notes: readonly string[]
  readonly tables: readonly IndexTable[]
}

/** Rows of a table in the index; the rest stands in the JSON beside it. */
const MOST_ROWS = 1_000
/** What a person reads of a text that somebody typed. */
const MOST_SAID = 160

const printed = (text: string): string => text.replaceAll(/\p{C}/gu, '�')

function factsOf(about: About, zone: string, words: Words): [string, string][] {
  const { pack, period, company, made_by } = about
  const at = (instant: string): string => writtenTime(instant, pack.language, zone)
  const kind = String(about.subject['kind'])
  return [
    [words.subject, about.title],
    [words.kind, words.kinds[kind] ?? kind],
    ...(period === null
      ? []
      : [[words.period, `${at(period.from)} – ${at(period.to)} (${words.until})`] as [string, string]]),
    [words.company, company.name],
    [words.madeBy, made_by.name ?? made_by.id ?? words.system],
    [words.requested, at(about.requested_at)],
    [words.made, at(about.made_at)],
    [words.times, zone],
    [words.versions, words.versionsOf[pack.versions]],
    [words.number, pack.id],
    [words.with, about.made_with],
  ]
}

const cutTo = <T>(all: readonly T[]): readonly T[] => all.slice(0, MOST_ROWS)
const moreOf = (all: readonly unknown[], words: Words, file: string): string | null =>
  all.length > MOST_ROWS ? `${words.more} ${file}: ${all.length - MOST_ROWS}` : null

function documentTables({ pack }: About, { documents }: Shown, zone: string, words: Words): IndexTable[] {
  const present = documents.filter(({ path }) => path !== null)
  const absent = documents.filter((one) => one.path === null)
  return [
    {
      title: words.documents,
      head: ['#', words.name, words.version, words.category, words.filed, words.size, words.digest],
      ...{ grow: [1, 5.6, 1.3, 3, 3.2, 2.7, 6.4], code: [6] },
      rows: cutTo(present).map((one, at) => [
        String(at + 1),
        one.scan === 'clean' ? printed(one.name) : `${printed(one.name)} (${words.unscanned})`,
        String(one.version),
        printed(one.category ?? '–'),
        writtenTime(one.created_at, pack.language, zone),
        writtenSize(one.size, pack.language),
        one.sha256,
      ]),
      links: cutTo(present).map(({ path }) => path),
      empty: words.none,
      more: moreOf(present, words, 'manifest.json'),
    },
    {
      title: words.absent,
      head: ['#', words.name, words.version, words.why, words.digest],
      ...{ grow: [1, 6, 1.3, 7, 6.4], code: [4] },
      rows: cutTo(absent).map((one, at) => [
        ...[String(at + 1), printed(one.name), String(one.version)],
        ...[words.reasons[one.absent!], one.sha256],
      ]),
      links: cutTo(absent).map(() => null),
      empty: words.none,
      more: moreOf(absent, words, 'manifest.json'),
    },
  ]
}

const saidOf = ({ after }: Decision): string => {
  const said = Object.entries(after ?? {})
    .filter(([name, value]) => name !== 'at' && value !== null && typeof value !== 'object')
    .map(([name, value]) => `${name}: ${String(value)}`)
    .join(' · ')
  return printed(said.length > MOST_SAID ? `${said.slice(0, MOST_SAID)}…` : said)
}

function decisionTable({ pack }: About, { decisions }: Shown, zone: string, words: Words): IndexTable {
  const { language } = pack
  return {
    title: words.decisions,
    head: ['#', words.when, words.who, words.what, words.about],
    ...{ grow: [1, 3.2, 4, 8, 5], code: [] },
    rows: cutTo(decisions).map((one) => [
      String(one.number),
      writtenTime(one.at, language, zone),
      printed(one.actor.name ?? one.actor.id ?? words.system),
      [actionWords(one.action, language), saidOf(one)].filter((text) => text !== '').join(' — '),
      `${resourceWords(one.resource, language)} ${one.resource_id ?? ''}`.trim(),
    ]),
    links: cutTo(decisions).map(() => null),
    empty: words.noDecisions,
    more: moreOf(decisions, words, 'decisions.json'),
  }
}

function fileTable(_about: About, { files }: Shown, words: Words, language: 'it' | 'en'): IndexTable {
  const rest = files.filter(({ path }) => !path.startsWith('documents/'))
  return {
    title: words.recordsIn,
    head: ['#', words.name, words.size, words.digest],
    ...{ grow: [1, 6, 2.8, 9], code: [3] },
    rows: rest.map(({ path, size, sha256 }, at) => [String(at + 1), path, writtenSize(size, language), sha256]),
    links: rest.map(({ path }) => path),
    ...{ empty: words.none, more: null },
  }
}

/** What the index says, in the language of the pack and the zone of the company. */
export function indexContent(about: About, shown: Shown, zone: string): IndexContent {
  const { language } = about.pack
  const words = wordsOf(language)
  const number = new Intl.NumberFormat(language === 'it' ? 'it-IT' : 'en-GB')
  const present = shown.documents.filter(({ path }) => path !== null).length
  const { trail } = about
  const count = (n: number, what: string): string => `${number.format(n)} ${what}`
  return {
    ...{
      words,
      title: about.pack.name,
      facts: factsOf(about, zone, words).map(([label, value]) => [label, printed(value)] as const),
    },
    counts: [
      count(present, words.documentsIn),
      count(shown.documents.length - present, words.documentsAbsent),
      count(trail.events, words.eventsIn),
      count(trail.entries, words.entriesIn),
      count(trail.links, words.linksIn),
    ],
    notes: [...(trail.contents === 'included' ? [] : [words.contentsOut]), words.addressesOut],
    tables: [
      ...documentTables(about, shown, zone, words),
      decisionTable(about, shown, zone, words),
      fileTable(about, shown, words, language),
    ],
  }
}
