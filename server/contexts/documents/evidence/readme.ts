import type { About } from './manifest.ts'

/** README.txt: what the pack is and how it is checked, in both languages, whatever the pack's own is. */
export const readme = ({ pack, company, made_at, keys_published_at }: About): string => {
  const keys = keys_published_at ?? '—'
  return `${pack.id}
${company.name.replaceAll(/\p{C}/gu, ' ')}
${made_at}

ITALIANO
========
Questa cartella è un fascicolo di prove: i documenti, i dati, gli eventi e le voci del registro su un
oggetto, con ciò che serve a verificarli senza Officina e senza rete. Si comincia da index.html o index.pdf.

Verifica (nella cartella in cui il fascicolo è stato estratto):
    node verify.mjs              Node.js 18 o successivo
    python3 verify.py            Python 3.9 o successivo, senza pacchetti
L'uscita è 0 se tutto torna, 1 se qualcosa non torna (e il programma lo nomina), 2 se non ha potuto verificare.

I programmi di verifica stanno nel fascicolo: chi non si fida di esso usi una copia ottenuta altrove e le
indichi la cartella: node verify.mjs /percorso/della/cartella

La firma prova che nulla è cambiato da quando il titolare della chiave ha firmato. Di chi sia la chiave lo
dice solo la sua impronta: confrontarla con quella pubblicata dall'azienda e ottenuta per altra via, poi
    node verify.mjs --key <impronta>
Le chiavi sono pubblicate a: ${keys}
Chi ha conservato una testa firmata del registro può confrontarla: node verify.mjs --head <testa firmata>

Contenuto:
    documents/       i file, con nomi che ogni sistema accetta; i nomi originali sono nell'indice
    records/         i dati dell'oggetto, in JSON
    events.ndjson    gli eventi (CloudEvents), uno per riga
    trail.ndjson     le voci del registro; chain.ndjson gli anelli fino a una testa firmata; heads.json le teste
    decisions.json   chi ha confermato, approvato, sospeso o concluso che cosa
    manifest.json    ogni file con dimensione e SHA-256; manifest.jws la firma (JWS, RS256)

ENGLISH
=======
This folder is an evidence pack: the documents, data, events and trail entries about a subject, with what it
takes to check them without Officina and without a network. Begin with index.html or index.pdf.

To check it (in the folder into which the pack was extracted):
    node verify.mjs              Node.js 18 or later
    python3 verify.py            Python 3.9 or later, no packages
It ends with 0 where all is well, 1 where something is wrong (and names it), 2 where it could not check.

The verifying programs are part of the pack: whoever does not trust it uses a copy from elsewhere and names
the folder: node verify.mjs /path/to/the/folder

The signature proves that nothing has changed since the holder of the key signed. Whose key it is, only its
fingerprint tells: compare it with the one that the company publishes, obtained in another way, and then
    node verify.mjs --key <fingerprint>
The keys are published at: ${keys}
Whoever kept a signed head of the trail can compare it: node verify.mjs --head <signed head>

Contents:
    documents/       the files, under names that every system takes; the names as given stand in the index
    records/         the subject's data, as JSON
    events.ndjson    the events (CloudEvents), one a line
    trail.ndjson     entries of the trail; chain.ndjson the links up to a signed head; heads.json the heads
    decisions.json   who confirmed, approved, held or ended what
    manifest.json    every file with size and SHA-256; manifest.jws the signature (JWS, RS256)
`
}
