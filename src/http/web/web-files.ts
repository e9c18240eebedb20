import { statSync } from 'node:fs'
import { findBelow } from '../../shared/find-below.ts'
import { findPathFault } from '../../shared/safe-path.ts'
import { findServedType } from '../../shared/served-types.ts'
import type { DiskFile } from '../disk-file.ts'

const maxDepth = 32
const suffixes = { br: '.br', gzip: '.gz' } as const
type Encoding = keyof typeof suffixes

/** Nothing hidden, such as `.env` or `.git`, but what RFC 8615 puts there. */
const isHidden = (path: string) =>
  path.split('/').some((name, index) => name.startsWith('.') && !(index === 0 && name === '.well-known'))

/** The place of a decoded path in the client's folder; undefined when there is no such file or browsers may not have it. */
export const findWebFile = (folder: string, path: string): string | undefined =>
  findPathFault(path, maxDepth) === undefined && !isHidden(path) ? findBelow(folder, path) : undefined

/** The inode changes when a file is replaced, and the change time, which nobody can set, whenever it is written. */
const etagOf = (diskPath: string): string => {
  const { size, ino, ctimeNs } = statSync(diskPath, { bigint: true })
  return `"${[size, ino, ctimeNs].map((one) => one.toString(36)).join('-')}"`
}

/** The first of the wanted encodings that lies beside the file, else the file as it is. */
export const chooseWebFile = (folder: string, path: string, diskPath: string, wanted: Encoding[]): DiskFile => {
  for (const encoding of wanted) {
    const compressed = findWebFile(folder, path + suffixes[encoding])
    if (compressed !== undefined) return { diskPath: compressed, encoding, etag: etagOf(compressed) }
  }
  return { diskPath, etag: etagOf(diskPath) }
}

const furtherTypes = new Map([
  ['webmanifest', 'application/manifest+json'],
  ['xml', 'application/xml; charset=utf-8'],
  ['pdf', 'application/pdf'],
])

export const contentTypeOf = (path: string): string =>
  findServedType(path)?.contentType ??
  furtherTypes.get(/\.([^./]+)$/.exec(path)?.[1]?.toLowerCase() ?? '') ??
  'application/octet-stream'

/** What Rollup, and with it Vite, calls scripts and styles: a dash and eight characters of base64, e.g. `index-DiwrgTda.js`. */
const rollupHash = /(?:^|\/)assets\/(?:.*\/)?[^/]*-([\w-]{8})\.(?:m?js|css)(?:\.map)?$/
/** What stands before the suffixes, as in `main.3f2a1b9c.chunk.js` or `roboto-latin-mTIRXP6Y.woff2`. */
const lastPart = /[-.](\w{8,64})(?:\.(?:chunk|min|module|legacy))?(?:\.[a-z\d]{1,11}){1,2}$/i

/** Words, numbers and sizes that people write into names: `settings`, `SemiBold`, `original2x`, `20240131`, `1024x1024`. */
const isWritten = (text: string) =>
  /^(?:\d+(?:x\d+)?|[A-Z]+\d{0,3}|(?:[A-Z]?[a-z]+)(?:[A-Z][a-z]+)*\d{0,4}x?)$/.test(text) ||
  !/\d|[A-Z].*[A-Z]/.test(text)

/**
 * Whether a bundler put a hash of the content into the name, so that what is behind the name never changes. Hashes that
 * look like words are not seen; such files are merely asked for again.
 */
export const isHashedName = (path: string): boolean => {
  const ofRollup = rollupHash.exec(path)?.[1] ?? ''
  if (/[a-z]/i.test(ofRollup) && /[A-Z\d]/.test(ofRollup)) return true
  const part = lastPart.exec(path.slice(path.lastIndexOf('/') + 1))?.[1]
  return part !== undefined && !isWritten(part)
}
