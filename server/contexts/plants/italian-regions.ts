/** A bidding zone of the Italian electricity market. */
export type MarketZone = 'NORD' | 'CNOR' | 'CSUD' | 'SUD' | 'CALA' | 'SICI' | 'SARD'

/** A region with its two-digit ISTAT code and the zone in which its plants sell. */
export type ItalianRegion = { istat_code: string; name: string; market_zone: MarketZone }

/**
 * The 20 regions. Codes and names: ISTAT. Zones: the configuration since 2021-01-01, in which Umbria is in CSUD and
 * Calabria a zone of its own; general knowledge, not checked against Terna's list (2026).
 */
export const ITALIAN_REGIONS: readonly ItalianRegion[] = [
  { istat_code: '01', name: 'Piemonte', market_zone: 'NORD' },
  { istat_code: '02', name: "Valle d'Aosta", market_zone: 'NORD' },
  { istat_code: '03', name: 'Lombardia', market_zone: 'NORD' },
  { istat_code: '04', name: 'Trentino-Alto Adige', market_zone: 'NORD' },
  { istat_code: '05', name: 'Veneto', market_zone: 'NORD' },
  { istat_code: '06', name: 'Friuli-Venezia Giulia', market_zone: 'NORD' },
  { istat_code: '07', name: 'Liguria', market_zone: 'NORD' },
  { istat_code: '08', name: 'Emilia-Romagna', market_zone: 'NORD' },
  { istat_code: '09', name: 'Toscana', market_zone: 'CNOR' },
  { istat_code: '10', name: 'Umbria', market_zone: 'CSUD' },
  { istat_code: '11', name: 'Marche', market_zone: 'CNOR' },
  { istat_code: '12', name: 'Lazio', market_zone: 'CSUD' },
  { istat_code: '13', name: 'Abruzzo', market_zone: 'CSUD' },
  { istat_code: '14', name: 'Molise', market_zone: 'SUD' },
  { istat_code: '15', name: 'Campania', market_zone: 'CSUD' },
  { istat_code: '16', name: 'Puglia', market_zone: 'SUD' },
  { istat_code: '17', name: 'Basilicata', market_zone: 'SUD' },
  { istat_code: '18', name: 'Calabria', market_zone: 'CALA' },
  { istat_code: '19', name: 'Sicilia', market_zone: 'SICI' },
  { istat_code: '20', name: 'Sardegna', market_zone: 'SARD' },
]

/** The region with this ISTAT code, or null. */
export const regionByIstatCode = (code: string): ItalianRegion | null =>
  ITALIAN_REGIONS.find((region) => region.istat_code === code) ?? null

const comparable = (name: string): string =>
  name
    .replace(/\/.*$/, '') // «Valle d'Aosta/Vallée d'Aoste», as ISTAT writes it
    .normalize('NFD')
    .replace(/\p{M}/gu, '')
    .toLowerCase()
    .replace(/[^a-z]/g, '')

const byName = new Map(ITALIAN_REGIONS.map((region) => [comparable(region.name), region]))

/** The region of this Italian name, whatever its case, accents, hyphens and apostrophes; or null. */
export const regionByName = (name: string): ItalianRegion | null => byName.get(comparable(name)) ?? null
