import type { PromiseFsClient } from 'isomorphic-git'
import type { Pause } from './pause.ts'

type Node = Uint8Array | 'folder'

/**
 * A file system in memory for one check-out, with the functions that isomorphic-git calls. The library makes files whose
 * names come from the server (refs), so it never gets the real one. Since nothing here waits for a disk, each look at a
 * file pauses when it is time for it.
 */
export const createMemoryFs = (pause: Pause): PromiseFsClient => {
  const nodes = new Map<string, Node>([['/', 'folder']])
  const find = (path: string): Node => {
    const node = nodes.get(normalize(path))
    if (node === undefined) throw failure('ENOENT')
    return node
  }
  const stat = async (path: string) => {
    await pause()
    return describe(find(path))
  }
  return {
    promises: {
      readFile: async (path: string, options?: { encoding?: string } | string) => {
        await pause()
        const node = find(path)
        if (node === 'folder') throw failure('EISDIR')
        const encoding = typeof options === 'string' ? options : options?.encoding
        const content = Buffer.from(node)
        return encoding === 'utf8' ? content.toString() : content
      },
      writeFile: async (path: string, content: Uint8Array | string) => {
        nodes.set(normalize(path), typeof content === 'string' ? Buffer.from(content) : content)
      },
      readdir: async (path: string) => {
        await pause()
        if (find(path) !== 'folder') throw failure('ENOTDIR')
        const start = normalize(path).replace(/\/?$/, '/')
        const below = [...nodes.keys()].filter((name) => name.startsWith(start) && name !== start)
        return [...new Set(below.map((name) => name.slice(start.length).split('/')[0]))]
      },
      mkdir: async (path: string) => {
        if (nodes.has(normalize(path))) throw failure('EEXIST')
        nodes.set(normalize(path), 'folder')
      },
      unlink: async (path: string) => void nodes.delete(normalize(path)),
      rmdir: async (path: string) => void nodes.delete(normalize(path)),
      stat,
      lstat: stat,
      readlink: () => Promise.reject(failure('EINVAL')),
      symlink: () => Promise.reject(failure('EPERM')),
    },
  }
}

const normalize = (path: string): string => path.replace(/(?<=.)\/+$/, '')

const failure = (code: string): Error => Object.assign(new Error(code), { code })

const describe = (node: Node) => ({
  type: node === 'folder' ? 'dir' : 'file',
  size: node === 'folder' ? 0 : node.byteLength,
  mode: node === 'folder' ? 0o40000 : 0o100644,
  mtimeMs: 0,
  ctimeMs: 0,
  isDirectory: () => node === 'folder',
  isFile: () => node !== 'folder',
  isSymbolicLink: () => false,
})
