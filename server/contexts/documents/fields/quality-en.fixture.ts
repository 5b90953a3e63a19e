import type { Sample } from './quality-it.fixture.ts'

const en = (name: string, category: string | null, text: string, ...fields: string[]): Sample => ({
  name,
  language: 'en',
  text,
  category,
  fields,
})

/** The rules were written with these in view. */
export const ENGLISH: readonly Sample[] = [
  en(
    'invoice',
    'invoice',
    `Northgrid Services Ltd - VAT IT07198760535
INVOICE No. 2026-0188      Invoice date: 30 September 2026     Due date: 30 October 2026
Substation service   Subtotal EUR 2,400.00   VAT 22% EUR 528.00   Invoice total EUR 2,928.00
Please pay by bank transfer to IBAN IT10 B020 0801 6050 0010 1234 567`,
    'vat_number 07198760535',
    'date:issue 2026-09-30',
    'date:due 2026-10-30',
    'amount:tax_base 2400.00',
    'amount:vat 528.00',
    'amount:total 2928.00',
    'iban IT10B0200801605000101234567',
  ),
  en(
    'calibration',
    'calibration',
    `CALIBRATION CERTIFICATE No. C-4471
Instrument: temperature probe TP-9. Calibrated on 14 May 2026. Next calibration: 14 May 2027.
Expanded uncertainty 0.08 °C. Traceable to national standards.`,
    'date:test 2026-05-14',
    'date:next_check 2027-05-14',
  ),
  en(
    'coa',
    'analysis_certificate',
    `CERTIFICATE OF ANALYSIS
Product: durum semolina, lot 26-181. Sampled 29 June 2026. Laboratory: Bioquality.
Salmonella: absent in 25 g. Method ISO 6579. Best before 30 June 2027`,
    'date:test 2026-06-29',
    'date:expiry 2027-06-30',
  ),
  en(
    'haccp',
    'haccp_plan',
    `HACCP PLAN - Aurora Pasta
Issue 4, effective from 1 February 2026. Hazard analysis of the drying line.
CCP 2: metal detection. Critical limit: Fe 2.0 mm. Corrective action: hold and retest.`,
    'date:start 2026-02-01',
  ),
  en(
    'delivery',
    'transport_document',
    `DELIVERY NOTE 99120
Consignee: Aurora Pasta. Carrier: Delta Freight. Packages: 40. Dispatched 22/09/2026`,
    'date 2026-09-22',
  ),
  en(
    'ncr',
    'nonconformity',
    `NON-CONFORMANCE REPORT NCR-26-017
Raised 4 August 2026, line 2. Root cause: reduced shift. Corrective action due by 30 August 2026.`,
    'date 2026-08-04',
    'date:due 2026-08-30',
  ),
  en(
    'manual',
    'manual',
    `Installation Manual - String inverter SX-60
Table of contents. Safety instructions. Read all warnings before installation. Version 3.1.2, March 2024.`,
  ),
  en(
    'lease',
    'lease',
    `LEASE AGREEMENT
between the lessor and the lessee, dated 2 March 2026. Yearly rent: € 12,500.00. Deposit: € 3,000.00.
The lease starts on 1 April 2026 and ends on 31 March 2046.`,
    'date:issue 2026-03-02',
    'amount:fee 12500.00',
    'amount:deposit 3000.00',
    'date:start 2026-04-01',
    'date:end 2046-03-31',
  ),
  en(
    'insurance',
    'insurance',
    `CERTIFICATE OF INSURANCE - Policy number 88-1203
Insured: Lama Energy. Limit of liability EUR 2,000,000. Annual premium EUR 3,870.50.
Valid from 31 December 2025 to 31 December 2026.`,
    'amount 2000000.00',
    'amount 3870.50',
    'date:start 2025-12-31',
    'date:expiry 2026-12-31',
  ),
  en(
    'poa',
    'delegation',
    `POWER OF ATTORNEY
I, the undersigned Tommaso Ferri, tax code FRRTMS59P30D612Q, hereby authorise Stefania Galli to act on behalf of the company before GSE and Terna.
Signed in Florence on 11 June 2026. Valid until 31 December 2027.`,
    'tax_code FRRTMS59P30D612Q',
    'authority GSE',
    'authority Terna',
    'date:signature 2026-06-11',
    'date:expiry 2027-12-31',
  ),
  en('memo', null, `Memo. The gate will be moved next week; please call the gardener and tell the night guard.`),
]

/** Held out: no rule was changed for a single error in these. Their sums were seen while rules changed for others. */
export const ENGLISH_HELD_OUT: readonly Sample[] = [
  en(
    'service report',
    'maintenance_report',
    `Service report 552. Technician: D. Sala. Date of visit: 7 October 2026.
Fault: inverter fan. Spare parts: one fan. Labour hours: 2.5. Total cost: € 240.00`,
    'date:test 2026-10-07',
    'amount:price 240.00',
  ),
  en(
    'training',
    'training',
    `CERTIFICATE OF ATTENDANCE
Marco Neri has completed the course "Work at height" held on 18 and 19 May 2026. This certificate expires on 19 May 2031.`,
    'date 2026-05-19',
    'date:expiry 2031-05-19',
  ),
  en(
    'quote',
    'quotation',
    `QUOTATION Q-2026-77
Supply of two relays, unit prices below. Total price: EUR 1,940.00 excluding VAT. Offer valid until 15 December 2026.`,
    'amount:total 1940.00',
    'date:expiry 2026-12-15',
  ),
  en(
    'permit',
    'permit',
    `Province of Parma. ENVIRONMENTAL PERMIT No. 4410 issued on 3 July 2025.
The emission point E1 is hereby authorised until 3 July 2040. Samples must be taken yearly, results sent to ARPAE Parma by 31 January 2027.`,
    'authority Provincia di Parma',
    'date:issue 2025-07-03',
    'date:end 2040-07-03',
    'authority ARPA Parma',
    'date:due 2027-01-31',
  ),
]
