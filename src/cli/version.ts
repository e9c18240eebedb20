import { Command } from 'commander'
import { migrations } from '../db/migrate.ts'
import { commit, version } from '../shared/version.ts'
import { print, printJson } from './output.ts'

const show = ({ json }: { json?: boolean }) => {
  const schema = migrations.at(-1)?.tag ?? null
  const platform = `${process.platform}-${process.arch}`
  if (json) printJson({ version, commit, schema, bun: Bun.version, platform })
  else print(`braindrive ${version} (${commit?.slice(0, 12) ?? 'no commit'}, schema ${schema}, ${platform})`)
}

export const versionCommand = () =>
  new Command('version').description('version, commit and schema').option('--json', 'for scripts').action(show)
