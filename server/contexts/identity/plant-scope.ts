import { Type, type Static } from 'typebox'
import { Id } from '#platform/http/shapes.ts'

/** Which plants a user or an API key sees. */
export const PlantScope = Type.Union([Type.Literal('all'), Type.Array(Id, { maxItems: 1000, uniqueItems: true })], {
  description: 'All plants, or these',
  examples: ['all'],
})
export type PlantScope = Static<typeof PlantScope>

/** As it is stored: null is all. */
export const plantIdsOf = (scope: PlantScope): string[] | null =>
  scope === 'all' ? null : [...new Set(scope.map((id) => id.toLowerCase()))]

export const plantScopeOf = (plantIds: readonly string[] | null): PlantScope =>
  plantIds === null ? 'all' : [...plantIds]

/** Whether one gives away plants that one does not see oneself. Null is all. */
export const plantsBeyond = (own: readonly string[] | null, given: readonly string[] | null): boolean =>
  own !== null && (given === null || given.some((id) => !own.includes(id)))
