import type { Deps, SignedInUser } from '../../deps.ts'
import { inTransaction } from '../../db/transaction.ts'
import { AppError } from '../../shared/app-error.ts'
import type { CreateJobDeps } from '../jobs/create-job.service.ts'
import * as errors from './auth.errors.ts'
import type { Login, Register } from './auth.schema.ts'
import {
  deleteSessionsOfUser,
  findUser,
  findUserByEmail,
  hasUsers,
  isEmailTaken,
  isUsernameTaken,
  replacePasswordHash,
  updateUser,
} from './auth.store.ts'
import type { UserRow } from './auth.table.ts'
import { makeAccount, repairAccount } from './new-account.ts'
import type { PasswordChange } from './request-bodies.ts'
import { hasControlCharacter } from './username.ts'

export type AuthDeps = CreateJobDeps & Pick<Deps, 'log' | 'passwords'>

/** Throws 400. */
export const assertFree = ({ db }: Pick<Deps, 'db'>, email: string, username: string) => {
  if (isEmailTaken(db, email)) throw errors.emailTaken()
  if (isUsernameTaken(db, username)) throw errors.usernameTaken()
}

/** Whether this registration may go on, and whether it makes the first account, which becomes the administrator. */
const assertMayRegister = (deps: AuthDeps, body: Register): { isFirst: boolean } => {
  const isFirst = !hasUsers(deps.db)
  if (deps.config.registration === 'closed' && !isFirst) throw errors.registrationClosed()
  assertFree(deps, body.email, body.username)
  return { isFirst }
}

const createUser = async (deps: AuthDeps, body: Register): Promise<UserRow> => {
  assertMayRegister(deps, body)
  if (body.confirm_password && body.confirm_password !== body.password) throw errors.registerMismatch()
  const passwordHash = await deps.passwords.hash(body.password)
  return inTransaction(deps.db, () => {
    // Once more: hashing took its time, and somebody else may have been quicker.
    const { isFirst } = assertMayRegister(deps, body)
    return makeAccount(deps, { ...body, passwordHash, isAdmin: isFirst })
  })
}

/** Creates the account and all that belongs to it in one transaction; its plugins are installed later. */
export const registerUser = async (deps: AuthDeps, body: Register, request: Request): Promise<UserRow> => {
  try {
    const user = await createUser(deps, body)
    deps.audit({ type: 'auth.register_success', status: 'success', userId: user.id, request })
    return user
  } catch (error) {
    const reason = error instanceof AppError ? error.code : 'internal'
    deps.audit({ type: 'auth.register_failed', status: 'failure', reason, request })
    throw error
  }
}

/** The hash that is stored from now on, or undefined when the password was changed while we looked. */
const renewHash = async ({ db, passwords }: AuthDeps, user: UserRow, password: string): Promise<string | undefined> => {
  if (!passwords.needsRehash(user.passwordHash)) return user.passwordHash
  const passwordHash = await passwords.hash(password)
  return replacePasswordHash(db, user.id, user.passwordHash, passwordHash) ? passwordHash : undefined
}

/** The user whom e-mail and password name. Unknown, inactive and wrong all look and last the same. */
export const checkCredentials = async (
  deps: AuthDeps,
  { email, password }: Login,
  request: Request,
): Promise<UserRow> => {
  const user = findUserByEmail(deps.db, email)
  const isRight = await deps.passwords.verify(password, user?.passwordHash)
  const passwordHash = user?.isActive && isRight ? await renewHash(deps, user, password) : undefined
  if (user && passwordHash !== undefined) {
    repairAccount(deps, user.id)
    return { ...user, passwordHash }
  }
  deps.audit({
    type: 'auth.login_failed',
    status: 'failure',
    request,
    ...(user ? { resource: { type: 'user', id: user.id } } : {}),
  })
  throw errors.wrongCredentials()
}

export const getUser = ({ db }: Pick<Deps, 'db'>, id: string): UserRow => {
  const user = findUser(db, id)
  if (!user) throw errors.userGone()
  return user
}

export const changeUsername = (
  deps: AuthDeps,
  user: SignedInUser,
  requested: string | undefined,
  request: Request,
): UserRow => {
  const username = requested?.trim()
  if (!username) throw errors.usernameRequired()
  if (username.length < 3 || username.length > 50) throw errors.usernameLength()
  if (hasControlCharacter(username)) throw errors.usernameUnusable()
  inTransaction(deps.db, () => {
    if (isUsernameTaken(deps.db, username, user.id)) throw errors.usernameTaken()
    updateUser(deps.db, user.id, { username, updatedAt: deps.clock() })
  })
  deps.audit({ type: 'auth.username_changed', status: 'success', userId: user.id, request })
  return getUser(deps, user.id)
}

/** The rules for new passwords. Throws 400. */
export const assertUsable = (next: string, confirmation?: string) => {
  if (confirmation !== undefined && confirmation !== next) throw errors.passwordMismatch()
  if (next.length < 8) throw errors.passwordTooShort()
  if (next.length > 512) throw errors.passwordTooLong()
  if (next.includes('\0')) throw errors.passwordUnusable()
}

/** The order of the checks is auth.md 5.7. Ends every session of the user, this one too (contract decision 4). */
export const changePassword = async (deps: AuthDeps, user: SignedInUser, change: PasswordChange, request: Request) => {
  const { current, next, confirmation } = change
  if (!current) throw errors.currentPasswordRequired()
  if (!next) throw errors.newPasswordRequired()
  if (confirmation === '') throw errors.confirmationRequired()
  const { passwordHash: oldHash } = getUser(deps, user.id)
  if (!(await deps.passwords.verify(current, oldHash))) {
    deps.audit({ type: 'auth.password_change_failed', status: 'failure', userId: user.id, request })
    throw errors.currentPasswordWrong()
  }
  assertUsable(next, confirmation)
  const newHash = await deps.passwords.hash(next)
  inTransaction(deps.db, () => {
    // Somebody else changed it meanwhile: then `current` is not the current one any more.
    if (!replacePasswordHash(deps.db, user.id, oldHash, newHash)) throw errors.currentPasswordWrong()
    updateUser(deps.db, user.id, { updatedAt: deps.clock() })
    deleteSessionsOfUser(deps.db, user.id)
  })
  deps.audit({ type: 'auth.password_changed', status: 'success', userId: user.id, request })
}
