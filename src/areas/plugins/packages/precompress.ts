import { mkdir, open, readFile, stat } from 'node:fs/promises'
import { dirname, extname } from 'node:path'
import { promisify } from 'node:util'
import { brotliCompress, constants, gzip } from 'node:zlib'
import type { PackageEncoding } from './package-store.ts'

const textTypes = new Set(['.js', '.css', '.json', '.map', '.svg', '.html', '.txt'])
const minBytes = 1024
/** A file is in memory while it is compressed, and its copies are. */
const maxBytes = 20 * 1024 * 1024

// Both work in threads of the runtime, not in the event loop.
const brotliInThread = promisify(brotliCompress)
const gzipInThread = promisify(gzip)

const compressors: Record<PackageEncoding, (data: Buffer) => Promise<Buffer>> = {
  br: (data) =>
    brotliInThread(data, {
      // Near the best size, at a tenth of its time.
      params: { [constants.BROTLI_PARAM_QUALITY]: 5, [constants.BROTLI_PARAM_SIZE_HINT]: data.length },
    }),
  gzip: (data) => gzipInThread(data, { level: 6 }),
}

const writeFlushed = async (path: string, data: Buffer) => {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 })
  const file = await open(path, 'wx', 0o600)
  try {
    await file.writeFile(data)
    await file.sync()
  } finally {
    await file.close()
  }
}

/** Writes compressed copies of a text file, each where it is smaller than the file. `targetOf` says where to. */
export const precompress = async (path: string, targetOf: (encoding: PackageEncoding) => string): Promise<void> => {
  if (!textTypes.has(extname(path).toLowerCase())) return
  const { size } = await stat(path)
  if (size <= minBytes || size > maxBytes) return
  const data = await readFile(path)
  for (const [encoding, compress] of Object.entries(compressors) as [PackageEncoding, (typeof compressors)['br']][]) {
    const compressed = await compress(data)
    if (compressed.length < data.length) await writeFlushed(targetOf(encoding), compressed)
  }
}
