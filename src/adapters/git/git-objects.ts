import { damagedPack } from './git-failure.ts'
import type { ObjectStore } from './object-store.ts'

const OID_BYTES = 20
const MAX_TAGS = 10

/** What a line of a tree stands for. Executable files are files here. */
export type TreeEntryKind = 'file' | 'folder' | 'link' | 'submodule'

export interface TreeEntry {
  name: string
  kind: TreeEntryKind
  oid: string
}

/** The commit that an object is, or that tags lead to, and its tree. Throws `GitError`. */
export const findRoot = async (store: ObjectStore, oid: string): Promise<{ commit: string; tree: string }> => {
  let object = store.find(oid)
  for (let tags = 0; object?.type === 'tag' && tags < MAX_TAGS; tags += 1) {
    object = store.find(await readFirstLine(store, object.oid, 'object'))
  }
  if (object?.type !== 'commit') throw damagedPack()
  return { commit: object.oid, tree: await readFirstLine(store, object.oid, 'tree') }
}

/** Tags and commits begin with what they are about. */
const readFirstLine = async (store: ObjectStore, oid: string, word: 'object' | 'tree'): Promise<string> => {
  const object = store.find(oid)
  if (!object) throw damagedPack()
  for await (const piece of store.pieces(object)) {
    const start = Buffer.from(piece.buffer, piece.byteOffset, Math.min(piece.byteLength, 64)).toString('latin1')
    const found = /^(object|tree) ([0-9a-f]{40})\n/.exec(start)
    if (found?.[1] === word && found[2] !== undefined) return found[2]
    break
  }
  throw damagedPack()
}

/** The lines of a tree object, one after the other. Throws `GitError`. */
export function* readTree(content: Buffer): Generator<TreeEntry> {
  for (let start = 0; start < content.length;) {
    const space = content.indexOf(0x20, start)
    const nul = content.indexOf(0, space)
    const end = nul + 1 + OID_BYTES
    if (space < 0 || nul < 0 || end > content.length) throw damagedPack()
    yield {
      name: content.toString('utf8', space + 1, nul),
      kind: kindOf(content.toString('latin1', start, Math.min(space, start + 8))),
      oid: content.toString('hex', nul + 1, end),
    }
    start = end
  }
}

const kindOf = (mode: string): TreeEntryKind => {
  if (/^0?40000$/.test(mode)) return 'folder'
  if (/^100[0-7]{3}$/.test(mode)) return 'file'
  if (mode === '120000') return 'link'
  if (mode === '160000') return 'submodule'
  throw damagedPack()
}
