/** Short documents as plants have them, with what stands in them. Firms, people and numbers are invented; check digits hold. */
export type Sample = {
  name: string
  language: 'it' | 'en'
  text: string
  /** null: none of the kinds that the rules know. */
  category: string | null
  /** `kind value` or `kind:role value`, each once. */
  fields: readonly string[]
}
const it = (name: string, category: string | null, text: string, ...fields: string[]): Sample => ({
  name,
  language: 'it',
  text,
  category,
  fields,
})

/** The rules were written with these in view. */
export const ITALIAN: readonly Sample[] = [
  it(
    'licenza',
    'adm_license',
    `AGENZIA DELLE DOGANE E DEI MONOPOLI
Ufficio delle dogane di Modena
Prot. 4471/RU del 9 febbraio 2026
LICENZA DI ESERCIZIO PER OFFICINA ELETTRICA
Si rilascia alla ditta Campi Solari S.r.l., P.IVA 04123560379, la licenza per l'officina sita in Carpi, codice ditta MOE00418K.
Il diritto annuale di licenza è di € 77,47, da versare entro il 16/12/2026.`,
    'authority ADM',
    'protocol_number 4471/RU',
    'date:protocol 2026-02-09',
    'vat_number 04123560379',
    'adm_license_code MOE00418K',
    'amount:fee 77.47',
    'date:due 2026-12-16',
  ),
  it(
    'dichiarazione semestrale',
    'adm_declaration',
    `Dichiarazione semestrale di consumo di energia elettrica
Periodo: dal 01/01/2026 al 30/06/2026    Codice ditta: FEE00231M
Quadro A - Energia prodotta
Contatore 8871 lettura attuale 45.210 lettura precedente 41.002 costante 80 kWh 336.640
Quadro G - Energia ceduta alla rete   POD IT001E45678901
Inviata il 28/09/2026`,
    'date:start 2026-01-01',
    'date:end 2026-06-30',
    'adm_license_code FEE00231M',
    'pod IT001E45678901',
    'date 2026-09-28',
  ),
  it(
    'regolamento',
    'operating_rules',
    `e-distribuzione S.p.A.
REGOLAMENTO DI ESERCIZIO in parallelo con la rete MT
Impianto di produzione "Fotovoltaico Lama", POD IT001E77120034, codice CENSIMP IM_0042T7Q
Produttore: Lama Energia s.s., C.F. 02987450232
Il presente regolamento è stato firmato in data 14/05/2025. Protezione di interfaccia conforme alla CEI 0-16.`,
    'authority e-distribuzione',
    'pod IT001E77120034',
    'gaudi_code IM_0042T7Q',
    'tax_code 02987450232',
    'date:signature 2025-05-14',
  ),
  it(
    'verbale',
    'inspection_report',
    `VERBALE DI VERIFICA
L'anno duemilaventisei, il giorno dodici marzo duemilaventisei, i sottoscritti funzionari dell'Ufficio delle Dogane di Bologna
si sono recati presso l'officina elettrica BOE00999A della ditta Colle Verde S.r.l. (P. IVA 10345670151).
Sono stati controllati i sigilli n. 4471 e 4472. Nulla da eccepire.`,
    'date 2026-03-12',
    'authority ADM',
    'adm_license_code BOE00999A',
    'vat_number 10345670151',
  ),
  it(
    'taratura',
    'calibration',
    `RAPPORTO DI TARATURA n. 2026/118
Contatore di produzione matricola 20114477, classe 0,5S
Data taratura: 03/06/2026      Prossima verifica: 03/06/2029
Errore percentuale massimo 0,21%. Incertezza estesa 0,05%.
Strumento campione riferibile, certificato del 15/01/2026.`,
    'date:test 2026-06-03',
    'date:next_check 2029-06-03',
    'date:issue 2026-01-15',
  ),
  it(
    'antimafia',
    'antimafia',
    `Dichiarazione antimafia ai sensi dell'art. 85 del D.Lgs. 159/2011
La sottoscritta Laura Bianchi, nata a Bologna il 12/04/1975, C.F. BNCLRA75D52A944G, amministratrice di Serra Nuova S.r.l.,
dichiara i seguenti familiari conviventi maggiorenni: Giuseppe Verdi, VRDGPP68M07F205J.
Bologna, 20 gennaio 2026`,
    'date:birth 1975-04-12',
    'tax_code BNCLRA75D52A944G',
    'tax_code VRDGPP68M07F205J',
    'date 2026-01-20',
  ),
  it(
    'dsan',
    'self_declaration',
    `DICHIARAZIONE SOSTITUTIVA DELL'ATTO DI NOTORIETÀ (art. 47 D.P.R. 445/2000)
Il sottoscritto Marco Neri, codice fiscale NREMRC81T15L219Y, consapevole delle sanzioni per dichiarazioni mendaci,
DICHIARA che i moduli dell'impianto IM_00A1B2C sono quelli indicati nell'elenco allegato alla comunicazione GSE/P20260044120.
Torino, lì 02/03/2026`,
    'tax_code NREMRC81T15L219Y',
    'gaudi_code IM_00A1B2C',
    'authority GSE',
    'date:issue 2026-03-02',
  ),
  it(
    'rid',
    'rid_contract',
    `GSE - Gestore dei Servizi Energetici
CONVENZIONE PER IL RITIRO DEDICATO dell'energia elettrica n. RID019283
Impianto UPN_LAMA_01, POD IT001E77120034. Prezzi minimi garantiti: 47,50 €/MWh.
La convenzione ha decorrenza dal 1° gennaio 2026 e scadenza il 31 dicembre 2026.
Pagamenti su IBAN IT60 X054 2811 1010 0000 0123 456.`,
    'authority GSE',
    'up_code UPN_LAMA_01',
    'pod IT001E77120034',
    'amount:unit_price 47.50',
    'date:start 2026-01-01',
    'date:expiry 2026-12-31',
    'iban IT60X0542811101000000123456',
  ),
  it(
    'conto energia',
    'incentive_agreement',
    `Convenzione per il riconoscimento delle tariffe incentivanti (IV Conto Energia)
tra il GSE e la Soc. Agr. Monte Alto. Tariffa incentivante: 0,2740 €/kWh. Entrata in esercizio: 28/12/2011.
Il periodo di diritto termina il 27/12/2031.`,
    'authority GSE',
    'amount:unit_price 0.2740',
    'date:start 2011-12-28',
    'date:end 2031-12-27',
  ),
  it(
    'cpi',
    'fire_prevention',
    `Ministero dell'Interno - Comando dei Vigili del Fuoco di Parma
ATTESTAZIONE DI RINNOVO PERIODICO DI CONFORMITÀ ANTINCENDIO (art. 5 D.P.R. 151/2011)
Pratica n. 33120 - attività 48.1.B
La presente è valida fino al 18/07/2030.
protocollo n. 0009912 del 18/07/2025`,
    'authority Vigili del Fuoco',
    'date:expiry 2030-07-18',
    'protocol_number 0009912',
    'date:protocol 2025-07-18',
  ),
  it(
    'durc',
    'durc',
    `Durc On Line
INPS  INAIL
Numero Protocollo INAIL_48811223   Data richiesta 10/09/2026   Scadenza validità 08/01/2027
Denominazione: Elettro Impianti Rossi S.n.c.   Codice fiscale 03555120983
RISULTA REGOLARE nei confronti di INPS e INAIL`,
    'authority INPS',
    'authority INAIL',
    'protocol_number INAIL_48811223',
    'date:issue 2026-09-10',
    'date:expiry 2027-01-08',
    'tax_code 03555120983',
  ),
  it(
    'visura',
    'company_extract',
    `Camera di Commercio di Verona - Registro delle Imprese
VISURA ORDINARIA SOCIETÀ DI CAPITALE
LAMA ENERGIA S.R.L.  Numero REA VR-401122  Codice fiscale e n. iscrizione 02987450232
Domicilio digitale/PEC lama.energia@legalmail.example.it
Capitale sociale € 50.000,00   Data atto di costituzione 11/05/2009`,
    'authority Camera di Commercio',
    'tax_code 02987450232',
    'pec lama.energia@legalmail.example.it',
    'amount 50000.00',
    'date 2009-05-11',
  ),
  it(
    'fattura',
    'invoice',
    `Elettro Impianti Rossi S.n.c.  P.IVA 03555120983
Fattura n. 214/2026 del 30/09/2026
Manutenzione cabina   imponibile € 1.000,00   IVA 22% € 220,00   Totale documento € 1.220,00
Pagamento entro il 31/10/2026 con bonifico su IBAN IT60K0306902477100000004321`,
    'vat_number 03555120983',
    'date:issue 2026-09-30',
    'amount:tax_base 1000.00',
    'amount:vat 220.00',
    'amount:total 1220.00',
    'date:due 2026-10-31',
    'iban IT60K0306902477100000004321',
  ),
  it(
    'haccp',
    'haccp_plan',
    `PIANO DI AUTOCONTROLLO HACCP - Pastificio Aurora
Revisione 4 del 05/01/2026
CCP 1: pastorizzazione. Limite critico: 72 °C per 15 secondi. Azione correttiva: ripetere il trattamento.
Riferimento: Reg. (CE) 852/2004. Autorità competente: ASL Modena.`,
    'date 2026-01-05',
    'authority ASL Modena',
  ),
  it(
    'analisi',
    'analysis_certificate',
    `Laboratorio Chimico Aemilia
RAPPORTO DI PROVA N. 26-04471
Campione: penne rigate, lotto L26180. Data campionamento: 29/06/2026. Prove eseguite dal 30/06/2026 al 03/07/2026
Salmonella spp: assente in 25 g. Escherichia coli < 10 UFC/g`,
    'date:test 2026-06-29',
    'date:start 2026-06-30',
    'date:end 2026-07-03',
  ),
  it(
    'scheda tecnica',
    'data_sheet',
    `SCHEDA TECNICA - Semola rimacinata
Ingredienti: semola di GRANO duro. Allergeni: glutine. Shelf-life 12 mesi.
Caratteristiche generali: umidità max 15,5%, proteine min 12,0%
Rev. 2 emessa il 14.02.2026`,
    'date:issue 2026-02-14',
  ),
  it(
    'ddt',
    'transport_document',
    `DOCUMENTO DI TRASPORTO (D.P.R. 472/96) DDT n. 881 del 22/09/2026
Mittente: Molino Po S.p.A., P.IVA 02666010406   Destinatario: Pastificio Aurora
Causale del trasporto: vendita   Aspetto dei beni: sacchi su pallet   Colli: 40
Vettore: Trasporti Delta`,
    'date:issue 2026-09-22',
    'vat_number 02666010406',
  ),
  it(
    'non conformita',
    'nonconformity',
    `RAPPORTO DI NON CONFORMITÀ n. 17/2026
Rilevata il 04/08/2026 in linea 2: metal detector non verificato.
Causa principale: turno ridotto. Azione correttiva: doppia firma. Da chiudere entro il 30/08/2026.`,
    'date 2026-08-04',
    'date:due 2026-08-30',
  ),
  it(
    'manuale',
    'manual',
    `MANUALE D'USO E MANUTENZIONE
Inverter di stringa SX-60. Leggere le avvertenze prima dell'installazione.
Indice: capitolo 1 Sicurezza, capitolo 2 Installazione. Edizione 03, marzo 2024.`,
  ),
  it(
    'delega',
    'delegation',
    `DELEGA
Il sottoscritto Tommaso Ferri, nato il 30/09/1959, C.F. FRRTMS59P30D612Q, delega l'ing. Stefania Galli (GLLSFN90A41H501Q)
a presentare in nome e per conto della società le pratiche verso Terna e GSE.
La delega è valida fino al 31/12/2027. Firenze, 11 giugno 2026`,
    'date:birth 1959-09-30',
    'tax_code FRRTMS59P30D612Q',
    'tax_code GLLSFN90A41H501Q',
    'authority Terna',
    'authority GSE',
    'date:expiry 2027-12-31',
    'date 2026-06-11',
  ),
  it(
    'pec',
    'pec_letter',
    `Spett.le Agenzia delle Dogane e dei Monopoli - Ufficio di Ferrara
Inviata a mezzo PEC: dogane.ferrara@pec.example.it
Oggetto: comunicazione di variazione dell'amministratore
Con riferimento alla Vs. prot. n. 22190/2026 del 03/09/2026 si comunica quanto segue. Distinti saluti`,
    'authority ADM',
    'pec dogane.ferrara@pec.example.it',
    'protocol_number 22190/2026',
    'date:protocol 2026-09-03',
  ),
  it(
    'appunto',
    null,
    `Appunti della riunione di cantiere
Presenti: Rossi, Bianchi. Si decide di spostare il cancello e di richiamare il giardiniere. Prossimo incontro giovedì.`,
  ),
]

