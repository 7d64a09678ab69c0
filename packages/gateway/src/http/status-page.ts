// Draws the page a person sees under the gateway's address. Pure text from values; no script, no outside resource, and
// nothing that arrives from a request is written without being escaped.

export interface StatusPage {
  readonly isReady: boolean
  readonly version: string
  readonly uptimeMs: number
  /** Where clients connect; undefined when the viewer's way in has no address. */
  readonly url: string | undefined
  /** For viewers on this machine only. */
  readonly local: { readonly failing: readonly string[]; readonly clientCount: number } | undefined
}

/** Part of the page, and hashed into its Content-Security-Policy: the two must be the same text. */
export const STYLE_SHEET = `
:root{color-scheme:light dark;--sea:#dfeceb;--paper:#f7faf9;--card:#fff;--ink:#0e2a33;--soft:#466069;--line:#cfdddd;--tide:#0a6b70;--warn:#8a4b00}
@media (prefers-color-scheme:dark){:root{--sea:#0d2a33;--paper:#081a21;--card:#0f272f;--ink:#e4f0ef;--soft:#a1bbc0;--line:#224049;--tide:#6ad3c8;--warn:#f2b661}}
*{box-sizing:border-box}
body{margin:0;background:var(--paper);color:var(--ink);font:1rem/1.6 system-ui,-apple-system,"Segoe UI",Roboto,sans-serif}
.scene{background:var(--sea);color:var(--tide);overflow:hidden}
svg{display:block;width:100%;height:8.5rem}
main,footer{max-width:44rem;margin:0 auto;padding:0 1.5rem}
.name{margin:2rem 0 0;color:var(--tide);font-weight:650;letter-spacing:.01em}
h1{margin:.15rem 0 .75rem;font-size:clamp(1.75rem,1.2rem + 2.4vw,2.5rem);line-height:1.2;letter-spacing:-.02em;text-wrap:balance}
h2{margin:0 0 .5rem;font-size:1.0625rem}
p{margin:0 0 .75rem}
.warn{color:var(--warn);font-weight:600}
.facts{display:flex;flex-wrap:wrap;gap:.25rem 1.75rem;margin:0 0 2rem;padding:0;list-style:none;color:var(--soft)}
.facts b{color:var(--ink);font-weight:600;font-variant-numeric:tabular-nums}
section{margin:0 0 1.25rem;padding:1.25rem 1.5rem;background:var(--card);border:1px solid var(--line);border-radius:.75rem}
section>:last-child{margin-bottom:0}
code{font:.9375em/1.5 ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;overflow-wrap:anywhere}
.url{display:block;margin:0 0 .75rem;padding:.625rem .875rem;background:var(--paper);border:1px solid var(--line);border-radius:.5rem;font-size:1.0625rem;user-select:all}
dl{display:grid;grid-template-columns:max-content 1fr;gap:.5rem 1.5rem;margin:0}
dt{color:var(--tide)}
dd{margin:0;color:var(--soft)}
footer{padding-bottom:2.5rem;color:var(--soft);font-size:.875rem}
a{color:var(--tide);text-underline-offset:.2em}
a:focus-visible{outline:2px solid currentColor;outline-offset:3px;border-radius:2px}
@media (max-width:34rem){main,footer{padding:0 1.125rem}section{padding:1.125rem}dl{display:block}dd{margin:0 0 .875rem}dd:last-child{margin:0}svg{height:6rem}}
`

