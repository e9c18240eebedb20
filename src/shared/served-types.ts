export interface ServedType {
  contentType: string
  /** Browsers show it as a document, in which scripts could run. */
  isDocument?: true
}

const script: ServedType = { contentType: 'text/javascript; charset=utf-8' }
const json: ServedType = { contentType: 'application/json' }
const jpeg: ServedType = { contentType: 'image/jpeg' }
const html: ServedType = { contentType: 'text/html; charset=utf-8', isDocument: true }

/** What the reference serves (plugins.md A3), and what bundlers put beside it. */
const servedTypes = new Map<string, ServedType>(
  Object.entries({
    js: script,
    mjs: script,
    css: { contentType: 'text/css; charset=utf-8' },
    json,
    map: json,
    wasm: { contentType: 'application/wasm' },
    txt: { contentType: 'text/plain; charset=utf-8' },
    html,
    htm: html,
    woff: { contentType: 'font/woff' },
    woff2: { contentType: 'font/woff2' },
    ttf: { contentType: 'font/ttf' },
    otf: { contentType: 'font/otf' },
    eot: { contentType: 'application/vnd.ms-fontobject' },
    svg: { contentType: 'image/svg+xml', isDocument: true },
    png: { contentType: 'image/png' },
    jpg: jpeg,
    jpeg,
    gif: { contentType: 'image/gif' },
    webp: { contentType: 'image/webp' },
    avif: { contentType: 'image/avif' },
    ico: { contentType: 'image/x-icon' },
    mp3: { contentType: 'audio/mpeg' },
    ogg: { contentType: 'audio/ogg' },
    wav: { contentType: 'audio/wav' },
    mp4: { contentType: 'video/mp4' },
    webm: { contentType: 'video/webm' },
  }),
)

/** How a path is served by its last suffix, in any letter case; undefined: never. */
export const findServedType = (path: string): ServedType | undefined =>
  servedTypes.get(/\.([^./]+)$/.exec(path)?.[1]?.toLowerCase() ?? '')
