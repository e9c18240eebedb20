import { inTransaction } from '../../db/transaction.ts'
import type { Deps } from '../../deps.ts'
import { seedComponents } from '../components/seed.ts'
import { seedNavigation } from '../navigation/seed.ts'
import { seedFirstPage } from '../pages/seed.ts'
import { newHexId } from '../../shared/ids.ts'
import type { CreateJobDeps } from '../jobs/create-job.service.ts'
import { queueDefaultPlugins } from '../plugins/default-plugins.service.ts'
import { seedSettings } from '../settings/seed.ts'
import type { Register } from './auth.schema.ts'
import { insertUser } from './auth.store.ts'
import type { UserRow } from './auth.table.ts'

type NewAccountDeps = Pick<Deps, 'db' | 'clock' | 'secretBox' | 'log'>

/** Data version of an account, shown on the profile page (auth.md 7). */
const accountVersion = '0.6.5'

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

export interface NewAccount extends Omit<Register, 'password' | 'confirm_password'> {
  passwordHash: string
  isAdmin: boolean
}

const toNewUser = (account: NewAccount, now: number): UserRow => ({
  id: newHexId(),
  username: account.username,
  email: account.email,
  emailKey: account.email.toLowerCase(),
  passwordHash: account.passwordHash,
  fullName: account.full_name || null,
  profilePicture: account.profile_picture || null,
  role: account.isAdmin ? 'admin' : 'member',
  isActive: true,
  isVerified: false,
  version: accountVersion,
  createdAt: now,
  updatedAt: now,
})

/** An account with all that belongs to it; its plugins are installed later. Call it in a transaction that has checked the rest. */
export const makeAccount = (deps: CreateJobDeps & NewAccountDeps, account: NewAccount): UserRow => {
  const user = toNewUser(account, deps.clock())
  insertUser(deps.db, user)
  completeAccount(deps, user.id)
  queueDefaultPlugins(deps, user.id)
  return user
}
