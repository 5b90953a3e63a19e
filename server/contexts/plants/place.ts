import { isProvince, ITALIAN_PROVINCES } from './italian-provinces.ts'
import { type ItalianRegion, regionByIstatCode, regionByName } from './italian-regions.ts'

type Place = { country: string; province: string | null; region: string | null }
type Problem = { field: string; message: string }

/** What the regions are called in English, where that differs: people send it, and rules compare the Italian name. */
const ENGLISH = new Map(
  Object.entries({
    'aosta valley': '02',
    apulia: '16',
    latium: '12',
    lombardy: '03',
    piedmont: '01',
    sardinia: '20',
    sicily: '19',
    'south tyrol': '04',
    trentino: '04',
    'trentino-south tyrol': '04',
    tuscany: '09',
  }),
)

function regionNamed(name: string): ItalianRegion | null {
  const english = ENGLISH.get(name.trim().toLowerCase())
  return english === undefined ? regionByName(name) : regionByIstatCode(english)
}

/** The sigla of a province given by its sigla or its full name; null where there is no such province. */
function siglaOf(province: string): string | null {
  const wanted = province.trim().toUpperCase()
  if (isProvince(wanted)) return wanted
  return ITALIAN_PROVINCES.find((row) => row.name.toUpperCase() === wanted)?.sigla ?? null
}

/**
 * An Italian place in the official spelling (sigla of the province, Italian name of the region), and what is certainly
 * wrong with it. Elsewhere both are free text.
 */
export function checkPlace({ country, province, region }: Place): {
  province: string | null
  region: string | null
  problems: Problem[]
} {
  if (country !== 'IT') return { province, region, problems: [] }
  const problems: Problem[] = []
  const sigla = province === null ? null : siglaOf(province)
  if (province !== null && sigla === null) {
    problems.push({ field: 'province', message: 'No Italian province has this sigla or name.' })
  }
  const known = region === null ? null : regionNamed(region)
  if (region !== null && known === null) problems.push({ field: 'region', message: 'No Italian region has this name.' })
  if (sigla !== null && known !== null && !provinceIn(sigla, known)) {
    problems.push({ field: 'region', message: `The province ${sigla} is not in ${known.name}.` })
  }
  return { province: sigla ?? province, region: known?.name ?? region, problems }
}

// Whenever it was: a sigla has never changed its region, and the day does not matter here.
const provinceIn = (sigla: string, region: ItalianRegion): boolean =>
  ITALIAN_PROVINCES.some((row) => row.sigla === sigla && row.region === region.istat_code)

/** Whether it names a zone of the IANA database; `+01:00`, which the platform takes too, does not. */
export function isTimeZone(zone: string): boolean {
  if (!/^[A-Za-z][A-Za-z0-9_+\-/]*$/.test(zone)) return false
  try {
    return new Intl.DateTimeFormat('en', { timeZone: zone }).resolvedOptions().timeZone !== ''
  } catch {
    return false
  }
}
