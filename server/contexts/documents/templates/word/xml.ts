import { XMLParser } from 'fast-xml-parser'

/** An element with its attributes and what is in it; `#text` for a piece of text. */
export type Element = {
  readonly name: string
  readonly attributes: Readonly<Record<string, string>>
  readonly children: readonly Element[]
  readonly text: string
}

// Entities of a document type cannot come here: a part that declares one is refused before (package.ts).
const parser = new XMLParser({
  ...{ preserveOrder: true, ignoreAttributes: false, attributeNamePrefix: '', trimValues: false },
  ...{ parseTagValue: false, parseAttributeValue: false, processEntities: true, htmlEntities: true },
})

type Raw = Record<string, unknown>

function elementOf(raw: Raw): Element {
  const name = Object.keys(raw).find((key) => key !== ':@') ?? ''
  if (name === '#text') return { name, attributes: {}, children: [], text: String(raw[name]) }
  const children = (Array.isArray(raw[name]) ? (raw[name] as Raw[]) : []).map(elementOf)
  return { name, attributes: (raw[':@'] ?? {}) as Record<string, string>, children, text: '' }
}

const NONE: Element = { name: '', attributes: {}, children: [], text: '' }

/** The element of that name at the root of a part; an empty one where there is none. */
export function rootOf(xml: string, name: string): Element {
  return (parser.parse(xml) as Raw[]).map(elementOf).find((one) => one.name === name) ?? NONE
}

export const child = (of: Element | undefined, name: string): Element | undefined =>
  of?.children.find((one) => one.name === name)
export const childrenOf = (of: Element | undefined, name: string): Element[] =>
  (of?.children ?? []).filter((one) => one.name === name)
/** `w:val` of a child. */
export const valueOf = (of: Element | undefined, name: string): string | undefined =>
  child(of, name)?.attributes['w:val']
export const textOf = (of: Element): string => of.text + of.children.map(textOf).join('')
/** A whole number of an attribute; undefined where there is none. */
export function numberOf(text: string | undefined): number | undefined {
  const value = text === undefined ? Number.NaN : Number.parseFloat(text)
  return Number.isFinite(value) ? value : undefined
}
/** Word's twentieths of a point. */
export const pointsOf = (text: string | undefined): number | undefined => {
  const twips = numberOf(text)
  return twips === undefined ? undefined : Math.max(-20_000, Math.min(20_000, twips / 20))
}
export function* everyElement(of: Element): Generator<Element> {
  yield of
  for (const one of of.children) yield* everyElement(one)
}
