import { type ItalianRegion, regionByIstatCode } from './italian-regions.ts'

/** How well a row is known. `reported` = agreed by two independent unofficial sources; `unconfirmed` = one or older. */
export type ProvinceCertainty = 'certain' | 'reported' | 'unconfirmed'

/**
 * A province or metropolitan city as ISTAT counts them. Dates are inclusive and are those of the statistical codes, not
 * of the institution; a null `valid_from` means that no start is recorded here, a null `valid_to` that it still holds.
 */
export type ItalianProvince = {
  sigla: string
  istat_code: string
  name: string
  /** ISTAT code of the region, two digits. */
  region: string
  valid_from: string | null
  valid_to: string | null
  /** Certainty of `istat_code`. */
  code_certainty: ProvinceCertainty
  /** Certainty of `sigla`. */
  sigla_certainty: ProvinceCertainty
}

const LASTING = { valid_from: null, valid_to: null, code_certainty: 'certain', sigla_certainty: 'certain' } as const
const UNTIL_2025 = { ...LASTING, valid_to: '2025-12-31' } as const

// Sardinia, L.R. 7/2021: ISTAT uses the new names and codes from 2026-01-01 (istat.it/it/archivio/6789, 2025). The codes
// 112–119 are those two unofficial tables agree on (2026); ISTAT's own list (SITUAS) was not seen.
const FROM_2026 = { ...LASTING, valid_from: '2026-01-01', code_certainty: 'reported' } as const
// OT, OG, VS and CI are the sigle of 2005–2016, which unofficial lists use again; an official act was not found.
const FROM_2026_SIGLA_NOT_FOUND = { ...FROM_2026, sigla_certainty: 'unconfirmed' } as const

