import type { Align, Border, Borders, Family, ParagraphStyle, Stop, TextStyle } from './model.ts'
import { child, childrenOf, type Element, numberOf, pointsOf, rootOf, valueOf } from './xml.ts'

const on = (of: Element | undefined, name: string): boolean | undefined => {
  const found = child(of, name)
  if (found === undefined) return undefined
  return !['0', 'false', 'off', 'none'].includes(found.attributes['w:val'] ?? 'true')
}

const SERIF = /times|serif|cambria|georgia|garamond|roman|book|palatino|century/i
const MONO = /mono|courier|consolas|code/i
const familyOf = (name: string): Family =>
  MONO.test(name) ? 'mono' : SERIF.test(name) && !/sans/i.test(name) ? 'serif' : 'sans'

const COLOR = /^[0-9a-fA-F]{6}$/
export const colorOf = (text: string | undefined): string | null =>
  text !== undefined && COLOR.test(text) ? `#${text.toLowerCase()}` : null

const defined = <T extends object>(values: T): Partial<T> =>
  Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as Partial<T>

/** What a `w:rPr` says. */
export function textStyle(of: Element | undefined): Partial<TextStyle> {
  const fonts = child(of, 'w:rFonts')?.attributes
  const font = fonts?.['w:ascii'] ?? fonts?.['w:hAnsi']
  const half = numberOf(valueOf(of, 'w:sz'))
  const raised = valueOf(of, 'w:vertAlign')
  return defined({
    family: font === undefined ? undefined : familyOf(font),
    size: half === undefined ? undefined : Math.min(Math.max(half / 2, 4), 96),
    ...{ bold: on(of, 'w:b'), italic: on(of, 'w:i'), underline: on(of, 'w:u'), strike: on(of, 'w:strike') },
    caps: on(of, 'w:caps') ?? on(of, 'w:smallCaps'),
    color: colorOf(valueOf(of, 'w:color')) ?? undefined,
    raised:
      raised === undefined ? undefined : raised === 'superscript' ? 'super' : raised === 'subscript' ? 'sub' : 'no',
  }) as Partial<TextStyle>
}

const ALIGN: Record<string, Align> = {
  ...{ left: 'left', start: 'left', center: 'center', right: 'right', end: 'right', both: 'both', distribute: 'both' },
}

function borderOf(of: Element | undefined): Border | null | undefined {
  if (of === undefined) return undefined
  const { 'w:val': kind = 'none', 'w:sz': eighths, 'w:color': color } = of.attributes
  if (kind === 'none' || kind === 'nil') return null
  return { width: Math.min(Math.max((numberOf(eighths) ?? 4) / 8, 0.25), 6), color: colorOf(color) ?? '#000000' }
}

export function bordersOf(of: Element | undefined): Borders {
  return defined({
    ...{ top: borderOf(child(of, 'w:top')), bottom: borderOf(child(of, 'w:bottom')) },
    left: borderOf(child(of, 'w:left') ?? child(of, 'w:start')),
    right: borderOf(child(of, 'w:right') ?? child(of, 'w:end')),
    ...{ insideH: borderOf(child(of, 'w:insideH')), insideV: borderOf(child(of, 'w:insideV')) },
  }) as Borders
}

const LEADERS: Record<string, string> = { dot: '.', underscore: '_', hyphen: '-', middleDot: '·' }
function stopsOf(of: Element | undefined): Stop[] | undefined {
  const tabs = child(of, 'w:tabs')
  if (tabs === undefined) return undefined
  const stops = childrenOf(tabs, 'w:tab').flatMap(({ attributes }): Stop[] => {
    const { 'w:val': kind = 'left', 'w:leader': leader = '' } = attributes
    const at = pointsOf(attributes['w:pos'])
    if (at === undefined || kind === 'clear') return []
    const align = kind === 'right' || kind === 'end' ? 'right' : kind === 'center' ? 'center' : 'left'
    return [{ at, align, leader: LEADERS[leader] ?? null }]
  })
  return stops.toSorted((a, b) => a.at - b.at)
}

function lineOf(of: Element | undefined): ParagraphStyle['line'] | undefined {
  const by = numberOf(of?.attributes['w:line'])
  if (by === undefined) return undefined
  const rule = of?.attributes['w:lineRule']
  if (rule === 'exact' || rule === 'atLeast') return { rule: rule === 'exact' ? 'exact' : 'at_least', by: by / 20 }
  return { rule: 'factor', by: Math.min(Math.max(by / 240, 0.5), 5) }
}

