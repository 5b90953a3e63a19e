/** Documents as they come: made with the libraries that make them, for the readers' tests. */
import { createCanvas, GlobalFonts } from '@napi-rs/canvas'
import * as xlsx from '@e965/xlsx'
import * as asn1js from 'asn1js'
import { Document, Header, Packer, PageBreak, Paragraph, Table, TableCell, TableRow, TextRun } from 'docx'
import { createRequire } from 'node:module'
import PdfDocument from 'pdfkit'
import * as pkijs from 'pkijs'

const font = createRequire(import.meta.url).resolve('dejavu-fonts-ttf/ttf/DejaVuSans.ttf')
GlobalFonts.registerFromPath(font, 'DejaVu')

type Pdf = InstanceType<typeof PdfDocument>

/** A PDF of pages, each drawn by a function; bytes as a file has them. */
export async function pdfOf(pages: readonly ((pdf: Pdf) => unknown)[], options: object = {}): Promise<Buffer> {
  const pdf = new PdfDocument({ size: 'A4', autoFirstPage: false, ...options })
  pdf.registerFont('DejaVu', font)
  const chunks: Buffer[] = []
  pdf.on('data', (chunk: Buffer) => chunks.push(chunk))
  const whole = new Promise<void>((resolve) => pdf.on('end', () => resolve()))
  for (const draw of pages) {
    pdf.addPage().font('DejaVu').fontSize(11)
    draw(pdf)
  }
  pdf.end()
  await whole
  return Buffer.concat(chunks)
}

export const written =
  (text: string) =>
  (pdf: Pdf): unknown =>
    pdf.text(text)

/** A slip of paper at 150 dpi with text on it, as a scanner makes one: as wide as A4, and a third of its height. */
export function scanned(lines: readonly string[], type: 'png' | 'jpeg' = 'png'): Buffer {
  const canvas = createCanvas(1240, 600)
  const context = canvas.getContext('2d')
  context.fillStyle = 'white'
  context.fillRect(0, 0, 1240, 600)
  context.fillStyle = 'black'
  context.font = '28px DejaVu'
  for (const [at, line] of lines.entries()) context.fillText(line, 120, 160 + at * 48)
  return type === 'png' ? canvas.toBuffer('image/png') : canvas.toBuffer('image/jpeg')
}

/** The size of a page for it, in points. */
export const SLIP = { size: [595, 288] }

export const scan =
  (lines: readonly string[]) =>
  (pdf: Pdf): unknown =>
    pdf.image(scanned(lines), 0, 0, { width: 595 })

export const LETTER = [
  'Oggetto: richiesta di allaccio della città di Forlì',
  'Si comunica che la pratica è stata accolta perché',
  'la produzione annua è di 2.500 kWh e la potenza',
  'nominale è pari a 19,80 kW, come da progetto.',
  'Protocollo n. 0012345 del 5 marzo 2026',
]

const cell = (text: string) => new TableCell({ children: [new Paragraph(text)] })

export async function docxOf(): Promise<Buffer> {
  const table = new Table({
    rows: [
      new TableRow({ children: [cell('Potenza'), cell('19,80 kW')] }),
      new TableRow({ children: [cell('Comune'), cell('Forlì')] }),
    ],
  })
  const children = [
    new Paragraph({ children: [new TextRun('Relazione tecnica sull’impianto: perché & come')] }),
    table,
    new Paragraph({ children: [new PageBreak()] }),
    new Paragraph('Seconda pagina'),
  ]
  const headers = { default: new Header({ children: [new Paragraph('Rossi Energia S.r.l.')] }) }
  return Packer.toBuffer(new Document({ sections: [{ headers, children }] }))
}

