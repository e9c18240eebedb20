import { resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Command } from 'commander'
import { readConfig } from '../config.ts'
import { findUnitFault, renderUnit, type UnitOptions } from '../operate/systemd/unit.ts'
import { entryPoint, isExecutable } from '../shared/entry-point.ts'
import { CommandError, exitCodes, note, print } from './output.ts'

interface Flags {
  dir: string
  user?: string
  memory: string
  host?: string
  port?: string
  web?: string
}

const command = isExecutable ? [process.execPath] : [process.execPath, fileURLToPath(entryPoint('main'))]

const toEnvironment = ({ host, port, web }: Flags): Record<string, string> => ({
  ...(host === undefined ? {} : { HOST: host }),
  ...(port === undefined ? {} : { PORT: port }),
  ...(web === undefined ? {} : { WEB_DIR: resolve(web) }),
})

const warnOfHidden = ({ environment }: UnitOptions) => {
  const paths = [...command, environment['WEB_DIR'] ?? '']
  for (const path of paths.filter((one) => /^\/(home|root|tmp|var\/tmp|run\/user)\//.test(one)))
    note(`The unit hides homes and temporary folders from the server: copy ${path} elsewhere, e.g. to /usr/local`)
}

const show = (flags: Flags) => {
  const environment = toEnvironment(flags)
  const { port } = readConfig(environment)
  const { user, memory: maxMemory } = flags
  const options = { command, dataDir: resolve(flags.dir), user, maxMemory, environment, port }
  const fault = findUnitFault(options)
  if (fault) throw new CommandError(fault, exitCodes.usage)
  warnOfHidden(options)
  print(renderUnit(options).trimEnd())
}

export const systemdCommand = () =>
  new Command('systemd')
    .description('print a hardened unit that runs this executable, e.g. for /etc/systemd/system/braindrive.service')
    .option('--dir <folder>', 'data folder', '/var/lib/braindrive')
    .option('--user <name>', 'account that runs it; systemd makes one up if left out')
    .option('--memory <size>', 'most memory that it may take', '75%')
    .option('--host <address>', 'address to listen on')
    .option('--port <number>', 'port to listen on')
    .option('--web <folder>', 'built web client to serve')
    .action(show)
