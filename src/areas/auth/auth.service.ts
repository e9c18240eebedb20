import type { Deps, SignedInUser } from '../../deps.ts'
import { inTransaction } from '../../db/transaction.ts'
import { newHexId } from '../../shared/ids.ts'
import * as errors from './auth.errors.ts'
import type { Login, Register, UpdatePassword } from './auth.schema.ts'
import {
  deleteSessionsOfUser,
  findUser,
  findUserByEmail,
  hasUsers,
  insertUser,
  isEmailTaken,
  isUsernameTaken,
  updateUser,
} from './auth.store.ts'
import type { UserRow } from './auth.table.ts'
import { normalizeEmail } from './email-address.ts'
import { createAccountData } from './new-account.ts'

/** Data version of an account, shown on the profile page (auth.md 7). */
const accountVersion = '0.6.5'

type AuthDeps = Pick<Deps, 'db' | 'clock' | 'config' | 'secretBox' | 'passwords' | 'audit'>

const assertFree = ({ db }: Pick<Deps, 'db'>, email: string, username: string) => {
  if (isEmailTaken(db, email)) throw errors.emailTaken()
  if (isUsernameTaken(db, username)) throw errors.usernameTaken()
}

/** Creates the account and all that belongs to it in one transaction. The first account becomes the administrator. */
export const registerUser = async (deps: AuthDeps, body: Register, request: Request): Promise<UserRow> => {
  const username = body.username.trim()
  const email = normalizeEmail(body.email)
  if (deps.config.registration === 'closed' && hasUsers(deps.db)) throw errors.registrationClosed()
  if (!email) throw errors.emailInvalid()
  if (username.length < 3) throw errors.usernameLength()
  if (body.confirm_password && body.confirm_password !== body.password) throw errors.registerMismatch()
  assertFree(deps, email, username)
  const passwordHash = await deps.passwords.hash(body.password)
  const now = deps.clock()
  const user = inTransaction(deps.db, () => {
    // Once more: hashing took its time, and somebody else may have been quicker.
    const isFirst = !hasUsers(deps.db)
    if (deps.config.registration === 'closed' && !isFirst) throw errors.registrationClosed()
    assertFree(deps, email, username)
    const row: UserRow = {
      id: newHexId(),
      username,
      email,
      emailKey: email.toLowerCase(),
      passwordHash,
      fullName: body.full_name || null,
      profilePicture: body.profile_picture || null,
      role: isFirst ? 'admin' : 'member',
      isActive: true,
      isVerified: false,
      version: accountVersion,
      createdAt: now,
      updatedAt: now,
    }
    insertUser(deps.db, row)
    createAccountData(deps, row.id)
    return row
  })
  deps.audit({ type: 'auth.register_success', status: 'success', userId: user.id, request })
  return user
}

/** The user whom e-mail and password name. Unknown, inactive and wrong all look and last the same. */
export const checkCredentials = async (deps: AuthDeps, body: Login, request: Request): Promise<UserRow> => {
  const email = normalizeEmail(body.email)
  const user = email === undefined ? undefined : findUserByEmail(deps.db, email)
  const isRight = await deps.passwords.verify(body.password, user?.passwordHash)
  if (!user || !isRight || !user.isActive) {
    deps.audit({ type: 'auth.login_failed', status: 'failure', request, ...(user ? { userId: user.id } : {}) })
    throw errors.wrongCredentials()
  }
  if (deps.passwords.needsRehash(user.passwordHash)) {
    updateUser(deps.db, user.id, { passwordHash: await deps.passwords.hash(body.password) })
  }
  return user
}

export const getUser = ({ db }: Pick<Deps, 'db'>, id: string): UserRow => {
  const user = findUser(db, id)
  if (!user) throw new Error('a live session of a user who does not exist')
  return user
}

export const changeUsername = (deps: AuthDeps, user: SignedInUser, requested: string | null | undefined): UserRow => {
  const username = requested?.trim()
  if (!username) throw errors.usernameRequired()
  if (username.length < 3 || username.length > 50 || username.includes('\0')) throw errors.usernameLength()
  inTransaction(deps.db, () => {
    if (isUsernameTaken(deps.db, username, user.id)) throw errors.usernameTaken()
    updateUser(deps.db, user.id, { username, updatedAt: deps.clock() })
  })
  return getUser(deps, user.id)
}

const checkNewPassword = (body: UpdatePassword): string => {
  const { new_password: next, confirm_password: confirm } = body
  if (!next) throw errors.newPasswordRequired()
  if (confirm !== undefined && confirm !== null && confirm !== next) throw errors.passwordMismatch()
  if (next.length < 8) throw errors.passwordTooShort()
  if (next.length > 512) throw errors.passwordTooLong()
  if (next.includes('\0')) throw errors.passwordUnusable()
  return next
}

/** Ends every session of the user, this one too (contract decision 4). */
export const changePassword = async (deps: AuthDeps, user: SignedInUser, body: UpdatePassword, request: Request) => {
  if (!body.current_password) throw errors.currentPasswordRequired()
  const { passwordHash: currentHash } = getUser(deps, user.id)
  if (!(await deps.passwords.verify(body.current_password, currentHash))) throw errors.currentPasswordWrong()
  const passwordHash = await deps.passwords.hash(checkNewPassword(body))
  inTransaction(deps.db, () => {
    updateUser(deps.db, user.id, { passwordHash, updatedAt: deps.clock() })
    deleteSessionsOfUser(deps.db, user.id)
  })
  deps.audit({ type: 'auth.password_changed', status: 'success', userId: user.id, request })
}
