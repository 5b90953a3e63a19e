import type { Absence } from './plan.ts'

export type Language = 'it' | 'en'

const italian = {
  title: 'Fascicolo di prove',
  of: 'di',
  subject: 'Oggetto',
  kinds: { documents: 'Documenti scelti', plant: 'Impianto in un periodo', batch: 'Lotto di produzione' } as Record<
    string,
    string
  >,
  kind: 'Tipo',
  period: 'Periodo',
  until: 'fine esclusa',
  company: 'Azienda',
  madeBy: 'Richiesto da',
  requested: 'Richiesto il',
  made: 'Composto il',
  with: 'Composto con',
  number: 'Numero del fascicolo',
  versions: 'Versioni',
  versionsOf: { current: 'quelle in vigore', all: 'tutte' },
  times: 'Orari nel fuso',
  holds: 'Che cosa contiene',
  documentsIn: 'documenti con il file',
  documentsAbsent: 'documenti nominati senza file',
  decisions: 'Decisioni',
  eventsIn: 'eventi (events.ndjson)',
  entriesIn: 'voci del registro (trail.ndjson)',
  linksIn: 'anelli della catena fino a una testa firmata (chain.ndjson)',
  recordsIn: 'Dati',
  check: 'Come si verifica',
  checkText:
    'Con il fascicolo estratto in una cartella, senza Officina e senza rete: «node verify.mjs» (Node.js 18 o successivo) oppure «python3 verify.py» (Python 3.9 o successivo). Il programma confronta ogni file con il manifesto, il manifesto con la firma e il registro con le teste firmate, e nomina ciò che non torna. L’impronta della chiave che stampa va confrontata con quella pubblicata dall’azienda, ottenuta per altra via.',
  keysAt: 'Le chiavi sono pubblicate a',
  documents: 'Documenti',
  absent: 'Documenti senza file',
  name: 'Nome',
  version: 'Vers.',
  category: 'Categoria',
  filed: 'Archiviato il',
  size: 'Dimensione',
  digest: 'SHA-256',
  why: 'Motivo',
  when: 'Quando',
  who: 'Chi',
  what: 'Che cosa',
  about: 'Su',
  files: 'Tutti i file con la loro impronta',
  none: 'Nessuno.',
  noDecisions: 'Nel registro non c’è alcuna decisione su questo oggetto.',
  more: 'Altre righe nel file',
  system: 'Officina (automatico)',
  unscanned: 'non controllato dall’antivirus',
  contentsOut:
    'I valori delle voci del registro sono stati omessi: chi ha composto il fascicolo non poteva vederli. Le loro impronte ci sono.',
  addressesOut: 'Gli indirizzi di rete sono sempre omessi; le loro impronte ci sono.',
  page: 'Pagina',
  reasons: {
    deleted: 'nel cestino quando il fascicolo è stato composto',
    purged: 'eliminato definitivamente',
    scanning: 'il controllo antivirus non era concluso',
    quarantined: 'in quarantena: il controllo antivirus vi ha trovato qualcosa',
    scan_failed: 'il controllo antivirus non è riuscito',
    missing: 'il file non si trova nell’archivio',
  } satisfies Record<Absence, string>,
}

/** The words of index and README; a word that one language lacks does not compile. */
export type Words = typeof italian

const english: Words = {
  title: 'Evidence pack',
  of: 'of',
  subject: 'Subject',
  kinds: { documents: 'Chosen documents', plant: 'Plant in a period', batch: 'Production batch' },
  kind: 'Kind',
  period: 'Period',
  until: 'end not included',
  company: 'Company',
  madeBy: 'Asked for by',
  requested: 'Asked for on',
  made: 'Made on',
  with: 'Made with',
  number: 'Number of the pack',
  versions: 'Versions',
  versionsOf: { current: 'those in force', all: 'all' },
  times: 'Times in the zone',
  holds: 'What is in it',
  documentsIn: 'documents with their file',
  documentsAbsent: 'documents named without a file',
  decisions: 'Decisions',
  eventsIn: 'events (events.ndjson)',
  entriesIn: 'entries of the trail (trail.ndjson)',
  linksIn: 'links of the chain up to a signed head (chain.ndjson)',
  recordsIn: 'Data',
  check: 'How it is checked',
  checkText:
    'With the pack extracted to a folder, without Officina and without a network: “node verify.mjs” (Node.js 18 or later) or “python3 verify.py” (Python 3.9 or later). The program compares every file with the manifest, the manifest with the signature and the trail with the signed heads, and names what is wrong. Compare the fingerprint of the key that it prints with the one that the company publishes, obtained in another way.',
  keysAt: 'The keys are published at',
  documents: 'Documents',
  absent: 'Documents without a file',
  name: 'Name',
  version: 'Vers.',
  category: 'Category',
  filed: 'Filed on',
  size: 'Size',
  digest: 'SHA-256',
  why: 'Why',
  when: 'When',
  who: 'Who',
  what: 'What',
  about: 'About',
  files: 'All files with their digests',
  none: 'None.',
  noDecisions: 'The trail holds no decision about this subject.',
  more: 'More rows in the file',
  system: 'Officina (automatic)',
  unscanned: 'not scanned for viruses',
  contentsOut:
    'The values in the entries of the trail were left out: who made the pack could not see them. Their digests are there.',
  addressesOut: 'Network addresses are always left out; their digests are there.',
  page: 'Page',
  reasons: {
    deleted: 'in the trash when the pack was made',
    purged: 'removed for good',
    scanning: 'the virus scan had not ended',
    quarantined: 'in quarantine: the virus scan found something in it',
    scan_failed: 'the virus scan failed',
    missing: 'the file is not in the store',
  },
}

