/** A Word document as far as it is printed: lengths in points. */
export type Family = 'sans' | 'serif' | 'mono'
export type TextStyle = {
  readonly family: Family
  readonly size: number
  readonly bold: boolean
  readonly italic: boolean
  readonly underline: boolean
  readonly strike: boolean
  readonly caps: boolean
  readonly color: string
  readonly raised: 'no' | 'super' | 'sub'
}
export type Inline =
  | { readonly kind: 'text'; readonly text: string; readonly style: TextStyle }
  | { readonly kind: 'field'; readonly field: 'page' | 'pages'; readonly style: TextStyle }
  | { readonly kind: 'tab'; readonly style: TextStyle }
  | { readonly kind: 'break'; readonly style: TextStyle }
  | { readonly kind: 'page_break' }

export type Align = 'left' | 'center' | 'right' | 'both'
export type Stop = { readonly at: number; readonly align: 'left' | 'center' | 'right'; readonly leader: string | null }
export type Border = { readonly width: number; readonly color: string }
export type Borders = Readonly<
  Partial<Record<'top' | 'bottom' | 'left' | 'right' | 'insideH' | 'insideV', Border | null>>
>

export type ParagraphStyle = {
  readonly align: Align
  readonly before: number
  readonly after: number
  /** A factor of the font's own height, or points. */
  readonly line: { readonly rule: 'factor' | 'exact' | 'at_least'; readonly by: number }
  readonly left: number
  readonly right: number
  readonly first: number
  readonly keepNext: boolean
  readonly keepLines: boolean
  readonly pageBreakBefore: boolean
  readonly contextual: boolean
  readonly shade: string | null
  readonly borders: Borders
  readonly stops: readonly Stop[]
  /** 1 to 6 for headings. */
  readonly level: number | null
}
export type Paragraph = {
  readonly kind: 'paragraph'
  readonly style: ParagraphStyle
  readonly styleId: string | null
  readonly marker: { readonly text: string; readonly style: TextStyle } | null
  readonly inlines: readonly Inline[]
  /** Of an empty line, how high it is. */
  readonly empty: TextStyle
}
export type Margins = { readonly top: number; readonly bottom: number; readonly left: number; readonly right: number }
export type Cell = {
  readonly blocks: readonly Block[]
  readonly span: number
  /** 'more': what is above goes on here. */
  readonly merged: 'no' | 'start' | 'more'
  readonly shade: string | null
  readonly borders: Borders
  readonly margins: Margins
  readonly vertical: 'top' | 'center' | 'bottom'
}
export type Row = {
  readonly cells: readonly Cell[]
  readonly heading: boolean
  readonly whole: boolean
  readonly height: number
}
export type Table = {
  readonly kind: 'table'
  readonly grid: readonly number[]
  readonly rows: readonly Row[]
  readonly borders: Borders
  readonly align: Align
  readonly indent: number
}
export type Block = Paragraph | Table

export type Sheet = {
  readonly width: number
  readonly height: number
  readonly margins: Margins
  readonly header: number
  readonly footer: number
}
export type WordDocument = {
  readonly sheet: Sheet
  readonly body: readonly Block[]
  readonly header: readonly Block[]
  readonly footer: readonly Block[]
  /** Where the first page has its own. */
  readonly first: { readonly header: readonly Block[]; readonly footer: readonly Block[] } | null
}
