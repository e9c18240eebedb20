import { inTransaction } from '../../db/transaction.ts'
import type { Deps } from '../../deps.ts'
import { seedComponents } from '../components/seed.ts'
import { seedNavigation } from '../navigation/seed.ts'
import { seedFirstPage } from '../pages/seed.ts'
import { seedSettings } from '../settings/seed.ts'

type NewAccountDeps = Pick<Deps, 'db' | 'clock' | 'secretBox' | 'log'>

/**
 * Everything that an account starts with (auth.md 6). What is there already stays, so that running it again adds what
 * lacks and nothing else. The caller opens the transaction.
 */
export const completeAccount = (deps: NewAccountDeps, userId: string) => {
  seedComponents(deps, userId)
  seedNavigation(deps, userId)
  seedSettings(deps, userId, seedFirstPage(deps, userId))
}

/** For every login: accounts of older versions, and imported ones, may lack something. Never keeps anybody out. */
export const repairAccount = (deps: NewAccountDeps, userId: string) => {
  try {
    inTransaction(deps.db, () => completeAccount(deps, userId))
  } catch (error) {
    deps.log.error('account could not be completed', { error, user: userId })
  }
}
