import { CATEGORIES } from './categories.ts'

type Suggested = {
  kind: 'category' | 'expiry_date' | 'plant' | 'link'
  value: string | null
  by: 'rule' | 'learned' | 'person'
  evidence: readonly { page: number; passage: string }[]
}

const titles = new Map(CATEGORIES.map(({ code, it, en }) => [code, { it, en }]))
const day = (value: string): string => value.split('-').toReversed().join('/')

/** Why something is suggested, for a person. */
export function explanationOf({ kind, value, by, evidence }: Suggested): {
  explanation_it: string
  explanation_en: string
} {
  const [first] = evidence
  const at =
    first === undefined
      ? { it: '', en: '' }
      : { it: ` (pagina ${first.page}: «${first.passage}»)`, en: ` (page ${first.page}: “${first.passage}”)` }
  const title = titles.get(value ?? '') ?? { it: value ?? '', en: value ?? '' }
  const what = {
    category: { it: `Tipo di documento: ${title.it}`, en: `Kind of document: ${title.en}` },
    expiry_date: { it: `Scadenza: ${day(value ?? '')}`, en: `Expiry date: ${value ?? ''}` },
    plant: { it: 'Il documento nomina un solo impianto', en: 'The document names one plant only' },
    link: { it: 'Il documento nomina questo impianto', en: 'The document names this plant' },
  }[kind]
  const why = {
    rule: { it: '', en: '' },
    learned: {
      it: ', come nei documenti già classificati dalla vostra azienda',
      en: ', as in documents that your company has classified',
    },
    person: { it: ', indicato da una persona', en: ', said by a person' },
  }[by]
  return { explanation_it: `${what.it}${why.it}${at.it}.`, explanation_en: `${what.en}${why.en}${at.en}.` }
}
