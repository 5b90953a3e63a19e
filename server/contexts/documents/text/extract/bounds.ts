/** A file in a file in a file: a signed mail with a signed PDF. Deeper is a game. */
export const MAX_DEPTH = 3
/** What a ZIP may unpack to: ten times the largest upload that is usual. */
export const MAX_UNPACKED = 100 * 1024 * 1024
/** Characters of one page: a printed page has 3,000, a wide sheet some 100,000. */
export const MAX_PAGE_CHARS = 100_000
/** Characters of all pages: 5,000 pages of print. */
export const MAX_CHARS = 20_000_000
/** Words of one page whose places are kept. */
export const MAX_PAGE_WORDS = 20_000
/** What has no pages is cut into pieces of about so many characters, at the end of a line. */
export const FLOWING_PAGE = 4_000
/** Pixels of a picture that is recognised: A4 at 400 dpi has 15 million. Larger ones are made smaller. */
export const MAX_PIXELS = 16_000_000
/** Pixels of a picture that is opened at all: four bytes each, and A3 at 600 dpi has 70 million. */
export const MAX_OPENED_PIXELS = 100_000_000
/** How finely a page is drawn for recognition. Tesseract is made for 200 to 300. */
export const DPI = 200
/** One picture of one page. */
export const PROGRAM_MS = 120_000
export const OCR_USED_UP =
  'Recognition ended at the largest number of scanned pages (OCR_MAX_PAGES): later ones have no text.'
