import type { Deps } from '../../deps.ts'
import { seedSettings } from '../settings/seed.ts'

export type NewAccountDeps = Pick<Deps, 'db' | 'clock' | 'secretBox'>

/**
 * Everything that a fresh account starts with (auth.md 6), in this order, inside the transaction that creates the user.
 * An area adds its step here; each step leaves alone what is already there, so that running them again repairs.
 */
const steps: ((deps: NewAccountDeps, userId: string) => void)[] = [seedSettings]

export const createAccountData = (deps: NewAccountDeps, userId: string) => {
  for (const step of steps) step(deps, userId)
}
