/** What may be uploaded, if the settings allow it: the extension and the media type that goes with it. */
export const MEDIA_TYPES = {
  pdf: 'application/pdf',
  doc: 'application/msword',
  docx: 'application/vnd.openxmlformats-officedocument.wordprocessingml.document',
  xlsx: 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet',
  txt: 'text/plain',
  csv: 'text/csv',
  xml: 'application/xml',
  png: 'image/png',
  jpg: 'image/jpeg',
  p7m: 'application/pkcs7-mime',
  eml: 'message/rfc822',
} as const
export type FileType = keyof typeof MEDIA_TYPES

/** What a browser only ever saves or shows as a picture or plain text; everything else is sent as bytes of no kind. */
const SAFE: ReadonlySet<string> = new Set<FileType>(['pdf', 'docx', 'xlsx', 'txt', 'csv', 'png', 'jpg'])

/** The media type that a download says. */
export const servedType = (type: string): string =>
  SAFE.has(type) ? MEDIA_TYPES[type as FileType] : 'application/octet-stream'

export const isFileType = (extension: string): extension is FileType => Object.hasOwn(MEDIA_TYPES, extension)

/** The types of the setting ALLOWED_EXTENSIONS that are known; `jpeg` is `jpg`. */
export const allowedTypes = (setting: string): ReadonlySet<FileType> =>
  new Set(
    setting
      .split(',')
      .map((one) => one.trim().toLowerCase().replace(/^\./, ''))
      .map((one) => (one === 'jpeg' ? 'jpg' : one))
      .filter(isFileType),
  )