/** The words of one language. */
export const wordsOf = (language: Language): Words => (language === 'it' ? italian : english)

const ACTIONS: Record<string, readonly [it: string, en: string]> = {
  'batches.held': ['Lotto sospeso', 'Batch held'],
  'batches.resumed': ['Lotto ripreso', 'Batch resumed'],
  'batches.completed': ['Lotto completato', 'Batch completed'],
  'batches.aborted': ['Lotto interrotto', 'Batch aborted'],
  'batches.deleted': ['Lotto tolto', 'Batch taken away'],
  'controls.corrected': ['Azione correttiva registrata', 'Corrective action recorded'],
  'anomalies.acknowledged': ['Allarme riconosciuto', 'Alarm acknowledged'],
  'obligations.completed': ['Adempimento concluso', 'Obligation completed'],
  'sensor_models.decided': ['Modello deciso', 'Model decided'],
  'plants.deleted': ['Impianto nascosto', 'Plant hidden'],
  'plants.restored': ['Impianto ripristinato', 'Plant restored'],
  'documents.deleted': ['Documento spostato nel cestino', 'Document moved to the trash'],
  'documents.restored': ['Documento ripristinato', 'Document restored'],
  'documents.purged': ['Documento eliminato definitivamente', 'Document removed for good'],
  'documents.held': ['Blocco legale imposto', 'Legal hold set'],
  'documents.released': ['Blocco legale tolto', 'Legal hold lifted'],
  'documents.approved': ['Documento approvato', 'Document approved'],
  'documents.confirmed': ['Classificazione confermata', 'Classification confirmed'],
}
const RESOURCES: Record<string, readonly [it: string, en: string]> = {
  batch: ['lotto', 'batch'],
  lot: ['partita', 'lot'],
  document: ['documento', 'document'],
  plant: ['impianto', 'plant'],
  control_measurement: ['misura', 'measurement'],
  anomaly: ['allarme', 'alarm'],
  obligation: ['adempimento', 'obligation'],
}
const said = (table: Record<string, readonly [string, string]>, name: string, language: Language): string =>
  table[name]?.[language === 'it' ? 0 : 1] ?? name

/** What an action of the trail is called; its code where it has no name here. */
export const actionWords = (action: string, language: Language): string => said(ACTIONS, action, language)
/** What a kind of thing is called that an entry is about. */
export const resourceWords = (resource: string, language: Language): string => said(RESOURCES, resource, language)

/** An instant as people of that language write it, in a zone. */
export const writtenTime = (instant: string, language: Language, zone: string): string =>
  new Intl.DateTimeFormat(language === 'it' ? 'it-IT' : 'en-GB', {
    ...{ timeZone: zone, day: '2-digit', month: '2-digit', year: 'numeric' },
    ...{ hour: '2-digit', minute: '2-digit', second: '2-digit' },
  }).format(new Date(instant))

/** Bytes in powers of 1024, as people read them. */
export function writtenSize(bytes: number, language: Language): string {
  const units = ['B', 'KiB', 'MiB', 'GiB']
  const power = bytes < 1024 ? 0 : Math.min(Math.floor(Math.log2(bytes) / 10), 3)
  const options = { maximumFractionDigits: power === 0 ? 0 : 1 }
  const number = new Intl.NumberFormat(language === 'it' ? 'it-IT' : 'en-GB', options).format(bytes / 1024 ** power)
  return `${number} ${units[power]}`
}
