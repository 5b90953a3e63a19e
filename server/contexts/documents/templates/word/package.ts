import PizZip from 'pizzip'
import { boundedZip } from '#platform/files/zip-bounds.ts'
import type { Detail } from '#platform/refusal.ts'
import { everyElement, rootOf, textOf, type Element } from './xml.ts'

/** What a template may unpack to: text, no pictures of a whole page. */
const MAX_UNPACKED = 20 * 1024 * 1024

/** Whatever else a DOCX can carry (macros, controls, objects, other documents) is not taken. */
const PARTS =
  /^(\[Content_Types\]\.xml|_rels\/\.rels|docProps\/[A-Za-z]+\.xml|docProps\/thumbnail\.(jpe?g|png|wmf|emf)|word\/[A-Za-z]+\d{0,3}\.xml|word\/_rels\/[A-Za-z]+\d{0,3}\.xml\.rels|word\/theme\/theme\d{1,2}\.xml|word\/theme\/_rels\/theme\d{1,2}\.xml\.rels|customXml\/(_rels\/)?[A-Za-z]+\d{1,3}\.xml(\.rels)?)$/
const FOLDER = /^([A-Za-z_]+\/){1,3}$/
const MAIN = 'application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml'
const RELATIONS = new Set([
  ...['officeDocument', 'core-properties', 'extended-properties', 'custom-properties', 'styles', 'stylesWithEffects'],
  ...['numbering', 'settings', 'webSettings', 'fontTable', 'theme', 'header', 'footer', 'footnotes', 'endnotes'],
  ...['comments', 'commentsExtended', 'people', 'hyperlink', 'customXml', 'customXmlProps', 'thumbnail'],
])
/** An address that a reader may follow, never one that is fetched by opening the file. */
const LINK = /^(https?:\/\/|mailto:)[^\s]{1,500}$/i

/** What our pages cannot show: better refused than left out in silence. */
const UNPRINTED: Record<string, string> = {
  ...{ 'w:drawing': 'a picture or a drawing', 'w:pict': 'a picture or a drawing', 'w:object': 'an embedded object' },
  ...{ 'w:altChunk': 'another document', 'w:control': 'a control', 'w:subDoc': 'another document' },
  ...{ 'm:oMath': 'a formula', 'w:sym': 'a sign of a symbol font: write it as a character' },
  ...{ 'w:footnoteReference': 'a footnote', 'w:endnoteReference': 'an endnote' },
  ...{ 'w:del': 'a tracked change: accept or reject it', 'w:moveFrom': 'a tracked change: accept or reject it' },
  ...{ 'w:ins': 'a tracked change: accept or reject it', 'mc:AlternateContent': 'a text box or a drawing' },
  ...{ 'w:framePr': 'a text frame', 'w:cols': 'columns' },
}
const FIELDS = new Set(['PAGE', 'NUMPAGES'])
const DEEP = 60

export type Opened =
  | { readonly zip: PizZip }
  | { readonly problems: readonly Detail[]; readonly kind: 'file_type' | 'unsafe' | 'too_large' }

const isPrinted = (name: string): boolean => /^word\/(document|header\d*|footer\d*)\.xml$/.test(name)

function relationProblems(name: string, xml: string): Detail[] {
  return rootOf(xml, 'Relationships').children.flatMap(({ attributes }): Detail[] => {
    const { Type: type = '', TargetMode: mode = 'Internal', Target: target = '' } = attributes
    const kind = type.split('/').at(-1) ?? ''
    if (!RELATIONS.has(kind))
      return [{ field: name, message: `holds a relation that is not taken: ${kind.slice(0, 60)}` }]
    if (mode !== 'Internal' && !(kind === 'hyperlink' && LINK.test(target))) {
      return [{ field: name, message: `points outside the file (${kind})` }]
    }
    return []
  })
}

