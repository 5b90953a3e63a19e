import type { Draft, PageOrder, Reader } from './content.ts'
import { unarmoured } from './content-type.ts'
import { readWithin } from './read-within.ts'
import { type Signed, signedContent } from './signed-content.ts'

const saidOf = ({ signers }: Signed): string =>
  signers.map(({ name, time }) => [name ?? '?', ...(time === null ? [] : [time])].join(', ')).join('; ')

/** The facts of the signature go before the first page, so that the pages keep the numbers that they have on paper. */
function headed(draft: Draft, heading: string): Draft {
  const words = draft.words?.map(([start, ...place]) => [start + heading.length, ...place] as const) ?? null
  return { ...draft, text: `${heading}${draft.text}`, words }
}

/** P7M: the file inside, read as what it is, and who signed it. */
export const readSigned: Reader = async function* (bytes, bench): AsyncGenerator<PageOrder> {
  const signed = signedContent(unarmoured(bytes) ?? bytes)
  const said = saidOf(signed)
  await bench.note(`Signed by ${said}; the signature was not verified.`)
  const heading = `Firma digitale / digital signature: ${said} (non verificata / not verified)\n\n`
  let first = true
  for await (const order of readWithin(signed.content, bench)) {
    const headings = first ? heading : ''
    first = false
    yield async () => (headings === '' ? order() : headed(await order(), headings))
  }
}
