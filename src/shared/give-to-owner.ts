import { lchownSync, statSync } from 'node:fs'
import { walkTree } from './walk-tree.ts'

/**
 * What an administrator makes must be usable by the account that the server runs as: the owner of `model`. Of a link only
 * the link is given away, since that account could have put one there which leads to files of the system.
 */
export const giveToOwnerOf = (model: string, path: string): void => {
  if (process.getuid?.() !== 0) return
  const { uid, gid } = statSync(model)
  lchownSync(path, uid, gid)
}

/** The same for a folder with all that is in it. */
export const giveTreeToOwnerOf = (model: string, folder: string): void => {
  if (process.getuid?.() !== 0) return
  giveToOwnerOf(model, folder)
  for (const { path } of walkTree(folder)) giveToOwnerOf(model, path)
}
