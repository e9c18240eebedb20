import { inTransaction } from '../../db/transaction.ts'
import type { Deps } from '../../deps.ts'
import { isUuid, toHexId } from '../../shared/ids.ts'
import * as errors from './auth.errors.ts'
import { assertFree, assertUsable, type AuthDeps } from './auth.service.ts'
import {
  deleteAllSessions,
  deleteSessionsOfUser,
  findUser,
  findUserByEmail,
  findUserByUsername,
  hasOtherAdmin,
  hasUsers,
  listUsers,
  updateUser,
} from './auth.store.ts'
import type { UserRow } from './auth.table.ts'
import { makeAccount } from './new-account.ts'
import { findRegisterFault, readRegister } from './request-bodies.ts'

// What somebody at the machine may do with accounts. Each change and its row of the audit log are one transaction; a running
// server sees it with its next request, since it reads session and user each time.

export interface AccountFields {
  username: string
  email: string
  fullName?: string | undefined
  isAdmin: boolean
}

const assertRules = (deps: Pick<Deps, 'db'>, { username, email, fullName }: AccountFields, password: string) => {
  const body = { username, email, password, ...(fullName === undefined ? {} : { full_name: fullName }) }
  const fault = findRegisterFault(body)
  if (fault !== undefined) throw errors.badAccount(fault)
  const checked = readRegister(body)
  assertFree(deps, checked.email, checked.username)
  return checked
}

/** Stands in for one that was not asked for yet. */
const goodPassword = 'x'.repeat(8)

/** By the rules of a registration, but also while that is closed. Throws before it asks for the password if the rest is wrong. */
export const createAccount = async (
  deps: AuthDeps,
  fields: AccountFields,
  askPassword: () => Promise<string>,
): Promise<UserRow> => {
  assertRules(deps, fields, goodPassword)
  const password = await askPassword()
  const body = assertRules(deps, fields, password)
  const passwordHash = await deps.passwords.hash(password)
  return inTransaction(deps.db, () => {
    assertFree(deps, body.email, body.username)
    const isAdmin = fields.isAdmin || !hasUsers(deps.db)
    const user = makeAccount(deps, { ...body, passwordHash, isAdmin })
    tell(deps, 'user.created', user, { role: user.role })
    return user
  })
}

type Change = Pick<AuthDeps, 'db' | 'clock' | 'audit'>

const tell = ({ audit }: Pick<Deps, 'audit'>, type: string, { id }: UserRow, extra?: Record<string, unknown>) =>
  audit({
    type,
    status: 'success',
    isBySystem: true,
    resource: { type: 'user', id },
    ...(extra === undefined ? {} : { extra }),
  })

export const listAccounts = ({ db, clock }: Pick<Deps, 'db' | 'clock'>) => listUsers(db, clock())

/**
 * The user with this id (in either spelling), e-mail or user name. A text that could be an id or an e-mail is nothing else:
 * anybody may call himself what looks like somebody else's. Throws 404.
 */
export const findAccount = ({ db }: Pick<Deps, 'db'>, name: string): UserRow => {
  const find = isUuid(name)
    ? findUser(db, toHexId(name))
    : name.includes('@')
      ? findUserByEmail(db, name)
      : findUserByUsername(db, name)
  if (!find) throw errors.noSuchUser(name)
  return find
}

const changeAccount = (
  deps: Change,
  name: string,
  { type, changes, needsOtherAdmin }: { type: string; changes: Partial<UserRow>; needsOtherAdmin?: boolean },
): UserRow =>
  inTransaction(deps.db, () => {
    const user = findAccount(deps, name)
    if (needsOtherAdmin && user.role === 'admin' && user.isActive && !hasOtherAdmin(deps.db, user.id))
      throw errors.lastAdmin()
    updateUser(deps.db, user.id, { ...changes, updatedAt: deps.clock() })
    // Whoever may not sign in has no session, whatever happened before.
    if (changes.isActive === false || changes.passwordHash !== undefined) deleteSessionsOfUser(deps.db, user.id)
    tell(deps, type, user)
    return { ...user, ...changes }
  })

export const promoteAccount = (deps: Change, name: string): UserRow =>
  changeAccount(deps, name, { type: 'user.promoted', changes: { role: 'admin' } })

/** Throws 409 for the last administrator. */
export const demoteAccount = (deps: Change, name: string): UserRow =>
  changeAccount(deps, name, { type: 'user.demoted', changes: { role: 'member' }, needsOtherAdmin: true })

/** Ends all sessions. What the user has stays. Throws 409 for the last administrator. */
export const disableAccount = (deps: Change, name: string): UserRow =>
  changeAccount(deps, name, { type: 'user.disabled', changes: { isActive: false }, needsOtherAdmin: true })

export const enableAccount = (deps: Change, name: string): UserRow =>
  changeAccount(deps, name, { type: 'user.enabled', changes: { isActive: true } })

/** Ends all sessions. Throws 400 for a password that breaks the rules. */
export const setPassword = async (
  deps: Change & Pick<Deps, 'passwords'>,
  name: string,
  askPassword: () => Promise<string>,
): Promise<UserRow> => {
  const { id } = findAccount(deps, name)
  const password = await askPassword()
  assertUsable(password)
  const passwordHash = await deps.passwords.hash(password)
  return changeAccount(deps, id, { type: 'user.password_set', changes: { passwordHash } })
}

/** Signs everybody out. Returns how many sessions there were. */
export const endAllSessions = ({ db, audit }: Pick<Deps, 'db' | 'audit'>): number =>
  inTransaction(db, () => {
    const count = deleteAllSessions(db)
    audit({ type: 'user.all_signed_out', status: 'success', isBySystem: true, extra: { count } })
    return count
  })
