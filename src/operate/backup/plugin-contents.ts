import type { Database } from 'bun:sqlite'
import { createReadStream, existsSync } from 'node:fs'
import { open, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { createTarDecoder, createTarPacker } from 'modern-tar'
import { createSafeTree } from '../../shared/safe-tree.ts'
import { openTreeWriter } from '../../shared/tree-writer.ts'
import { BackupError, type BackupPart } from './backup-types.ts'
import { createPacedFile } from './paced-file.ts'

/** Whatever the installed plugins may be together; a limit for what is no backup of ours. */
const limits = { entries: 5_000_000, depth: 64, fileBytes: 2 ** 31, totalBytes: 2 ** 40 }
const pieceBytes = 256 * 1024

const isContentHash = (name: string) => /^[0-9a-f]{64}$/.test(name)

/** The contents that plugins of this database need; none in a database from before there were plugins. */
export const listNeededContents = (sqlite: Database): string[] => {
  if (!sqlite.query(`SELECT 1 FROM pragma_table_info('plugins') WHERE name = 'content_hash'`).get()) return []
  return sqlite
    .query<{ hash: string }, []>(
      'SELECT DISTINCT content_hash AS hash FROM plugins WHERE content_hash IS NOT NULL ORDER BY content_hash',
    )
    .all()
    .map(({ hash }) => hash)
    .filter(isContentHash)
}

/** Which of them are not in the folder. */
export const findMissingContents = (contentsFolder: string, hashes: string[]): string[] =>
  hashes.filter((hash) => !existsSync(join(contentsFolder, hash, 'files')))

interface Tar {
  readable: ReadableStream<Uint8Array>
  controller: ReturnType<typeof createTarPacker>['controller']
}

const addFile = async ({ controller }: Tar, folder: string, name: string) => {
  const file = await open(join(folder, name), 'r')
  try {
    const { size } = await file.stat()
    const entry = controller.add({ name, size, type: 'file', mtime: new Date(0) }).getWriter()
    for (let left = size; left > 0;) {
      // A buffer of its own for each piece: it waits in the stream until it is written.
      const { buffer, bytesRead } = await file.read(Buffer.allocUnsafe(pieceBytes), 0, Math.min(left, pieceBytes), null)
      if (bytesRead === 0) throw new BackupError(`A plugin's file became shorter while it was copied: ${name}`)
      await entry.write(buffer.subarray(0, bytesRead))
      left -= bytesRead
    }
    await entry.close()
  } finally {
    await file.close()
  }
}

const addTree = async (tar: Tar, folder: string, path: string) => {
  const entries = await readdir(join(folder, path), { withFileTypes: true })
  for (const entry of entries.toSorted((a, b) => (a.name < b.name ? -1 : 1))) {
    const name = `${path}/${entry.name}`
    if (entry.isDirectory()) await addTree(tar, folder, name)
    else if (entry.isFile()) await addFile(tar, folder, name)
  }
}

const addAll = async (tar: Tar, folder: string, hashes: string[]) => {
  try {
    for (const hash of hashes) await addTree(tar, folder, hash)
    tar.controller.finalize()
  } catch (error) {
    tar.controller.error(error)
    throw error
  }
}

/** Writes these contents, with their compressed copies, into one file. */
export const packContents = async (
  contentsFolder: string,
  hashes: string[],
  { target, isPaced }: { target: string; isPaced: boolean },
): Promise<BackupPart> => {
  await using file = await createPacedFile(target, isPaced)
  const { readable, controller } = createTarPacker()
  const writeOut = async () => {
    for await (const piece of readable) await file.write(piece)
  }
  await Promise.all([writeOut(), addAll({ readable, controller }, contentsFolder, hashes)])
  return await file.finish()
}

/** Unpacks what `packContents` wrote into an empty folder. Throws for paths that would lead anywhere else. */
export const unpackContents = async (source: string, into: string): Promise<void> => {
  const tree = createSafeTree(limits)
  const writer = await openTreeWriter(into)
  const bytes = Readable.toWeb(createReadStream(source)) as ReadableStream<Uint8Array>
  for await (const { header, body } of bytes.pipeThrough(createTarDecoder({ strict: true }))) {
    if (header.type !== 'file') throw new BackupError('The backup holds something that is neither a file nor a folder')
    tree.addFile(header.name, header.size)
    await writer.writeFile(header.name, body)
  }
}
