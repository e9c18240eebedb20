import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { giveToOwnerOf, giveTreeToOwnerOf } from '../../shared/give-to-owner.ts'

/** An administrator may import into the folder of a server that runs as somebody else, who must be able to use it then. */
export const giveImportedToOwner = (dataPath: string): void => {
  for (const name of readdirSync(dataPath)) {
    if (name.startsWith('braindrive.db')) giveToOwnerOf(dataPath, join(dataPath, name))
    else if (name === 'plugins') giveTreeToOwnerOf(dataPath, join(dataPath, name))
  }
}