/** Held out: no rule was changed for a single error in these. Their sums were seen while rules changed for others. */
export const ITALIAN_HELD_OUT: readonly Sample[] = [
  it(
    'preventivo stmg',
    'connection_quote',
    `Unareti S.p.A. - Preventivo di connessione (TICA) codice di rintracciabilità 318822104
Richiesta del 02/07/2026 per 199 kW in immissione, POD IT012E00450981.
Corrispettivo di connessione: euro 8.412,60. L'accettazione va presentata entro il 15/10/2026.`,
    'authority Unareti',
    'date 2026-07-02',
    'pod IT012E00450981',
    'amount:amount 8412.60',
    'date:due 2026-10-15',
  ),
  it(
    'spi',
    'spi_test',
    `Dichiarazione di verifica del sistema di protezione di interfaccia (SPI)
Eseguita il 21/04/2026 con cassetta prova relè. Soglia 27.S1: 0,85 Vn, tempo misurato 1,51 s. Norma CEI 0-16.
Impianto: POD IT001E30998812`,
    'date:test 2026-04-21',
    'pod IT001E30998812',
  ),
  it(
    'terra',
    'earthing_report',
    `VERBALE DI VERIFICA PERIODICA DELL'IMPIANTO DI TERRA ai sensi del D.P.R. 462/2001
Organismo abilitato Verifica Italia S.r.l. - data della verifica 19 maggio 2026
Resistenza di terra misurata 2,1 ohm. Esito positivo. Prossima verifica: 19 maggio 2031`,
    'date:test 2026-05-19',
    'date:next_check 2031-05-19',
  ),
  it(
    'affitto',
    'lease',
    `CONTRATTO DI LOCAZIONE DI TERRENO
Tra Carla Monti (locatore) e Campi Solari S.r.l. (conduttore), P.IVA 04123560379.
Il canone annuo è fissato in € 12.500,00, con deposito cauzionale di € 3.000,00.
Il contratto decorre dal 01/03/2026 e scade il 28/02/2046. Il terreno è nel Comune di San Felice sul Panaro.`,
    'vat_number 04123560379',
    'amount:fee 12500.00',
    'amount:deposit 3000.00',
    'date:start 2026-03-01',
    'date:expiry 2046-02-28',
    'authority Comune di San Felice sul Panaro',
  ),
  it(
    'polizza',
    'insurance',
    `Polizza n. 77/4410-2 All Risks impianti fotovoltaici
Contraente: Lama Energia. Massimale € 2.000.000,00. Franchigia: € 5.000,00. Premio annuo lordo 3.870,00 €
Effetto dalle ore 24 del 31/12/2025. Scadenza 31/12/2026`,
    'amount 2000000.00',
    'amount 5000.00',
    'amount 3870.00',
    'date:start 2025-12-31',
    'date:expiry 2026-12-31',
  ),
  it(
    'rapportino',
    'maintenance_report',
    `Rapporto di intervento n. 552
Tecnico: D. Sala. Data intervento 07/10/2026. Impianto: Serra Nuova.
Guasto: ventola inverter 3. Ricambi: n. 1 ventola. Ore di lavoro: 2,5. Costo: 240,00 €`,
    'date:test 2026-10-07',
    'amount:price 240.00',
  ),
  it(
    'au',
    'permit',
    `REGIONE EMILIA-ROMAGNA - Determinazione n. 8812 del 23/06/2026
Oggetto: Autorizzazione Unica ai sensi del D.Lgs. 190/2024 per impianto agrivoltaico.
Vista la conferenza di servizi, si autorizza la realizzazione. I lavori devono iniziare entro il 23/06/2027. Parere della Soprintendenza acquisito.`,
    'authority Regione Emilia-Romagna',
    'date 2026-06-23',
    'date:due 2027-06-23',
    'authority Soprintendenza',
  ),
  it(
    'nota spese',
    null,
    `Nota interna
Si chiede il rimborso del pranzo di lavoro del 4 novembre 2026 con il gruppo di manutenzione, per un importo di 86,40 euro.`,
    'date 2026-11-04',
    'amount:amount 86.40',
  ),
]
