/** Units as they are written, in UCUM or in a common spelling of it. */
const COMMON: ReadonlyMap<string, string> = new Map<string, string>([
  ...['°C', 'degC', 'C', '℃'].map((one) => [one, 'Cel'] as const),
  ...['°F', 'degF'].map((one) => [one, '[degF]'] as const),
  ...['pcs', 'pz', 'pieces'].map((one) => [one, '{pcs}'] as const),
  ...['kWh', 'KWh', 'KWH', 'kwh'].map((one) => [one, 'kW.h'] as const),
  ...['MWh', 'MWH'].map((one) => [one, 'MW.h'] as const),
  ...['Wh', 'WH'].map((one) => [one, 'W.h'] as const),
  ...['W/m²', 'W/m^2'].map((one) => [one, 'W/m2'] as const),
  ...['m³/h', 'm^3/h'].map((one) => [one, 'm3/h'] as const),
  ...['m³', 'm^3', 'mc'].map((one) => [one, 'm3'] as const),
])
const ucum = (unit: string): string => COMMON.get(unit.trim()) ?? unit.trim()

/** Whether two spellings mean the same unit; nothing is converted. */
export const sameUnit = (one: string, other: string): boolean => one === other || ucum(one) === ucum(other)
