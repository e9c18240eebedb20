import type { ArchiveLimits } from '../../../adapters/archive/types.ts'
import type { GitLimits } from '../../../adapters/git/types.ts'

const megabyte = 1024 * 1024
const tree = { entries: 10_000, depth: 32, fileBytes: 50 * megabyte }

export const archiveLimits: ArchiveLimits = { ...tree, totalBytes: 300 * megabyte, ratio: 200 }

/** Who sends less holds the line. */
const minPace = { bytes: 10_000, ms: 10_000 }

/** Lower than for archives: a file is in memory while it is unpacked. */
export const gitLimits: GitLimits = {
  ...tree,
  fileBytes: 16 * megabyte,
  receivedBytes: 30 * megabyte,
  totalBytes: 100 * megabyte,
  ratio: 100,
  timeMs: 60_000,
  idleMs: 30_000,
  minPace,
}

export const downloadLimits = { timeMs: 300_000, idleMs: 30_000, minPace }

/** Of each file that says what a plugin is. */
export const maxMetadataBytes = megabyte
