/** Runs as a Bun macro, when the executable is built: the commit it was built from, or null outside a repository. */
export const embedCommit = (): string | null => {
  try {
    const { success, stdout } = Bun.spawnSync(['git', 'rev-parse', 'HEAD'], { cwd: import.meta.dir, stderr: 'ignore' })
    return success ? stdout.toString().trim() : null
  } catch {
    return null
  }
}
