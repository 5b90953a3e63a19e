/**
 * Questions with the document that answers each, over documents as plants have them, Italian and English. Written for this set; no real company is in it. Some
 * questions use other words than the answer on purpose: those are what meanings are for.
 */
export const LIBRARY: Readonly<Record<string, string>> = {
  licence:
    'Licenza fiscale di esercizio per officina elettrica, codice ditta IT00RME01234X, rilasciata dall’Ufficio delle Dogane di Foggia alla società Solare Uno S.r.l. La licenza è soggetta al diritto annuale da versare entro il 16 dicembre.',
  consumption:
    'Dichiarazione di consumo annuale per l’energia elettrica: prodotta 1.482.300 kWh, autoconsumata 12.450 kWh, ceduta in rete 1.469.850 kWh. Presentata all’Agenzia delle Dogane in via telematica entro il 31 marzo.',
  readings_register:
    'Registro delle letture dei contatori di produzione e di cessione, vidimato dall’ufficio. Le letture sono prese il primo giorno di ogni mese e annotate senza cancellature.',
  meter_calibration:
    'Certificato di taratura dei complessi di misura: contatore matricola A1-55-201, riduttori di corrente in classe 0,5. Verifica triennale eseguita dal laboratorio accreditato, esito positivo.',
  spi_test:
    'Rapporto di prova del sistema di protezione di interfaccia con cassetta prova relè, secondo la norma CEI 0-16. Soglie 59.S1, 27.S1, 81>.S1 verificate; tempi di intervento entro i limiti. Prossima prova fra cinque anni.',
  grid_rules:
    'Regolamento di esercizio con il distributore per l’impianto connesso in media tensione a 15 kV. Il produttore comunica ogni modifica dei dispositivi di interfaccia e consente la messa fuori servizio su richiesta.',
  insurance:
    'Polizza all risks n. 4471902 per l’impianto fotovoltaico di Cerignola: copertura contro grandine, furto di cavi in rame e danni indiretti da interruzione. Scadenza alle ore 24 del 31 dicembre 2026, tacito rinnovo escluso.',
  hail_claim:
    'Denuncia di sinistro: il 12 luglio chicchi di ghiaccio di circa quattro centimetri hanno rotto il vetro di 118 pannelli. Si chiede l’apertura della pratica e il sopralluogo del perito.',
  theft:
    'Verbale di denuncia ai Carabinieri: nella notte ignoti hanno tagliato la recinzione sul lato nord e asportato trecento metri di conduttori in rame.',
  om_contract:
    'Contratto di gestione e manutenzione: il manutentore garantisce una disponibilità del 98 per cento su base annua e un tempo di intervento di otto ore per guasti bloccanti. Penali: 1 per cento del canone per ogni punto mancante.',
  inverter_manual:
    'Manuale dell’inverter di stringa. Codice errore E031: guasto di isolamento verso terra. Spegnere il sezionatore in corrente continua, attendere dieci minuti, misurare la resistenza di isolamento di ogni stringa.',
  inverter_intervention:
    'Rapporto di intervento: inverter 7 fermo per temperatura eccessiva, ventola di raffreddamento sostituita, filtro dell’aria pulito. Ripartito alle 15:40.',
  thermography:
    'Relazione di termografia con drone: rilevati 14 punti caldi su celle e tre diodi di bypass guasti nelle stringhe 3.2 e 5.8. Si consiglia la sostituzione dei moduli in garanzia.',
  washing:
    'Preventivo per il lavaggio dei moduli con acqua demineralizzata: 0,45 euro al metro quadro, due passaggi l’anno, primavera e fine estate.',
  land_lease:
    'Contratto di locazione del terreno con diritto di superficie per trent’anni, foglio 42 particella 118. Canone di 3.200 euro per ettaro, rivalutato secondo l’indice ISTAT.',
  single_authorisation:
    'Autorizzazione unica rilasciata dalla Regione ai sensi dell’articolo 12 del decreto legislativo 387 del 2003. I lavori iniziano entro un anno e terminano entro tre. Obbligo di ripristino dei luoghi a fine vita.',
  fire_prevention:
    'Attestazione di rinnovo periodico di conformità antincendio per l’attività 48.1.B, trasformatori con olio isolante oltre un metro cubo. Validità quinquennale.',
  transformer_oil:
    'Analisi dei gas disciolti nell’olio del trasformatore TR2: acetilene assente, idrogeno 45 ppm, PCB sotto 2 mg/kg. Nessuna anomalia, ripetere fra dodici mesi.',
  earthing:
    'Verbale di verifica periodica dell’impianto di messa a terra ai sensi del DPR 462/01: resistenza misurata 1,2 ohm, esito favorevole. Prossima verifica fra due anni.',
  gse_delegation:
    'Delega per operare sul portale del GSE: il legale rappresentante conferisce allo studio di consulenza la gestione delle convenzioni per il ritiro dedicato.',
  gse_agreement:
    'Convenzione per il ritiro dedicato dell’energia elettrica immessa in rete. Il corrispettivo è il prezzo zonale orario; i pagamenti avvengono su base mensile.',
  municipality_letter:
    'Il Comune chiede il versamento della COSAP per l’attraversamento della strada comunale con cavidotto interrato lungo 240 metri.',
  hydro_concession:
    'Disciplinare di concessione per piccola derivazione d’acqua a uso idroelettrico: portata massima 820 litri al secondo, deflusso ecologico 110 litri al secondo da lasciare sempre in alveo.',
  dam_register:
    'Registro della traversa: pulizia della griglia, movimentazione della paratoia, livello dell’invaso. Il 3 novembre paratoia aperta per piena del torrente.',
  biogas_plan:
    'Piano di alimentazione del digestore anaerobico: liquame bovino, insilato di triticale, sansa. Tempo di ritenzione quaranta giorni, temperatura 42 °C, acidi volatili sotto 3.000 mg/l.',
  emissions:
    'Rapporto di analisi delle emissioni in atmosfera del cogeneratore: ossidi di azoto 410 mg/Nm3, monossido di carbonio 265 mg/Nm3, entrambi sotto i limiti autorizzati.',
  waste_form:
    'Formulario di identificazione del rifiuto: oli esauti, codice EER 13 02 05, 180 chilogrammi, trasportatore iscritto all’albo gestori ambientali.',
  haccp_plan:
    'Piano di autocontrollo HACCP del pastificio. Punto critico CCP1: essiccazione, temperatura minima 72 °C per 90 minuti. Azione correttiva: fermare la linea e segregare il lotto.',
  allergens:
    'Scheda allergeni: la linea 2 lavora anche pasta all’uovo. Dopo ogni turno lavaggio con tampone per la ricerca di ovoproteine prima di produrre pasta di sola semola.',
  recall_it:
    'Comunicazione di richiamo: lotto L2407 di penne rigate, possibile presenza di corpi estranei metallici. I clienti riconsegnano le confezioni al punto vendita.',
  supplier_flour:
    'Capitolato di fornitura della semola: proteine minime 13,5 per cento, umidità massima 14,5 per cento, deossinivalenolo sotto 750 microgrammi per chilo.',
  pest_control:
    'Rapporto di disinfestazione: esche per roditori integre, due catture di tignola della farina nella trappola a feromoni del magazzino.',
  water_analysis:
    'Analisi dell’acqua di processo: Escherichia coli assente, carica batterica a 22 gradi 12 UFC/ml, cloro residuo 0,1 mg/l. Conforme.',
  training_it:
    'Attestato di formazione dei lavoratori, rischio alto, dodici ore, rilasciato a tre manutentori elettrici PES e PAV secondo CEI 11-27.',
  wind_om:
    'Operation and maintenance report, wind farm Monte Alto: turbine WT04 stopped 63 hours because of a pitch battery fault. Monthly availability 96.1 percent.',
  gearbox:
    'Vibration analysis of the gearbox of WT02: bearing outer race defect frequency clearly visible, severity stage three. Replace the high speed shaft bearing within eight weeks.',
  blade:
    'Blade inspection by rope access: leading edge erosion category 4 on blade B over two metres, lightning receptor missing. Repair before winter.',
  ppa: 'Power purchase agreement: the buyer takes 40 GWh a year as baseload at 61.50 euro per MWh for seven years. The seller bears the imbalance cost and the shape risk.',
  warranty:
    'Module warranty certificate: the manufacturer guarantees at least 84.8 percent of the nominal power after twenty-five years. Claims need flash test results and serial numbers.',
  bank: 'Facility agreement: the debt service coverage ratio shall not be below 1.15 at any calculation date. A cash trap applies below 1.20.',
  safety_plan:
    'Emergency response plan: on fire alarm the shift leader opens the gate for the fire brigade, isolates the medium voltage switchgear and meets everybody at the assembly point by the car park.',
  audit_brc:
    'BRC audit report: grade A, two minor nonconformities. Metal detector test pieces were not challenged at the end of the run; the glass register was not signed in May.',
  cold_chain:
    'Cold store validation: the slowest probe reached four degrees after 5 hours 20 minutes. Products leave the blast chiller below three degrees.',
  shelf_life:
    'Shelf life study of fresh ravioli in modified atmosphere: Listeria monocytogenes not detected in 25 grams up to day 45; sensory limit reached at day 50.',
  due_diligence:
    'Technical due diligence: performance ratio fell from 82.4 to 78.9 percent in four years, mostly by potential induced degradation and soiling. Buyer should ask for a price adjustment.',
}

