import { createHash } from 'node:crypto'
import { open } from 'node:fs/promises'
import { readFully } from '../../shared/read-fully.ts'
import { writeAll } from '../../shared/write-all.ts'
import type { ObjectType } from './pack-entry.ts'
import type { Pause } from './pause.ts'

const PIECE_BYTES = 262_144

/** An unpacked object; where it lies is the store's business. */
export interface StoredObject {
  oid: string
  type: ObjectType
  size: number
  position: number
}

/** The unpacked objects of one repository in one file on the disk. Disposing closes it. */
export interface ObjectStore extends AsyncDisposable {
  /** Adds an object of `size` bytes, which is what `pieces` bring together; each is used before the next is asked for. */
  add: (type: ObjectType, size: number, pieces: AsyncIterable<Uint8Array>) => Promise<StoredObject>
  find: (oid: string) => StoredObject | undefined
  /** The whole object, in `target`, which is as long as the object. */
  read: (object: StoredObject, target: Buffer) => Promise<Buffer>
  /** The same in pieces, each valid until the next. */
  pieces: (object: StoredObject) => AsyncGenerator<Uint8Array>
}

/** Makes an empty store in a file, which must not exist. */
export const createObjectStore = async (path: string, pause: Pause): Promise<ObjectStore> => {
  const file = await open(path, 'wx+', 0o600)
  const objects = new Map<string, StoredObject>()
  let end = 0
  return {
    add: async (type, size, pieces) => {
      const hash = createHash('sha1').update(`${type} ${size}\0`)
      for await (const piece of pieces) {
        hash.update(piece)
        await writeAll(file, piece)
        await pause()
      }
      const object = { oid: hash.digest('hex'), type, size, position: end }
      end += size
      const known = objects.get(object.oid)
      if (!known) objects.set(object.oid, object)
      return known ?? object
    },
    find: (oid) => objects.get(oid),
    read: ({ position }, target) => readFully(file, target, position),
    pieces: async function* ({ size, position }) {
      const room = Buffer.allocUnsafe(Math.min(PIECE_BYTES, size))
      for (let done = 0; done < size; done += room.length) {
        yield await readFully(file, room.subarray(0, size - done), position + done)
      }
    },
    [Symbol.asyncDispose]: () => file.close(),
  }
}
