import { searchable } from '#platform/searchable.ts'

export { searchable }

type Named = {
  name: string
  code: string
  municipality: string | null
  location: string | null
  address: string | null
  province: string | null
  region: string | null
  tags: readonly string[]
}

/** What a plant is found by. */
export const searchTextOf = (plant: Named): string => {
  const { name, code, municipality, location, address, province, region, tags } = plant
  return searchable([name, code, municipality, location, address, province, region, ...tags].join(' '))
}