/** The question, and the document that answers it. `other`: it says so in other words than the document. */
export const QUESTIONS: readonly { q: string; answer: string; other?: true }[] = [
  { q: 'quando si paga il diritto annuale della licenza?', answer: 'licence' },
  { q: 'quanta energia abbiamo autoconsumato', answer: 'consumption' },
  { q: 'registro letture contatori vidimazione', answer: 'readings_register' },
  { q: 'taratura complesso di misura triennale', answer: 'meter_calibration' },
  { q: 'verifica protezione interfaccia cassetta relè', answer: 'spi_test' },
  { q: 'a che tensione è connesso l’impianto al distributore', answer: 'grid_rules' },
  { q: 'scadenza della polizza di Cerignola', answer: 'insurance' },
  { q: 'danni da grandine ai moduli', answer: 'hail_claim', other: true },
  { q: 'furto di cavi: denuncia', answer: 'theft', other: true },
  { q: 'che disponibilità garantisce il manutentore?', answer: 'om_contract' },
  { q: 'errore E031 isolamento', answer: 'inverter_manual' },
  { q: 'perché si è fermato l’inverter 7', answer: 'inverter_intervention' },
  { q: 'punti caldi termografia', answer: 'thermography' },
  { q: 'quanto costa pulire i pannelli', answer: 'washing', other: true },
  { q: 'affitto del terreno, canone per ettaro', answer: 'land_lease' },
  { q: 'entro quando devono finire i lavori dell’autorizzazione', answer: 'single_authorisation' },
  { q: 'certificato prevenzione incendi trasformatore', answer: 'fire_prevention', other: true },
  { q: 'gas disciolti olio TR2', answer: 'transformer_oil' },
  { q: 'resistenza di terra misurata', answer: 'earthing' },
  { q: 'chi può operare per noi sul portale GSE', answer: 'gse_delegation' },
  { q: 'prezzo zonale ritiro dedicato', answer: 'gse_agreement' },
  { q: 'tassa comunale per il cavidotto', answer: 'municipality_letter', other: true },
  { q: 'quanta acqua dobbiamo lasciare nel torrente', answer: 'hydro_concession', other: true },
  { q: 'paratoia aperta per la piena', answer: 'dam_register' },
  { q: 'cosa si dà da mangiare al digestore', answer: 'biogas_plan' },
  { q: 'emissioni ossidi di azoto cogeneratore', answer: 'emissions' },
  { q: 'smaltimento olio esausto', answer: 'waste_form', other: true },
  { q: 'temperatura del punto critico di essicazione', answer: 'haccp_plan' },
  { q: 'contaminazione da uovo sulla linea 2', answer: 'allergens' },
  { q: 'richiamo penne lotto L2407', answer: 'recall_it' },
  { q: 'proteine della semola nel capitolato', answer: 'supplier_flour' },
  { q: 'topi e insetti nel magazzino', answer: 'pest_control', other: true },
  { q: 'chi è abilitato ai lavori elettrici PES', answer: 'training_it' },
  { q: 'why did turbine WT04 stop', answer: 'wind_om' },
  { q: 'gearbox bearings to be replaced', answer: 'gearbox' },
  { q: 'lightning damage on blades', answer: 'blade' },
  { q: 'price of the electricity we sell per MWh', answer: 'ppa' },
  { q: 'guaranteed module power after 25 years', answer: 'warranty' },
  { q: 'minimum DSCR covenant', answer: 'bank', other: true },
  { q: 'where do people gather in an emergency', answer: 'safety_plan' },
  { q: 'nonconformity metal detector', answer: 'audit_brc' },
  { q: 'how long does the cold store take to reach four degrees', answer: 'cold_chain' },
  { q: 'listeria in fresh pasta', answer: 'shelf_life' },
  { q: 'performance ratio degradation', answer: 'due_diligence' },
]