export function renderStatusPage(page: StatusPage): string {
  const state = page.isReady ? 'The gateway is running.' : 'The gateway is running, but not ready.'
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width,initial-scale=1">
<meta name="robots" content="noindex">
<title>${page.isReady ? 'Running' : 'Not ready'} · Breakwater gateway</title>
<link rel="icon" href="data:image/svg+xml,${encodeURIComponent(ICON)}">
<style>${STYLE_SHEET}</style>
</head>
<body>
<div class="scene">${SCENE}</div>
<main>
<p class="name">Breakwater</p>
<h1>${state}</h1>
${notReady(page)}<ul class="facts">
${facts(page).join('\n')}
</ul>
<section aria-labelledby="connect">
<h2 id="connect">Connect a client</h2>
${address(page)}
<p>Apps, devices and command lines that speak the OpenClaw Gateway protocol connect here. They ask for the gateway’s token (<code>breakwater token show</code> on its machine) or its password.</p>
</section>
<section aria-labelledby="next">
<h2 id="next">On the gateway’s machine</h2>
<dl>
<dt><code>breakwater status</code></dt><dd>What is connected, and what needs you.</dd>
<dt><code>breakwater devices list</code></dt><dd>Devices, paired or waiting for approval.</dd>
</dl>
</section>
</main>
<footer><p>For monitors: <a href="/healthz">/healthz</a> says that it lives, <a href="/readyz">/readyz</a> whether it is ready.</p></footer>
</body>
</html>
`
}

function notReady({ isReady, local }: StatusPage): string {
  if (isReady || local === undefined || local.failing.length === 0) return ''
  return `<p class="warn">Not ready: ${escapeHtml(local.failing.join(', '))}</p>\n`
}

function facts({ version, uptimeMs, local }: StatusPage): string[] {
  const lines = [`Version <b>${escapeHtml(version)}</b>`, `Up <b>${describeDuration(uptimeMs)}</b>`]
  if (local !== undefined) {
    lines.push(`<b>${local.clientCount}</b> ${local.clientCount === 1 ? 'client' : 'clients'} connected`)
  }
  return lines.map((line) => `<li>${line}</li>`)
}

function address({ url }: StatusPage): string {
  return url === undefined
    ? '<p>The address is the one this gateway was started with.</p>'
    : `<code class="url">${escapeHtml(url)}</code>`
}

/** The two largest units, in words short enough for a line: `3 d 4 h`, `12 min`. */
function describeDuration(durationMs: number): string {
  const minutes = Math.floor(durationMs / 60_000)
  if (minutes < 1) return 'less than a minute'
  if (minutes < 60) return `${minutes} min`
  const hours = Math.floor(minutes / 60)
  return hours < 24 ? `${hours} h ${minutes % 60} min` : `${Math.floor(hours / 24)} d ${hours % 24} h`
}

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`)
}

const ICON =
  '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><rect width="32" height="32" rx="7" fill="#0a6b70"/>' +
  '<g fill="none" stroke="#fff" stroke-width="2.6" stroke-linecap="round"><path d="M4 14q3-6 6 0t5 0M4 22q3-6 6 0t5 0"/>' +
  '<path d="M19.5 6v20"/><path d="M24 14h4M24 22h4"/></g></svg>'

const rough = (x: number, y: number, height: number, opacity: number): string =>
  `<path d="M${x} ${y}q35-${height} 70 0t${'70 0 '.repeat(26)}V140H${x}z" opacity="${opacity}"/>`

const calm = (y: number, swell: number, opacity: number): string =>
  `<path d="M624 ${y}q150 ${swell} 300 0t${'300 0 '.repeat(5)}V140H624z" opacity="${opacity}"/>`

const stone = (x: number, y: number, width: number, height: number): string =>
  `<rect x="${x}" y="${y}" width="${width}" height="${height}" rx="7"/>`

/** Rough water, a wall, calm water: what the name means. Wider than any window; the middle is what shows. */
const SCENE = [
  '<svg viewBox="-1200 0 3600 136" preserveAspectRatio="xMidYMid slice" aria-hidden="true" fill="currentColor">',
  ...[rough(-1280, 60, 38, 0.16), rough(-1245, 84, 38, 0.24), rough(-1210, 112, 34, 0.42)],
  ...[calm(74, -6, 0.13), calm(96, 6, 0.16), calm(118, -6, 0.22)],
  ...[stone(580, 20, 44, 32), stone(629, 29, 27, 23)],
  ...[stone(566, 57, 36, 34), stone(607, 57, 60, 34)],
  ...[stone(548, 96, 62, 48), stone(615, 96, 38, 48), stone(658, 96, 28, 48)],
  '</svg>',
].join('')
