import { Command } from 'commander'
import {
  createAccount,
  demoteAccount,
  disableAccount,
  enableAccount,
  listAccounts,
  promoteAccount,
  setPassword,
} from '../areas/auth/accounts.service.ts'
import type { Deps } from '../deps.ts'
import { print, printJson, printTable, toVisible } from './output.ts'
import { readNewPassword } from './secret-input.ts'
import { withDirOption } from './settings.ts'
import { withDeps } from './with-deps.ts'

interface Flags {
  dir?: string
  json?: boolean
  passwordFile?: string
}

type Account = ReturnType<typeof listAccounts>[number]

const toJson = ({ id, username, email, role, isActive, createdAt }: Omit<Account, 'sessions'>) => ({
  id,
  username,
  email,
  role,
  active: isActive,
  createdAt: new Date(createdAt).toISOString(),
})

const printUsers = (users: Account[]) =>
  printTable(
    ['id', 'username', 'email', 'role', 'state', 'devices'],
    users.map(({ id, username, email, role, isActive, sessions }) => [
      id,
      toVisible(username),
      toVisible(email),
      role,
      isActive ? 'active' : 'disabled',
      String(sessions),
    ]),
  )

const list = (flags: Flags) =>
  withDeps(flags, (deps) => {
    const users = listAccounts(deps)
    if (flags.json) printJson({ users: users.map((one) => ({ ...toJson(one), sessions: one.sessions })) })
    else printUsers(users)
  })

const tell = (flags: Flags, user: Omit<Account, 'sessions'>, what: string) => {
  if (flags.json) printJson(toJson(user))
  else print(`${toVisible(user.email)} (${toVisible(user.username)}, ${user.id}) ${what}`)
}

interface CreateFlags extends Flags {
  username: string
  fullName?: string
  admin?: boolean
}

const create = (email: string, flags: CreateFlags) =>
  withDeps(
    flags,
    async (deps) => {
      const { username, fullName, admin: isAdmin = false } = flags
      const user = await createAccount(deps, { email, username, fullName, isAdmin }, () =>
        readNewPassword(flags.passwordFile),
      )
      tell(flags, user, user.role === 'admin' ? 'is there, as an administrator' : 'is there')
    },
    { mayMake: true },
  )

type Change = (deps: Deps, name: string) => ReturnType<typeof promoteAccount>

const changeWith = (change: Change, what: string) => (name: string, flags: Flags) =>
  withDeps(flags, (deps) => tell(flags, change(deps, name), what))

const replacePassword = (name: string, flags: Flags) =>
  withDeps(flags, async (deps) =>
    tell(
      flags,
      await setPassword(deps, name, () => readNewPassword(flags.passwordFile)),
      'has a new password, and is signed out',
    ),
  )

const passwordHelp = `
The password is asked for on a terminal, read from --password-file, or from standard input when that is piped.`

export const userCommand = () => {
  const user = new Command('user').description('look after accounts, also beside a running server')
  const add = (name: string, description: string) =>
    withDirOption(user.command(name)).description(description).option('--json', 'for scripts')
  const addChange = (name: string, description: string) =>
    add(`${name} <user>`, description).addHelpText('after', '\n<user> is an e-mail, a user name or an id.')
  add('create <email>', 'make an account; the first one is an administrator')
    .requiredOption('--username <name>', 'name that others see')
    .option('--full-name <name>')
    .option('--admin', 'as an administrator')
    .option('--password-file <file>')
    .addHelpText('after', passwordHelp)
    .action(create)
  add('list', 'all accounts, oldest first').action(list)
  addChange('promote', 'make somebody an administrator').action(changeWith(promoteAccount, 'is an administrator'))
  addChange('demote', 'make an administrator a member').action(changeWith(demoteAccount, 'is a member'))
  addChange('disable', 'sign somebody out, for good').action(changeWith(disableAccount, 'is disabled, and signed out'))
  addChange('enable', 'let a disabled user sign in again').action(changeWith(enableAccount, 'may sign in'))
  addChange('set-password', 'replace a password; signs the user out everywhere')
    .option('--password-file <file>')
    .addHelpText('after', passwordHelp)
    .action(replacePassword)
  return user
}
