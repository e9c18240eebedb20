import { type Entry, fromBufferPromise, type ZipFile } from 'yauzl'

/** A document of thousands of pictures has as many; each entry costs time. */
const MAX_ENTRIES = 10_000
/** For all parts of a document that are read. */
const MAX_INFLATED_BYTES = 100_000_000

export interface ZipParts {
  names: string[]
  has: (name: string) => boolean
  /** The unpacked part. Throws for one that is missing, damaged or larger than what is left of the limit. */
  read: (name: string) => Promise<Buffer>
  /** The same as text; undefined for a part that is missing. */
  readText: (name: string) => Promise<string | undefined>
}

const openDirectory = async (bytes: Buffer): Promise<ZipFile> => {
  try {
    return await fromBufferPromise(bytes, { autoClose: false, validateEntrySizes: true, strictFileNames: false })
  } catch (error) {
    throw new Error('File is not a zip file, or it is incomplete', { cause: error })
  }
}

const readDirectory = async (zip: ZipFile): Promise<Map<string, Entry>> => {
  if (zip.entryCount > MAX_ENTRIES) throw new Error(`it has more than ${MAX_ENTRIES} parts`)
  const entries = new Map<string, Entry>()
  for await (const entry of zip.eachEntry()) {
    entries.set(entry.fileName.replace(/^\//, ''), entry)
  }
  return entries
}

const decodeXml = (bytes: Buffer): string => {
  const isUtf16 = (bytes[0] === 0xff && bytes[1] === 0xfe) || (bytes[0] === 0xfe && bytes[1] === 0xff)
  return new TextDecoder(isUtf16 ? (bytes[0] === 0xff ? 'utf-16le' : 'utf-16be') : 'utf-8').decode(bytes)
}

/**
 * Opens a zip by its directory. What its parts unpack to is counted while it comes out, since a directory may lie.
 * Throws for what is no zip or is protected by a password.
 */
export const openZip = async (bytes: Buffer): Promise<ZipParts> => {
  const zip = await openDirectory(bytes)
  const entries = await readDirectory(zip)
  let left = MAX_INFLATED_BYTES
  const inflate = async (entry: Entry): Promise<Buffer> => {
    const pieces: Buffer[] = []
    const stream = await zip.openReadStreamPromise(entry)
    for await (const piece of stream as AsyncIterable<Buffer>) {
      left -= piece.byteLength
      if (left < 0) {
        stream.destroy()
        break
      }
      pieces.push(piece)
    }
    return Buffer.concat(pieces)
  }
  const read = async (name: string): Promise<Buffer> => {
    const shown = name.slice(0, 100)
    const entry = entries.get(name)
    if (!entry) throw new Error(`its part ${shown} is missing`)
    if (entry.isEncrypted()) throw new Error('it is protected by a password')
    const content = await inflate(entry).catch((cause: unknown) => {
      throw new Error(`its part ${shown} is damaged`, { cause })
    })
    if (left < 0) throw new Error(`it unpacks to more than ${MAX_INFLATED_BYTES / 1_000_000} MB`)
    return content
  }
  return {
    names: [...entries.keys()],
    has: (name) => entries.has(name),
    read,
    readText: async (name) => (entries.has(name) ? decodeXml(await read(name)) : undefined),
  }
}

/** The part that `target` of a relation means, seen from the part that has the relation. */
export const resolvePart = (from: string, target: string): string => {
  if (target.startsWith('/')) return target.slice(1)
  const path = from.split('/').slice(0, -1)
  for (const step of target.split('/')) {
    if (step === '..') path.pop()
    else if (step !== '.' && step !== '') path.push(step)
  }
  return path.join('/')
}