export function xlsxOf(): Buffer {
  const book = xlsx.utils.book_new()
  const day = { t: 'n', v: 46_086, z: 'm/d/yy' } as const
  const readings = xlsx.utils.aoa_to_sheet([
    ['Giorno', 'kWh', 'Quota'],
    [day, 2500.5, { t: 'n', v: 0.22, z: '0%' }],
  ])
  xlsx.utils.book_append_sheet(book, readings, 'Letture')
  xlsx.utils.book_append_sheet(book, xlsx.utils.aoa_to_sheet([['Città'], ['Forlì']]), 'Comuni')
  return xlsx.write(book, { type: 'buffer', bookType: 'xlsx' }) as Buffer
}

const attribute = (type: string, value: unknown) => new pkijs.Attribute({ type, values: [value] })

/** A CMS SignedData around a file, signed with a key made for it. */
export async function signed(content: Uint8Array, name = 'Mario Rossi'): Promise<Buffer> {
  const keys = await crypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, true, ['sign', 'verify'])
  const certificate = new pkijs.Certificate()
  certificate.version = 2
  certificate.serialNumber = new asn1js.Integer({ value: 7 })
  const common = new pkijs.AttributeTypeAndValue({ type: '2.5.4.3', value: new asn1js.Utf8String({ value: name }) })
  certificate.issuer.typesAndValues.push(common)
  certificate.subject.typesAndValues.push(common)
  certificate.notBefore.value = new Date('2026-01-01')
  certificate.notAfter.value = new Date('2030-01-01')
  await certificate.subjectPublicKeyInfo.importKey(keys.publicKey)
  await certificate.sign(keys.privateKey, 'SHA-256')
  const digest = await crypto.subtle.digest('SHA-256', Uint8Array.from(content))
  const data = new pkijs.SignedData({
    version: 1,
    encapContentInfo: new pkijs.EncapsulatedContentInfo({
      eContentType: pkijs.ContentInfo.DATA,
      eContent: new asn1js.OctetString({ valueHex: Uint8Array.from(content).buffer }),
    }),
    certificates: [certificate],
    signerInfos: [
      new pkijs.SignerInfo({
        version: 1,
        sid: new pkijs.IssuerAndSerialNumber({
          issuer: certificate.issuer,
          serialNumber: certificate.serialNumber,
        }),
        signedAttrs: new pkijs.SignedAndUnsignedAttributes({
          type: 0,
          attributes: [
            attribute('1.2.840.113549.1.9.3', new asn1js.ObjectIdentifier({ value: pkijs.ContentInfo.DATA })),
            attribute('1.2.840.113549.1.9.5', new asn1js.UTCTime({ valueDate: new Date('2026-03-05T10:00:00Z') })),
            attribute('1.2.840.113549.1.9.4', new asn1js.OctetString({ valueHex: digest })),
          ],
        }),
      }),
    ],
  })
  await data.sign(keys.privateKey, 0, 'SHA-256')
  const content_type = pkijs.ContentInfo.SIGNED_DATA
  const info = new pkijs.ContentInfo({ contentType: content_type, content: data.toSchema(true) })
  return Buffer.from(info.toSchema().toBER(false))
}

export const mailWith = (attachment: Buffer, name: string): Buffer =>
  Buffer.from(
    [
      'From: Sportello <sportello@example.it>',
      'To: Giulia Rossi <giulia.rossi@example.it>',
      'Subject: =?utf-8?Q?Connessione_accettata_perch=C3=A9_completa?=',
      'Date: Thu, 05 Mar 2026 10:00:00 +0100',
      'MIME-Version: 1.0',
      'Content-Type: multipart/mixed; boundary=b',
      '',
      '--b',
      'Content-Type: text/plain; charset=utf-8',
      '',
      'In allegato il preventivo.',
      '--b',
      `Content-Type: application/octet-stream; name=${name}`,
      `Content-Disposition: attachment; filename=${name}`,
      'Content-Transfer-Encoding: base64',
      '',
      attachment.toString('base64').replaceAll(/.{76}/g, '$&\r\n'),
      '--b--',
      '',
    ].join('\r\n'),
  )
