import { inTransaction } from '../../db/transaction.ts'
import type { Deps } from '../../deps.ts'
import { createPackageStore, packagesFolder } from './packages/create-package-store.ts'
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
  inTransaction(db, () => packageStore.recover((contentHash) => isContentUsed(db, contentHash)))

/**
 * For the start of the worker's thread, when the one before it has ended: removes what that one left of installations,
 * while the server's thread may be installing. The worker has no `Deps` yet.
 */
export const recoverWorkerPackages = ({ db }: Pick<Deps, 'db'>, dataPath: string): void => {
  const packageStore = createPackageStore(packagesFolder(dataPath), 'worker')
  if (packageStore.dropStagings()) collectPackages({ db, packageStore })
}