/** What a `w:pPr` says. */
export function paragraphStyle(of: Element | undefined): Partial<ParagraphStyle> {
  const spacing = child(of, 'w:spacing')
  const indent = child(of, 'w:ind')?.attributes ?? {}
  const hanging = pointsOf(indent['w:hanging'])
  const level = numberOf(valueOf(of, 'w:outlineLvl'))
  const borders = child(of, 'w:pBdr')
  const shade = child(of, 'w:shd')
  return defined({
    align: ALIGN[valueOf(of, 'w:jc') ?? ''],
    before: pointsOf(spacing?.attributes['w:before']),
    after: pointsOf(spacing?.attributes['w:after']),
    line: lineOf(spacing),
    left: pointsOf(indent['w:left'] ?? indent['w:start']),
    right: pointsOf(indent['w:right'] ?? indent['w:end']),
    first: hanging === undefined ? pointsOf(indent['w:firstLine']) : -hanging,
    ...{ keepNext: on(of, 'w:keepNext'), keepLines: on(of, 'w:keepLines') },
    ...{ pageBreakBefore: on(of, 'w:pageBreakBefore'), contextual: on(of, 'w:contextualSpacing') },
    shade: shade === undefined ? undefined : colorOf(shade.attributes['w:fill']),
    borders: borders === undefined ? undefined : bordersOf(borders),
    stops: stopsOf(of),
    level: level !== undefined && level < 6 ? level + 1 : undefined,
  }) as Partial<ParagraphStyle>
}

const PLAIN_TEXT: TextStyle = {
  ...{ family: 'sans', size: 10, bold: false, italic: false, underline: false, strike: false, caps: false },
  ...{ color: '#000000', raised: 'no' },
}
const PLAIN: ParagraphStyle = {
  ...{ align: 'left', before: 0, after: 0, line: { rule: 'factor', by: 1 }, left: 0, right: 0, first: 0 },
  ...{ keepNext: false, keepLines: false, pageBreakBefore: false, contextual: false, shade: null },
  ...{ borders: {}, stops: [], level: null },
}

export type Styles = {
  /** The texts and paragraphs of a style, with what it is based on. */
  readonly text: (id: string | null) => Partial<TextStyle>
  readonly paragraph: (id: string | null) => Partial<ParagraphStyle>
  readonly plainText: TextStyle
  readonly plain: ParagraphStyle
  /** The style of paragraphs that name none. */
  readonly usual: string | null
  readonly tableBorders: (id: string | null) => Borders
  readonly numbering: (id: string | null) => Element | undefined
}

/** A style may be based on another: at most so many steps, so that a circle ends. */
const STEPS = 12

export function readStyles(xml: string | null): Styles {
  const root = xml === null ? undefined : rootOf(xml, 'w:styles')
  const byId = new Map(childrenOf(root, 'w:style').map((one) => [one.attributes['w:styleId'] ?? '', one]))
  const chain = (id: string | null): Element[] => {
    const found: Element[] = []
    for (
      let at = byId.get(id ?? '');
      at !== undefined && found.length < STEPS;
      at = byId.get(valueOf(at, 'w:basedOn') ?? '')
    ) {
      found.unshift(at)
    }
    return found
  }
  const merged = <T>(id: string | null, part: string, read: (of: Element | undefined) => T): T =>
    Object.assign({}, ...chain(id).map((one) => read(child(one, part)))) as T
  const defaults = child(root, 'w:docDefaults')
  const usual = childrenOf(root, 'w:style').find(
    ({ attributes }) => attributes['w:type'] === 'paragraph' && ['1', 'true'].includes(attributes['w:default'] ?? ''),
  )
  return {
    text: (id) => merged(id, 'w:rPr', textStyle),
    paragraph: (id) => merged(id, 'w:pPr', paragraphStyle),
    plainText: { ...PLAIN_TEXT, ...textStyle(child(child(defaults, 'w:rPrDefault'), 'w:rPr')) },
    plain: { ...PLAIN, ...paragraphStyle(child(child(defaults, 'w:pPrDefault'), 'w:pPr')) },
    usual: usual?.attributes['w:styleId'] ?? null,
    tableBorders: (id) =>
      Object.assign({}, ...chain(id).map((one) => bordersOf(child(child(one, 'w:tblPr'), 'w:tblBorders')))) as Borders,
    numbering: (id) =>
      child(
        child(
          chain(id)
            .toReversed()
            .find((one) => child(child(one, 'w:pPr'), 'w:numPr')),
          'w:pPr',
        ),
        'w:numPr',
      ),
  }
}
