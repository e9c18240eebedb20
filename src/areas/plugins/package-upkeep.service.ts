import { inTransaction } from '../../db/transaction.ts'
import type { Deps } from '../../deps.ts'
import { isContentUsed } from './plugins.store.ts'

type UpkeepDeps = Pick<Deps, 'db' | 'packageStore'>

/**
 * Takes away the files that no plugin uses any more. Call it after the transaction that let go of them: files that are
 * gone before that is on the disk would be missing if the machine stopped in between.
 */
export const collectPackages = ({ db, packageStore }: UpkeepDeps): void =>
  inTransaction(db, () => packageStore.collect((contentHash) => isContentUsed(db, contentHash)))

/** For the start of the server: removes what a crash left of installations. */
export const recoverPackages = ({ db, packageStore }: UpkeepDeps): void =>
  packageStore.recover((contentHash) => isContentUsed(db, contentHash))
