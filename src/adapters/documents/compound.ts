import { CFB } from '@e965/xlsx'
import { isCompound } from './signatures.ts'

/** The library's own types leave this part out. */
interface CfbFile {
  FullPaths: string[]
  FileIndex: { content?: Uint8Array | number[] }[]
}

export interface Compound {
  /** Paths of the streams and folders below the root. */
  names: string[]
  read: (name: string) => Buffer | undefined
}

/** Opens the file system in a file that programs before 2007 wrote. Throws when it is damaged. */
export const openCompound = (bytes: Buffer): Compound => {
  if (!isCompound(bytes)) throw new Error('it is no file of Office 97 to 2003')
  const { FullPaths: paths, FileIndex: files } = (CFB as { read: (bytes: Buffer, options: object) => CfbFile }).read(
    bytes,
    { type: 'buffer' },
  )
  const names = paths.map((path) => path.split('/').slice(1).join('/'))
  return {
    names,
    read: (name) => {
      const content = files[names.indexOf(name)]?.content
      return content === undefined ? undefined : Buffer.from(content as Uint8Array)
    },
  }
}
