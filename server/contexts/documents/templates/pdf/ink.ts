import type { TextStyle } from '../word/model.ts'

/** What is put on a page, from its upper left corner, in points. `y` of a text is its baseline. */
export type Ink =
  | {
      readonly kind: 'text'
      readonly x: number
      readonly y: number
      readonly text: string
      readonly style: TextStyle
      readonly width: number
    }
  | {
      readonly kind: 'rule'
      readonly from: Point
      readonly to: Point
      readonly width: number
      readonly color: string
      readonly dashed?: boolean
    }
  | {
      readonly kind: 'fill'
      readonly x: number
      readonly y: number
      readonly width: number
      readonly height: number
      readonly color: string
    }
export type Point = readonly [x: number, y: number]

/** How wide and high text is; heights are of a line, from the font's own metrics. */
export type Metrics = {
  readonly width: (text: string, style: TextStyle) => number
  readonly ascent: (style: TextStyle) => number
  readonly height: (style: TextStyle) => number
}

/**
 * A piece that is put as a whole, one under the other. `gap`: space that nobody misses at the top of a page. `keep`: not the last of a
 * page. `split`: in two, of which the first is no higher than the room; null where it cannot be.
 */
export type Box = {
  readonly height: number
  readonly keep: boolean
  readonly gap: boolean
  readonly ends: 'nothing' | 'page'
  readonly place: (x: number, y: number) => Ink[]
  readonly split: ((room: number) => [Box, Box] | null) | null
  /** What stands again at the top of a page that begins with it. */
  readonly repeat: readonly Box[]
}

const none = { keep: false, gap: false, ends: 'nothing', split: null, repeat: [], place: (): Ink[] => [] } as const
export const box = (of: Partial<Box> & { height: number }): Box => ({ ...none, ...of })
export const heightOf = (boxes: readonly Box[]): number => boxes.reduce((sum, { height }) => sum + height, 0)
export function placed(boxes: readonly Box[], x: number, y: number): Ink[] {
  let at = y
  return boxes.flatMap((one) => {
    const ink = one.place(x, at)
    at += one.height
    return ink
  })
}
