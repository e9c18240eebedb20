import { Command } from 'commander'
import { type Config, configFields, inspectConfig } from '../config.ts'
import type { ConfigField } from '../config-fields.ts'
import { CommandError, exitCodes, note, print, printJson, printTable } from './output.ts'
import { environmentOf, givenBy, withServerOptions } from './settings.ts'

interface Setting {
  name: string
  value: unknown
  origin: string
  meaning: string
}

const toSetting = (key: string, value: unknown, origin: string): Setting => {
  const field = configFields[key as keyof Config] as ConfigField<unknown>
  const isHidden = field.isSecret && value !== undefined
  return { name: field.names[0], value: isHidden ? '********' : (value ?? null), origin, meaning: field.doc }
}

const inspect = (flags: object) => {
  const { config, origins, problems } = inspectConfig(environmentOf(flags), givenBy(flags))
  const settings = Object.entries(config).map(([key, value]) => toSetting(key, value, origins[key as keyof Config]))
  return { settings, problems }
}

const showValue = (value: unknown): string => {
  if (value === null) return ''
  if (Array.isArray(value)) return value.join(',')
  if (typeof value === 'object') return Object.values(value).join('/')
  return String(value)
}

const refuse = (problems: string[]) => {
  for (const problem of problems) note(`  - ${problem}`)
  throw new CommandError('The configuration is not usable', exitCodes.config)
}

const show = (flags: { json?: boolean }) => {
  const { settings, problems } = inspect(flags)
  if (flags.json) printJson({ settings, problems })
  else
    printTable(
      ['name', 'value', 'from'],
      settings.map(({ name, value, origin }) => [name, showValue(value), origin]),
    )
  if (problems.length > 0) refuse(problems)
}

const check = (flags: { json?: boolean }) => {
  const { problems } = inspect(flags)
  if (flags.json) printJson({ ok: problems.length === 0, problems })
  if (problems.length > 0) refuse(problems)
  if (!flags.json) print('The configuration is in order')
}

export const configCommand = () => {
  const config = new Command('config').description('look at the settings that a server would run with')
  withServerOptions(config.command('show'))
    .description('every setting with its value and where it came from; secrets are masked')
    .option('--json', 'for scripts')
    .action(show)
  withServerOptions(config.command('check'))
    .description('say what is wrong with the settings; exit code 3 if anything is')
    .option('--json', 'for scripts')
    .action(check)
  return config
}