function* instructions(part: Element): Generator<string> {
  let text: string | null = null
  for (const one of everyElement(part)) {
    if (one.name === 'w:fldSimple') yield one.attributes['w:instr'] ?? ''
    if (one.name === 'w:instrText') {
      if (text === null) yield textOf(one)
      else text += textOf(one)
    }
    const kind = one.name === 'w:fldChar' ? one.attributes['w:fldCharType'] : undefined
    // A field in a field: what is inside is looked at by itself, and no field of ours holds another.
    if (kind === 'begin' && text !== null) yield `${text} {}`
    if (kind === 'begin') text = ''
    if (kind === 'end' || kind === 'separate') {
      if (text !== null) yield text
      text = null
    }
  }
  if (text !== null) yield text
}

function depthOf(part: Element): number {
  let [level, deep] = [[part], 0]
  while (level.length > 0 && deep <= 10 * DEEP) [level, deep] = [level.flatMap((one) => [...one.children]), deep + 1]
  return deep
}

function printedProblems(name: string, xml: string): Detail[] {
  const part = rootOf(xml, name.includes('header') ? 'w:hdr' : name.includes('footer') ? 'w:ftr' : 'w:document')
  if (part.name === '') return [{ field: name, message: 'is not what its name says' }]
  if (depthOf(part) > DEEP) return [{ field: name, message: 'is nested too deep' }]
  const found = new Set<string>()
  for (const instruction of instructions(part)) {
    const [word = ''] = instruction.trim().split(/\s+/)
    if (!FIELDS.has(word) || instruction.includes('{}'))
      found.add(`holds a field that is not taken: ${word.slice(0, 40)}`)
  }
  for (const one of everyElement(part)) {
    if (one.name === 'w:cols' && Number(one.attributes['w:num'] ?? 1) <= 1) continue
    if (Object.hasOwn(UNPRINTED, one.name)) found.add(`holds ${UNPRINTED[one.name]!}`)
  }
  return [...found].map((message) => ({ field: name, message }))
}

function partProblems(name: string, xml: string): Detail[] {
  if (/<!(DOCTYPE|ENTITY)/i.test(xml)) return [{ field: name, message: 'declares a document type' }]
  if (xml.includes('\u0000') || xml.includes('\ufffd')) return [{ field: name, message: 'is not UTF-8' }]
  try {
    if (name.endsWith('.rels')) return relationProblems(name, xml)
    return isPrinted(name) ? printedProblems(name, xml) : []
  } catch {
    // The parser has limits of its own: how deep, how many attributes, how long a name.
    return [{ field: name, message: 'is no XML that can be read, or is nested too deep' }]
  }
}

/** Opens a DOCX of strangers: bounded, without anything in it that acts, fetches or could not be printed. */
export function openPackage(bytes: Buffer): Opened {
  let names: string[] | null
  try {
    names = boundedZip(bytes, MAX_UNPACKED)
  } catch (error) {
    const kind = error instanceof RangeError ? 'too_large' : 'file_type'
    return { kind, problems: [{ field: 'file', message: (error as Error).message }] }
  }
  if (names === null || !names.includes('word/document.xml') || !names.includes('[Content_Types].xml')) {
    return { kind: 'file_type', problems: [{ field: 'file', message: 'is no Word document (.docx)' }] }
  }
  const strange = names.filter((name) => !PARTS.test(name) && !FOLDER.test(name))
  if (strange.length > 0 || new Set(names).size !== names.length) {
    const list = strange.length > 0 ? strange : ['file']
    const what = strange.length > 0 ? 'is not taken in a template' : 'holds two parts of one name'
    return { kind: 'unsafe', problems: list.slice(0, 20).map((name) => ({ field: name.slice(0, 200), message: what })) }
  }
  const zip = new PizZip(bytes)
  const types = zip.file('[Content_Types].xml')!.asText()
  if (!types.includes(MAIN) || /macroEnabled/i.test(types)) {
    return {
      kind: 'file_type',
      problems: [{ field: 'file', message: 'is no plain Word document: it may hold macros' }],
    }
  }
  const problems = names
    .filter((name) => /\.(xml|rels)$/.test(name))
    .flatMap((name) => partProblems(name, zip.file(name)!.asText()))
  return problems.length > 0 ? { kind: 'unsafe', problems: problems.slice(0, 50) } : { zip }
}
