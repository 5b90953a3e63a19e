const LONGEST = 50

/** A short name for a company, for people and addresses: `Solare Lombardia S.r.l.` → `solare-lombardia-srl`. */
export function slugOf(name: string): string {
  const slug = name
    .normalize('NFKD')
    .toLowerCase()
    .replaceAll(/[\u0300-\u036f.'’]/gu, '')
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replaceAll(/^-+|-+$/g, '')
    .slice(0, LONGEST)
    .replace(/-+$/, '')
  return slug.length >= 2 ? slug : `company${slug === '' ? '' : `-${slug}`}`
}
