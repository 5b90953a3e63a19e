/** Words of real documents of plants, Italian and English, and passages made of them by a seed: the same in each run. */

const ITALIAN =
  `impianto fotovoltaico produzione energia elettrica manutenzione ordinaria straordinaria verifica periodica contatore inverter modulo
stringa quadro cabina trasformatore rete distributore connessione allacciamento officina licenza accisa dogane dichiarazione consumo registro letture
denuncia versamento canone esercizio scadenza proroga rinnovo comunicazione protocollo ufficio territoriale agenzia direzione responsabile tecnico
firma delega procura legale rappresentante società sede fiscale partita bollo ricevuta pagamento importo euro fattura fornitore contratto
assicurazione polizza premio copertura sinistro danno risarcimento franchigia garanzia guasto anomalia allarme intervento ripristino sostituzione ricambio
scheda prova collaudo certificato conformità norma regolamento decreto articolo comma allegato verbale sopralluogo ispezione rilievo misura temperatura
umidità irraggiamento vento pressione portata livello soglia limite controllo punto critico lotto ricetta ingrediente farina semola pasta latte formaggio
forno cottura raffreddamento confezionamento etichetta allergene glutine tracciabilità richiamo fornitura magazzino scorta scarto resa efficienza
disponibilità fermo linea turno operatore formazione sicurezza rischio protezione dispositivo estintore emergenza evacuazione antincendio ambiente rifiuto
emissione scarico autorizzazione concessione derivazione turbina diga condotta biogas digestore cogeneratore biomassa vapore caldaia serbatoio pompa valvola
filtro motore cuscinetto vibrazione rumore olio lubrificante ispezionare pulizia lavaggio sanificazione taratura strumento sensore segnale trasmissione
telecontrollo monitoraggio rapporto relazione trimestre semestre annuale mensile giornaliero comune provincia regione catasto terreno servitù confine
strada accesso recinzione videosorveglianza chiave cancello sorveglianza appalto cantiere direttore lavori progetto disegno planimetria schema unifilare`
    .split(/\s+/)
    .filter(Boolean)
const ENGLISH =
  `plant energy production maintenance inverter meter grid connection licence report inspection certificate warranty insurance policy premium
coverage claim damage contract supplier invoice payment deadline renewal authority permit approval measurement temperature pressure flow level threshold
alarm failure repair replacement spare part test commissioning performance ratio availability downtime line shift operator training safety risk batch recipe
ingredient allergen label traceability recall storage yield waste efficiency boiler steam turbine pump valve filter bearing vibration oil cleaning calibration
instrument sensor monitoring annual monthly quarterly drawing layout diagram site access fence survey contractor works manager project`
    .split(/\s+/)
    .filter(Boolean)
const ITALIAN_GLUE = 'di del della dei delle il la le e per con nel che è in al alla da dal non si sono secondo'.split(
  ' ',
)
const ENGLISH_GLUE = 'the of and to for with is are by in on at from that this shall must not'.split(' ')
const PLACES =
  'Foggia Bologna Lecce Brindisi Modena Ravenna Cuneo Trento Bolzano Potenza Matera Crotone Enna Ragusa Sassari Nuoro Siena Grosseto Viterbo Rieti'.split(
    ' ',
  )

/** Numbers from 0 to 1, the same for the same seed (mulberry32). */
export function chanceOf(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296
  }
}

/** Word n of a list about as often as 1 / n, as words of a language are. */
const zipf = (words: readonly string[], chance: () => number): string =>
  words[Math.min(words.length - 1, Math.floor(words.length ** chance()) - 1)]!

/** In one passage of a thousand; what nobody else writes. */
export const RARE = ['tracimazione', 'sversamento', 'pirometro', 'delaminazione', 'hailstorm', 'cavitation']

/** A paragraph of about a thousand characters; three of four are Italian. `impianto` stands in half of them or more. */
export function paragraphOf(chance: () => number): string {
  const italian = chance() < 0.75
  const [words, glue] = italian ? [ITALIAN, ITALIAN_GLUE] : [ENGLISH, ENGLISH_GLUE]
  const said: string[] = []
  for (let length = 0; length < 980;) {
    const one = chance()
    let word = zipf(words, chance)
    if (one < 0.35) word = glue[Math.floor(chance() * glue.length)]!
    else if (one < 0.38) word = PLACES[Math.floor(chance() * PLACES.length)]!
    else if (one < 0.41) word = String(Math.floor(chance() * 100_000))
    else if (one < 0.425) word = `IT${Math.floor(chance() * 1e6).toString(36)}`
    else if (one < 0.4256) word = RARE[Math.floor(chance() * RARE.length)]!
    const end = chance() < 0.08 ? '.' : ''
    said.push(word + end)
    length += word.length + 1 + end.length
  }
  return `${said.join(' ')}.`
}
