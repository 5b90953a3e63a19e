import type { PlantNamed } from '#contexts/plants'
import type { Place } from './category-score.ts'

/** What is suggested of a document. One of value and plant_id is there. */
export type Suggestion = {
  kind: 'category' | 'expiry_date' | 'plant' | 'link'
  value: string | null
  plant_id: string | null
  confidence: number
  by: 'rule' | 'learned'
  evidence: Place[]
}

export type DocumentFacts = {
  category: string | null
  expiry_date: string | null
  plant_id: string | null
  linked: readonly string[]
}
export type ExpiryFound = Place & { value: string; confidence: number; by: 'rule' | 'learned' | 'person' }
export type PlantFound = { id: string; by: PlantNamed['by']; words: number; place: Place }
export type CategoryFound = { category: string; share: number; by: 'rule' | 'learned'; places: Place[] }

/** How sure a plant is meant where one of these stands in a text; a name of one word may be a word. */
export const PLANT_CONFIDENCE = {
  ...{ pod: 0.97, gaudi_code: 0.95, up_code: 0.9, adm_license_code: 0.9, code: 0.7, name: 0.75 },
} as const satisfies Record<PlantNamed['by'], number>
const ONE_WORD = 0.5
/** With so much a single plant is suggested as the document's own, and not as one of its links. */
const OWN_PLANT = 0.7
/** A document that names more is a list. */
const MOST_PLANTS = 10

const plant = (kind: 'plant' | 'link', plant_id: string, confidence: number, evidence: Place[]): Suggestion => ({
  ...{ kind, value: null, plant_id, confidence, by: 'rule', evidence },
})

function plantsSuggested({ plant_id, linked }: DocumentFacts, found: readonly PlantFound[]): Suggestion[] {
  const byPlant = Map.groupBy(found, ({ id }) => id)
  const plants = [...byPlant].map(([id, several]) => {
    const sure = several.map(({ by, words }) => (by === 'name' && words < 2 ? ONE_WORD : PLANT_CONFIDENCE[by]))
    return { id, confidence: Math.max(...sure), places: several.map(({ place }) => place).slice(0, 3) }
  })
  const fresh = plants.filter(({ id }) => id !== plant_id && !linked.includes(id))
  const [only] = plants
  if (plant_id === null && plants.length === 1 && fresh.length === 1 && only!.confidence >= OWN_PLANT) {
    return [plant('plant', only!.id, only!.confidence, only!.places)]
  }
  return fresh
    .toSorted((a, b) => b.confidence - a.confidence)
    .slice(0, MOST_PLANTS)
    .map(({ id, confidence, places }) => plant('link', id, confidence, places))
}

/** The surest of the days that are said to be the end; of equally sure ones the last. */
function expirySuggested({ expiry_date }: DocumentFacts, found: readonly ExpiryFound[]): Suggestion[] {
  const best = found.toSorted((a, b) => b.confidence - a.confidence || (a.value < b.value ? 1 : -1))[0]
  if (best === undefined || best.value === expiry_date) return []
  const { value, confidence, by, page, start, length, passage } = best
  const evidence = [{ page, start, length, passage }]
  return [
    { kind: 'expiry_date', value, plant_id: null, confidence, by: by === 'learned' ? 'learned' : 'rule', evidence },
  ]
}

/** What there is to confirm: nothing that the document already says, and no category where a person has said one. */
export function suggestionsOf(
  document: DocumentFacts,
  {
    category,
    expiries,
    plants,
  }: { category: CategoryFound | null; expiries: readonly ExpiryFound[]; plants: readonly PlantFound[] },
): Suggestion[] {
  const own: Suggestion[] =
    category === null || document.category !== null
      ? []
      : [
          {
            kind: 'category',
            value: category.category,
            plant_id: null,
            confidence: category.share,
            by: category.by,
            evidence: category.places,
          },
        ]
  return [...own, ...expirySuggested(document, expiries), ...plantsSuggested(document, plants)]
}
