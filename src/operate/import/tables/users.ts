import { eq, or } from 'drizzle-orm'
import { findUser } from '../../../areas/auth/auth.store.ts'
import { type UserRow, users } from '../../../areas/auth/auth.table.ts'
import { toHexId } from '../../../shared/ids.ts'
import { type ImportRun, timesOf } from '../import-run.ts'
import { importTable } from '../import-table.ts'
import { RowDropped } from '../row-dropped.ts'
import { readSourceRow, type SourceRow } from '../source/source-row.ts'

/** Users who are an administrator anywhere (auth.md 14.3). */
const listAdmins = ({ source }: ImportRun): Set<string> => {
  const roles = new Set<string>()
  const read = (table: string, one: Parameters<typeof readSourceRow>[1]) => readSourceRow(table, one, () => {})
  for (const one of source.rows('user_roles')) {
    const row = read('user_roles', one)
    if (row.line('role_name')?.trim().toLowerCase() === 'admin') roles.add(toHexId(row.line('id') ?? ''))
  }
  // A role without an id would be the one of everybody who has none.
  roles.delete('')
  const admins = new Set<string>()
  for (const one of source.rows('tenant_users')) {
    const row = read('tenant_users', one)
    if (roles.has(toHexId(row.line('role_id') ?? ''))) admins.add(toHexId(row.line('user_id') ?? ''))
  }
  return admins
}

/** Versions of an account that the backend raised at login (auth.md 7), up to the last one. */
const raisedVersions = new Set(['', '0.0.0', '0.1.0', '0.2.0', '0.4.1', '0.4.5', '0.6.0'])
const lastVersion = '0.6.5'

const knownHash = /^\$(?:2[abxy]|argon2)/

const readHash = (row: SourceRow): string => {
  const hash = row.line('hashed_password') ?? ''
  if (!knownHash.test(hash)) row.note('warning', 'its password cannot be checked: set a new one')
  return hash
}

/** Whether somebody who does not come from this source has the name, or the e-mail in any case. */
const isTaken = ({ deps: { db }, users: known }: ImportRun, { id, username, emailKey }: UserRow): boolean =>
  !known.has(id) &&
  findUser(db, id) === undefined &&
  db
    .select({ id: users.id })
    .from(users)
    .where(or(eq(users.username, username), eq(users.emailKey, emailKey)))
    .all()
    .some((other) => !known.has(other.id))

const required = (row: SourceRow, column: string): string => {
  const text = row.line(column)
  if (text === null || text === '') throw new RowDropped(`it has no ${column}`)
  return text
}

/** Names and addresses stay as they are, even where new ones must be otherwise (auth.md 14.3). */
const readUser = (run: ImportRun, admins: Set<string>, row: SourceRow): UserRow => {
  const id = toHexId(required(row, 'id').trim())
  const email = required(row, 'email')
  const version = row.line('version')?.trim() ?? ''
  const user: UserRow = {
    id,
    email,
    username: required(row, 'username'),
    emailKey: email.toLowerCase(),
    passwordHash: readHash(row),
    fullName: row.line('full_name'),
    profilePicture: row.prose('profile_picture'),
    role: admins.has(id) ? 'admin' : 'member',
    isActive: row.flag('is_active', true),
    isVerified: row.flag('is_verified', false),
    version: raisedVersions.has(version) ? lastVersion : version,
    ...timesOf(run, row),
  }
  if (isTaken(run, user)) throw new RowDropped('somebody else here has its username or e-mail')
  return user
}

/** Users with their passwords; sessions are not imported, so everybody signs in anew (auth.md 14.3). */
export const importUsers = (run: ImportRun): void => {
  const admins = listAdmins(run)
  importTable(run, {
    source: 'users',
    target: users,
    key: ['id'],
    taken: 'another one has its username or e-mail',
    read: (row) => readUser(run, admins, row),
    onKept: ({ id }) => run.users.add(id),
  })
  for (const { values } of run.source.rows('users')) {
    const id = toHexId(String(values['id']).trim())
    if (!run.users.has(id)) run.leftOut.add(id)
  }
  const hasAdmin = run.deps.db.select({ id: users.id }).from(users).where(eq(users.role, 'admin')).get()
  if (!hasAdmin && run.users.size > 0)
    run.report.table('users').note('warning', '', 'nobody is an administrator: use "braindrive user promote"')
}
