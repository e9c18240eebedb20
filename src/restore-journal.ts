import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { flushPath } from './shared/flush-path.ts'

/**
 * What a restore exchanges, as names inside the data folder. Before the journal is in place nothing of the installation
 * has changed; from then on the restore happens, whatever crashes: the next one that locks the folder goes on with it.
 */
export interface RestorePlan {
  /** Folder with what comes in, complete and flushed. */
  staging: string
  /** Folder that keeps what is replaced. */
  replaced: string
  /** Paths that are the same in the data folder and in both of the others. */
  parts: string[]
}

const journalName = 'restore.json'
const stagingPrefix = 'restoring-'
const databaseName = 'braindrive.db'

export const stagingNameOf = (id: string): string => `${stagingPrefix}${id}`

/** A log of the database that goes or stays without it would damage the one that comes. */
const namesOf = (part: string) => (part === databaseName ? [part, `${part}-wal`, `${part}-shm`] : [part])

const move = (from: string, to: string) => {
  mkdirSync(dirname(to), { recursive: true, mode: 0o700 })
  renameSync(from, to)
  flushPath(dirname(to))
  flushPath(dirname(from))
}

/** Something that a program made in the middle of a restore is kept as well, under a name of its own. */
const freeName = (path: string): string => {
  let free = path
  for (let count = 2; existsSync(free); count++) free = `${path}.${count}`
  return free
}

/** May run again after a crash at any point: what is in staging has not come in yet, and only then something is in its way. */
const exchange = (dataPath: string, { staging, replaced, parts }: RestorePlan) => {
  for (const part of parts) {
    const incoming = join(dataPath, staging, part)
    if (!existsSync(incoming)) continue
    for (const name of namesOf(part)) {
      const present = join(dataPath, name)
      if (existsSync(present)) move(present, freeName(join(dataPath, replaced, name)))
    }
    move(incoming, join(dataPath, part))
  }
}

/** Writes the journal and carries it out. */
export const carryOut = (dataPath: string, plan: RestorePlan): void => {
  const journal = join(dataPath, journalName)
  writeFileSync(`${journal}.new`, JSON.stringify(plan), { mode: 0o600 })
  flushPath(`${journal}.new`)
  renameSync(`${journal}.new`, journal)
  flushPath(dataPath)
  finishRestore(dataPath)
}

/** Whether a crash left a restore half done. Programs that do not lock the folder must not touch it then. */
export const isRestoreUnfinished = (dataPath: string): boolean => existsSync(join(dataPath, journalName))

const removeStagings = (dataPath: string) => {
  for (const name of readdirSync(dataPath).filter((one) => one.startsWith(stagingPrefix)))
    rmSync(join(dataPath, name), { recursive: true, force: true })
}

/** For who holds the lock of the folder: goes on with a restore that a crash interrupted, or undoes one that had not begun to change anything. */
export const finishRestore = (dataPath: string): void => {
  const journal = join(dataPath, journalName)
  if (existsSync(journal)) {
    exchange(dataPath, JSON.parse(readFileSync(journal, 'utf8')) as RestorePlan)
    rmSync(journal)
    flushPath(dataPath)
  }
  rmSync(`${journal}.new`, { force: true })
  removeStagings(dataPath)
}
