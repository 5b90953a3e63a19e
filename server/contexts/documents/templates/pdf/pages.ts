import type { WordDocument } from '../word/model.ts'
import { boxesOf } from './boxes.ts'
import { heightOf, placed, type Box, type Ink, type Metrics } from './ink.ts'

/** What is put on each page. */
export type Pages = readonly (readonly Ink[])[]

/** More than this nobody prints; a template that makes it is broken, or means to be. */
export const MAX_PAGES = 300
/** Between what stands at the head or foot of a page and the text. */
const AIR = 8

type Room = { readonly top: number; readonly bottom: number; readonly left: number }
type State = { pages: Ink[][]; page: Ink[]; y: number; empty: boolean }

const isFull = (state: State, room: Room, height: number): boolean => state.y + height > room.bottom + 0.01

function turn(state: State, room: Room): void {
  if (state.pages.length >= MAX_PAGES) throw new RangeError(`would have more than ${MAX_PAGES} pages`)
  state.page = []
  state.pages.push(state.page)
  Object.assign(state, { y: room.top, empty: true })
}

/** How high a box is with what it must stay with. */
function chainHeight(boxes: readonly Box[], from: number): number {
  let height = 0
  for (let index = from; index < boxes.length; index += 1) {
    height += boxes[index]!.height
    if (!boxes[index]!.keep) break
  }
  return height
}

function put(state: State, room: Room, made: Box): void {
  state.page.push(...made.place(room.left, state.y))
  state.y += made.height
  state.empty = false
}

function putAnew(state: State, room: Room, made: Box): void {
  turn(state, room)
  const repeat = heightOf(made.repeat) < (room.bottom - room.top) / 2 ? made.repeat : []
  for (const one of repeat) put(state, room, one)
  const parts = isFull(state, room, made.height) ? (made.split?.(room.bottom - state.y) ?? null) : null
  if (parts === null) return put(state, room, made)
  put(state, room, parts[0])
  putAnew(state, room, parts[1])
}

function fillPages(boxes: readonly Box[], room: Room): Ink[][] {
  const state: State = { pages: [], page: [], y: 0, empty: true }
  const whole = room.bottom - room.top
  turn(state, room)
  boxes.forEach((made, index) => {
    if (made.gap && state.empty) return
    if (made.gap && isFull(state, room, made.height)) return
    const chain = chainHeight(boxes, index)
    const moves = !state.empty && chain <= whole && isFull(state, room, chain)
    if (moves || (!state.empty && isFull(state, room, made.height))) putAnew(state, room, made)
    else if (isFull(state, room, made.height) && made.split !== null) {
      const parts = made.split(room.bottom - state.y)
      if (parts === null) put(state, room, made)
      else {
        put(state, room, parts[0])
        putAnew(state, room, parts[1])
      }
    } else put(state, room, made)
    if (made.ends === 'page') turn(state, room)
  })
  return state.pages
}

/** Puts a document on pages. Of the body, numbers of pages are known in a second pass; the page's own number is not. */
export function pagesOf(document: WordDocument, metrics: Metrics): Pages {
  const { sheet } = document
  const width = sheet.width - sheet.margins.left - sheet.margins.right
  const margin = (index: number): Pick<WordDocument, 'header' | 'footer'> =>
    index === 0 && document.first !== null ? document.first : document
  const setting = (page: number, pages: number) => ({ metrics, fields: { page: String(page), pages: String(pages) } })
  const heights = (kind: 'header' | 'footer'): number =>
    Math.max(...[0, 1].map((index) => heightOf(boxesOf(margin(index)[kind], width, setting(9, 99)))))
  const room: Room = {
    left: sheet.margins.left,
    top: Math.max(sheet.margins.top, heights('header') > 0 ? sheet.header + heights('header') + AIR : 0),
    bottom:
      sheet.height - Math.max(sheet.margins.bottom, heights('footer') > 0 ? sheet.footer + heights('footer') + AIR : 0),
  }
  const first = fillPages(boxesOf(document.body, width, setting(1, 1)), room)
  const body = first.length === 1 ? first : fillPages(boxesOf(document.body, width, setting(1, first.length)), room)
  return body.map((ink, index) => {
    const here = setting(index + 1, body.length)
    const header = boxesOf(margin(index).header, width, here)
    const footer = boxesOf(margin(index).footer, width, here)
    const foot = sheet.height - sheet.footer - heightOf(footer)
    return [...placed(header, room.left, sheet.header), ...ink, ...placed(footer, room.left, foot)]
  })
}
