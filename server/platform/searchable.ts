// What has accents to lose and letters beyond a–z; most texts do not, and that is four times as fast to see.
const BEYOND_ASCII = /[^ -~]/

/** Text as it is searched: lower case, without accents, words of letters and digits with one space between. */
export const searchable = (text: string): string => {
  if (!BEYOND_ASCII.test(text))
    return text
      .toLowerCase()
      .replace(/[^a-z0-9]+/g, ' ')
      .trim()
  return text
    .normalize('NFKD')
    .replace(/\p{M}/gu, '')
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]+/gu, ' ')
    .trim()
}
