import { fromBER, type OctetString, type UTCTime } from 'asn1js'
import { Certificate, ContentInfo, SignedData, type SignerInfo } from 'pkijs'
import { Unread } from './content.ts'

/** Who a certificate says signed, and when the signer's own clock says that it was (RFC 3339); neither is verified. */
export type Signer = { readonly name: string | null; readonly time: string | null }
export type Signed = { readonly content: Uint8Array; readonly signers: readonly Signer[] }

const [COMMON_NAME, SURNAME, GIVEN_NAME] = ['2.5.4.3', '2.5.4.4', '2.5.4.42']
const SIGNING_TIME = '1.2.840.113549.1.9.5'

/** As people are called: given name and surname where the certificate has them, since a common name is a tax number at times. */
function nameOf(certificate: Certificate): string | null {
  const said = (type: string): string | undefined => {
    const found = certificate.subject.typesAndValues.find((one) => one.type === type)
    return found && String((found.value.valueBlock as unknown as { value: unknown }).value).slice(0, 200)
  }
  const [given, surname] = [said(GIVEN_NAME), said(SURNAME)]
  return given !== undefined && surname !== undefined ? `${given} ${surname}` : (said(COMMON_NAME) ?? null)
}

function timeOf(signer: SignerInfo): string | null {
  const attribute = signer.signedAttrs?.attributes.find((one) => one.type === SIGNING_TIME)
  const value = attribute?.values[0] as UTCTime | undefined
  const date = typeof value?.toDate === 'function' ? value.toDate() : null
  return date === null || Number.isNaN(date.getTime()) ? null : date.toISOString().replace('.000Z', 'Z')
}

/** Which of the enclosed certificates is this signer's: by serial number, which is all that those of one file differ in. */
function certificateOf(data: SignedData, signer: SignerInfo): Certificate | undefined {
  const own = (data.certificates ?? []).filter((one) => one instanceof Certificate)
  const sid = signer.sid as { serialNumber?: { isEqual: (other: unknown) => boolean } }
  return (
    own.find((one) => sid.serialNumber?.isEqual(one.serialNumber) === true) ?? (own.length === 1 ? own[0] : undefined)
  )
}

/** BER may give the content in parts, and parts of parts. The library looks for parts in whole strings too, if they look like ASN.1. */
const contentOf = (held: OctetString): Uint8Array =>
  held.idBlock.isConstructed
    ? Buffer.concat(held.valueBlock.value.map((part) => contentOf(part as OctetString)))
    : new Uint8Array(held.valueBlock.valueHexView)

/** What a CMS SignedData (RFC 5652) encloses, and who signed it. No signature is verified: that needs the lists of the authorities. */
export function signedContent(bytes: Uint8Array): Signed {
  let data: SignedData
  try {
    const { result, offset } = fromBER(bytes)
    if (offset < 0) throw new Error('no ASN.1')
    data = new SignedData({ schema: new ContentInfo({ schema: result }).content })
  } catch {
    throw new Unread('unreadable', 'The signed file is damaged: it is not CMS SignedData.')
  }
  const held = data.encapContentInfo.eContent
  if (held === undefined)
    throw new Unread('unsupported', 'The file holds a signature alone; what was signed is elsewhere.')
  const signers = data.signerInfos.map((signer) => {
    const certificate = certificateOf(data, signer)
    return { name: certificate === undefined ? null : nameOf(certificate), time: timeOf(signer) }
  })
  return { content: contentOf(held), signers }
}