/** 107 units until 2025-12-31, 110 from 2026-01-01. Source: ISTAT unit codes, as known in 2026. */
export const ITALIAN_PROVINCES: readonly ItalianProvince[] = [
  { sigla: 'TO', istat_code: '001', name: 'Torino', region: '01', ...LASTING },
  { sigla: 'VC', istat_code: '002', name: 'Vercelli', region: '01', ...LASTING },
  { sigla: 'NO', istat_code: '003', name: 'Novara', region: '01', ...LASTING },
  { sigla: 'CN', istat_code: '004', name: 'Cuneo', region: '01', ...LASTING },
  { sigla: 'AT', istat_code: '005', name: 'Asti', region: '01', ...LASTING },
  { sigla: 'AL', istat_code: '006', name: 'Alessandria', region: '01', ...LASTING },
  { sigla: 'BI', istat_code: '096', name: 'Biella', region: '01', ...LASTING },
  { sigla: 'VB', istat_code: '103', name: 'Verbano-Cusio-Ossola', region: '01', ...LASTING },
  { sigla: 'AO', istat_code: '007', name: "Valle d'Aosta", region: '02', ...LASTING },
  { sigla: 'VA', istat_code: '012', name: 'Varese', region: '03', ...LASTING },
  { sigla: 'CO', istat_code: '013', name: 'Como', region: '03', ...LASTING },
  { sigla: 'SO', istat_code: '014', name: 'Sondrio', region: '03', ...LASTING },
  { sigla: 'MI', istat_code: '015', name: 'Milano', region: '03', ...LASTING },
  { sigla: 'BG', istat_code: '016', name: 'Bergamo', region: '03', ...LASTING },
  { sigla: 'BS', istat_code: '017', name: 'Brescia', region: '03', ...LASTING },
  { sigla: 'PV', istat_code: '018', name: 'Pavia', region: '03', ...LASTING },
  { sigla: 'CR', istat_code: '019', name: 'Cremona', region: '03', ...LASTING },
  { sigla: 'MN', istat_code: '020', name: 'Mantova', region: '03', ...LASTING },
  { sigla: 'LC', istat_code: '097', name: 'Lecco', region: '03', ...LASTING },
  { sigla: 'LO', istat_code: '098', name: 'Lodi', region: '03', ...LASTING },
  { sigla: 'MB', istat_code: '108', name: 'Monza e della Brianza', region: '03', ...LASTING },
  { sigla: 'BZ', istat_code: '021', name: 'Bolzano', region: '04', ...LASTING },
  { sigla: 'TN', istat_code: '022', name: 'Trento', region: '04', ...LASTING },
  { sigla: 'VR', istat_code: '023', name: 'Verona', region: '05', ...LASTING },
  { sigla: 'VI', istat_code: '024', name: 'Vicenza', region: '05', ...LASTING },
  { sigla: 'BL', istat_code: '025', name: 'Belluno', region: '05', ...LASTING },
  { sigla: 'TV', istat_code: '026', name: 'Treviso', region: '05', ...LASTING },
  { sigla: 'VE', istat_code: '027', name: 'Venezia', region: '05', ...LASTING },
  { sigla: 'PD', istat_code: '028', name: 'Padova', region: '05', ...LASTING },
  { sigla: 'RO', istat_code: '029', name: 'Rovigo', region: '05', ...LASTING },
  { sigla: 'UD', istat_code: '030', name: 'Udine', region: '06', ...LASTING },
  { sigla: 'GO', istat_code: '031', name: 'Gorizia', region: '06', ...LASTING },
  { sigla: 'TS', istat_code: '032', name: 'Trieste', region: '06', ...LASTING },
  { sigla: 'PN', istat_code: '093', name: 'Pordenone', region: '06', ...LASTING },
  { sigla: 'IM', istat_code: '008', name: 'Imperia', region: '07', ...LASTING },
  { sigla: 'SV', istat_code: '009', name: 'Savona', region: '07', ...LASTING },
  { sigla: 'GE', istat_code: '010', name: 'Genova', region: '07', ...LASTING },
  { sigla: 'SP', istat_code: '011', name: 'La Spezia', region: '07', ...LASTING },
  { sigla: 'PC', istat_code: '033', name: 'Piacenza', region: '08', ...LASTING },
  { sigla: 'PR', istat_code: '034', name: 'Parma', region: '08', ...LASTING },
  { sigla: 'RE', istat_code: '035', name: "Reggio nell'Emilia", region: '08', ...LASTING },
  { sigla: 'MO', istat_code: '036', name: 'Modena', region: '08', ...LASTING },
  { sigla: 'BO', istat_code: '037', name: 'Bologna', region: '08', ...LASTING },
  { sigla: 'FE', istat_code: '038', name: 'Ferrara', region: '08', ...LASTING },
  { sigla: 'RA', istat_code: '039', name: 'Ravenna', region: '08', ...LASTING },
  { sigla: 'FC', istat_code: '040', name: 'Forlì-Cesena', region: '08', ...LASTING },
  { sigla: 'RN', istat_code: '099', name: 'Rimini', region: '08', ...LASTING },
  { sigla: 'MS', istat_code: '045', name: 'Massa-Carrara', region: '09', ...LASTING },
  { sigla: 'LU', istat_code: '046', name: 'Lucca', region: '09', ...LASTING },
  { sigla: 'PT', istat_code: '047', name: 'Pistoia', region: '09', ...LASTING },
  { sigla: 'FI', istat_code: '048', name: 'Firenze', region: '09', ...LASTING },
  { sigla: 'LI', istat_code: '049', name: 'Livorno', region: '09', ...LASTING },
  { sigla: 'PI', istat_code: '050', name: 'Pisa', region: '09', ...LASTING },
  { sigla: 'AR', istat_code: '051', name: 'Arezzo', region: '09', ...LASTING },
  { sigla: 'SI', istat_code: '052', name: 'Siena', region: '09', ...LASTING },
  { sigla: 'GR', istat_code: '053', name: 'Grosseto', region: '09', ...LASTING },
  { sigla: 'PO', istat_code: '100', name: 'Prato', region: '09', ...LASTING },
  { sigla: 'PG', istat_code: '054', name: 'Perugia', region: '10', ...LASTING },
  { sigla: 'TR', istat_code: '055', name: 'Terni', region: '10', ...LASTING },
  { sigla: 'PU', istat_code: '041', name: 'Pesaro e Urbino', region: '11', ...LASTING },
  { sigla: 'AN', istat_code: '042', name: 'Ancona', region: '11', ...LASTING },
  { sigla: 'MC', istat_code: '043', name: 'Macerata', region: '11', ...LASTING },
  { sigla: 'AP', istat_code: '044', name: 'Ascoli Piceno', region: '11', ...LASTING },
  { sigla: 'FM', istat_code: '109', name: 'Fermo', region: '11', ...LASTING },
  { sigla: 'VT', istat_code: '056', name: 'Viterbo', region: '12', ...LASTING },
  { sigla: 'RI', istat_code: '057', name: 'Rieti', region: '12', ...LASTING },
  { sigla: 'RM', istat_code: '058', name: 'Roma', region: '12', ...LASTING },
  { sigla: 'LT', istat_code: '059', name: 'Latina', region: '12', ...LASTING },
  { sigla: 'FR', istat_code: '060', name: 'Frosinone', region: '12', ...LASTING },
  { sigla: 'AQ', istat_code: '066', name: "L'Aquila", region: '13', ...LASTING },
  { sigla: 'TE', istat_code: '067', name: 'Teramo', region: '13', ...LASTING },
  { sigla: 'PE', istat_code: '068', name: 'Pescara', region: '13', ...LASTING },
  { sigla: 'CH', istat_code: '069', name: 'Chieti', region: '13', ...LASTING },
  { sigla: 'CB', istat_code: '070', name: 'Campobasso', region: '14', ...LASTING },
  { sigla: 'IS', istat_code: '094', name: 'Isernia', region: '14', ...LASTING },
  { sigla: 'CE', istat_code: '061', name: 'Caserta', region: '15', ...LASTING },
  { sigla: 'BN', istat_code: '062', name: 'Benevento', region: '15', ...LASTING },
  { sigla: 'NA', istat_code: '063', name: 'Napoli', region: '15', ...LASTING },
  { sigla: 'AV', istat_code: '064', name: 'Avellino', region: '15', ...LASTING },
  { sigla: 'SA', istat_code: '065', name: 'Salerno', region: '15', ...LASTING },
  { sigla: 'FG', istat_code: '071', name: 'Foggia', region: '16', ...LASTING },
  { sigla: 'BA', istat_code: '072', name: 'Bari', region: '16', ...LASTING },
  { sigla: 'TA', istat_code: '073', name: 'Taranto', region: '16', ...LASTING },
  { sigla: 'BR', istat_code: '074', name: 'Brindisi', region: '16', ...LASTING },
  { sigla: 'LE', istat_code: '075', name: 'Lecce', region: '16', ...LASTING },
  { sigla: 'BT', istat_code: '110', name: 'Barletta-Andria-Trani', region: '16', ...LASTING },
  { sigla: 'PZ', istat_code: '076', name: 'Potenza', region: '17', ...LASTING },
  { sigla: 'MT', istat_code: '077', name: 'Matera', region: '17', ...LASTING },
  { sigla: 'CS', istat_code: '078', name: 'Cosenza', region: '18', ...LASTING },
  { sigla: 'CZ', istat_code: '079', name: 'Catanzaro', region: '18', ...LASTING },
  { sigla: 'RC', istat_code: '080', name: 'Reggio Calabria', region: '18', ...LASTING },
  { sigla: 'KR', istat_code: '101', name: 'Crotone', region: '18', ...LASTING },
  { sigla: 'VV', istat_code: '102', name: 'Vibo Valentia', region: '18', ...LASTING },
  { sigla: 'TP', istat_code: '081', name: 'Trapani', region: '19', ...LASTING },
  { sigla: 'PA', istat_code: '082', name: 'Palermo', region: '19', ...LASTING },
  { sigla: 'ME', istat_code: '083', name: 'Messina', region: '19', ...LASTING },
  { sigla: 'AG', istat_code: '084', name: 'Agrigento', region: '19', ...LASTING },
  { sigla: 'CL', istat_code: '085', name: 'Caltanissetta', region: '19', ...LASTING },
  { sigla: 'EN', istat_code: '086', name: 'Enna', region: '19', ...LASTING },
  { sigla: 'CT', istat_code: '087', name: 'Catania', region: '19', ...LASTING },
  { sigla: 'RG', istat_code: '088', name: 'Ragusa', region: '19', ...LASTING },
  { sigla: 'SR', istat_code: '089', name: 'Siracusa', region: '19', ...LASTING },
  { sigla: 'SS', istat_code: '090', name: 'Sassari', region: '20', ...UNTIL_2025 },
  { sigla: 'NU', istat_code: '091', name: 'Nuoro', region: '20', ...UNTIL_2025 },
  { sigla: 'CA', istat_code: '092', name: 'Cagliari', region: '20', ...UNTIL_2025 },
  { sigla: 'OR', istat_code: '095', name: 'Oristano', region: '20', ...UNTIL_2025 },
  { sigla: 'SU', istat_code: '111', name: 'Sud Sardegna', region: '20', ...UNTIL_2025 },
  { sigla: 'SS', istat_code: '112', name: 'Sassari', region: '20', ...FROM_2026 },
  { sigla: 'OT', istat_code: '113', name: 'Gallura Nord-Est Sardegna', region: '20', ...FROM_2026_SIGLA_NOT_FOUND },
  { sigla: 'NU', istat_code: '114', name: 'Nuoro', region: '20', ...FROM_2026 },
  { sigla: 'OR', istat_code: '115', name: 'Oristano', region: '20', ...FROM_2026 },
  { sigla: 'OG', istat_code: '116', name: 'Ogliastra', region: '20', ...FROM_2026_SIGLA_NOT_FOUND },
  { sigla: 'VS', istat_code: '117', name: 'Medio Campidano', region: '20', ...FROM_2026_SIGLA_NOT_FOUND },
  { sigla: 'CA', istat_code: '118', name: 'Cagliari', region: '20', ...FROM_2026 },
  { sigla: 'CI', istat_code: '119', name: 'Sulcis Iglesiente', region: '20', ...FROM_2026_SIGLA_NOT_FOUND },
]

const SIGLE = new Set(ITALIAN_PROVINCES.map((row) => row.sigla))

/** The unit that bears the sigla on a day (`YYYY-MM-DD`), or null. */
export function provinceOn(sigla: string, on: string): ItalianProvince | null {
  const wanted = sigla.trim().toUpperCase()
  const holds = (row: ItalianProvince): boolean =>
    row.sigla === wanted && (row.valid_from ?? on) <= on && on <= (row.valid_to ?? on)
  return ITALIAN_PROVINCES.find(holds) ?? null
}

/** The region of a sigla on a day, or null if no province bore it then. */
export function regionOfProvince(sigla: string, on: string): ItalianRegion | null {
  const province = provinceOn(sigla, on)
  return province && regionByIstatCode(province.region)
}

/** Whether a province bears the sigla on the day; without a day, whether one ever did. */
export function isProvince(sigla: string, on?: string): boolean {
  if (on !== undefined) return provinceOn(sigla, on) !== null
  return SIGLE.has(sigla.trim().toUpperCase())
}
