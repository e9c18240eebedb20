import { promisify } from 'node:util'
import { gunzip, gunzipSync, gzip } from 'node:zlib'
import type { PluginStateRow } from './plugin-state.table.ts'

const compress = promisify(gzip)
const decompress = promisify(gunzip)

/** Longer documents are compressed: below, the header of a gzip costs more than it saves. */
const plainUpTo = 1024
/** Shorter ones are opened at once: it takes less than 0.2 ms, and a way to the thread pool and back as long. */
const openedAtOnceUpTo = 65_536

type StoredDocument = Pick<PluginStateRow, 'stateData' | 'stateSize' | 'compressionType'>

export interface StateDocument {
  /** As JSON. */
  text: string
  stored: StoredDocument
}

/** Compresses on the thread pool: five megabytes would hold up everybody else. Call it before a transaction. */
export const packDocument = async (value: Record<string, unknown>): Promise<StateDocument> => {
  const text = JSON.stringify(value)
  const bytes = Buffer.from(text)
  if (bytes.length <= plainUpTo) {
    return { text, stored: { stateData: bytes, stateSize: bytes.length, compressionType: null } }
  }
  const stateData = await compress(bytes)
  return { text, stored: { stateData, stateSize: stateData.length, compressionType: 'gzip' } }
}

/** A gzip ends with the length of what it holds. */
const isShort = (gzipped: Buffer) =>
  gzipped.length <= openedAtOnceUpTo && gzipped.readUInt32LE(gzipped.length - 4) <= openedAtOnceUpTo

const open = (gzipped: Buffer) =>
  // Bounded, since the length is only what the gzip says of itself.
  isShort(gzipped) ? gunzipSync(gzipped, { maxOutputLength: openedAtOnceUpTo }) : decompress(gzipped)

/** The JSON text of a stored document. */
export const unpackDocument = async ({
  stateData,
  compressionType,
}: Omit<StoredDocument, 'stateSize'>): Promise<string> => {
  const bytes = compressionType === 'gzip' ? await open(stateData) : stateData
  return bytes.toString('utf8')
}
