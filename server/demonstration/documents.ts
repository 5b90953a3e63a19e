import { Readable } from 'node:stream'
import PdfDocument from 'pdfkit'
import { type BlobStore, contentKey } from '#platform/blob/blob-store.ts'
import { spool, spoolFolder } from '#platform/blob/spool.ts'
import type { EdgeWork } from '#platform/database/work.ts'
import type { Config } from '#config'
import { createDocument } from '#contexts/documents'

type Made = {
  readonly name: string
  readonly type: 'txt' | 'csv' | 'pdf'
  readonly bytes: Buffer
  readonly category: string
  readonly tags: string[]
  readonly plant: string
  /** Days from today. */
  readonly expires?: number
}
/** One whose bytes lie in the store already. */
export type StoredDocument = Omit<Made, 'bytes'> & { readonly sha256: string; readonly size: number }

const DAY_MS = 86_400_000
const dayIn = (days: number): string => new Date(Date.now() + days * DAY_MS).toISOString().slice(0, 10)
const year = new Date().getUTCFullYear()

const DELEGATION = `Oggetto: delega alla presentazione delle pratiche GSE e Terna

Il sottoscritto legale rappresentante della società titolare dell'impianto fotovoltaico
«Galatina Fontanelle» (codice PV-LE-001) delega lo Studio Tecnico Ferraris di Lecce a
presentare per suo conto, sui portali GSE, Terna e dell'Agenzia delle Dogane e dei
Monopoli, le comunicazioni dovute per l'anno ${year}.

La delega vale fino al 31 dicembre ${year + 1}, salvo revoca scritta.

Lecce, 12 gennaio ${year}
`

/** Meter readings at the end of each month, as a distributor sends them: semicolons, decimal commas. */
const readings = (): string =>
  [
    'Data;POD;A1 immessa kWh;A2 immessa kWh;A3 immessa kWh',
    ...Array.from({ length: 6 }, (_, month) => {
      const at = new Date(Date.UTC(year, month + 1, 0)).toISOString().slice(0, 10)
      const [a1, a2, a3] = [18_240.5, 9_310.2, 6_115.9].map((base) =>
        (base * (1 + month / 5)).toFixed(1).replace('.', ','),
      )
      return `${at};IT001E10225522;${a1};${a2};${a3}`
    }),
    '',
  ].join('\r\n')

async function pdf(title: string, lines: readonly string[]): Promise<Buffer> {
  const made = new PdfDocument({ size: 'A4', margin: 72, info: { Title: title } })
  made.fontSize(16).text(title).moveDown().fontSize(11)
  for (const line of lines) made.text(line).moveDown(0.5)
  made.end()
  const chunks: Buffer[] = []
  for await (const chunk of made) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks)
}

async function documentsOf(slug: string): Promise<Made[]> {
  if (slug === 'demo') {
    const certificate = await pdf('Verbale di verifica periodica SPI', [
      'Impianto: Galatina Fontanelle (PV-LE-001), connessione in media tensione a 20 kV.',
      'Norma: CEI 0-16. Prova con cassetta di prova; soglie e tempi entro i limiti.',
      'Esito: positivo. Prossima verifica entro cinque anni.',
    ])
    const plant = 'PV-LE-001'
    return [
      {
        ...{ name: `Delega GSE e Terna ${year}.txt`, type: 'txt', bytes: Buffer.from(DELEGATION), plant },
        ...{ category: 'delegation', tags: ['gse', 'terna', String(year)], expires: 25 },
      },
      {
        ...{ name: `Letture contatore ${year}.csv`, type: 'csv', bytes: Buffer.from(readings()), plant },
        ...{ category: 'meter_readings', tags: ['letture', String(year)] },
      },
      {
        ...{ name: 'Verbale SPI Galatina.pdf', type: 'pdf', bytes: certificate, plant },
        ...{ category: 'report', tags: ['spi', 'cei 0-16'], expires: 400 },
      },
    ]
  }
  if (slug !== 'pasta') return []
  const manual = await pdf('Piano di autocontrollo HACCP: linea paste corte', [
    'CCP1 Essiccazione: temperatura fra 70 e 85 °C, umidità residua al massimo 12,5 %.',
    'CCP2 Metal detector: prova con campioni Fe 1,5 mm, non Fe 2,0 mm, inox 2,5 mm ogni ora.',
    'Azione correttiva: fermo linea, segregazione del lotto, registrazione e verifica.',
  ])
  const certificate = `Certificato di taratura: sonda di temperatura T-07

Strumento: sonda PT100, essiccatoio linea 1. Campo: 0-120 °C.
Scarto massimo: 0,3 °C; incertezza estesa: 0,2 °C (k = 2).
Prossima taratura: fra dodici mesi.
`
  return [
    {
      ...{ name: 'Piano HACCP paste corte.pdf', type: 'pdf', bytes: manual, plant: 'FD-NA-001' },
      ...{ category: 'procedure', tags: ['haccp'], expires: 200 },
    },
    {
      ...{ name: 'Taratura sonda T-07.txt', type: 'txt', bytes: Buffer.from(certificate), plant: 'FD-NA-001' },
      ...{ category: 'certificate', tags: ['taratura', 'essiccatoio'], expires: 20 },
    },
  ]
}

/** Stores the contents of a company's documents, before the Work that makes them. Harmless to repeat. */
export async function storeDocuments(
  { blobs, config }: { blobs: BlobStore; config: Config },
  tenantId: string,
  slug: string,
): Promise<StoredDocument[]> {
  const stored: StoredDocument[] = []
  for (const { bytes, ...document } of await documentsOf(slug)) {
    const file = await spool(Readable.from([bytes]), spoolFolder(config))
    try {
      await blobs.put(contentKey(tenantId, file.sha256), file)
    } finally {
      await file.remove()
    }
    stored.push({ ...document, sha256: file.sha256, size: file.size })
  }
  return stored
}

/** Makes documents of what was stored, by the same use case as an upload. */
export async function createDocuments(
  work: EdgeWork,
  documents: readonly StoredDocument[],
  plants: ReadonlyMap<string, string>,
): Promise<void> {
  for (const { name, type, category, tags, plant, expires, sha256, size } of documents) {
    const plant_id = plants.get(plant)
    const fields = {
      ...{ category, tags, ...(plant_id !== undefined && { plant_id }) },
      ...(expires !== undefined && { expiry_date: dayIn(expires) }),
    }
    const order = { content: { sha256, size }, fileName: name, type, source: 'uploaded', fields } as const
    await createDocument(work, order, { plant: () => Promise.resolve(true) })
  }
}
