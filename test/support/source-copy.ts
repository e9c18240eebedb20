import { cpSync, existsSync, mkdirSync, realpathSync, symlinkSync } from 'node:fs'
import { join, resolve } from 'node:path'

const root = resolve(import.meta.dir, '../..')

const lines = (text: string) => text.split('\0').filter(Boolean)

/** Copies what git knows or would add, so nothing that was built or installed, into the folder. */
export const copySource = (folder: string) => {
  const listed = Bun.spawnSync(['git', 'ls-files', '-z', '--cached', '--others', '--exclude-standard'], { cwd: root })
  if (!listed.success) throw new Error(`git cannot list the files: ${listed.stderr.toString()}`)
  for (const file of lines(listed.stdout.toString())) {
    if (existsSync(join(root, file))) cpSync(join(root, file), join(folder, file), { recursive: true })
  }
}

/** Lets a copy use the packages that are installed here. */
export const linkPackages = (folder: string) => symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'))

/** A PATH of what Debian brings and links to these programs, which are made in the folder. */
export const pathWith = (folder: string, programs: Record<string, string | null>): string => {
  mkdirSync(folder, { recursive: true })
  for (const [name, program] of Object.entries(programs)) {
    if (!program) throw new Error(`${name} is not installed`)
    symlinkSync(realpathSync(program), join(folder, name))
  }
  return `${folder}:/usr/bin:/bin`
}

/** Why npm cannot fetch the package, or undefined when it can. */
export const findRegistryProblem = async (packageName: string): Promise<string | undefined> => {
  const child = Bun.spawn(['npm', 'view', packageName, 'version', '--prefer-online', '--fetch-retries=0'], {
    stdout: 'ignore',
    stderr: 'pipe',
    timeout: 20_000,
  })
  const [errors, code] = await Promise.all([new Response(child.stderr).text(), child.exited])
  return code === 0 ? undefined : errors.trim() || `npm did not answer (exit code ${code})`
}
