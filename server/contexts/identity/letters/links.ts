import type { Config } from '#config'

type Addressed = Pick<Config, 'PUBLIC_URL' | 'PORT'>

/** A page of the console, where letters lead to. */
export const pageLink = ({ PUBLIC_URL, PORT }: Addressed, page: string): string =>
  `${(PUBLIC_URL ?? `http://127.0.0.1:${PORT}`).replace(/\/$/, '')}/${page}`

/** A link that carries a token in its fragment, which browsers send to no server and to no other page. */
export const tokenLink = (config: Addressed, page: string, token: string): string =>
  `${pageLink(config, page)}#token=${token}`
