import { indexContent, type IndexTable, type Shown } from './index-content.ts'
import type { About } from './manifest.ts'

const ESCAPES: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' }
const escaped = (text: string): string => text.replaceAll(/[&<>"']/g, (sign) => ESCAPES[sign]!)

const STYLE = `
:root { color-scheme: light; --ink: #1b1f24; --soft: #57606a; --line: #d0d7de; --wash: #f6f8fa; }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 76rem; padding: 2rem 1.5rem 3rem; color: var(--ink); background: #fff; font: 15px/1.45 system-ui, "Segoe UI", "DejaVu Sans", sans-serif; }
header { border-bottom: 2px solid var(--ink); margin-bottom: 1.25rem; padding-bottom: .75rem; }
header p { margin: 0; color: var(--soft); letter-spacing: .04em; text-transform: uppercase; font-size: .8rem; }
h1 { margin: .2rem 0 0; font-size: 1.7rem; line-height: 1.25; overflow-wrap: anywhere; }
h2 { margin: 2rem 0 .6rem; font-size: 1.15rem; }
dl { display: grid; grid-template-columns: minmax(9rem, max-content) 1fr; gap: .3rem 1.25rem; margin: 0; }
dt { color: var(--soft); }
dd { margin: 0; overflow-wrap: anywhere; }
.two { display: grid; grid-template-columns: 3fr 2fr; gap: 1rem 2.5rem; }
.box { background: var(--wash); border: 1px solid var(--line); border-radius: 6px; padding: .9rem 1.1rem; }
.box h2 { margin-top: 0; }
ul { margin: 0; padding-left: 1.1rem; }
.wide { overflow-x: auto; }
table { width: 100%; border-collapse: collapse; font-size: .87rem; }
th { text-align: left; color: var(--soft); font-weight: 600; border-bottom: 1px solid var(--ink); }
th, td { padding: .35rem .6rem .35rem 0; vertical-align: top; }
td { border-bottom: 1px solid var(--line); overflow-wrap: anywhere; }
td:first-child, th:first-child { color: var(--soft); white-space: nowrap; }
code { font: .76rem/1.4 ui-monospace, "DejaVu Sans Mono", monospace; word-break: break-all; }
a { color: #0550ae; }
@media (max-width: 50rem) { .two { grid-template-columns: 1fr; } }
@media print { @page { size: A4; margin: 15mm; } body { max-width: none; padding: 0; font-size: 9.5pt; } a { color: inherit; text-decoration: none; } h2 { break-after: avoid; } tr { break-inside: avoid; } thead { display: table-header-group; } }
`

const cell = (table: IndexTable, row: number, column: number, text: string): string => {
  const link = column === 1 ? (table.links[row] ?? null) : null
  const inner = table.code.includes(column) ? `<code>${escaped(text)}</code>` : escaped(text)
  return link === null ? `<td>${inner}</td>` : `<td><a href="${escaped(encodeURI(link))}">${inner}</a></td>`
}

function tableOf(table: IndexTable): string {
  const heading = `<h2>${escaped(table.title)}</h2>`
  if (table.rows.length === 0) return `<section>${heading}<p>${escaped(table.empty)}</p></section>`
  const all = table.grow.reduce((sum, part) => sum + part, 0)
  const columns = table.grow.map((part) => `<col style="width:${((100 * part) / all).toFixed(1)}%">`).join('')
  const head = table.head.map((text) => `<th scope="col">${escaped(text)}</th>`).join('')
  const rows = table.rows
    .map((row, at) => `<tr>${row.map((text, column) => cell(table, at, column, text)).join('')}</tr>`)
    .join('\n')
  const more = table.more === null ? '' : `<p>${escaped(table.more)}</p>`
  return `<section>${heading}<div class="wide"><table><colgroup>${columns}</colgroup><thead><tr>${head}</tr></thead><tbody>
${rows}
</tbody></table></div>${more}</section>`
}

/** The index for people: one page without scripts or anything from elsewhere; every text that is not ours is escaped. */
export function indexPage(about: About, shown: Shown, zone: string): string {
  const { words, title, facts, counts, notes, tables } = indexContent(about, shown, zone)
  const list = (items: readonly string[]): string =>
    `<ul>${items.map((item) => `<li>${escaped(item)}</li>`).join('')}</ul>`
  const keys =
    about.keys_published_at === null
      ? ''
      : `<p>${escaped(words.keysAt)} <code>${escaped(about.keys_published_at)}</code></p>`
  return `<!doctype html>
<html lang="${about.pack.language}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>${escaped(words.title)} – ${escaped(title)}</title>
<style>${STYLE}</style>
</head>
<body>
<header><p>${escaped(words.title)}</p><h1>${escaped(title)}</h1></header>
<div class="two">
<dl>${facts.map(([label, value]) => `<dt>${escaped(label)}</dt><dd>${escaped(value)}</dd>`).join('\n')}</dl>
<div><div class="box"><h2>${escaped(words.holds)}</h2>${list(counts)}</div></div>
</div>
<h2>${escaped(words.check)}</h2>
<p>${escaped(words.checkText)}</p>
${keys}
${list(notes)}
${tables.map(tableOf).join('\n')}
</body>
</html>
`
}
