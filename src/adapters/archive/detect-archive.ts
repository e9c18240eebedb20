import { open } from 'node:fs/promises'
import { ArchiveError, type ArchiveKind } from './types.ts'

const ZIP = Buffer.from('PK\x03\x04')
const EMPTY_ZIP = Buffer.from('PK\x05\x06')
const GZIP = Buffer.from([0x1f, 0x8b])
const RAR = Buffer.from('Rar!\x1a\x07')

/** Tells the kind of an archive by its first bytes. Throws `ArchiveError` for what is neither zip nor gzip. */
export const detectArchive = async (file: string): Promise<ArchiveKind> => {
  const head = await readHead(file, 8)
  const startsWith = (magic: Buffer) => head.subarray(0, magic.length).equals(magic)
  if (startsWith(ZIP) || startsWith(EMPTY_ZIP)) return 'zip'
  if (startsWith(GZIP)) return 'tar.gz'
  if (startsWith(RAR)) throw new ArchiveError('rar', 'RAR archives are not supported. Use .zip or .tar.gz instead.')
  throw new ArchiveError('unknown_format', 'The file is not an archive that can be read. Use .zip, .tar.gz or .tgz.')
}

const readHead = async (path: string, length: number): Promise<Buffer> => {
  const file = await open(path, 'r')
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, 0)
    return buffer.subarray(0, bytesRead)
  } finally {
    await file.close()
  }
}
